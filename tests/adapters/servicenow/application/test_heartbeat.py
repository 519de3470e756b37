"""The row that the service desk watches: one for each FileFerry, written over, never doubled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.servicenow.application.heartbeat import FIELDS, HeartbeatRow
from adapters.servicenow.application.tables import Application
from adapters.servicenow.line.client import Client
from tests.adapters.servicenow.stage import OAUTH, Stage
from transfer.errors import Code, FerryError

TABLE = "x_fferry_heartbeat"
BASTION = Application(scope="x_fferry", known_as="bastion-1.bank")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
VITALS = {
    "health": "well",
    "sentence": "well, 1 under way",
    "code": "",
    "since": "2026-11-30 08:00:00",
    "running": "1",
    "waiting": "2",
}


def row(stage: Stage, application: Application = BASTION) -> HeartbeatRow:
    stage.instance.store.open(TABLE)
    stage.instance.store.widen(TABLE, FIELDS)
    return HeartbeatRow(stage.client(), application, lambda: NOON)


def test_every_word_is_written_over_the_one_before(stage: Stage) -> None:
    written = row(stage)
    written.write(VITALS, pressing=False)
    written.write({**VITALS, "health": "troubled", "code": "servicenow.auth"}, pressing=False)
    (found,) = stage.instance.query(TABLE)
    assert found["instance"] == "bastion-1.bank"
    assert (found["health"], found["code"]) == ("troubled", "servicenow.auth")
    assert (found["running"], found["waiting"]) == ("1", "2")
    assert found["seen"] == "2026-11-30 12:00:00"
    assert stage.served(TABLE) == ["PATCH", "POST", "PATCH"]


def test_another_run_finds_the_row_by_its_sys_id_and_another_bastion_has_its_own(
    stage: Stage,
) -> None:
    row(stage).write(VITALS, pressing=False)
    row(stage).write(VITALS, pressing=False)
    row(stage, Application(scope="x_fferry", known_as="bastion-2")).write(VITALS, pressing=False)
    rows = stage.instance.query(TABLE)
    assert sorted(each["instance"] for each in rows) == ["bastion-1.bank", "bastion-2"]


def test_on_an_instance_that_keeps_no_sys_id_the_row_is_found_by_its_name(stage: Stage) -> None:
    made = row(stage)
    stage.instance.create(TABLE, {"instance": "bastion-1.bank", "health": "stopped"})
    stage.server.modes.set("business_rule", method="POST", path=TABLE, table=TABLE)
    made.write(VITALS, pressing=False)
    made.write(VITALS, pressing=False)
    assert [each["health"] for each in stage.instance.query(TABLE)] == ["well"]
    assert stage.served(TABLE)[-1] == "PATCH"


def test_a_sentence_is_cut_and_runs_no_markup(stage: Stage) -> None:
    row(stage).write({**VITALS, "sentence": "[code]<b>" + "x" * 2000}, pressing=False)
    (found,) = stage.instance.query(TABLE)
    assert found["sentence"].startswith("(code)< b>")
    assert len(found["sentence"]) == 1000


def test_an_application_that_is_not_there_says_so(stage: Stage) -> None:
    elsewhere = Application(scope="x_acme", known_as="bastion-1")
    with pytest.raises(FerryError) as caught:
        HeartbeatRow(stage.client(), elsewhere, lambda: NOON).write(VITALS, pressing=False)
    assert caught.value.code is Code.APPLICATION_MISSING
    assert "x_acme" in caught.value.message


def test_a_field_that_is_protected_is_named(stage: Stage) -> None:
    made = row(stage)
    stage.server.modes.set("read_only_field", table=TABLE, field="health")
    with pytest.raises(FerryError) as caught:
        made.write(VITALS, pressing=False)
    assert caught.value.code is Code.SERVICENOW_DENIED
    assert f"did not keep health of {TABLE}" in caught.value.message


def test_it_gives_way_to_all_other_calls_unless_it_is_pressing(stage: Stage) -> None:
    row(stage)
    client = Client(
        stage.server.url, OAUTH, verify=str(stage.certificate.ca_file), calls_per_hour=100
    )
    for _ in range(60):
        client.budget.repeated()
    made = HeartbeatRow(client, BASTION, lambda: NOON)
    with pytest.raises(FerryError) as caught:
        made.write(VITALS, pressing=False)
    assert caught.value.code is Code.SERVICENOW_THROTTLED
    assert stage.served(TABLE) == []
    made.write(VITALS, pressing=True)
    assert len(stage.instance.query(TABLE)) == 1
