"""The ways across; here: in this process, several transfers at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from adapters.running.alarm import LedgerAlarm, is_fatal
from adapters.running.gate import Gate, Pause
from adapters.running.heartbeat import Heartbeat, Hold
from daemon.line import Line
from transfer import decisions, history
from transfer.books import Ledger
from transfer.crossing.shards import gathered
from transfer.errors import ClaimLost, Fenced, FerryError, Permanent, Stopping, Waiting
from transfer.journey import Attempt, is_homeward, travel
from transfer.model import DeliveryState, Route, Transfer
from transfer.routing import in_process
from transfer.steps import Step
from transfer.tools import Tools

QUEUE = 4
"""Threads for each slot: transfers that wait for ServiceNow or a retry hold no slot."""
SUSPICIOUS = 2
"""Owners that died over a transfer, from which on it is carried with no other suspect beside it."""
WAIT = 10.0
"""Seconds before a transfer that waits is looked at again, unless it says how long."""
FORGOTTEN = 3600.0
"""Seconds after which a pause is forgotten that nobody came back to: another host carried it."""

log = structlog.get_logger()

Verdict = Callable[[Transfer], Permanent | None]
"""Why a transfer must not go on, as ServiceNow was last seen; None when nothing is known."""
Elsewhere = Callable[[Transfer], bool]
"""Another door carries it, and is not known to have died over it."""


def routed(transfer: Transfer) -> bool:
    """The plainest Elsewhere: by the word of its head."""
    return transfer.route is not Route.IN_PROCESS


class HandedOver(Stopping):
    """Another door has it from here on; `head` is what it has to know."""

    def __init__(self, head: Transfer) -> None:
        super().__init__()
        self.head = head


class Held(Stopping):
    """An operator has paused its destination: it is left as it stands, until a resume."""


class Second(Protocol):
    """A door beside this one."""

    def hand_over(self, transfer: Transfer, tools: Tools) -> None:
        """Raises HandedOver for what goes by it, Waiting for what is to; else does nothing."""

    def start(self, head: Transfer) -> None:
        """Once nobody here has the claim any more. Never raises a FerryError."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """It waits for something: not to be taken up before `until`."""

    transfer: Transfer
    until: float
    error: Waiting


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a transfer is not under way: a code, or a word of operators; `seconds` until it is looked
    at again, None where nobody knows.
    """

    code: str
    reason: str
    seconds: float | None = None


class InProcess:
    """Walks each transfer in a thread of its own; `parallel` files move at once (Tools.slots).

    Of the suspects, over which owners have died, one is carried at a time, the one with the fewest
    deaths first: whoever merely ran beside the killer gets through, and the killer is left alone
    with its own deaths, until it has had decisions.MOST_CLAIMS of them and is quarantined.
    """

    def __init__(  # noqa: PLR0913 what meets here
        self,
        *,
        ledger: Ledger,
        tools: Tools,
        parallel: int,
        attempt: Attempt,
        halting: threading.Event,
        heart: Heartbeat,
        alarm: LedgerAlarm,
        gate: Gate | None = None,
    ) -> None:
        self.verdict: Verdict = lambda _: None
        self.elsewhere: Elsewhere = routed
        self.second: Second | None = None
        self._ledger = ledger
        self._tools = tools
        self._attempt = attempt
        self._halting = halting
        self._heart = heart
        self._alarm = alarm
        self._gate = gate or Gate()
        self._pool = ThreadPoolExecutor(parallel * QUEUE, thread_name_prefix="carrier")
        self._lock = threading.Lock()
        self._line = Line(parallel * QUEUE, spare=parallel)
        self._under_way: dict[str, tuple[Transfer, Future[None]]] = {}
        self._suspects: dict[str, Transfer] = {}
        self._suspect: str | None = None
        self._pauses: dict[str, _Pause] = {}

    def carry(self, heads: Sequence[Transfer]) -> None:
        """Take up what is not under way yet. Returns at once."""
        with self._lock:
            ready = [head for head in heads if self._may_begin(head)]
            for head in ready:
                if head.claims >= SUSPICIOUS:
                    self._suspects[head.id] = head
                else:
                    self._line.add(head)
            self._next_suspect()
            self._begin()

    def watched(self) -> list[Transfer]:
        """What is under way and can still be stopped, as it was when it was taken up."""
        return [head for head in self.under_way() if not is_homeward(head)]

    def waiting(self) -> list[Transfer]:
        """What waits for its turn or for something else, and can still be stopped."""
        with self._lock:
            heads = [pause.transfer for pause in self._pauses.values()]
            heads += [*self._suspects.values(), *self._line]
        return [head for head in heads if not is_homeward(head)]

    def under_way(self) -> list[Transfer]:
        """What has a thread, as it was when it was taken up."""
        with self._lock:
            return [head for head, _ in self._under_way.values()]

    def waits(self, head: Transfer) -> Wait:
        """Why that one, of the unfinished, is not under way."""
        if pause := self._left_alone(head):
            name = f"destination {pause.destination}" if pause.destination else "all work"
            return Wait("paused", f"{name} is held by {pause.by}: {pause.reason or 'no reason'}")
        with self._lock:
            if put_off := self._pauses.get(head.id):
                left = max(0.0, put_off.until - self._heart.now())
                return Wait(put_off.error.code, put_off.error.message, left)
            if head.id in self._suspects:
                return Wait("suspect", "owners died over it: it is carried with no other suspect")
            if head.id in self._line:
                return Wait("turn", "all threads are taken")
        if self.elsewhere(head):
            return Wait("elsewhere", f"execution {head.execution or 'of the second door'} has it")
        return Wait("turn", "it is taken up within seconds, unless another owner has it")

    def look_again(self, destination: str) -> None:
        """What waits with it need not wait longer: something has changed there."""
        with self._lock:
            self._pauses = {
                key: replace(each, until=self._heart.now())
                if each.transfer.request.destination == destination
                else each
                for key, each in self._pauses.items()
            }

    def drain(self, seconds: float) -> bool:
        """Wait for what runs; True when nothing runs any more."""
        until = time.monotonic() + seconds
        while True:
            with self._lock:
                futures = [future for _, future in self._under_way.values()]
            # One that has ended makes room for the next one.
            if not futures or wait(futures, timeout=until - time.monotonic()).not_done:
                return not futures

    def close(self) -> None:
        """Take nothing up any more; what has not begun stays in the ledger."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _may_begin(self, head: Transfer) -> bool:
        pause = self._pauses.get(head.id)
        waits = pause is not None and pause.until > self._heart.now() and not self.verdict(head)
        # An operator has cancelled it meanwhile: on its way home it waits for nothing.
        waits = waits and not (is_homeward(head) and pause and not is_homeward(pause.transfer))
        known = head.id in self._under_way or head.id in self._line
        busy = known or self._heart.owes(head.id) or self.elsewhere(head)
        return not (busy or waits or self._halting.is_set() or self._left_alone(head))

    def _left_alone(self, head: Transfer) -> Pause | None:
        """An operator wants it so. What is over, or is to be, still gets its tickets."""
        if is_homeward(head) or self.verdict(head):
            return None
        return self._gate.held(head.request.destination) or self._gate.closed()

    def _begin(self) -> None:
        while not self._halting.is_set() and (head := self._line.next()):
            self._under_way[head.id] = (head, self._pool.submit(self._work, head))

    def _next_suspect(self) -> None:
        if self._suspect is None and self._suspects and not self._halting.is_set():
            head = min(self._suspects.values(), key=lambda each: each.claims)
            del self._suspects[head.id]
            self._suspect = head.id
            self._line.add(head)

    def _work(self, head: Transfer) -> None:
        transfer_id = head.id
        try:
            # It may have been in the line when the gate was closed.
            if not self._left_alone(head):
                self._take_up(transfer_id)
        except FerryError as error:
            log.debug("transfer not taken up", transfer=transfer_id, code=error.code)
            self._alarm.met(error)
        except BaseException:
            # Whatever it is, it must not vanish in a future that nobody reads.
            log.exception("transfer set aside", transfer=transfer_id)
        finally:
            with self._lock:
                self._under_way.pop(transfer_id, None)
                self._line.ended(head)
                if self._suspect == transfer_id:
                    self._suspect = None
                    self._next_suspect()
                self._begin()

    def _take_up(self, transfer_id: str) -> None:
        asked_at = self._heart.now()
        claim = self._ledger.claim(transfer_id)
        if claim is None:
            return
        self._alarm.over()
        hold = self._heart.hold(claim, asked_at)
        with structlog.contextvars.bound_contextvars(**claim.log_context()):
            try:
                self._carry_over(hold)
            except BaseException:
                # As if the process had died over it; the ledger counts that.
                self._heart.drop(hold)
                raise

    def _carry_over(self, hold: Hold) -> None:
        handed_over = None
        try:
            handed_over = self._gone_over(hold)
            self._resumed(hold.claim.id)
        except Held:
            log.info("transfer held: its destination is paused")
        except Stopping:
            log.info("transfer left for the next start")
        except Waiting as error:
            self._pause(hold, error)
        except Fenced as error:
            log.warning("transfer let go", code=error.code, reason=error.message)
        except ClaimLost:
            log.warning("transfer taken over by another owner")
            self._heart.drop(hold)
            return
        except FerryError as error:
            log.warning("transfer set aside", code=error.code, reason=error.message)
            self._alarm.met(error)
            if is_fatal(error):
                self._heart.drop(hold)
                return
        except Exception:
            log.exception("transfer set aside")
        self._heart.give_back(hold)
        if handed_over and self.second:
            self.second.start(handed_over)

    def _gone_over(self, hold: Hold) -> Transfer | None:
        """The head that another door is to be told of, once its claim is given back."""
        try:
            if self.elsewhere(hold.claim):
                log.info("transfer left to another door", execution=hold.claim.execution)
            elif hold.claim.claims > decisions.MOST_CLAIMS:
                self._quarantine(hold.claim)
            else:
                self._travel(hold)
        except HandedOver as handed:
            return handed.head
        return None

    def _travel(self, hold: Hold) -> None:
        transfer = hold.claim
        log.info("transfer taken up", stage=transfer.stage)
        if transfer.claims > SUSPICIOUS:
            log.warning(
                "suspect carried alone", **transfer.log_context(), deaths=transfer.claims - 1
            )
        tools = replace(
            self._tools,
            # As they are now: a reload does not touch what is under way.
            destinations=dict(self._tools.destinations),
            ledger=self._heart.ledger_of(hold),
            halt=lambda: self._halt(hold),
            fence=lambda: self._heart.fence(hold),
            tell=hold.told.append,
        )
        if routed(transfer):
            # No door of this host follows its execution: the claim keeps them apart.
            transfer = in_process(transfer)
            tools.ledger.save(transfer)
        travel(transfer, tools, self._guarded(hold))

    def _guarded(self, hold: Hold) -> Attempt:
        """Outbound, a verdict ends the work at once; homeward, it is too late for one."""

        def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
            if is_homeward(transfer):
                self._turned_home(transfer)
                return self._attempt(step, transfer, replace(tools, halt=lambda: self._on(hold)))
            tools.halt()
            if self.second:
                self.second.hand_over(transfer, tools)
            return self._attempt(step, transfer, tools)

        return attempt

    def _halt(self, hold: Hold) -> None:
        """Between two chunks, on the way out."""
        self._on(hold)
        verdict = self.verdict(hold.claim)
        if verdict is not None and not self._too_late(hold.claim):
            # Several threads raise it: each its own.
            raise Permanent(verdict.code, verdict.message, action=verdict.action)
        if self._gate.held(hold.claim.request.destination):
            raise Held

    def _too_late(self, claim: Transfer) -> bool:
        """All of it has arrived, and only the partner's word is waited for."""
        found = self._ledger.deliveries(claim.id)
        return bool(found) and all(item.state is DeliveryState.PUBLISHED for item in found)

    def _on(self, hold: Hold) -> None:
        self._heart.fence(hold)
        self._tools.halt()

    def _turned_home(self, transfer: Transfer) -> None:
        with self._lock:
            if transfer.id in self._under_way:
                self._under_way[transfer.id] = (transfer, self._under_way[transfer.id][1])

    def _quarantine(self, claim: Transfer) -> None:
        claim = gathered(claim, self._tools)
        found = self._ledger.deliveries(claim.id)
        transfer, posts = decisions.quarantine(claim, found, self._tools.clock())
        self._ledger.save(transfer, *posts)
        self._tools.meter.quarantined(transfer)
        log.error("transfer quarantined", deaths=claim.claims - 1)

    def _pause(self, hold: Hold, error: Waiting) -> None:
        claim = hold.claim
        seconds = WAIT if error.retry_after is None else error.retry_after
        with self._lock:
            known = self._pauses.pop(claim.id, None) is not None
            now = self._heart.now()
            self._forget_pauses(now)
            self._pauses[claim.id] = _Pause(claim, now + seconds, error)
        if not known:
            hold.told.append(history.waits(error.code, error.message, self._tools.clock()))
            hold.waits = True
            log.info("transfer waits", code=error.code, reason=error.message)

    def _forget_pauses(self, now: float) -> None:
        """From the one that was put down longest ago: none of the others is looked at."""
        while self._pauses:
            first = next(iter(self._pauses.values()))
            if now - first.until < FORGOTTEN:
                return
            del self._pauses[first.transfer.id]

    def _resumed(self, transfer_id: str) -> None:
        with self._lock:
            self._pauses.pop(transfer_id, None)
