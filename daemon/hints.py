"""The queue's loop: receive → look up in ServiceNow → ledger → delete the message, last.

A hint does what a poll would do, only sooner: it brings in nothing that a poll would not bring in.
So a message may be lost, doubled or late, and no request is.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

from adapters.running.alarm import LedgerAlarm, is_of_ledger
from adapters.running.gate import Gate
from adapters.running.trouble import Board, Trouble
from daemon.lookup import Lookup, is_of_outside
from transfer.errors import Code, FerryError, Permanent
from transfer.ports import Message, Queue, Tracer
from transfer.tools import NoTracer

FIRST_WAIT = 10.0
"""Seconds for which a message is put back the first time; each further time twice as long."""
LONGEST_WAIT = 900.0
LONGEST_SILENCE = 60.0
"""Seconds between two questions to a queue that does not answer."""
LEDGER_PAUSE = 5.0
QUICK = 0.5
"""Seconds: an empty answer that comes sooner is no long poll, and must not become a tight loop."""
AT_FAULT = frozenset(
    {
        Code.SERVICENOW_AUTH,
        Code.SERVICENOW_DENIED,
        Code.SERVICENOW_LOGIN_PAGE,
        Code.SERVICENOW_UNREADY,
        Code.LEDGER_UNUSABLE,
    }
)
"""Permanent errors that speak of FileFerry's rights or ledger, never of the one record."""
CLOSED_WAIT = 1.0
"""Seconds between two looks whether an operator lets new work in again."""
GRACE = 1.0
"""Seconds for which a stop waits: a long poll would last 20, and what it brings comes again."""

log = structlog.get_logger()


class Hints:
    """Runs in a thread of its own from `start` until `stop` is set; `beat` is for another one.

    `name` is the thread's, and stands in the log. `visibility` is what the queue hides a message
    for, `patience` the longest wait between two tries at a ServiceNow that does not answer, both
    in seconds.
    """

    def __init__(  # noqa: PLR0913
        self,
        queue: Queue,
        lookup: Lookup,
        stop: threading.Event,
        alarm: LedgerAlarm,
        *,
        visibility: float = 120.0,
        patience: float = LONGEST_WAIT,
        first_wait: float = FIRST_WAIT,
        name: str = "hints",
        tracer: Tracer | None = None,
        board: Board | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._tracer = tracer or NoTracer()
        self._queue = queue
        self._lookup = lookup
        self._stop = stop
        self._alarm = alarm
        self.name = name
        self.visibility = visibility
        self._patience = patience
        self._first_wait = first_wait
        self._lock = threading.Lock()
        self._in_hand: dict[str, Message] = {}
        self._done: list[Message] = []
        self._answered: dict[str, int] = {}
        board = board or Board()
        self._queue_trouble = board.trouble("queue" if name == "hints" else name)
        self._trouble = board.trouble(f"{name} to ServiceNow" if name != "hints" else name)
        self._gate = gate or Gate()
        # A daemon thread: the end of the process does not wait for a long poll either.
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """After `stop` is set: wait for the thread, but not for long."""
        self._thread.join(GRACE)

    def run(self) -> None:
        while not self._stop.is_set():
            if self._gate.closed():
                self._stop.wait(CLOSED_WAIT)
                continue
            began = time.monotonic()
            try:
                received = self.round()
            except FerryError as error:
                self._pause(self._queue_trouble, error, LONGEST_SILENCE)
            except Exception as error:
                log.exception("hints failed by a fault of ours")
                fault = Permanent(Code.INTERNAL, f"The hints met a {type(error).__name__}.")
                self._pause(self._queue_trouble, fault, LONGEST_SILENCE)
            else:
                if not received and time.monotonic() - began < QUICK:
                    self._stop.wait(1.0)
        log.info("hints ended", counts=dict(self._lookup.counts))

    def round(self) -> int:
        """Deal with one batch; returns its size. Raises FerryError when the queue gives none."""
        batch = self._queue.receive()
        self._queue_trouble.over()
        with self._lock:
            self._in_hand = {message.receipt: message for message in batch}
        try:
            self._work_off(deque(batch))
        finally:
            self._settle_done()
            self._give_back()
        return len(batch)

    def beat(self) -> None:
        """Keep hidden what is in hand; where that fails it is only handed out once more."""
        with self._lock:
            held = list(self._in_hand.values())
        if held:
            self._tell(lambda: self._queue.keep(self.visibility, *held))

    def _work_off(self, waiting: deque[Message]) -> None:
        self._answered = {}
        while waiting and not self._stop.is_set():
            message = waiting.popleft()
            answers = self._lookup.answers
            with (
                structlog.contextvars.bound_contextvars(message=message.id),
                self._tracer.hint(message.trace),
            ):
                error = self._deal(message)
            if self._lookup.answers > answers:
                self._trouble.over()
            if error is not None:
                # In hand, not put back: an hour's silence would use up the hand-outs of a good one.
                waiting.append(message)
                self._settle_done()
                self._pause(self._trouble, error, self._patience)

    def _deal(self, message: Message) -> FerryError | None:
        """The error that keeps it in hand: ServiceNow or the ledger answers nobody now."""
        try:
            self._lookup.follow(message.body)
        except FerryError as error:
            return self._stumbled(message, error)
        except Exception as error:
            fault = f"FileFerry met a {type(error).__name__} over this message."
            if self._stop.is_set():  # The ledger may be closed by then.
                return Permanent(Code.INTERNAL, fault)
            log.exception("hint failed by a fault of ours")
            self._put_back(message, Permanent(Code.INTERNAL, fault))
        else:
            self._done.append(message)
        return None

    def _stumbled(self, message: Message, error: FerryError) -> FerryError | None:
        outside = is_of_outside(error)
        silent = outside and (not error.permanent or error.code in AT_FAULT)
        if self._stop.is_set() or (silent and not self._alone(message)):
            return error
        # No poll finds what a standing approval that is not approved yet would send.
        if outside or not error.permanent or error.code is Code.HINT_UNKNOWN:
            self._put_back(message, error)
        else:
            self._refuse(message, error)
        return None

    def _alone(self, message: Message) -> bool:
        """It met silence before, and others were answered since: the trouble is its own."""
        answers = self._lookup.answers
        before = self._answered.setdefault(message.receipt, answers)
        self._answered[message.receipt] = answers
        return answers > before

    def _settle_done(self) -> None:
        done, self._done = self._done, []
        if done:
            self._let_go(*done)
            self._tell(lambda: self._queue.settle(*done))

    def _put_back(self, message: Message, why: FerryError) -> None:
        """Later again; the last time to the dead letters, where SQS itself would give no reason."""
        if message.last:
            self._refuse(message, why)
            return
        seconds = min(self._first_wait * 2 ** (message.receives - 1), LONGEST_WAIT)
        log.info("hint put back", code=why.code, reason=why.message, seconds=seconds)
        self._let_go(message)
        self._tell(lambda: self._queue.keep(seconds, message))

    def _refuse(self, message: Message, why: FerryError) -> None:
        self._lookup.counts["refused"] += 1
        log.warning("hint refused", code=why.code, reason=why.message, receives=message.receives)
        self._let_go(message)
        self._tell(lambda: self._queue.refuse(message, why))

    def _give_back(self) -> None:
        """What a stop leaves in hand is there at once for whoever reads the queue next."""
        with self._lock:
            left = list(self._in_hand.values())
            self._in_hand = {}
        if left:
            self._tell(lambda: self._queue.keep(0, *left))

    def _let_go(self, *messages: Message) -> None:
        with self._lock:
            for message in messages:
                self._in_hand.pop(message.receipt, None)

    def _tell(self, call: Callable[[], None]) -> None:
        """What fails here is handed out once more, and does no harm then."""
        try:
            call()
        except FerryError as error:
            self._queue_trouble.say(error)

    def _pause(self, trouble: Trouble, error: FerryError, longest: float) -> None:
        if self._stop.is_set():
            return
        if is_of_ledger(error):
            self._alarm.met(error)
            self._stop.wait(LEDGER_PAUSE)
            return
        trouble.say(error)
        grown = min(2.0 ** min(trouble.times - 1, 16), longest)
        jitter = random.uniform(1.0, 1.25)  # noqa: S311  several daemons must not ask in step
        self._stop.wait(max(grown * jitter, error.retry_after or 0.0))
