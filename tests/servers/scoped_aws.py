"""A stand-in for STS, and a gate before a real S3 server that enforces what that STS gave out.

Requests and answers of STS are checked against botocore's own model. The gate checks signature,
token, expiry and session policy by a clock that the test moves. What STS did before it stays out:
the role's own policy lets everything through.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import botocore.session
from botocore.validate import ParamValidator

from adapters.aws.keys import Keys
from adapters.s3.signing import Signer

MODEL = botocore.session.get_session().get_service_model("sts")
ARN = "arn:aws:sts::123456789012:assumed-role/reader/"
UNSIGNED = {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}


@dataclass(frozen=True)
class Given:
    """Credentials that were given out."""

    keys: Keys
    source_identity: str
    policies: tuple[dict[str, Any], ...]
    ends: datetime


@dataclass
class ScopedAws:
    """`behind` is the endpoint of the S3 server. `refuse`: codes of operations that are refused.
    `callers` are the access keys that STS was asked by.
    """

    behind: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    refuse: dict[str, str] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    read: list[tuple[str, int]] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    lenient: bool = False

    def __enter__(self) -> Self:
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.aws = self
        self.endpoint_url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def clock(self) -> datetime:
        return self.now

    def tick(self) -> float:
        return self.now.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def calls(self, name: str) -> list[dict[str, Any]]:
        return [asked for operation, asked in self.asked if operation == name]

    def secrets(self) -> set[str]:
        """Every secret and token that was given out."""
        keys = [each.keys for each in self.given.values()]
        return {each for key in keys for each in (key.secret, str(key.token))}

    def sts(self, form: dict[str, str], token: str) -> tuple[int, str]:
        name = form.pop("Action")
        del form["Version"]
        asked = {key: int(text) if text.isdecimal() else text for key, text in form.items()}
        shape = MODEL.operation_model(name).input_shape
        assert shape
        report = ParamValidator().validate(asked, shape)
        assert not report.has_errors(), report.generate_report()
        self.asked.append((name, asked))
        caller = self.given.get(token)
        code = self.refuse.get(name, "")
        if name == "GetScopedCredentials":
            long_term = caller is None or caller.ends <= self.now
            code = code or ("AccessDenied" if long_term else "")
        if code:
            return 403, f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
        if name == "GetCallerIdentity":
            arn = "<Arn>arn:aws:iam::123456789012:user/host</Arn>"
            return 200, f"<{name}Response><{name}Result>{arn}</{name}Result></{name}Response>"
        return 200, self._answer(name, asked, caller)

    def _answer(self, name: str, asked: dict[str, Any], caller: Given | None) -> str:
        identity = caller.source_identity if caller else str(asked.get("SourceIdentity", ""))
        policies = caller.policies if caller else ()
        if "Policy" in asked:
            policies = (*policies, json.loads(asked["Policy"]))
        keys = Keys(f"ASIA{uuid.uuid4().hex[:16].upper()}", uuid.uuid4().hex, uuid.uuid4().hex)
        ends = self.now + timedelta(seconds=asked.get("DurationSeconds", 3600))
        self.given[str(keys.token)] = Given(keys, identity, policies, ends)
        session = asked.get("RoleSessionName", "scoped")
        about = (
            f"<AssumedRoleUser><AssumedRoleId>AROA123:{session}</AssumedRoleId>"
            f"<Arn>{ARN}{session}</Arn></AssumedRoleUser>"
            if name == "AssumeRole"
            else f"<SessionInfo><ScopedSessionId>AROA123:scoped</ScopedSessionId>"
            f"<Arn>{ARN}scoped</Arn></SessionInfo>"
        )
        return (
            f"<{name}Response><{name}Result>{about}<Credentials>"
            f"<AccessKeyId>{keys.access}</AccessKeyId>"
            f"<SecretAccessKey>{keys.secret}</SecretAccessKey>"
            f"<SessionToken>{keys.token}</SessionToken>"
            f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
            f"<SourceIdentity>{escape(identity)}</SourceIdentity></{name}Result></{name}Response>"
        )

    def gate(self, method: str, target: str, headers: dict[str, str]) -> tuple[int, str]:
        """The status and code of a refusal; 0 for a request that may pass."""
        given = self.given.get(headers.get("x-amz-security-token", ""))
        if given is None:
            return 403, "AccessDenied"
        if not _is_signed(given.keys, method, target, headers):
            return 403, "SignatureDoesNotMatch"
        if self.lenient:
            return 0, ""
        if given.ends <= self.now:
            return 400, "ExpiredToken"
        allowed = all(_allows(policy, target, self.now) for policy in given.policies)
        return (0, "") if allowed else (403, "AccessDenied")


def _is_signed(keys: Keys, method: str, target: str, headers: dict[str, str]) -> bool:
    told = headers.get("authorization", "")
    scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/s3/.*SignedHeaders=([^,]+)", told)
    if scope is None:
        return False
    stamp = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = Signer(scope[1], "s3", lambda: keys, stamp.timestamp)
    path, _, query = target.partition("?")
    named = {name: headers[name] for name in scope[2].split(";") if name not in UNSIGNED}
    query = "&".join(sorted(query.split("&")))
    again = signer.sign(method, headers["host"], path, query, named)
    return again["authorization"] == told


def _allows(policy: dict[str, Any], target: str, now: datetime) -> bool:
    """Whether one of the statements fits what is asked for; as IAM has it, as far as it is used."""
    parts = urlsplit(target)
    bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
    query = {name: values[0] for name, values in parse_qs(parts.query, True).items()}
    action = "s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"
    action = action if key else "s3:ListBucket"
    resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    facts = {"s3:VersionId": query.get("versionId"), "s3:prefix": query.get("prefix")}
    return any(
        statement["Action"] == action
        and re.fullmatch(_pattern(statement["Resource"]), resource, re.DOTALL) is not None
        and _holds(statement.get("Condition", {}), facts, now)
        for statement in policy["Statement"]
    )


def _pattern(resource: str) -> str:
    """`${*}` is an asterisk, `*` any characters."""
    pieces = re.split(r"(\$\{[*?$]\}|[*?])", resource)
    meant = {"*": ".*", "?": "."}
    return "".join(
        re.escape(piece[2]) if piece.startswith("${") else meant.get(piece, re.escape(piece))
        for piece in pieces
    )


def _holds(condition: dict[str, Any], facts: dict[str, str | None], now: datetime) -> bool:
    until = condition.get("DateLessThan", {}).get("aws:CurrentTime")
    if until and now >= datetime.fromisoformat(until):
        return False
    wanted = condition.get("StringEquals", {})
    return all(facts[name] == text.replace("${$}", "$") for name, text in wanted.items())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    aws: ScopedAws


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token = self.headers.get("X-Amz-Security-Token", "")
        signed = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        self.server.aws.callers.append(signed[1] if signed else "")
        self._send(*self.server.aws.sts(dict(parse_qsl(body)), token))

    def do_GET(self) -> None:
        aws = self.server.aws
        headers = {name.lower(): text for name, text in self.headers.items()}
        status, code = aws.gate(self.command, self.path, headers)
        if status:
            aws.read.append((self.path, status))
            self._send(status, f"<Error><Code>{code}</Code></Error>")
            return
        line = HTTPConnection(urlsplit(aws.behind).netloc, timeout=60)
        line.request(self.command, self.path, headers=headers)
        answer = line.getresponse()
        body = answer.read()
        line.close()
        aws.read.append((self.path, answer.status))
        self.send_response_only(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, text)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: int, text: str) -> None:
        body = b"" if self.command == "HEAD" else text.encode()
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.server.aws.now, usegmt=True))
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
