"""The ECC queue: our agent's output handed out, answered once, and never lost with a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from adapters.servicenow.reading.ecc import RECEIVES, EccQueue
from tests.adapters.servicenow.stage import Stage, staged
from transfer.errors import Code, FerryError, Permanent

PAYLOAD = '<parameters><parameter name="request" value="RITM0010001"/></parameters>'
WHY = Permanent(Code.HINT_UNKNOWN, 'No "task" stands <there> & then.')


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("tls")) as found:
        yield found


@dataclass
class Ecc:
    """The queue, its table, and a clock that only its waits move."""

    stage: Stage
    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = self.restarted()

    def restarted(self) -> EccQueue:
        return EccQueue(self.stage.client(), "fileferry", 30.0, lambda: self.now, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def put(self, payload: str = PAYLOAD, **fields: str) -> str:
        row = {"agent": "fileferry", "queue": "output", "topic": "FileFerry", "name": "order"}
        about = {"source": "flow", "payload": payload, "sequence": f"{self.now:020.6f}"}
        return self.stage.instance.create("ecc_queue", {**row, **about, **fields})["sys_id"]

    def row(self, sys_id: str) -> dict[str, str]:
        return self.stage.instance.get("ecc_queue", sys_id)

    def answers(self, sys_id: str) -> list[dict[str, str]]:
        return self.stage.instance.query("ecc_queue", f"queue=input^response_to={sys_id}")


@pytest.fixture
def ecc(stage: Stage) -> Ecc:
    for row in stage.instance.query("ecc_queue"):
        stage.instance.delete("ecc_queue", row["sys_id"])
    stage.server.site.modes.clear()
    stage.instance.properties.invalid_query_returns_no_rows = False
    return Ecc(stage)


def test_only_the_ready_output_of_our_agent_is_handed_out(ecc: Ecc) -> None:
    ours = ecc.put()
    ecc.put(agent="mid.server.one")
    ecc.put(queue="input")
    ecc.put(state="processed")
    ecc.put(state="processing")
    [message] = ecc.queue.receive()
    assert (message.id, message.body, message.receives, message.last) == (ours, PAYLOAD, 1, False)


def test_what_is_settled_is_processed_and_answered(ecc: Ecc) -> None:
    sys_id = ecc.put()
    ecc.queue.settle(*ecc.queue.receive())
    assert ecc.row(sys_id)["state"] == "processed"
    [answer] = ecc.answers(sys_id)
    told = [answer[name] for name in ("agent", "topic", "name", "source", "state")]
    assert told == ["fileferry", "FileFerry", "order", "flow", "ready"]
    assert answer["payload"] == (
        '<parameters><parameter name="outcome" value="taken"/></parameters>'
    )
    assert list(ecc.queue.receive()) == []


def test_what_is_refused_is_an_error_with_its_reason(ecc: Ecc) -> None:
    sys_id = ecc.put()
    [message] = ecc.queue.receive()
    ecc.queue.refuse(message, WHY)
    row = ecc.row(sys_id)
    assert row["state"] == "error"
    assert "(hint.unknown)" in row["error_string"]
    [answer] = ecc.answers(sys_id)
    assert 'name="code" value="hint.unknown"' in answer["payload"]
    assert "&lt; there&gt; &amp; then." in answer["payload"]


def test_a_row_that_is_in_nobodys_hand_any_more_comes_again(ecc: Ecc) -> None:
    sys_id = ecc.put()
    ecc.queue.receive()
    assert [each.id for each in ecc.restarted().receive()] == [sys_id]


def test_a_row_that_is_put_back_waits_and_holds_up_no_other(ecc: Ecc) -> None:
    first, second = ecc.put(), ecc.put()
    batch = {each.id: each for each in ecc.queue.receive()}
    ecc.queue.keep(100.0, batch[first])
    ecc.queue.settle(batch[second])
    third = ecc.put()
    assert [each.id for each in ecc.queue.receive()] == [third]
    ecc.now += 100.0
    again = {each.id: each.receives for each in ecc.queue.receive()}
    assert again[first] == 2


def test_the_last_hand_out_says_so(ecc: Ecc) -> None:
    ecc.put()
    lasts = [ecc.queue.receive()[0].last for _ in range(RECEIVES)]
    assert lasts == [False] * (RECEIVES - 1) + [True]


def test_an_empty_queue_is_looked_at_rarely_and_a_full_one_at_once(ecc: Ecc) -> None:
    ecc.queue.receive()
    ecc.queue.receive()
    assert ecc.waits == [0.0, 30.0]
    for _ in range(15):
        ecc.put()
    sizes = []
    for _ in range(2):
        batch = ecc.queue.receive()
        ecc.queue.settle(*batch)
        sizes.append(len(batch))
    assert sizes == [10, 5]
    assert ecc.waits[-1] == 0.0


def test_an_answer_that_was_lost_is_not_written_twice(ecc: Ecc) -> None:
    sys_id = ecc.put()
    batch = ecc.queue.receive()
    ecc.stage.server.site.modes.set(
        "unavailable", count=1, method="PATCH", path="/api/now/table/ecc_queue"
    )
    with pytest.raises(FerryError):
        ecc.queue.settle(*batch)
    assert ecc.row(sys_id)["state"] == "ready"
    ecc.queue.settle(*ecc.queue.receive())
    assert (ecc.row(sys_id)["state"], len(ecc.answers(sys_id))) == ("processed", 1)


def test_a_state_that_is_not_written_is_said(ecc: Ecc) -> None:
    ecc.put()
    batch = ecc.queue.receive()
    ecc.stage.server.site.modes.set("read_only_field", table="ecc_queue", field="state")
    with pytest.raises(Permanent) as caught:
        ecc.queue.settle(*batch)
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


@pytest.mark.parametrize("name", ["agent", "queue", "state", "payload"])
def test_a_condition_that_the_instance_drops_is_noticed(ecc: Ecc, name: str) -> None:
    ecc.put()
    ecc.stage.server.site.modes.set("hidden_field", table="ecc_queue", field=name)
    with pytest.raises(Permanent) as caught:
        ecc.queue.receive()
    assert caught.value.code is Code.SERVICENOW_UNTRUSTED


def test_nothing_is_ordered_through_it(ecc: Ecc) -> None:
    with pytest.raises(Permanent):
        ecc.queue.send("RITM0010001", "")


def test_a_row_that_no_answer_can_hold_is_refused_and_hides_no_other(ecc: Ecc) -> None:
    good = ecc.put(sequence="1")
    huge = ecc.put("x" * 11_000_000, sequence="2")
    last = ecc.put(sequence="3")
    seen = []
    for _ in range(4):
        for message in ecc.queue.receive():
            seen.append((message.id, message.body))
            ecc.queue.settle(message) if message.body else ecc.queue.refuse(message, WHY)
    assert seen == [(good, PAYLOAD), (huge, ""), (last, PAYLOAD)]
    assert [ecc.row(each)["state"] for each in (good, huge, last)] == [
        "processed",
        "error",
        "processed",
    ]
