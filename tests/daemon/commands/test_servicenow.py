"""`fileferry servicenow …` as a person and as a script meet it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.servicenow.application.heartbeat import FIELDS as HEARTBEAT
from adapters.servicenow.application.offer import FIELDS
from adapters.servicenow.look.expected import expected
from adapters.terminal import Terminal
from daemon.commands import survey_show
from sandbox.configuration import plain_yaml
from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.tls import make_certificate
from tests.config.conftest import GOOD
from tests.daemon.commands.test_cli import fileferry


class Bastion:
    """A configuration, and the instance that it names."""

    def __init__(self, server: ServiceNow, ca_file: Path, directory: Path) -> None:
        self.server = server
        self.directory = directory
        self.file = directory / "fileferry.yaml"
        settings = yaml.safe_load(GOOD)
        settings["servicenow"] |= {
            "url": server.url,
            "user": SEEDED.client_id,
            "group": SEEDED.group,
            "approver_group": SEEDED.approver_group,
            "catalog_items": [SEEDED.catalog_item],
            "ca_file": str(ca_file),
        }
        self.file.write_text(plain_yaml(settings))

    def order(self) -> None:
        instance = self.server.instance
        variables = {"source": "s3://exports/a", "destination": "bank", "path": "a"}
        item = instance.order(variables, by="anna.berg")
        for row in instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}"):
            instance.approve(row["sys_id"])

    def check(
        self, *words: str, secret: str = SEEDED.client_secret, **more: str
    ) -> CompletedProcess[str]:
        return self.say("check", *words, secret=secret, **more)

    def say(
        self, command: str, *words: str, secret: str = SEEDED.client_secret, **more: str
    ) -> CompletedProcess[str]:
        given = {"FILEFERRY_SECRET_SERVICENOW": secret} | more
        return fileferry("servicenow", command, "--config", str(self.file), *words, **given)


@pytest.fixture
def bastion(tmp_path: Path) -> Iterator[Bastion]:
    certificate = make_certificate(tmp_path / "tls")
    with ServiceNow(tls=certificate) as server:
        yield Bastion(server, certificate.ca_file, tmp_path)


def test_a_good_instance_is_0_and_both_tickets_are_named(bastion: Bastion) -> None:
    bastion.order()
    done = bastion.check("--report", str(bastion.directory / "check.md"))
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert f"FileFerry could work with {bastion.server.url}." in done.stdout
    assert done.stdout.count(f"{bastion.server.url}/nav_to.do?uri=incident.do") == 2
    report = (bastion.directory / "check.md").read_text()
    assert "| close the audit ticket | ok |" in report
    assert report.count("nav\\_to.do") == 2


def test_json_is_one_document(bastion: Bastion) -> None:
    bastion.order()
    document = json.loads(bastion.check("--json", "--cleanup").stdout)
    assert document["good"] is True
    assert {each["verdict"] for each in document["findings"]} == {"ok"}
    assert [each["end"] for each in document["tickets"]] == ["cancelled", "cancelled"]
    assert document["calls"] == len(bastion.server.site.served) + 1


def test_what_is_missing_is_1_and_named_with_its_table(bastion: Bastion) -> None:
    bastion.order()
    bastion.server.modes.set("hidden_field", table="sc_req_item", field="approval")
    done = bastion.check(COLUMNS="200")
    assert done.returncode == 1
    assert "Table sc_task does not show request_item.approval." in done.stdout
    assert "could NOT work" in done.stdout


def test_a_secret_that_is_refused_is_1_and_never_shown(bastion: Bastion) -> None:
    done = bastion.check(secret="canary")
    assert done.returncode == 1
    assert "canary" not in done.stdout + done.stderr
    assert "refused to give a token" in done.stdout


def test_a_configuration_that_cannot_be_used_is_3(bastion: Bastion) -> None:
    assert bastion.check(secret="").returncode == 3
    assert bastion.check(FILEFERRY_SERVICENOW__AUTH="jwt").returncode == 3


def test_a_report_that_cannot_be_written_is_told(bastion: Bastion) -> None:
    bastion.order()
    done = bastion.check("--report", str(bastion.directory / "absent" / "check.md"))
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
    assert "could work" in done.stdout


def test_an_instance_cannot_forge_the_report(bastion: Bastion) -> None:
    """What it says of a refusal stands in a table of Markdown."""
    bastion.server.modes.set(
        "business_rule", method="POST", rule="a | b\n# c <img src=x> [d](e)", path="/incident"
    )
    bastion.check("--report", str(bastion.directory / "check.md"))
    report = (bastion.directory / "check.md").read_text()
    assert "\n# c" not in report
    assert "<img" not in report.replace("\\<", "")
    assert "a \\| b" in report


def test_every_login_reaches_the_instance(bastion: Bastion) -> None:
    key = rsa.generate_private_key(65537, 2048)
    bastion.server.site.tokens.assertions.keys["k1"] = key.public_key()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()
    jwt = {
        "FILEFERRY_SERVICENOW__AUTH": "jwt",
        "FILEFERRY_SERVICENOW__JWT__SUBJECT": SEEDED.user,
        "FILEFERRY_SERVICENOW__JWT__PRIVATE_KEY": "signer",
        "FILEFERRY_SERVICENOW__JWT__KEY_ID": "k1",
        "FILEFERRY_SECRET_SIGNER": pem,
    }
    basic = {"FILEFERRY_SERVICENOW__AUTH": "basic", "FILEFERRY_SERVICENOW__USER": SEEDED.user}
    for done in (
        bastion.check("--json", **jwt),
        bastion.check("--json", secret=SEEDED.password, **basic),
    ):
        findings = json.loads(done.stdout)["findings"]
        assert (findings[0]["name"], findings[0]["verdict"]) == ("log in", "ok")


def test_what_could_not_be_tried_is_not_called_broken() -> None:
    unproven = {"name": "x", "verdict": "unproven", "text": "", "advice": ""}
    shown = {"good": False, "instance": "https://i", "findings": [unproven]}
    assert "not everything could be tried" in survey_show._verdict(shown)
    broken = {**unproven, "verdict": "broken"}
    assert "could NOT work" in survey_show._verdict({**shown, "findings": [unproven, broken]})


@pytest.fixture
def applied(bastion: Bastion) -> Bastion:
    """An instance with the application's tables, and a bastion that uses them."""
    for table, fields in (("destination", FIELDS), ("heartbeat", HEARTBEAT)):
        bastion.server.instance.store.open(f"x_fferry_{table}")
        bastion.server.instance.store.widen(f"x_fferry_{table}", fields)
    settings = yaml.safe_load(bastion.file.read_text())
    settings["servicenow"] |= {"application": "x_fferry", "known_as": "bastion-1"}
    settings["destinations"]["bank"]["description"] = "The clearing house"
    bastion.file.write_text(plain_yaml(settings))
    return bastion


def test_destinations_are_offered_by_name_and_never_by_host(applied: Bastion) -> None:
    before = len(applied.server.site.served)
    tried = applied.say("sync", "--dry-run")
    assert tried.stdout.splitlines() == [
        "bank: would be created (The clearing house)",
        "1 destinations: 1 created. Nothing was written.",
    ]
    methods = {each.method for each in list(applied.server.site.served)[before:]}
    assert methods == {"GET"}
    done = applied.say("sync")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("bank: created (The clearing house)\n")
    (row,) = applied.server.instance.query("x_fferry_destination")
    assert (row["name"], row["instance"], row["active"]) == ("bank", "bastion-1", "true")
    assert "sftp.bank.example" not in json.dumps(row)
    again = json.loads(applied.say("sync", "--json").stdout)
    assert again["destinations"] == [{"name": "bank", "act": "kept", "text": "The clearing house"}]


def test_without_the_setting_nothing_is_offered_and_it_is_3(bastion: Bastion) -> None:
    done = bastion.say("sync")
    assert done.returncode == 3
    assert "servicenow.application is not there" in done.stderr


def test_a_check_that_only_reads_makes_no_ticket(bastion: Bastion) -> None:
    bastion.order()
    before = len(bastion.server.site.served)
    done = bastion.check("--read-only", "--json")
    document = json.loads(done.stdout)
    assert document["tickets"] == []
    assert not [each for each in document["findings"] if each["verdict"] == "broken"]
    methods = {each.method for each in list(bastion.server.site.served)[before:]}
    assert methods == {"GET"}
    assert bastion.check("--read-only", "--cleanup").returncode == 2


def test_the_guide_has_the_values_of_the_configuration(applied: Bastion) -> None:
    done = applied.say("install-guide")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"--add {applied.server.url} " in done.stdout
    assert f"check --read-only --config {applied.file}" in done.stdout
    assert "  application: x_fferry" in done.stdout
    assert f"  group: {expected().settings['group']}" in done.stdout
    heads = [line.partition(".")[0] for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert heads == [str(number) for number in range(1, len(heads) + 1)]
    assert "now-sdk build" not in done.stdout
    settings = yaml.safe_load(applied.file.read_text())
    settings["servicenow"]["application"] = "x_acme_ff"
    applied.file.write_text(plain_yaml(settings))
    assert "xargs sed -i 's/x_fferry/x_acme_ff/g'" in applied.say("install-guide").stdout
    first, *_ = json.loads(applied.say("install-guide", "--json").stdout)["steps"]
    assert first["title"] == "Check the package"


def test_in_a_pipe_each_finding_is_one_line() -> None:
    found = {"name": "read sc_task", "verdict": "broken", "text": "word " * 40, "advice": "Ask."}
    shown = {"good": False, "instance": "x" * 60, "findings": [found], "tickets": []}
    survey_show.show(shown, Terminal(file=(out := io.StringIO()), width=40), json=False)
    head, _, verdict, untried = out.getvalue().splitlines()
    assert head.startswith("read sc_task  broken    word word")
    assert head.endswith("word → Ask.")
    assert verdict.endswith("as it is.")
    assert untried.startswith("Not tried:")
