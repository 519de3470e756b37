"""How a step is tried again: the only retries on this side of the journey.

The adapters say which errors are worth another try; here it is said how many, and how far apart.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from adapters.log import Log
from transfer.errors import FerryError, Stopping, Waiting
from transfer.history import Event, try_failed
from transfer.journey import Attempt
from transfer.model import Transfer
from transfer.steps import Step
from transfer.tools import Tools

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

MAX_WAIT = 60.0
"""Seconds: the longest wait between two tries of a step."""
DEADLINE = 86_400.0
"""Seconds from the first try of a step to its last, however much progress the tries make."""
PATIENCE = 14_400.0
"""Seconds that a step waits for ServiceNow or the ledger: they say nothing about the transfer."""
PATIENT = ("servicenow.", "ledger.")
"""Families of codes whose failures are waited out, and not counted as tries."""

log = Log()


class Witness(Protocol):
    """Is told how the tries go; never raises."""

    def failed(self, transfer: Transfer, error: FerryError) -> None: ...

    def again(self, transfer: Transfer, error: FerryError, seconds: float) -> None: ...

    def done(self, transfer: Transfer, reached: Transfer) -> None: ...


class Nobody:
    """Who looks at the log alone."""

    def failed(self, transfer: Transfer, error: FerryError) -> None: ...

    def again(self, transfer: Transfer, error: FerryError, seconds: float) -> None: ...

    def done(self, transfer: Transfer, reached: Transfer) -> None: ...


def retrying(  # noqa: PLR0913 what differs between the service, an operator's one-off and tests
    tries: int,
    first_wait: float,
    sleep: Callable[[float], object] = time.sleep,
    deadline: float = DEADLINE,
    now: Callable[[], float] = time.monotonic,
    *,
    witness: Witness | None = None,
) -> Attempt:
    """An Attempt of at most `tries` tries without progress, exponential from `first_wait` seconds.

    A try that moved bytes counts as the first again; after `deadline` seconds none follows. The
    `witness` hears of each.
    """
    seen = witness or Nobody()

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        begun = now()
        moved, passed = lambda: _moved(transfer, tools), lambda: now() - begun
        patience = _Patience(tries, deadline, moved, passed)

        def pause(seconds: float) -> None:
            sleep(seconds)
            # The wait is cut short by a stop; a ledger that is away would then be asked in a loop.
            tools.halt()

        log.debug("step", step=step.__name__)
        go = partial(_logged, step, transfer, tools, seen)
        try:
            reached = go()
        except FerryError as error:
            if not _worth_another_try(error):
                raise
            say = partial(_say, transfer=transfer, tools=tools, seen=seen)
            reached = _retry(patience, first_wait, say, pause)(_after(error, go))
        seen.done(transfer, reached)
        return reached

    return attempt


def _retry(
    patience: _Patience,
    first_wait: float,
    say: Callable[[RetryCallState], None],
    pause: Callable[[float], None],
) -> Retrying:
    # Here, for most steps go well, and tenacity takes longer to load than all their modules.
    from tenacity import Retrying, retry_if_exception  # noqa: PLC0415
    from tenacity.wait import wait_exponential_jitter  # noqa: PLC0415

    backoff = wait_exponential_jitter(multiplier=first_wait, max=MAX_WAIT, jitter=first_wait)
    return Retrying(
        retry=retry_if_exception(_worth_another_try),
        stop=patience.ends,
        wait=lambda state: max(backoff(patience.counted(state)), _asked_wait(state)),
        before_sleep=say,
        sleep=pause,
        reraise=True,
    )


def _after(failed: FerryError, go: Callable[[], Transfer]) -> Callable[[], Transfer]:
    """The same, of which the first try has been."""
    first = [failed]

    def go_on() -> Transfer:
        if first:
            raise first.pop()
        return go()

    return go_on


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


def _logged(step: Step, transfer: Transfer, tools: Tools, seen: Witness) -> Transfer:
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
        seen.failed(transfer, error)
        raise
    except Exception:
        log.exception("step failed by a fault of ours", step=step.__name__)
        raise


def _worth_another_try(error: BaseException) -> bool:
    transient = isinstance(error, FerryError) and not error.permanent
    return transient and not isinstance(error, Stopping | Waiting)


def _is_waited_out(state: RetryCallState) -> bool:
    error = _error(state)
    return error is not None and error.code.startswith(PATIENT)


def _error(state: RetryCallState) -> FerryError | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, FerryError) else None


def _asked_wait(state: RetryCallState) -> float:
    """What the other side asked for, capped: the thread must not sleep for an hour."""
    error = _error(state)
    asked = error.retry_after if error else None
    return min(asked or 0.0, MAX_WAIT)


def _event(error: FerryError | None, tries: int) -> Event:
    code, reason = (error.code, error.message) if error else ("", "")
    return try_failed(code, reason, tries, datetime.now(UTC))


def _say(state: RetryCallState, transfer: Transfer, tools: Tools, seen: Witness) -> None:
    seconds = state.next_action.sleep if state.next_action else 0.0
    log.info("step will be tried again", after=round(seconds, 1), tries=state.attempt_number)
    tools.tell(_event(error := _error(state), state.attempt_number))
    tools.meter.again(transfer)
    if error:
        seen.again(transfer, error, seconds)
