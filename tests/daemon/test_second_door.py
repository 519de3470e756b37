"""The service and the second door: what is handed over, followed, stopped and taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.books import memory_books
from adapters.memory.executions import MemoryExecutions
from adapters.memory.ledger import MemoryLedger
from daemon.second_door import LOOK_AGAIN, REFUSED_FOR, SecondDoor
from tests.daemon.ferry import Ferry
from tests.transfer.bench import FINAL
from transfer.errors import Code, Permanent, Transient
from transfer.journey import travel
from transfer.model import Delivery, DeliveryState, Outcome, Route, Source, Stage, Transfer
from transfer.routing import MOST_FILES, ExecutionState, execution_name, owner_of
from transfer.tickets import PostAction, TicketRole

DOOR = "d" * 64


class House(Ferry):
    """A ferry with a second door, on which time passes by the bench's clock."""

    def __init__(self, route: str = "step_functions", connections: int = 2) -> None:
        super().__init__()
        self.executions: Any = MemoryExecutions()
        self.destinations = {
            name: replace(each, route=route, connections=connections)
            for name, each in self.tools.destinations.items()
        }
        self.second = SecondDoor(
            executions=self.executions,
            books=memory_books(self.bench.store),
            destinations=self.destinations,
            door=DOOR,
            now=lambda: self.bench.time[0],
        )
        self.carrier.second = self.second
        self.carrier.elsewhere = self.second.elsewhere

    def go(self, *heads: Transfer) -> None:
        self.carry(*heads)
        assert self.carrier.drain(60.0)

    def audit(self) -> str:
        """Nothing of it waits for a ticket that is opened behind it, and so never."""
        posts = [item.post for item in self.bench.store.posts.values()]
        posts = [post for post in posts if post.ticket is TicketRole.AUDIT]
        assert not posts or posts[0].action is PostAction.OPEN
        return "\n".join(post.text for post in posts)

    def function(self, head: Transfer, name: str = "call") -> MemoryLedger:
        """The ledger of a function of the head's execution."""
        owner = owner_of(head.execution or "") + name
        return MemoryLedger(self.bench.store, owner, lambda: self.bench.time[0])


def handed_over(house: House) -> Transfer:
    head = house.admit()
    house.go(head)
    return house.head(head)


def test_it_is_handed_over_with_its_claim_free_before_the_execution_is_started() -> None:
    house, free = House(), []
    start = house.executions.start

    def starting(name: str, told: Any, trace: str) -> None:
        [row] = house.bench.store.rows.values()
        free.append(row.owner)
        start(name, told, trace)

    house.executions.start = starting
    head = handed_over(house)
    assert free == [None]
    assert (head.route, head.stage, head.claims) == (Route.STEP_FUNCTIONS, Stage.RECEIVED, 0)
    assert head.execution == execution_name(head)
    told = {"transfer": head.id, "generation": 1, "door": DOOR}
    assert house.executions.told == {head.execution: told}
    assert "Carried by the execution ff-" in house.audit()


def test_nothing_of_it_is_done_here_while_the_execution_lives() -> None:
    house = House()
    head = handed_over(house)
    for _ in range(3):
        house.second.round()
        house.go()
    assert house.head(head) == head
    assert FINAL not in house.bench.remotes.files
    assert house.second.watched() == [head]


def test_a_function_brings_it_home_and_nothing_is_left_to_follow() -> None:
    house = House()
    head = handed_over(house)
    claim = house.function(head).claim(head.id, over=owner_of(head.execution or ""))
    assert claim
    travel(claim, replace(house.tools, ledger=house.function(head)))
    house.executions.ended.add(head.execution)
    house.second.round()
    assert house.head(head).outcome is Outcome.DELIVERED
    assert house.second.watched() == []
    assert "Taken over" not in house.audit()


def test_an_execution_that_was_never_started_is_started_by_the_next_round() -> None:
    """A crash between the save and the start, or an answer that was lost: the same name, once."""
    house = House()
    lost = Transient(Code.EXECUTION_UNAVAILABLE, "Step Functions gave no answer.")
    start = house.executions.start

    def without_answer(name: str, told: Any, trace: str) -> None:
        house.executions.start = start
        raise lost

    house.executions.start = without_answer
    with capture_logs() as logs:
        head = handed_over(house)
    assert [line["code"] for line in logs if line.get("code")] == ["execution.unavailable"]
    assert house.executions.told == {}
    house.second.round()
    house.second.round()
    assert list(house.executions.told) == [head.execution]


@pytest.mark.parametrize("by", ["round", "event"])
def test_what_aws_gives_up_is_carried_on_here(by: str) -> None:
    house = House()
    head = handed_over(house)
    house.executions.ended.add(head.execution)
    if by == "round":
        house.second.round()
    else:
        house.second.ended("another")
        assert house.head(head).route is Route.STEP_FUNCTIONS
        house.second.ended(head.execution or "")
    assert (house.head(head).route, house.head(head).execution) == (Route.IN_PROCESS, None)
    house.go()
    assert house.head(head).outcome is Outcome.DELIVERED
    assert f"Taken over from the execution {head.execution} at stage “received”" in house.audit()


def test_what_was_taken_over_is_not_given_away_again() -> None:
    house = House()
    head = handed_over(house)
    house.executions.ended.add(head.execution)
    house.second.round()
    house.go()
    assert list(house.executions.told) == [head.execution]


def test_a_cancelled_request_is_stopped_there_and_brought_home_here() -> None:
    house = House()
    head = handed_over(house)
    function = house.function(head)
    claim = function.claim(head.id, over=owner_of(head.execution or ""))
    assert claim
    no = Permanent(Code.APPROVAL_WITHDRAWN, "The order was cancelled.")
    house.second.verdict = house.carrier.verdict = lambda _: no
    house.second.round()
    assert house.executions.stopped == {head.execution: "The order was cancelled."}
    with pytest.raises(Permanent, match="taken over"):
        function.save(claim.evolve(stage=Stage.VALIDATED))
    house.go()
    ended = house.head(head)
    assert ended.finished
    assert ended.failure
    assert ended.failure.code == Code.APPROVAL_WITHDRAWN
    assert FINAL not in house.bench.remotes.files


def test_what_has_turned_home_there_is_not_stopped_any_more() -> None:
    house = House()
    head = handed_over(house)
    function = house.function(head)
    claim = function.claim(head.id, over=owner_of(head.execution or ""))
    assert claim
    function.save(claim.evolve(stage=Stage.DELIVERED, outcome=Outcome.DELIVERED))
    house.second.verdict = lambda _: Permanent(Code.APPROVAL_WITHDRAWN, "Too late.")
    house.second.round()
    assert house.executions.stopped == {}
    assert house.head(head).route is Route.STEP_FUNCTIONS


def test_a_door_that_aws_keeps_shut_is_not_knocked_at_for_a_while() -> None:
    house = House()
    start, asked = house.executions.start, []

    def refused(name: str, told: Any, trace: str) -> None:
        asked.append(name)
        raise Permanent(Code.EXECUTION_REFUSED, "Step Functions refused it (AccessDenied).")

    house.executions.start = refused
    first = handed_over(house)
    house.go()
    assert house.head(first).outcome is Outcome.DELIVERED
    assert "Step Functions refused it" in house.audit()
    second = house.admit(8)
    house.go(second)
    assert house.head(second).outcome is Outcome.DELIVERED
    assert len(asked) == 1
    house.executions.start = start
    house.bench.time[0] += REFUSED_FOR + 1
    third = house.admit(9)
    house.go(third)
    assert house.head(third).execution in house.executions.told


def test_a_destination_has_no_more_executions_than_connections() -> None:
    house = House(connections=2)
    heads = [house.admit(number) for number in range(3)]
    for head in heads:
        house.go(head)
    assert len(house.executions.told) == 2
    [waiting] = [head for head in heads if house.head(head).route is Route.IN_PROCESS]
    assert house.head(waiting).stage is Stage.RECEIVED
    for row in list(house.bench.store.rows.values()):
        if row.transfer.route is Route.STEP_FUNCTIONS:
            row.transfer = row.transfer.evolve(stage=Stage.CLOSED, outcome=Outcome.DELIVERED)
            break
    house.second.round()
    house.bench.time[0] += LOOK_AGAIN + 1
    house.go(waiting)
    assert house.head(waiting).route is Route.STEP_FUNCTIONS


def test_auto_carries_little_here_and_tells_why_in_the_log() -> None:
    house = House(route="auto")
    head = house.admit()
    with capture_logs() as logs:
        house.go(head)
    [chosen] = [line for line in logs if line["event"] == "door chosen"]
    assert chosen["route"] is Route.IN_PROCESS
    assert "little enough" in chosen["reason"]
    assert house.head(head).outcome is Outcome.DELIVERED
    assert house.executions.told == {}


def test_auto_hands_over_what_is_pinned_and_too_many() -> None:
    house = House(route="auto")
    sources = [f"s3://exports/payroll/{number}.csv" for number in range(MOST_FILES + 1)]
    for source in sources:
        house.bench.objects.put(source, b"x")
    head = house.admit()
    row = house.bench.store.rows[head.id]
    row.transfer = replace(
        row.transfer, request=replace(row.transfer.request, sources=tuple(sources), target="")
    )
    house.go(head)
    head = house.head(head)
    assert (head.stage, head.failure) == (Stage.PINNED, None)
    assert house.executions.state(head.execution or "") is ExecutionState.RUNNING
    assert "more than 1,000 files" in house.audit()


def test_a_host_without_the_door_takes_back_what_nobody_holds() -> None:
    """The setting was removed; a function that wakes late finds another execution than its own."""
    house = House()
    head = handed_over(house)
    house.carrier.second, house.carrier.elsewhere = None, lambda _: False
    house.go()
    ended = house.head(head)
    assert (ended.route, ended.execution) == (Route.IN_PROCESS, None)
    assert ended.outcome is Outcome.DELIVERED


def test_a_dry_run_stays_here() -> None:
    house = House()
    asked = house.admit()
    row = house.bench.store.rows[asked.id]
    dry = replace(row.transfer.request, options={"dry_run": "true"})
    row.transfer = replace(row.transfer, request=dry)
    house.go(asked)
    assert house.head(asked).outcome is Outcome.REHEARSED
    assert house.executions.told == {}


def ordered(house: House, **options: str) -> Transfer:
    head = house.admit()
    row = house.bench.store.rows[head.id]
    row.transfer = replace(row.transfer, request=replace(row.transfer.request, options=options))
    return row.transfer


def test_what_may_not_move_yet_has_its_tickets_and_goes_over_in_its_time() -> None:
    house = House()
    head = ordered(house, not_before="2026-11-24T09:00:00+00:00")
    house.go(head)
    waiting = house.head(head)
    assert (waiting.stage, waiting.route) == (Stage.PINNED, Route.IN_PROCESS)
    assert house.executions.told == {}
    said = "".join(item.post.text for item in house.bench.store.posts.values())
    assert "Predicted start: 2026-11-24 09:00:00 UTC" in said
    row = house.bench.store.rows[head.id]
    row.transfer = replace(row.transfer, request=replace(row.transfer.request, options={}))
    house.bench.time[0] += 61
    house.go(head)
    assert house.head(head).execution in house.executions.told


def test_what_has_arrived_is_not_failed_because_its_hours_are_over() -> None:
    """A restart has forgotten that this host carries it; the partner's word is still missing."""
    house = House()
    head = ordered(house, finish_by="2026-11-23T11:00:00+00:00")
    arrived = Delivery(
        number=1, source=Source(bucket="b", key="k"), final=FINAL, state=DeliveryState.PUBLISHED
    )
    claim = house.bench.ledger.claim(head.id)
    assert claim
    house.bench.ledger.save(claim.evolve(stage=Stage.PINNED), arrived)
    house.second.hand_over(claim.evolve(stage=Stage.PINNED), house.tools)
    assert house.executions.told == {}


def test_what_crosses_here_counts_among_the_connections_of_a_destination() -> None:
    house = House(connections=2)
    house.second.crossings = {"partner": 2}.get  # type: ignore[assignment]
    head = house.admit()
    house.go(head)
    assert house.head(head).route is Route.IN_PROCESS
    assert house.executions.told == {}
    house.second.crossings = lambda _: 1
    house.bench.time[0] += LOOK_AGAIN
    house.go(head)
    assert house.head(head).route is Route.STEP_FUNCTIONS
