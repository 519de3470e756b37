"""Calls of several threads in one request: each gets its own answer, whatever becomes of it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import pytest
import responses
from structlog.testing import capture_logs

from adapters.memory.ledger import MemoryArchive, MemoryLedger, MemoryOutbox, MemoryStore
from adapters.running.alarm import LedgerAlarm
from adapters.running.sender import Sender
from adapters.servicenow.desk.desk import ServiceNowDesk
from adapters.servicenow.desk.forms import TicketForm, ticket_id
from adapters.servicenow.line.answers import Answer, Call, result
from adapters.servicenow.line.budget import Need
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.convoy import ADDRESS, REST, VAIN, Convoy
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.line.query import Query
from tests.adapters.servicenow.stage import Stage
from tests.transfer.made import NOON, request
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import Outcome, Transfer
from transfer.model import Stage as Reached
from transfer.telling import reports
from transfer.tickets import PostAction, TicketRole

HOST = "dev.example"
JSON = {"Content-Type": "application/json"}
ALONE = "made alone"


def called(number: int, body: bytes | None = None) -> tuple[Call, str, bytes | None]:
    call = Call(host=HOST, method="PATCH" if body else "GET", table="incident")
    return call, f"/api/now/table/incident/{number}", body


def answered(found: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or JSON, body=json.dumps(found).encode())


def part(number: int, found: object, status: int = 200, **changes: Any) -> dict[str, Any]:
    body = base64.b64encode(json.dumps(found).encode()).decode()
    return {"id": str(number), "status_code": status, "body": body, "headers": []} | changes


def together(
    send: Callable[[Sequence[str]], Answer], count: int = 3, body: bytes | None = None
) -> list[object]:
    """What each of the threads makes of its call, in their order; `send` is told the addresses."""
    order: list[str] = []

    def batch(call: Call, address: str, body: bytes) -> Answer:
        assert (call.method, address) == ("POST", ADDRESS)
        order.extend(each["url"] for each in json.loads(body)["rest_requests"])
        return send(order)

    convoy = Convoy(HOST, batch)

    def ride(number: int) -> object:
        with convoy.riding():
            try:
                found = convoy.ask(*called(number, body))
                return result(called(number)[0], found) if found else ALONE
            except FerryError as error:
                return error.code

    convoy.expect(count)
    with ThreadPoolExecutor(count) as pool:
        told = list(pool.map(ride, range(count)))
    return [told[int(url.rpartition("/")[2])] for url in order] if order else told


def test_each_gets_the_answer_to_its_own_call() -> None:
    def send(urls: Sequence[str]) -> Answer:
        parts = [part(number, {"result": url}) for number, url in enumerate(urls)]
        return answered({"serviced_requests": parts[::-1], "unserviced_requests": []})

    assert sorted(map(str, together(send))) == [called(number)[1] for number in range(3)]


def test_one_alone_makes_its_call_as_ever() -> None:
    assert together(lambda _: answered({}), 1) == [ALONE]


def test_who_does_not_take_part_is_not_waited_for() -> None:
    convoy = Convoy(HOST, lambda *_: answered({}))
    assert convoy.ask(*called(1)) is None


@pytest.mark.parametrize(
    ("parts", "left_out", "told"),
    [
        ([part(0, {"result": "a"}), part(1, {"result": "b"})], ["2"], ["a", "b", ALONE]),
        ([part(0, {"result": "a"}), part(2, {"result": "c"})], [], ["a", Code.SERVICENOW_CUT_OFF]),
        ([part(0, {}, 401), part(1, {"result": "b"}), part(2, {"result": "c"})], [], [ALONE, "b"]),
        ([part(0, {"error": {"message": "No."}}, 403)], [], [Code.SERVICENOW_DENIED]),
        ([part(0, {"error": {"message": "No."}}, 429)], [], [Code.SERVICENOW_BUSY]),
        ([part(0, {"result": "a"}, body="%%%")], [], [Code.SERVICENOW_CUT_OFF]),
        ([part(0, {"result": "a"}, status_code="200")], [], [Code.SERVICENOW_CUT_OFF]),
        ([part(0, {"result": "a"}), part(0, {"result": "b"})], [], [Code.SERVICENOW_CUT_OFF]),
        ([part(0, {"result": "a"}, headers=None), "odd"], [], ["a", Code.SERVICENOW_CUT_OFF]),
        ([part(0, {"result": "a"})], ["0", "1", "2"], ["a", ALONE, ALONE]),
        ("odd", "odd", [Code.SERVICENOW_CUT_OFF] * 3),
    ],
)
def test_each_part_is_judged_by_itself(parts: Any, left_out: Any, told: list[object]) -> None:
    answer = answered({"serviced_requests": parts, "unserviced_requests": left_out})
    assert together(lambda _: answer)[: len(told)] == told


def test_a_write_that_was_left_out_may_have_been_under_way() -> None:
    # After 30 seconds the instance breaks off the batch, whatever it is doing.
    answer = answered({"serviced_requests": [], "unserviced_requests": ["0", "1", "2"]})
    assert together(lambda _: answer, body=b"{}") == [Code.SERVICENOW_CUT_OFF] * 3


def test_what_is_too_large_together_goes_one_by_one() -> None:
    assert together(lambda _: answered({}, 413), body=b"{}") == [ALONE] * 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answered({"error": {"message": "Slow down."}}, 429), Code.SERVICENOW_BUSY),
        (answered({}, 202), Code.SERVICENOW_DROPPED),
        (answered({}, 500), Code.SERVICENOW_UNREACHABLE),
        (answered({"result": []}), Code.SERVICENOW_CUT_OFF),
        (Answer(status=200, headers={}, body=b"user_password"), Code.SERVICENOW_LOGIN_PAGE),
        (Answer(status=200, headers=JSON, body=b'{"serviced_req'), Code.SERVICENOW_CUT_OFF),
    ],
)
def test_an_answer_to_none_of_them_is_one_to_each(answer: Answer, told: Code) -> None:
    assert together(lambda _: answer) == [told] * 3


@pytest.mark.parametrize(
    "error",
    [
        Transient(Code.SERVICENOW_UNREACHABLE, "No answer."),
        Permanent(Code.SERVICENOW_AUTH, "The login is refused."),
    ],
)
def test_what_befalls_the_request_befalls_each(error: FerryError) -> None:
    def send(_: Sequence[str]) -> Answer:
        raise error

    assert together(send) == [error.code] * 3


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_an_instance_without_batches_is_found_out_once(status: int) -> None:
    sent: list[str] = []

    def send(urls: Sequence[str]) -> Answer:
        sent.extend(urls)
        return answered({"error": {"message": "Requested URI does not exist"}}, status)

    with capture_logs() as logs:
        assert together(send) == [ALONE] * 3
    assert [line["status"] for line in logs] == [status]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answered({}, 500), Code.SERVICENOW_UNREACHABLE),
        (Answer(status=200, headers={}, body=b"user_password"), Code.SERVICENOW_LOGIN_PAGE),
        (Permanent(Code.SERVICENOW_AUTH, "No login."), Code.SERVICENOW_AUTH),
    ],
)
def test_what_befalls_every_batch_keeps_no_call_back(
    answer: Answer | FerryError, told: Code
) -> None:
    """A gateway, or a policy, that knows the Table API alone."""
    sent: list[int] = []

    def send(*_: object) -> Answer:
        sent.append(1)
        if isinstance(answer, FerryError):
            raise answer
        return answer

    convoy = Convoy(HOST, send)
    calls = [called(number)[:2] for number in range(2)]
    for _ in range(VAIN - 1):
        with pytest.raises(FerryError) as raised:
            result(calls[0][0], convoy.reads(calls)[0] or answered({}))
        assert raised.value.code is told
    with capture_logs() as logs:
        assert [*convoy.reads(calls), *convoy.reads(calls)] == [None] * 4
    assert [line["seconds"] for line in logs] == [REST]
    assert len(sent) == VAIN


def test_an_instance_that_asks_for_silence_is_asked_in_batches_all_the_same() -> None:
    def send(*_: object) -> Answer:
        raise Transient(Code.SERVICENOW_THROTTLED, "Later.")

    convoy = Convoy(HOST, send)
    for _ in range(VAIN + 1):
        with pytest.raises(Transient):
            convoy.reads([called(number)[:2] for number in range(2)])


def test_a_batch_that_is_answered_makes_up_for_those_before() -> None:
    good = {"serviced_requests": [part(number, {"result": []}) for number in range(2)]}
    answers = [answered({}, 500), answered({}, 500), answered(good)] * 2
    convoy = Convoy(HOST, lambda *_: answers.pop(0))
    calls = [called(number)[:2] for number in range(2)]
    told = [[each.status for each in convoy.reads(calls) if each] for _ in range(6)]
    assert told == [[500, 500], [500, 500], [200, 200]] * 2


class PostRoom:
    """A sender that writes to a simulated instance, by several threads."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.now = stage, 1000.0
        asked = request(task_id=stage.task())
        self.done = Transfer(request=asked, stage=Reached.REPORTED, outcome=Outcome.DELIVERED)
        store = MemoryStore()
        MemoryLedger(store).admit(self.done)
        self.client: Client = stage.client()
        self.outbox = MemoryOutbox(store, lambda: self.now)
        self.outbox.add(*reports.ending(self.done, (), NOON))
        self.sender = Sender(
            outbox=self.outbox,
            archive=MemoryArchive(store),
            desk=ServiceNowDesk(self.client, TicketForm()),
            stop=threading.Event(),
            alarm=LedgerAlarm(list[FerryError]().append),
            lease=600.0,
            now=lambda: self.now,
            workers=4,
            convoy=self.client.convoy,
        )

    def unsent(self) -> int:
        return sum(not item.sent for item in self.outbox.store.posts.values())

    def send_all(self) -> None:
        """However often it has to be tried."""
        for _ in range(20):
            self.sender.round()
            self.now += 900.0
            if not self.unsent():
                return
        raise AssertionError("it never came to an end")

    def assert_told_once(self) -> None:
        """Each word stands on its ticket, and once: in its journal or in its close notes."""
        instance = self.stage.instance
        for post in reports.ending(self.done, (), NOON):
            task = post.ticket is TicketRole.TASK
            table, sys_id = ("sc_task", post.task_id) if task else ("incident", ticket_id(post))
            row = instance.get(table, sys_id)
            journal = instance.query("sys_journal_field", f"element_id={sys_id}")
            told = [each["value"] for each in journal if post.marker in each["value"]]
            if post.action in (PostAction.START, PostAction.NOTE):
                assert len(told) == 1, post.key
            elif post.action is PostAction.CLOSE:
                assert len(told) <= 1, post.key
                assert told or post.marker in row["close_notes"], post.key
        assert len(instance.query("incident", "correlation_displayLIKEFileFerry")) == 2
        assert len(instance.query("sys_attachment", "file_name=receipt.json")) == 1

    def requests(self) -> int:
        return len(self.stage.server.site.served)


def test_the_posts_of_a_transfer_go_together(stage: Stage) -> None:
    room = PostRoom(stage)
    room.send_all()
    room.assert_told_once()
    paths = [each.path for each in stage.server.site.served]
    assert [path.partition("?")[0] for path in paths].count(ADDRESS) > 1


@responses.activate
def test_a_part_that_asks_for_silence_silences_all() -> None:
    client = Client("https://example.service-now.com", Basic(user="u", password="p"), timeout=60)
    wait = {"name": "Retry-After", "value": "60"}
    refusal = part(1, {"error": {"message": "Rate limit exceeded"}}, 429, headers=[wait])
    served = {"serviced_requests": [part(0, {"result": []}), refusal]}
    responses.post(f"{client.url}{ADDRESS}", json=served)

    def ride(_: int) -> str:
        with client.convoy.riding():
            try:
                return str(client.rows("incident", Query(), ("sys_id",), limit=5))
            except FerryError as error:
                return error.code

    client.convoy.expect(2)
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ride, range(2))) == ["()", Code.SERVICENOW_THROTTLED]
    assert not client.budget.room(Need.DUTY)


@pytest.mark.parametrize("lost", [0, 2])
@pytest.mark.parametrize("mode", ["reset_after_commit", "truncated", "empty"])
def test_an_answer_that_is_lost_leaves_no_word_twice_and_none_missing(
    stage: Stage, mode: str, lost: int
) -> None:
    room = PostRoom(stage)
    stage.server.modes.set(mode, path=ADDRESS, skip=lost, count=1)
    room.send_all()
    room.assert_told_once()


@pytest.mark.parametrize("mode", ["forbidden", "unavailable"])
def test_an_instance_that_refuses_batches_gets_all_the_same(stage: Stage, mode: str) -> None:
    room = PostRoom(stage)
    stage.server.modes.set(mode, path=ADDRESS, count=None if mode == "forbidden" else 1)
    with capture_logs() as logs:
        room.send_all()
    room.assert_told_once()
    told = [line for line in logs if "takes no batches" in line["event"]]
    assert len(told) == (mode == "forbidden")
    assert HTTPStatus.FORBIDDEN in [line["status"] for line in told] or not told
