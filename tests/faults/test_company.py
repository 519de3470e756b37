"""Others at work in the partner's directory: who collects files at once, who sweeps temps away."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.openssh import OpenSSH
from transfer.model import CHUNK, DeliveryState

BIG = noise(CHUNK + 12_345)
MANY = {f"s3://exports/{number}.bin": os.urandom(1000 + number) for number in range(40)}


@contextmanager
def removing(root: Path, chosen: Callable[[str], bool]) -> Iterator[list[str]]:
    """Somebody who removes what has such a name as soon as it is there; lists what was removed."""
    over, gone = threading.Event(), list[str]()

    def sweep() -> None:
        while not over.wait(0.001):
            for path in [path for path in root.iterdir() if chosen(path.name)]:
                with suppress(FileNotFoundError):
                    path.unlink()
                    gone.append(path.name)

    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        yield gone
    finally:
        over.set()
        thread.join()


@pytest.fixture
def voyage(partner: OpenSSH, sightings: Sightings) -> Voyage:
    return Voyage(partner, sightings, {"s3://exports/data.bin": BIG})


def temps(name: str) -> bool:
    return name.startswith(".ff-")


def test_a_consumer_who_takes_files_at_once_gets_each_of_them_once(
    partner: OpenSSH, sightings: Sightings
) -> None:
    voyage = Voyage(partner, sightings, MANY | {"s3://exports/big.bin": BIG})
    # The names of the sources, which other tests may use as well.
    wanted = {uri.rpartition("/")[2] for uri in voyage.contents}
    before = {name: sightings.of(name) for name in wanted}
    with removing(partner.root, wanted.__contains__) as taken:
        ended = voyage.sail()
    assert ended.delivered
    assert {item.state for item in ended.deliveries} == {DeliveryState.PUBLISHED}
    assert {name: sightings.of(name) - before[name] for name in wanted} == dict.fromkeys(wanted, 1)
    assert len(taken) == len(set(taken))
    assert ended.temps() == []


def test_a_temp_that_is_swept_under_way_is_not_sent_a_second_time(
    voyage: Voyage, partner: OpenSSH
) -> None:
    """The server takes all of it without a word; nobody can tell who has it."""
    swept: list[Path] = []

    def sweep() -> None:
        if not swept:
            swept.extend(partner.root.glob(".ff-*"))
            for temp in swept:
                temp.unlink()

    voyage.watcher.then = sweep
    assert voyage.sail().judged().code == "publish.unknown"
    assert voyage.sightings.of(voyage.name) == 0
    assert len(swept) == 1
    assert voyage.sightings.of(swept[0].name) == 1


def test_a_sweeper_who_never_rests_is_a_named_failure(voyage: Voyage, partner: OpenSSH) -> None:
    with removing(partner.root, temps) as swept:
        ended = voyage.sail().judged()
    assert ended.code in ("checksum.mismatch", "publish.unknown", "remote.failed")
    assert voyage.sightings.of(voyage.name) == 0
    assert swept
