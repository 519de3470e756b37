"""What the check says of FileFerry's own application, on instances made from its package."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.servicenow.application.tables import Application
from adapters.servicenow.desk.forms import TicketForm
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.look.application import ApplicationLook
from adapters.servicenow.look.expected import FILE, expected
from adapters.servicenow.look.findings import Finding, Verdict
from adapters.servicenow.look.survey import Survey
from adapters.servicenow.reading.inbox import Intake
from sandbox.servicenow import SEEDED, Instance, ServiceNow
from sandbox.servicenow.installed import setup_of
from sandbox.servicenow.package.expecting import WATCHED, written
from sandbox.servicenow.package.flows import unpacked
from sandbox.servicenow.package.reading import BUILT, Package, files, read

ADMIN = Basic(user=SEEDED.admin_user, password=SEEDED.admin_password)
FERRY = Basic(user=SEEDED.user, password=SEEDED.password)
SCOPE = "x_fferry"


@pytest.fixture(scope="module")
def package() -> Package:
    return read()


@pytest.fixture
def server(package: Package) -> Iterator[ServiceNow]:
    with ServiceNow(setup=setup_of(package)) as started:
        yield started


def look(
    server: ServiceNow, scope: str | None = SCOPE, credentials: Basic = ADMIN
) -> dict[str, Finding]:
    application = Application(scope=scope, known_as="bastion-1") if scope else None
    client = Client(server.url, credentials, timeout=60)
    found = list(ApplicationLook(client, application).findings())
    assert len({each.name for each in found}) == len(found)
    return {each.name: each for each in found}


def worse(found: dict[str, Finding]) -> dict[str, tuple[Verdict, str]]:
    return {
        name: (each.verdict, each.code)
        for name, each in found.items()
        if each.verdict is not Verdict.OK
    }


def change(instance: Instance, table: str, query: str, **fields: str) -> None:
    [row] = instance.query(table, query)
    instance.update(table, row["sys_id"], fields)


def drop(instance: Instance, table: str, query: str) -> None:
    for row in instance.query(table, query):
        instance.delete(table, row["sys_id"])


INCOMPLETE = (Verdict.BROKEN, "application.incomplete")
ALTERED = (Verdict.BROKEN, "application.altered")


def test_what_is_expected_is_what_the_package_has() -> None:
    """`make servicenow` writes it anew, from the package."""
    assert FILE.read_text("utf-8") == written()


def test_what_was_installed_is_as_it_was_shipped(server: ServiceNow) -> None:
    found = look(server)
    assert worse(found) == {}
    assert found["application"].text == f"x_fferry {expected().version}, as this FileFerry expects."
    assert "sys_hub_flow" in found["application flows"].text


def test_the_account_itself_is_told_what_it_may_not_see(server: ServiceNow) -> None:
    found = look(server, credentials=FERRY)
    assert worse(found) == {"application unseen": (Verdict.DEGRADED, "servicenow.denied")}
    for table in ("sys_security_acl", "sys_hub_flow", "sys_scope"):
        assert table in found["application unseen"].text
    assert "administrator" in found["application unseen"].advice
    assert found["table x_fferry_heartbeat"].verdict is Verdict.OK


def test_a_right_that_is_missing_is_named(server: ServiceNow) -> None:
    drop(server.instance, "sys_security_acl", "name=sc_item_option^operation=read")
    found = look(server)
    assert worse(found) == {"application rights": INCOMPLETE}
    assert (
        found["application rights"].text == "Not there, in sys_security_acl: read sc_item_option."
    )
    assert found["application rights"].advice.startswith("Install the package again")


def test_a_right_that_was_opened_to_others_is_named(server: ServiceNow) -> None:
    change(
        server.instance,
        "sys_security_acl",
        "name=x_fferry_standing_approval.approval^operation=write",
        active="false",
    )
    found = look(server)
    assert worse(found) == {"application rights": ALTERED}
    words = "write x_fferry_standing_approval.approval (active is false, not true)"
    assert words in found["application rights"].text


def test_a_flow_that_asks_others_is_named(server: ServiceNow, package: Package) -> None:
    [step] = package.of("sys_hub_action_instance_v2", order="3")
    told = unpacked(step["values"])
    for each in told["inputs"] if isinstance(told, dict) else told:
        if each["name"] == "ah_fields":
            each["value"] = "assignment_group=^state=1^EQ"
    packed = base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()
    change(server.instance, step.table, f"sys_id={step.sys_id}", values=packed)
    found = look(server)
    assert worse(found) == {"application flows": ALTERED}
    assert "step 3 of FileFerry: file transfer (values)" in found["application flows"].text


def test_the_same_flow_in_another_spelling_is_the_same(
    server: ServiceNow, package: Package
) -> None:
    [step] = package.of("sys_hub_action_instance_v2", order="3")
    text = json.dumps(unpacked(step["values"]), indent=2)
    packed = base64.b64encode(gzip.compress(text.encode(), 1)).decode()
    change(server.instance, step.table, f"sys_id={step.sys_id}", values=packed)
    assert worse(look(server)) == {}


@pytest.mark.parametrize("values", ["", "no base64!", "H4sIAAAA", "bm8gZ3ppcA=="])
def test_values_that_cannot_be_read_are_other_ones(server: ServiceNow, values: str) -> None:
    change(server.instance, "sys_hub_action_instance_v2", "order=3", values=values)
    assert worse(look(server)) == {"application flows": ALTERED}


def test_a_flow_that_was_not_published_is_named(server: ServiceNow) -> None:
    query = "name=FileFerry: file transfer"
    change(server.instance, "sys_hub_flow", query, active="false", status="draft")
    found = look(server)
    assert worse(found) == {"application flows": ALTERED}
    words = "(active is false, not true; status is draft, not published)"
    assert f"FileFerry: file transfer {words}" in found["application flows"].text
    assert found["application flows"].advice.startswith("Publish it in Flow Designer")


def test_a_rule_that_was_switched_off_or_changed_is_named(server: ServiceNow) -> None:
    query = "name=FileFerry: nobody approves his own"
    change(server.instance, "sys_script", query, active="false")
    query = "name=FileFerry: altered terms lose the approval"
    change(server.instance, "sys_script", query, script="// not today")
    found = look(server)
    assert worse(found) == {"application rules": ALTERED}
    for words in ("nobody approves his own (active is", "lose the approval (script)"):
        assert words in found["application rules"].text


def test_a_script_with_other_line_ends_is_the_same(server: ServiceNow) -> None:
    [row] = server.instance.query("sysauto_script")
    text = row["script"].replace("\n", "\r\n") + "\r\n"
    server.instance.update("sysauto_script", row["sys_id"], {"script": text})
    assert worse(look(server)) == {}


def test_a_variable_that_is_missing_and_one_that_need_not_be_filled_are_named(
    server: ServiceNow,
) -> None:
    drop(server.instance, "item_option_new", "name=finish_by")
    change(server.instance, "item_option_new", "name=source", mandatory="false")
    client = Client(server.url, ADMIN, timeout=60)
    application = Application(scope=SCOPE, known_as="bastion-1")
    found = [
        each
        for each in ApplicationLook(client, application).findings()
        if each.verdict is not Verdict.OK
    ]
    assert [(each.name, each.code) for each in found] == [
        ("application item", "application.incomplete"),
        ("application item", "application.altered"),
    ]
    assert "variable finish_by" in found[0].text
    assert "variable source (mandatory is false, not true)" in found[1].text


def test_whatever_is_altered_of_a_record_is_named(server: ServiceNow, package: Package) -> None:
    """One record of each table that is compared, in each field that says what it does."""
    altered = {}
    for piece in {each.table: each for each in expected().pieces}.values():
        [entry] = [
            each
            for each in package.of(piece.table)
            if piece.key in (each.sys_id, f"{each['name']}.{each['element']}")
        ]
        fields = WATCHED[piece.table] if piece.table != "sys_dictionary" else piece.values
        other = dict.fromkeys((name for name in fields if name in piece.values), "altered")
        change(server.instance, piece.table, f"sys_id={entry.sys_id}", **other)
        altered[piece.table] = piece, other
    told = all_of(server)
    for table, (piece, other) in altered.items():
        [text] = [each for each in told if each.startswith(f"Other than shipped, in {table}:")]
        words = text.partition(f"{piece.title} (")[2]
        assert [name for name in other if f"{name}" not in words] == []


def all_of(server: ServiceNow) -> list[str]:
    application = Application(scope=SCOPE, known_as="bastion-1")
    client = Client(server.url, ADMIN, timeout=60)
    return [each.text for each in ApplicationLook(client, application).findings()]


ADDED: dict[str, dict[str, str]] = {
    "sys_security_acl": {
        "name": f"{SCOPE}_standing_approval.approval",
        "operation": "write",
        "active": "true",
    },
    "sys_security_acl_role": {"sys_security_acl": "", "sys_user_role": "x_fferry.requester"},
    "sc_cat_item_user_criteria_mtom": {"sc_cat_item": "", "user_criteria": "f" * 32},
    "sys_script": {
        "name": "Approve all",
        "collection": f"{SCOPE}_standing_approval",
        "active": "true",
    },
    "sys_hub_action_instance_v2": {"flow": "", "order": "9"},
    "sys_hub_flow_logic_instance_v2": {"flow": "", "order": "9"},
}


@pytest.mark.parametrize("table", ADDED)
def test_what_was_put_beside_it_is_named(server: ServiceNow, package: Package, table: str) -> None:
    """A further role of a right, a rule that approves, a step of a flow: all else is as it was."""
    ours = package.of(table)[0]
    values = {name: value or ours[name] for name, value in ADDED[table].items()}
    added = server.instance.create(table, values)
    found = worse(look(server))
    assert list(found.values()) == [(Verdict.DEGRADED, "application.altered")]
    [text] = [each for each in all_of(server) if each.startswith("More than was shipped")]
    assert table in text
    assert added["sys_id"] in text


def test_a_rule_for_other_tables_and_one_that_is_off_are_no_matter(server: ServiceNow) -> None:
    rule = {"name": "x", "collection": "incident", "active": "true"}
    server.instance.create("sys_script", rule)
    off = {**ADDED["sys_script"], "active": "false"}
    server.instance.create("sys_script", off)
    right = {**ADDED["sys_security_acl"], "name": f"{SCOPE}_two_table"}
    server.instance.create("sys_security_acl", right)
    assert worse(look(server)) == {}


def test_a_field_that_is_hidden_is_named(server: ServiceNow) -> None:
    values = {"instance": "bastion-1", "health": "well"}
    server.instance.create("x_fferry_heartbeat", values)
    server.modes.set("hidden_field", table="x_fferry_heartbeat", field="health")
    found = look(server)
    assert worse(found) == {"table x_fferry_heartbeat": ALTERED}
    assert "does not show health" in found["table x_fferry_heartbeat"].text


def test_half_an_installation_is_told_table_by_table(server: ServiceNow) -> None:
    del server.instance.store.tables["x_fferry_heartbeat"]
    found = worse(look(server))
    assert found["table x_fferry_heartbeat"] == INCOMPLETE
    assert "table x_fferry_destination" not in found


def test_an_application_without_any_of_its_tables_is_not_whole(server: ServiceNow) -> None:
    for table in expected().tables:
        del server.instance.store.tables[table]
    found = worse(look(server))
    assert [found[f"table {table}"] for table in expected().tables] == [INCOMPLETE] * 3


def test_an_instance_without_flow_designer_is_told_so(server: ServiceNow) -> None:
    store = server.instance.store
    for table in [name for name in store.tables if name.startswith("sys_hub_")]:
        del store.tables[table]
    client = Client(server.url, ADMIN, timeout=60)
    application = Application(scope=SCOPE, known_as="bastion-1")
    found = [
        each
        for each in ApplicationLook(client, application).findings()
        if each.verdict is not Verdict.OK
    ]
    assert {(each.name, each.code) for each in found} == {
        ("application flows", "application.incomplete")
    }
    assert "it has no Flow Designer, so nobody is asked" in found[0].text


def test_a_group_that_the_flow_does_not_know_is_named(server: ServiceNow) -> None:
    settings = {"group": SEEDED.group, "approver_group": server.instance.setup.approver_group}
    client = Client(server.url, ADMIN, timeout=60)
    application = Application(scope=SCOPE, known_as="bastion-1")
    found = {each.name: each for each in ApplicationLook(client, application, settings).findings()}
    assert worse(found) == {"application group": (Verdict.DEGRADED, "config.invalid")}
    assert f"Set it to {server.instance.setup.group}" in found["application group"].advice


def test_another_version_is_named_and_its_parts_are_not_compared(server: ServiceNow) -> None:
    change(server.instance, "sys_app", "scope=x_fferry", version="9.9.9")
    drop(server.instance, "sys_security_acl", "")
    found = look(server)
    assert worse(found) == {"application": (Verdict.DEGRADED, "application.version")}
    assert "9.9.9" in found["application"].text


def test_no_application_is_named_with_the_next_step() -> None:
    with ServiceNow() as bare:
        found = look(bare)
        assert worse(found) == {"application": (Verdict.BROKEN, "application.missing")}
        assert "install-guide" in found["application"].advice
        assert worse(look(bare, None)) == {}


def acme(text: str) -> str:
    """The same file, as it is built under another prefix."""

    def repacked(found: re.Match[str]) -> str:
        inside = json.dumps(unpacked(found[0])).replace(SCOPE, "x_acme_ff")
        return base64.b64encode(gzip.compress(inside.encode())).decode()

    return re.sub(r"(?<=>)H4sI[A-Za-z0-9+/=]+", repacked, text).replace(SCOPE, "x_acme_ff")


def test_a_prefix_that_the_customer_had_to_change(tmp_path: Path) -> None:
    for name, text in files(BUILT).items():
        (tmp_path / acme(name)).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / acme(name)).write_text(acme(text), encoding="utf-8")
    with ServiceNow(setup=setup_of(read(tmp_path))) as changed:
        assert worse(look(changed, "x_acme_ff")) == {}
        found = look(changed)
        assert worse(found) == {"application": (Verdict.BROKEN, "application.elsewhere")}
        assert "it is there as x_acme_ff" in found["application"].text
        forgotten = look(changed, None)["application"]
        assert (forgotten.verdict, forgotten.code) == (Verdict.DEGRADED, "application.elsewhere")


def test_a_wrong_prefix_is_told_the_shipped_one_even_where_scopes_are_hidden(
    server: ServiceNow,
) -> None:
    found = look(server, "x_acme_ff", FERRY)
    assert worse(found) == {"application": (Verdict.BROKEN, "application.elsewhere")}
    assert "it is there as x_fferry" in found["application"].text


def test_a_check_that_only_reads_writes_nothing(server: ServiceNow) -> None:
    instance = server.instance
    setup = instance.setup
    item = instance.order({"source": "s3://exports/a", "destination": "bank"}, by="anna.berg")
    [asked] = instance.query("sysapproval_approver", f"sysapproval={item['sys_id']}")
    instance.approve(asked["sys_id"])
    before = {name: len(list(instance.store.rows(name))) for name in instance.store.tables}
    survey = Survey(
        Client(server.url, FERRY, timeout=60),
        Intake(group=setup.group, approver_group=setup.approver_group),
        TicketForm(),
        Application(scope=SCOPE, known_as="bastion-1"),
    )
    report = survey.report(lambda _: None, read_only=True)
    broken = [each for each in report.findings if each.verdict is Verdict.BROKEN]
    assert (broken, report.tickets) == ([], ())
    assert {each.method for each in server.site.served} == {"GET"}
    assert before == {name: len(list(instance.store.rows(name))) for name in before}
