"""Two attacks at a time, drawn at random, and an innocent order beside them that must arrive.

Each attack is what a person can do with a login of his own, a task or the queue; it tells the names
that must not appear at the partner's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sandbox.servicenow import SEEDED
from sandbox.servicenow.seed import STANDING
from tests.adapters.servicenow.reading.standing import TERMS
from tests.adapters.servicenow.stage import staged
from tests.intake.flooded import DEAD, FLOODER, OTHER, Flooded, Ordered
from tests.intake.town import CONTENT
from tests.sweeps import WHOLE, tell
from transfer.model import Outcome

Attack = Callable[[Flooded, str], Iterable[str]]
ATTACKS: list[Attack] = []
EXAMPLES = 150 if WHOLE else 12
CARLA = "carla.moss"


def attack(play: Attack) -> Attack:
    ATTACKS.append(play)
    return play


def _decided(town: Flooded, ordered: Ordered, by: str) -> None:
    for row in town.instance.query("sysapproval_approver", f"sysapproval={ordered.item}"):
        town.instance.approve(row["sys_id"], by=by)


def _answers(town: Flooded, ordered: Ordered, by: str, **answers: str) -> None:
    for link in town.instance.query("sc_item_option_mtom", f"request_item={ordered.item}"):
        option = town.instance.get("sc_item_option", link["sc_item_option"])
        question = town.instance.get("item_option_new", option["item_option_new"])["name"]
        if question in answers:
            changed = {"value": answers[question]}
            town.instance.update("sc_item_option", option["sys_id"], changed, by=by)


@contextmanager
def _later(town: Flooded) -> Iterator[None]:
    """An hour after the approval: a change in the same second cannot be told from it."""
    now = town.instance.clock
    town.instance.clock = lambda: now() + timedelta(hours=1)
    yield
    town.instance.clock = now


@attack
def decided_by_who_ordered_it(town: Flooded, name: str) -> Iterable[str]:
    _decided(town, town.draft(name), by=FLOODER)
    return [f"{name}.csv"]


@attack
def decided_by_an_administrator(town: Flooded, name: str) -> Iterable[str]:
    _decided(town, town.draft(name), by="admin")
    return [f"{name}.csv"]


@attack
def rewritten_after_the_approval(town: Flooded, name: str) -> Iterable[str]:
    ordered = town.order(name)
    with _later(town):
        _answers(town, ordered, FLOODER, path=f"{name}-other.csv")
    return [f"{name}.csv", f"{name}-other.csv"]


@attack
def rewritten_by_the_approver(town: Flooded, name: str) -> Iterable[str]:
    draft = town.draft(name)
    _answers(town, draft, CARLA, path=f"{name}-other.csv")
    _decided(town, draft, by=CARLA)
    return [f"{name}.csv", f"{name}-other.csv"]


@attack
def for_somebody_else_after_the_approval(town: Flooded, name: str) -> Iterable[str]:
    ordered = town.order(name)
    requested_for = {"requested_for": SEEDED.users[OTHER].sys_id}
    with _later(town):
        town.instance.update("sc_req_item", ordered.item, requested_for, by=FLOODER)
    return [f"{name}.csv"]


@attack
def written_anew_after_the_approval(town: Flooded, name: str) -> Iterable[str]:
    town.order(name)
    later = datetime.now(UTC) + timedelta(hours=1)
    town.bench.objects.put(f"s3://exports/payroll/{name}.csv", b"other", later)
    return [f"{name}.csv"]


@attack
def under_a_name_that_shows_another(town: Flooded, name: str) -> Iterable[str]:
    town.order(name, path=f"{name}\u202evsc.exe")
    town.order(f"{name}-lines", destination="partner\nApproved by: carla.moss")
    return [f"{name}\u202evsc.exe", f"{name}-lines.csv"]


@attack
def out_of_the_folder(town: Flooded, name: str) -> Iterable[str]:
    town.order(name, path=f"../{name}.csv")
    town.order(f"{name}-2", source="s3://secret/payroll.csv")
    return [f"{name}.csv", f"../{name}.csv", f"{name}-2.csv"]


@attack
def called_off(town: Flooded, name: str) -> Iterable[str]:
    town.instance.properties.leave_tasks_open = True
    town.instance.update("sc_req_item", town.order(name).item, {"active": "false"})
    return [f"{name}.csv"]


@attack
def without_an_item(town: Flooded, name: str) -> Iterable[str]:
    town.instance.delete("sc_req_item", town.order(name).item)
    return [f"{name}.csv"]


@attack
def too_long_to_be_read(town: Flooded, name: str) -> Iterable[str]:
    town.fill(town.order(name), 4_000_000)
    return [f"{name}.csv"]


@attack
def by_many_tasks(town: Flooded, name: str) -> Iterable[str]:
    fields = {"assignment_group": SEEDED.group, "request_item": town.order(name).item}
    for _ in range(12):
        town.instance.create("sc_task", fields)
    return []


@attack
def by_drafts_and_forged_events(town: Flooded, name: str) -> Iterable[str]:
    for number in range(15):
        town.instance.create(STANDING, {**TERMS, "u_prefix": "s3://exports/"}, by=FLOODER)
        town.event(f"{name}/{number}")
    return [f"{number}" for number in range(15)]


@attack
def by_hints_of_nothing(town: Flooded, name: str) -> Iterable[str]:
    draft = town.draft(name)
    for number in range(10):
        town.hint(request=f"RITM{number:07}", approved=True, requester="admin")
        town.hint(request=draft.number, approval="approved", approver=CARLA)
        town.queue.send("{" * (number + 1), "")
    return [f"{name}.csv"]


@attack
def to_a_partner_who_does_not_answer(town: Flooded, name: str) -> Iterable[str]:
    for number in range(8):
        town.order(f"{name}-{number}", destination=DEAD)
    return [f"{name}-{number}.csv" for number in range(8)]


def test_no_two_attacks_reach_the_partner_or_an_innocent() -> None:
    met: list[str] = []

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)
    @given(
        st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=2, unique=True),
        st.integers(0, 2),
    )
    def two_of_them(plays: list[Attack], place: int) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            staged(Path(folder)) as stage,
            capture_logs() as logs,
        ):
            town = Flooded(stage)
            try:
                _played(town, plays, place)
            finally:
                town.closes()
        assert not [line for line in logs if "fault of ours" in line["event"]]
        met.append("+".join(play.__name__ for play in plays))

    two_of_them()
    tell(f"two attacks at a time: {len(met)} towns, {len(set(met))} pairs, each innocent delivered")


def _played(town: Flooded, plays: list[Attack], place: int) -> None:
    forbidden: set[str] = set()
    for number in range(3):
        if number == place:
            town.order("ours", by=OTHER)
        if number < len(plays):
            forbidden |= set(plays[number](town, f"bad-{number}"))
    town.listens()
    assert town.delivers("ours.csv")
    appeared = town.appeared()
    assert not forbidden & {path.removeprefix("/inbox/") for path in appeared}
    assert set(appeared.values()) == {1}
    assert town.bench.remotes.files["/inbox/ours.csv"] == CONTENT
    for path in town.bench.remotes.files:
        assert path in appeared, "something is left behind"
    [ours] = [each for each in town.transfers() if each.request.target == "ours.csv"]
    assert ours.outcome is Outcome.DELIVERED
    assert town.ruin == []
