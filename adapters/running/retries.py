"""How a step is tried again: the only retries on this side of the journey.

The adapters say which errors are worth another try; here it is said how many, and how far apart.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_exponential_jitter

from adapters.log import Log
from transfer.errors import FerryError, Stopping, Waiting
from transfer.history import Event, try_failed
from transfer.journey import Attempt
from transfer.model import Transfer
from transfer.steps import Step
from transfer.tools import Tools

MAX_WAIT = 60.0
"""Seconds: the longest wait between two tries of a step."""
DEADLINE = 86_400.0
"""Seconds from the first try of a step to its last, however much progress the tries make."""
PATIENCE = 14_400.0
"""Seconds that a step waits for ServiceNow or the ledger: they say nothing about the transfer."""
PATIENT = ("servicenow.", "ledger.")
"""Families of codes whose failures are waited out, and not counted as tries."""

log = Log()


def retrying(  # noqa: PLR0913, PLR0917  what a caller may leave to us, and who listens
    tries: int,
    first_wait: float,
    sleep: Callable[[float], object] = time.sleep,
    deadline: float = DEADLINE,
    now: Callable[[], float] = time.monotonic,
    told: Callable[[FerryError, float], object] = lambda _error, _seconds: None,
) -> Attempt:
    """An Attempt of at most `tries` tries without progress, exponential from `first_wait` seconds.

    A try that moved bytes counts as the first again; after `deadline` seconds none follows. `told`
    hears why there is another one, and in how many seconds.
    """
    backoff = wait_exponential_jitter(multiplier=first_wait, max=MAX_WAIT, jitter=first_wait)

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        begun = now()
        patience = _Patience(
            tries, deadline, lambda: _moved(transfer, tools), lambda: now() - begun
        )

        def pause(seconds: float) -> None:
            sleep(seconds)
            # The wait is cut short by a stop; a ledger that is away would then be asked in a loop.
            tools.halt()

        def again(state: RetryCallState) -> None:
            _say(state, told)
            tools.tell(_event(state))
            tools.meter.again(transfer)

        retry = Retrying(
            retry=retry_if_exception(_worth_another_try),
            stop=patience.ends,
            wait=lambda state: max(backoff(patience.counted(state)), _asked_wait(state)),
            before_sleep=again,
            sleep=pause,
            reraise=True,
        )
        log.debug("step", step=step.__name__)
        return retry(_logged, step, transfer, tools)

    return attempt


class _Patience:
    """Counts the tries since bytes moved last, and how long others have been silent."""

    def __init__(
        self,
        tries: int,
        deadline: float,
        moved: Callable[[], int],
        passed: Callable[[], float],
    ) -> None:
        self._tries = tries
        self._deadline = deadline
        self._moved = moved
        self._passed = passed
        self._most = self._progress()
        self._vain = 0
        self._silent = 0
        self._counted = 0
        self._silent_since: float | None = None

    def ends(self, state: RetryCallState) -> bool:
        """No further try."""
        self._count(state)
        passed = self._passed()
        if self._silent:
            self._silent_since = passed if self._silent_since is None else self._silent_since
            return passed - self._silent_since > PATIENCE
        self._silent_since = None
        return self._vain >= self._tries or passed > self._deadline

    def counted(self, state: RetryCallState) -> RetryCallState:
        """The state with the tries that count, which the wait grows by."""
        self._count(state)
        counted = copy.copy(state)
        counted.attempt_number = self._silent or self._vain
        return counted

    def _count(self, state: RetryCallState) -> None:
        # tenacity asks for the wait and for the end after each failed try, in either order.
        if state.attempt_number == self._counted:
            return
        self._counted = state.attempt_number
        if _is_waited_out(state):
            self._silent += 1
            return
        moved = self._progress()
        self._vain = 1 if moved > self._most else self._vain + 1
        self._most, self._silent = max(self._most, moved), 0

    def _progress(self) -> int:
        """A ledger that cannot be read has seen none; the step will meet the error itself."""
        try:
            return self._moved()
        except FerryError:
            return 0


def _moved(transfer: Transfer, tools: Tools) -> int:
    """Bytes that the remotes have acknowledged, over all files of the transfer."""
    return sum(item.moved for item in tools.ledger.deliveries(transfer.id))


def _logged(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    try:
        return step(transfer, tools)
    except (Stopping, Waiting):
        raise
    except FerryError as error:
        log.warning(
            "step failed",
            step=step.__name__,
            code=error.code,
            reason=error.message,
            file=error.file,
        )
        raise
    except Exception:
        log.exception("step failed by a fault of ours", step=step.__name__)
        raise


def _worth_another_try(error: BaseException) -> bool:
    transient = isinstance(error, FerryError) and not error.permanent
    return transient and not isinstance(error, Stopping | Waiting)


def _is_waited_out(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, FerryError) and error.code.startswith(PATIENT)


def _asked_wait(state: RetryCallState) -> float:
    """What the other side asked for, capped: the thread must not sleep for an hour."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, FerryError) else None
    return min(asked or 0.0, MAX_WAIT)


def _event(state: RetryCallState) -> Event:
    error = state.outcome.exception() if state.outcome else None
    code, reason = (error.code, error.message) if isinstance(error, FerryError) else ("", "")
    return try_failed(code, reason, state.attempt_number, datetime.now(UTC))


def _say(state: RetryCallState, told: Callable[[FerryError, float], object]) -> None:
    wait_seconds = state.next_action.sleep if state.next_action else 0.0
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, FerryError):
        told(error, wait_seconds)
    log.info("step will be tried again", after=round(wait_seconds, 1), tries=state.attempt_number)
