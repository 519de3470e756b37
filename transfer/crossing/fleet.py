"""The files of one request, several at once, each thread with one connection that it reuses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from traceback import clear_frames

from transfer import digests as digesting
from transfer.crossing.batch import LARGEST, MOST, batches, deliver_many, fits
from transfer.crossing.crossing import Crossing
from transfer.crossing.delivery import deliver, prepare
from transfer.crossing.resume import overtaken
from transfer.destination import Destination
from transfer.errors import ClaimLost, Code, FerryError, Stopping, Waiting
from transfer.model import CHUNK, MIB, Delivery, DeliveryState, Failure, Transfer
from transfer.ports import Remote
from transfer.request.timing import may_start
from transfer.tools import Tools

FEW = 3
"""Below this many small files a batch saves nothing."""
SILENCE = 10
"""Seconds for which a line may be idle while a batch waits for its rate; some servers cut idle ones
after minutes, and the same batch would wait again.
"""


def carry(
    transfer: Transfer,
    destination: Destination,
    deliveries: Sequence[Delivery],
    tools: Tools,
    *,
    hold: bool = False,
) -> None:
    """Deliver them all; with `hold` no further than VERIFIED.

    Raises the gravest error; no file is begun after the first error, nor in a blackout.
    """
    for wave in waves(deliveries):
        _carry(transfer, destination, wave, tools, hold=hold)


def waves(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    """Those whose names differ in letters only come one after the other: the partner's disk may not
    tell them apart, and two at once would both find the name free.
    """
    found: list[list[Delivery]] = []
    seen: dict[str, int] = {}
    for item in deliveries:
        name = (item.ordered or item.final).casefold()
        wave = seen[name] = seen.get(name, -1) + 1
        if wave == len(found):
            found.append([])
        found[wave].append(item)
    return found


def _carry(
    transfer: Transfer,
    destination: Destination,
    deliveries: Sequence[Delivery],
    tools: Tools,
    *,
    hold: bool,
) -> None:
    boats = min(len(deliveries), destination.connections, tools.slots.total)
    fleet = _Fleet(transfer, destination, tools, deque(deliveries), boats, hold)
    with tools.places(transfer, destination, _useful(destination, deliveries, tools)):
        if boats <= 1:
            fleet.sail()
        else:
            with ThreadPoolExecutor(boats, thread_name_prefix="boat") as pool:
                for _ in range(boats):
                    pool.submit(fleet.sail)
    if fleet.errors:
        raise min(fleet.errors, key=_gravity)


def _useful(destination: Destination, deliveries: Sequence[Delivery], tools: Tools) -> int:
    """How many connections they are worth: a large file can use several."""
    wide = [item for item in deliveries if item.size >= tools.width.wide]
    return len(deliveries) + len(wide) * (destination.connections_per_file - 1)


def _burst(destination: Destination) -> int:
    """Bytes of small files that go together: at once, when all of them may go."""
    if not destination.bandwidth:
        return CHUNK
    return min(MIB, SILENCE * min(each.rate for each in destination.bandwidth))


def _new(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those of which nothing has been sent yet."""
    return [item for item in deliveries if item.state is DeliveryState.PINNED]


def _gravity(error: BaseException) -> int:
    """The claim and the stop come first: nobody may write a failure down after them."""
    if isinstance(error, ClaimLost):
        return 0
    if isinstance(error, Stopping):
        return 1
    return 2 if not isinstance(error, FerryError) or error.permanent else 3


def _let_go(error: BaseException | None) -> None:
    """Of what the frames of an error hold, chunks among it: other files are waiting for the
    buffers, and an error may be kept for as long as a try is waited for.
    """
    seen: list[BaseException] = []
    # One that was raised again for a later one may be its own cause.
    while error is not None and error not in seen:
        seen.append(error)
        clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


@dataclass(slots=True)
class _Fleet:
    transfer: Transfer
    destination: Destination
    tools: Tools
    waiting: deque[Delivery]
    boats: int
    hold: bool
    errors: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sail(self) -> None:
        """One thread's work: take the next files, until none is left or one has failed."""
        tools, destination, asked = self.tools, self.destination, self.transfer.request
        remote: Remote | None = None
        try:
            while deliveries := self._next(MOST if remote else 1):
                tools.halt()
                may_start(asked, destination, tools.clock())
                if _new(deliveries):
                    # Before the login, which would be for nothing; counted once it is there.
                    tools.quota(destination, 0)
                kept = remote is not None
                with tools.slots.take(
                    self.transfer.id, destination, tools.halt, asked.requester, kept=kept
                ):
                    # What stumbles there is closed there.
                    mine, remote = remote, None
                    remote = self._cross(deliveries, mine)
        except BaseException as error:  # noqa: BLE001 carried to the thread that asked
            _let_go(error)
            self.errors.append(error)
        finally:
            if remote is not None:
                remote.close()
                tools.slots.dropped(destination)

    def _next(self, most: int) -> list[Delivery]:
        """One file, or several small ones of a chunk in all; no more than this thread's share."""
        with self.lock:
            if self.errors or not self.waiting:
                return []
            share = min(most, -(-len(self.waiting) // self.boats))
            taken = [self.waiting.popleft()]
            room = _burst(self.destination) - taken[0].size
            while len(taken) < share and self.waiting[0].size <= min(room, LARGEST):
                room -= self.waiting[0].size
                taken.append(self.waiting.popleft())
            return taken

    def _cross(self, deliveries: list[Delivery], remote: Remote | None) -> Remote | None:
        tools, destination = self.tools, self.destination
        current = deliveries[0]
        step = prepare if self.hold else deliver
        try:
            if remote is None:
                self._plan(current)
                remote = tools.remotes.connect(destination)
            crossing = Crossing(
                transfer=self.transfer, destination=destination, remote=remote, tools=tools
            )
            deliveries = self._allowed(deliveries)
            with overtaken(deliveries, crossing):
                for current in self._left_over(deliveries, crossing):
                    with tools.tracer.span("crossing", self.transfer, current):
                        step(current, crossing)
        except BaseException as error:
            if remote is not None:
                remote.close()
            if isinstance(error, FerryError):
                self._note(current, error)
            raise
        return self._kept(remote)

    def _plan(self, delivery: Delivery) -> None:
        """A library for what will prove its bytes may have to be loaded: while the server is waited
        for.
        """
        names, pin = self.destination.digests, delivery.pin
        if pin is not None and delivery.size > CHUNK:
            known = digesting.told(self.destination.attest, pin)
            given = (names, known, pin, digesting.STATELESS, self.tools.objects.checksums)
            threading.Thread(target=digesting.plan, args=given, daemon=True).start()

    def _allowed(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Those that may be begun now by the destination's quota; the others wait again."""
        later = _new(deliveries)
        now = [item for item in deliveries if item.state is not DeliveryState.PINNED]
        if not now:
            granted = self.tools.quota(self.destination, len(later))
            now, later = later[:granted], later[granted:]
        with self.lock:
            self.waiting.extendleft(reversed(later))
        return now

    def _kept(self, remote: Remote) -> Remote | None:
        """The connection for the next file, unless another request waits for one there."""
        if self.tools.slots.keep(self.destination):
            return remote
        remote.close()
        return None

    def _left_over(self, deliveries: list[Delivery], crossing: Crossing) -> list[Delivery]:
        """What has to go one by one, once all that can go together has gone."""
        together = [item for item in deliveries if fits(item)] if batches(crossing) else []
        if len(together) < FEW:
            return deliveries
        with self.tools.tracer.span("crossing of many", self.transfer):
            done = deliver_many(together, crossing, hold=self.hold)
        reached = {item.number: item for item in done}
        now = [reached.get(item.number, item) for item in deliveries]
        end = DeliveryState.VERIFIED if self.hold else DeliveryState.PUBLISHED
        return [item for item in now if item.state is not end]

    def _note(self, delivery: Delivery, error: FerryError) -> None:
        """Beside the delivery as the ledger has it: its state is what the next try starts from."""
        if error.code in (Code.CLAIM_LOST, Code.STOPPING) or isinstance(error, Waiting):
            return
        ledger = self.tools.ledger
        with suppress(FerryError):
            found = ledger.deliveries(self.transfer.id)
            latest = next(item for item in found if item.number == delivery.number)
            ledger.save(self.transfer, latest.evolve(failure=Failure.of(error)))
