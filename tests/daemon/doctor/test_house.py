"""`fileferry doctor`: the whole house, over stand-ins of all that is outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.terminal import Terminal
from config.secrets import Secrets
from config.settings import Settings
from daemon.commands.doctor import Report, write_settings
from daemon.doctor.findings import Finding, Mark, ok, warn
from daemon.doctor.house import look_round
from daemon.doctor.profile import Shown
from sandbox.aws import Aws
from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.stage import Stage, staged
from tests.config.conftest import GOOD
from tests.ports.partners import MemoryPartner
from tests.servers.odd_s3 import Answer, OddS3
from tests.servers.ports import free_port
from tests.servers.scoped_aws import ScopedAws
from transfer.errors import Code, FerryError


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path / "tls") as built:
        yield built


@pytest.fixture
def settings(stage: Stage, moto: Aws, tmp_path: Path) -> dict[str, Any]:
    """Everything is in order, but for the partner, who is down."""
    found: dict[str, Any] = yaml.safe_load(GOOD)
    found["servicenow"] |= {
        "url": stage.server.url,
        "user": SEEDED.client_id,
        "group": SEEDED.group,
        "approver_group": SEEDED.approver_group,
        "catalog_items": [SEEDED.catalog_item],
        "ca_file": str(stage.certificate.ca_file),
    }
    found["servicenow"]["timeout"] = 120
    found["aws"] = {"endpoint_url": moto.endpoint_url, "region": moto.region, "timeout": 120}
    found["queue"] = {"url": moto.queue_url, "endpoint_url": moto.endpoint_url}
    found["ledger"] = {"path": str(tmp_path / "ledger.db")}
    found["grants"][0]["sources"] = [f"s3://{moto.bucket}/payroll/", "s3://nobodys-bucket/"]
    bank = found["destinations"]["bank"]
    bank |= {"host": "127.0.0.1", "port": free_port(), "password": "bank-password"}
    del bank["private_key"]
    return found


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, moto: Aws) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", moto.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", moto.secret_key)


GIVEN = {
    "FILEFERRY_SECRET_SERVICENOW": SEEDED.client_secret,
    "FILEFERRY_SECRET_BANK_PASSWORD": "canary",
}


def looked(settings: dict[str, Any], given: dict[str, str] = GIVEN) -> Report:
    report = Report(Terminal(file=StringIO(), width=200), quiet=False)

    def ledger() -> Iterator[Finding]:
        yield ok("books", "They can be read.")

    made = Settings.model_validate(settings)
    look_round(
        made,
        Secrets(given, Path("/nowhere")),
        ledger,
        lambda part: lambda it: report.tell(part, it),
    )
    return report


def named(report: Report, part: str, name: str) -> Finding:
    [found] = [each for where, each in report.found if (where, each.name) == (part, name)]
    return found


def written(stage: Stage) -> list[str]:
    """Paths that were asked for otherwise than by GET."""
    return [each.path for each in stage.server.site.served if each.method != "GET"]


def test_the_house_is_looked_over_and_nothing_is_written(
    settings: dict[str, Any], stage: Stage, moto: Aws
) -> None:
    stage.approve(stage.order())
    stage.server.site.served.clear()
    report = looked(settings)
    # The bucket that nobody has, and the partner who is down; the journal is empty.
    assert {
        (part, each.name): each.code for part, each in report.found if each.mark is Mark.FAIL
    } == {
        ("AWS", "bucket nobodys-bucket"): "source.missing",
        ("bank", "reach"): "remote.unreachable",
    }
    assert not report.good
    assert named(report, "AWS", f"bucket {moto.bucket}").mark is Mark.OK
    assert named(report, "AWS", "clock").mark is Mark.OK
    assert "arn:aws" in named(report, "AWS", "identity").seen
    assert named(report, "queue", "messages").seen.startswith("0 messages wait")
    assert named(report, "ServiceNow", "log in").mark is Mark.OK
    assert named(report, "ServiceNow", "read sc_task").mark is Mark.OK
    assert named(report, "credentials", "secrets").mark is Mark.OK
    assert all("oauth" in call for call in written(stage))
    assert not list(Path(settings["ledger"]["path"]).parent.glob("ledger*"))


def test_what_is_missing_is_named_and_no_secret_is_shown(settings: dict[str, Any]) -> None:
    del settings["queue"]
    report = looked(settings, GIVEN | {"FILEFERRY_SECRET_SERVICENOW": "canary"})
    assert named(report, "ServiceNow", "log in").code == "servicenow.auth"
    report = looked(settings, {"FILEFERRY_SECRET_SERVICENOW": SEEDED.client_secret})
    assert named(report, "credentials", "secrets").code == "secret.missing"
    assert named(report, "bank", "secrets").code == "secret.missing"


@pytest.mark.parametrize("kind", ["role", "scoped"])
def test_the_role_that_reads_is_taken(settings: dict[str, Any], moto: Aws, kind: str) -> None:
    settings["grants"][0]["sources"] = [f"s3://{moto.bucket}/payroll/"]
    with ScopedAws(moto.endpoint_url) as aws:
        role = {"sessions": kind, "role_arn": "arn:aws:iam::123456789012:role/reader"}
        settings["aws"] |= {"endpoint_url": aws.endpoint_url, **role}
        report = looked(settings)
        assert named(report, "AWS", "role").seen.startswith("It is taken, as arn:aws:sts::")
        # It is no key of this process that the bucket is looked at with.
        assert named(report, "AWS", f"bucket {moto.bucket}").mark is Mark.OK
        assert aws.read
        if kind == "scoped":
            assert named(report, "AWS", "scoped sessions").mark is Mark.OK
            aws.refuse = {"GetScopedCredentials": "AccessDenied"}
            assert named(looked(settings), "AWS", "scoped sessions").mark is Mark.WARN
        aws.refuse = {"AssumeRole": "AccessDenied"}
        refused = named(looked(settings), "AWS", "role")
        assert (refused.mark, refused.code) == (Mark.FAIL, "session.refused")
        assert "sts:AssumeRole" in refused.advice


def test_a_clock_that_is_wrong_is_told(settings: dict[str, Any]) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    listing = b"<ListBucketResult><Name>b</Name></ListBucketResult>"
    with OddS3(
        Answer(headers={"Date": late, "Content-Type": "application/xml"}, body=listing)
    ) as s3:
        settings["aws"] = {"endpoint_url": s3.endpoint_url, "check_identity": False}
        settings["grants"][0]["sources"] = ["s3://exports/"]
        report = looked(settings)
    clock = named(report, "AWS", "clock")
    assert (clock.mark, clock.code) == (Mark.FAIL, "session.refused")
    assert "Synchronise" in clock.advice


def test_the_report_is_read_without_colours_and_as_a_document() -> None:
    out = StringIO()
    report = Report(Terminal(file=out, width=40), quiet=False)
    report.tell("bank", ok("login", "ferry is let in."))
    report.tell(
        "bank", warn("identity", "It ends soon." * 5, "Ask.", FerryError(Code.REMOTE_FULL, "x"))
    )
    report.close()
    assert out.getvalue().splitlines() == [
        "bank",
        "  ok    login                ferry is let in.",
        f"  warn  identity             [remote.full] {'It ends soon.' * 5}",
        f"{'':29}→ Ask.",
        "",
        "Nothing to mend. 1 to know of.",
    ]
    quiet = Report(Terminal(file=(told := StringIO())), quiet=True)
    quiet.tell("bank", ok("login", "ferry is let in."))
    quiet.close()
    assert json.loads(told.getvalue()) == {
        "good": True,
        "findings": [
            {
                "part": "bank",
                "name": "login",
                "mark": "ok",
                "seen": "ferry is let in.",
                "advice": "",
                "code": "",
            }
        ],
        "settings": None,
    }


def test_no_file_that_is_there_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "fileferry.yaml"
    file.write_text("# mine\n")
    with pytest.raises(FerryError, match="File exists"):
        write_settings(file, MemoryPartner().destination, Shown())
    assert file.read_text() == "# mine\n"
    write_settings(tmp_path / "new.yaml", MemoryPartner().destination, Shown())
    assert (tmp_path / "new.yaml").read_text().startswith("# fileferry doctor partner, ")
