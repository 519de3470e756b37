"""The ways across; here: in this process, several transfers at a time.

Steps are retried here and nowhere else on this side: the adapters say which errors are worth it.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_exponential_jitter

from transfer.errors import ClaimLost, FerryError, Stopping
from transfer.journey import Attempt, travel
from transfer.model import Transfer
from transfer.ports import Ledger
from transfer.steps import Step
from transfer.tools import Tools

LEASE = 60.0
MAX_WAIT = 60.0
"""Seconds: the longest wait between two tries of a step."""
DEADLINE = 86_400.0
"""Seconds from the first try of a step to its last, however much progress the tries make."""
QUEUE = 4
"""Transfers under way for each slot: those that wait for ServiceNow or a retry hold none."""
PATIENCE = 3600.0
"""Seconds that a verified file waits for ServiceNow: nothing is published without its answer."""

log = structlog.get_logger()


class InProcess:
    """Walks each transfer in a thread of its own; `parallel` files move at once (Tools.slots)."""

    def __init__(
        self,
        ledger: Ledger,
        tools: Tools,
        parallel: int,
        attempt: Attempt,
        halting: threading.Event,
    ) -> None:
        self._ledger = ledger
        self._tools = tools
        self._attempt = attempt
        self._halting = halting
        self._pool = ThreadPoolExecutor(parallel * QUEUE, thread_name_prefix="carrier")
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[None]] = {}
        self._claims: dict[str, Transfer] = {}

    def carry(self, transfer_id: str) -> None:
        """Take it up unless it is under way already. Returns at once."""
        with self._lock:
            if transfer_id not in self._under_way and not self._halting.is_set():
                future = self._pool.submit(self._work, transfer_id)
                self._under_way[transfer_id] = future

    def renew(self) -> None:
        """The heartbeat of every claim that is being worked on."""
        for claim in list(self._claims.values()):
            try:
                self._ledger.renew(claim, LEASE)
            except FerryError as error:
                log.warning("claim not renewed", **claim.log_context(), code=error.code)

    def drain(self, seconds: float) -> bool:
        """Wait for what runs; True when nothing runs any more."""
        with self._lock:
            futures = list(self._under_way.values())
        return not wait(futures, timeout=seconds).not_done

    def close(self) -> None:
        """Take nothing up any more; what has not begun stays in the ledger."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, transfer_id: str) -> None:
        try:
            transfer = self._ledger.claim(transfer_id)
            if transfer is not None:
                with structlog.contextvars.bound_contextvars(**transfer.log_context()):
                    self._travel(transfer)
        except Exception:
            log.exception("transfer set aside", transfer=transfer_id)
        finally:
            with self._lock:
                self._under_way.pop(transfer_id, None)

    def _travel(self, transfer: Transfer) -> None:
        self._claims[transfer.id] = transfer
        log.info("transfer taken up", stage=transfer.stage)
        try:
            travel(transfer, self._tools, self._attempt)
        except Stopping:
            log.info("transfer left for the next start")
        except ClaimLost:
            log.warning("transfer taken over by another owner")
            return
        finally:
            self._claims.pop(transfer.id, None)
        self._ledger.renew(transfer, 0)


def retrying(
    tries: int,
    first_wait: float,
    sleep: Callable[[float], object] = time.sleep,
    deadline: float = DEADLINE,
) -> Attempt:
    """An Attempt of at most `tries` tries without progress, exponential from `first_wait` seconds.

    A try that moved bytes counts as the first again; after `deadline` seconds none follows.
    """
    backoff = wait_exponential_jitter(multiplier=first_wait, max=MAX_WAIT, jitter=first_wait)

    def pause(seconds: float) -> None:
        sleep(seconds)

    def attempt(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
        patience = _Patience(tries, deadline, lambda: _moved(transfer, tools))
        retry = Retrying(
            retry=retry_if_exception(_worth_another_try),
            stop=patience.ends,
            wait=lambda state: max(backoff(patience.counted(state)), _asked_wait(state)),
            before_sleep=_say,
            sleep=pause,
            reraise=True,
        )
        log.debug("step", step=step.__name__)
        return retry(_logged, step, transfer, tools)

    return attempt


class _Patience:
    """Counts the tries since bytes moved last."""

    def __init__(self, tries: int, deadline: float, moved: Callable[[], int]) -> None:
        self._tries = tries
        self._deadline = deadline
        self._moved = moved
        self._most = moved()
        self._vain = 0
        self._counted = 0
        self._silent_since: float | None = None

    def ends(self, state: RetryCallState) -> bool:
        """No further try."""
        self._count(state)
        passed = state.seconds_since_start or 0.0
        if _is_of_servicenow(state):
            self._silent_since = passed if self._silent_since is None else self._silent_since
            return passed - self._silent_since > PATIENCE
        self._silent_since = None
        return self._vain >= self._tries or passed > self._deadline

    def counted(self, state: RetryCallState) -> RetryCallState:
        """The state with the tries that count, which the wait grows by."""
        self._count(state)
        counted = copy.copy(state)
        counted.attempt_number = self._vain
        return counted

    def _count(self, state: RetryCallState) -> None:
        # tenacity asks for the wait and for the end after each failed try, in either order.
        if state.attempt_number == self._counted:
            return
        self._counted = state.attempt_number
        moved = self._moved()
        self._vain = 1 if moved > self._most else self._vain + 1
        self._most = max(self._most, moved)


def _moved(transfer: Transfer, tools: Tools) -> int:
    """Bytes that the remotes have acknowledged, over all files of the transfer."""
    return sum(item.moved for item in tools.ledger.deliveries(transfer.id))


def _logged(step: Step, transfer: Transfer, tools: Tools) -> Transfer:
    try:
        return step(transfer, tools)
    except Stopping:
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
    return isinstance(error, FerryError) and not error.permanent and not isinstance(error, Stopping)


def _is_of_servicenow(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, FerryError) and error.code.startswith("servicenow.")


def _asked_wait(state: RetryCallState) -> float:
    """What the other side asked for, capped: the slot must not sleep for an hour."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, FerryError) else None
    return min(asked or 0.0, MAX_WAIT)


def _say(state: RetryCallState) -> None:
    wait_seconds = state.next_action.sleep if state.next_action else 0.0
    log.info("step will be tried again", after=round(wait_seconds, 1), tries=state.attempt_number)
