"""`receipt.json` on an audit ticket of the simulator: once, compared, and never in the way."""

from __future__ import annotations

import hashlib

import pytest
from structlog.testing import capture_logs

from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import ticket_id
from tests.adapters.servicenow.desk.test_desk import OPEN_AUDIT, closing, journal, post
from tests.adapters.servicenow.stage import Stage
from transfer.errors import Code, FerryError, Permanent, Transient, Waiting
from transfer.model import Outcome
from transfer.tickets import PostAction, TicketRole

NAME = "receipt.json"
CONTENT = b'{"files":[]}\n'
DIGEST = hashlib.sha256(CONTENT).hexdigest()
ATTACH = post(TicketRole.AUDIT, PostAction.ATTACH)
CLOSE = closing(TicketRole.AUDIT, Outcome.DELIVERED)
FILES = "/api/now/attachment"


@pytest.fixture
def desk(stage: Stage) -> ServiceNowDesk:
    desk = stage.desk()
    desk.open(OPEN_AUDIT, again=False)
    return desk


def stored(stage: Stage) -> list[dict[str, str]]:
    return stage.instance.query("sys_attachment", f"table_sys_id={ticket_id(ATTACH)}")


def notes(stage: Stage) -> list[str]:
    return journal(stage, ATTACH, "work_notes")


def tried(desk: ServiceNowDesk, *, again: bool) -> FerryError | None:
    try:
        desk.attach(ATTACH, NAME, CONTENT, again=again)
    except FerryError as error:
        return error
    return None


def test_the_bytes_stand_on_the_ticket_under_their_hash(stage: Stage, desk: ServiceNowDesk) -> None:
    ticket = desk.attach(ATTACH, NAME, CONTENT, again=False)
    [row] = stored(stage)
    assert (row["file_name"], row["hash"], row["state"]) == (NAME, DIGEST, "available")
    assert (row["table_name"], row["content_type"]) == ("incident", "application/json")
    assert stage.instance.files[row["sys_id"]] == CONTENT
    assert ticket.sys_id == ticket_id(ATTACH)
    assert notes(stage) == []


def test_what_is_still_being_stored_is_looked_at_once_more(
    stage: Stage, desk: ServiceNowDesk
) -> None:
    stage.server.modes.set("attachment", path=FILES, fate="pending")
    with pytest.raises(Waiting) as caught:
        desk.attach(ATTACH, NAME, CONTENT, again=False)
    assert caught.value.retry_after
    assert tried(desk, again=True) is None
    assert (len(stored(stage)), notes(stage)) == (1, [])


@pytest.mark.parametrize("mode", ["forbidden", "business_rule"])
def test_an_instance_that_takes_no_files_still_gets_its_ticket_closed(
    stage: Stage, desk: ServiceNowDesk, mode: str
) -> None:
    stage.server.modes.set(mode, path=FILES)
    with capture_logs() as logs:
        for again in (False, True, True):
            assert tried(desk, again=again) is None
    [note] = notes(stage)
    assert ATTACH.marker in note
    assert DIGEST in note
    assert [line["log_level"] for line in logs if "receipt" in line["event"]] == ["warning"]
    assert desk.close(CLOSE, again=False).state == "7"


@pytest.mark.parametrize("mode", ["reset_after_commit", "truncated", "result_and_error"])
def test_a_lost_answer_attaches_once(stage: Stage, desk: ServiceNowDesk, mode: str) -> None:
    stage.server.modes.set(mode, count=1, path="/attachment/file")
    assert isinstance(tried(desk, again=False), Transient)
    assert tried(desk, again=True) is None
    assert len(stored(stage)) == 1


@pytest.mark.parametrize("mode", ["closed", "unavailable", "dropped", "empty"])
def test_a_lost_call_is_made_good(stage: Stage, desk: ServiceNowDesk, mode: str) -> None:
    stage.server.modes.set(mode, count=1, path="/attachment/file")
    assert isinstance(tried(desk, again=False), Transient)
    assert tried(desk, again=True) is None
    assert len(stored(stage)) == 1


def test_bytes_that_changed_on_the_way_are_sent_again(stage: Stage, desk: ServiceNowDesk) -> None:
    stage.server.modes.set("attachment", count=1, path="/attachment/file", fate="altered")
    error = tried(desk, again=False)
    assert isinstance(error, Permanent)
    assert error.code is Code.SERVICENOW_UNTRUSTED
    assert tried(desk, again=True) is None
    assert sorted(row["hash"] == DIGEST for row in stored(stage)) == [False, True]
    assert notes(stage) == []


def test_an_instance_that_always_changes_them_is_not_asked_for_ever(
    stage: Stage, desk: ServiceNowDesk
) -> None:
    stage.server.modes.set("attachment", path="/attachment/file", fate="altered")
    codes = [getattr(tried(desk, again=again), "code", None) for again in (False, True, True, True)]
    assert codes == [Code.SERVICENOW_UNTRUSTED, Code.SERVICENOW_UNTRUSTED, None, None]
    assert len(stored(stage)) == 2
    assert len(notes(stage)) == 1


@pytest.mark.parametrize("fate", ["not_available", "unhashed"])
def test_what_cannot_be_compared_is_said_on_the_ticket(
    stage: Stage, desk: ServiceNowDesk, fate: str
) -> None:
    stage.server.modes.set("attachment", path=FILES, fate=fate)
    for again in (False, True):
        assert tried(desk, again=again) is None
    assert (len(stored(stage)), len(notes(stage))) == (1, 1)


def test_a_file_of_the_same_name_by_somebody_else_is_not_ours(
    stage: Stage, desk: ServiceNowDesk
) -> None:
    desk.attach(ATTACH, NAME, b"theirs", again=False)
    assert tried(desk, again=True) is None
    assert len(stored(stage)) == 2


def test_an_account_that_may_not_list_files_attaches_all_the_same(
    stage: Stage, desk: ServiceNowDesk
) -> None:
    stage.server.modes.set("forbidden", method="GET", path=FILES)
    stage.server.modes.set("attachment", path=FILES, fate="available")
    assert isinstance(tried(desk, again=False), Waiting)
    assert len(stored(stage)) == 1
