"""Where FileFerry's own identity may come from: each opens a session of the role that reads.

A process of its own for each: boto3 looks around once, in its environment and its home.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.s3_clients import REGION
from tests.servers.scoped_aws import ScopedAws

OPENS = """
import sys
from datetime import UTC, datetime
from adapters.aws.role import Role
from adapters.aws.sessions import make_client
sts = make_client(sys.argv[1], sys.argv[2], sys.argv[3] or None)
role = Role(sts, "arn:aws:iam::123456789012:role/reader", lambda: datetime.now(UTC))
print(role.assume("RITM0010001").identity)
"""
LONG = "2099-01-01T00:00:00Z"
OF_HOST = {
    "Code": "Success",
    "AccessKeyId": "ASIAINSTANCE",
    "SecretAccessKey": "made-up",
    "Token": "made-up",
    "Expiration": LONG,
}
OF_PERSON = {
    "accessKeyId": "ASIAIDENTITYCENTER",
    "secretAccessKey": "made-up",
    "sessionToken": "made-up",
    "expiration": 4_070_908_800_000,
}
OF_CERTIFICATE = {
    "Version": 1,
    "AccessKeyId": "ASIAANYWHERE",
    "SecretAccessKey": "made-up",
    "SessionToken": "made-up",
    "Expiration": LONG,
}
ANSWERS = {
    "/latest/api/token": "token",
    "/latest/meta-data/iam/security-credentials/": "fileferry",
    "/latest/meta-data/iam/security-credentials/fileferry": json.dumps(OF_HOST),
    "/federation/credentials": json.dumps({"roleCredentials": OF_PERSON}),
}
"""Of a host's metadata service, and of IAM Identity Center's portal."""


class Giving(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        found = ANSWERS.get(self.path.partition("?")[0])
        body = (found or "").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815


@contextmanager
def giving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Giving)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def logged_in(home: Path) -> str:
    """A profile of Identity Center, and the token of a person who has logged in."""
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "made-up", "expiresAt": LONG, "region": REGION}
    name = hashlib.sha1(b"bank", usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))
    return f"""
[profile person]
sso_session = bank
sso_account_id = 123456789012
sso_role_name = FileFerry
[sso-session bank]
sso_region = {REGION}
sso_start_url = https://bank.example/start
"""


def with_certificate(home: Path) -> str:
    """A profile whose credentials a helper gives, as aws_signing_helper does for a certificate."""
    helper = home / "helper.py"
    helper.write_text(f"print({json.dumps(OF_CERTIFICATE)!r})")
    return f"[profile host]\ncredential_process = {sys.executable} {helper}\n"


LAMBDA = {
    "AWS_ACCESS_KEY_ID": "ASIALAMBDA",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_SESSION_TOKEN": "made-up",
}
SOURCES = [
    ("ASIAINSTANCE", "", ""),
    ("ASIALAMBDA", "", ""),
    ("ASIAIDENTITYCENTER", "person", logged_in),
    ("ASIAANYWHERE", "host", with_certificate),
]


@pytest.mark.parametrize(("key", "profile", "make"), SOURCES, ids=[each[0] for each in SOURCES])
def test_who_may_take_the_role_on_comes_from_there(
    key: str, profile: str, make: object, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(make(tmp_path) if callable(make) else "")
    with ScopedAws("http://127.0.0.1:1") as aws, giving() as address:
        environment = {
            "HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "AWS_CONFIG_FILE": str(config),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": address,
            "AWS_ENDPOINT_URL_SSO": address,
            **(LAMBDA if key == "ASIALAMBDA" else {}),
        }
        done = subprocess.run(
            [sys.executable, "-c", OPENS, REGION, aws.endpoint_url, profile],
            cwd=Path(__file__).parents[3],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip().endswith("assumed-role/reader/fileferry-RITM0010001"), (
            done.stderr
        )
        assert aws.callers == [key]
        assert aws.calls("AssumeRole")[0]["SourceIdentity"] == "RITM0010001"
