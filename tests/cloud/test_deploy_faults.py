"""`fileferry deploy` killed at every call, or with every answer lost once: the next run completes.

A point is a call that a quiet run makes. At each one the run is cut off before the call arrives and
after it, for good (the process was killed) and for once (the line was).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest

from cloud.template import STACK
from tests import sweeps
from tests.cloud.site import Site
from tests.servers.http_faults import Call, Fault
from transfer.errors import Code, FerryError

WAYS = tuple(product((False, True), (False, True)))
"""Whether the call arrives, whether the process dies."""
LATE = 3
"""Of the looks of a run that waits, so many are points: how often it looks is chance."""


def first(site: Site) -> object:
    return site.deploy()


def second(site: Site) -> object:
    return site.deploy(version=2)


def away(site: Site) -> object:
    return site.parts().deployment.destroy()


def nothing(_site: Site) -> object:
    return None


def points(site: Site, errand: Callable[[Site], object]) -> list[Call]:
    site.faults.begin()
    errand(site)
    return [each for each in site.faults.calls if each.nth <= LATE]


def broken(site: Site, errand: Callable[[Site], object], fault: Fault) -> None:
    """The errand with the fault, whatever comes of it, and then the line is whole again."""
    site.faults.begin(fault)
    code = ""
    try:
        errand(site)
    except FerryError as error:
        code = error.code
    assert code in {"", Code.DEPLOY_UNAVAILABLE, Code.LEDGER_UNAVAILABLE}
    site.faults.begin()


def faults(site: Site, errand: Callable[[Site], object], first: int) -> Iterator[Fault]:
    ways = [(call, *way) for call in points(site, errand) for way in WAYS]
    chosen = sweeps.share(ways, first)
    sweeps.tell(f"deploy, {errand.__name__}: {len(chosen)} of {len(ways)} points")
    return (Fault(call, arrives=arrives, dies=dies) for call, arrives, dies in chosen)


@pytest.mark.parametrize(("before", "errand", "version"), [(nothing, first, 1), (first, second, 2)])
def test_the_next_run_completes(
    site: Site,
    before: Callable[[Site], object],
    errand: Callable[[Site], object],
    version: int,
) -> None:
    before(site)
    for fault in faults(site, errand, version):
        site.clear()
        before(site)
        broken(site, errand, fault)
        errand(site)
        assert whole(site, version), fault


def test_what_was_half_taken_away_is_taken_away_by_the_next_run(site: Site) -> None:
    site.deploy()
    for fault in faults(site, away, 3):
        site.clear()
        site.deploy()
        broken(site, away, fault)
        away(site)
        assert site.stack is None, fault
        assert site.deploy().outputs, fault


def whole(site: Site, version: int) -> bool:
    """All of that version stands, and nothing is left over."""
    order = site.order(version)
    assert site.stack
    assert site.stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    sets = site.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert [each for each in sets if each["ExecutionStatus"] == "AVAILABLE"] == []
    # Drift, the functions' zips, and whether another run would change anything.
    found = [each for each in site.parts().looking.check(order) if not each.good]
    assert {each.what for each in found} == {"cloud.state_machine", "queue.url"}
    return site.parts().shelf.check().version is not None
