"""One call of a function: claim, do the step, give back, answer.

    claim(over: this execution) ─ step ─ give back ─ answer        the next call claims anew
    claim ─ step ─ killed            the next call of this execution takes the claim at once
    claim held by another            answer `seen`; the machine waits a lease; claim if unchanged
    many files                       answer `shards`; one call each, with a claim of the shard's own

What goes wrong with the transfer stands in the ledger, and the answer says so. An error is raised
where the function itself could not do its work: the machine tries it again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import structlog

import transfer.steps as do
from adapters.running.alarm import LedgerAlarm, is_of_ledger
from adapters.running.heartbeat import Heartbeat, Hold
from adapters.running.places import Places
from adapters.running.retries import retrying
from adapters.running.sender import Sender
from adapters.wiring import shared
from cloud.environment import Environment
from cloud.functions import HOMEWARD, Function
from cloud.words import Answer, Asked, Foreign
from transfer import decisions
from transfer.books import Shards
from transfer.crossing.shards import FEW, lanes, of_shard, share_out
from transfer.errors import ClaimLost, Code, Fenced, FerryError, Permanent, Stopping, Waiting
from transfer.journey import advance, due, is_homeward, take_up
from transfer.model import LARGE, Delivery, DeliveryState, Transfer
from transfer.routing import owner_of
from transfer.slots import Slots
from transfer.telling import notes, reports
from transfer.tools import Tools

LONGEST_WAIT = 300
"""Seconds: the longest of the growing waits of one state."""
TELLERS = (do.update_servicenow, do.cleanup)
"""Steps after which tickets are written; what is not sent then the service sends."""
MOVERS = (do.transfer_ftp, do.chunked_transfer)
READERS = (do.download_s3, *MOVERS)
"""Steps that read objects."""

log = structlog.get_logger()


class Context(Protocol):
    """What AWS tells a function of this call."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class NoAnswer(Exception):
    """The function could not do its work; its name and this text stand in the machine's history.

    Short, and without a trace: what may be said of it is in the log.
    """


def visit(
    function: Function, event: object, context: Context, environment: Environment
) -> dict[str, Any]:
    """The answer to the machine. Raises NoAnswer."""
    try:
        return _visited(function, event, context, environment)
    finally:
        environment.flush()


def _visited(
    function: Function, event: object, context: Context, environment: Environment
) -> dict[str, Any]:
    try:
        asked = Asked.of(event)
        call = _Visit if asked.shard is None else _ShardVisit
        return call(function, asked, context, environment).answer().told()
    except Foreign as error:
        log.warning("execution refused", function=function.name, reason=error.message)
        return Answer.refusal(error).told()
    except FerryError as error:
        log.warning("no answer", function=function.name, code=error.code, reason=error.message)
        said = f"[{error.code}] {error.message}"
    except Exception as error:
        log.exception("no answer by a fault of ours", function=function.name)
        said = f"FileFerry stumbled over a {type(error).__name__}."
    raise NoAnswer(said)


class _Visit:
    def __init__(
        self, function: Function, asked: Asked, context: Context, environment: Environment
    ) -> None:
        self._function = function
        self._asked = asked
        self._context = context
        self._environment = environment
        self._books = environment.books(context.aws_request_id)
        self._alarm = LedgerAlarm(lambda _: None)
        self._heart = Heartbeat(self._books.ledger, environment.ledger.lease, self._alarm)

    def answer(self) -> Answer:
        asked = self._asked
        names = {"transfer": asked.transfer, "execution": asked.execution}
        with structlog.contextvars.bound_contextvars(**names, function=self._function.name):
            asked_at = self._heart.now()
            claim = self._books.ledger.claim(
                asked.transfer, over=owner_of(asked.execution), seen=asked.seen
            )
            if claim is None:
                return self._held()
            with self._holding(claim, asked_at) as hold:
                answer = self._answered(hold)
            self._tell()
        return answer

    @contextmanager
    def _holding(self, claim: Transfer, asked_at: float) -> Iterator[Hold]:
        hold = self._heart.hold(claim, asked_at)
        self._heart.start()
        try:
            yield hold
        except ClaimLost as error:
            if not isinstance(error, Fenced):
                self._heart.drop(hold)
            raise
        finally:
            self._heart.give_back(hold)
            self._heart.stop()

    def _held(self) -> Answer:
        """At rest, or another's: who that is, for the next look after a lease."""
        asked = self._asked
        found = self._books.archive.search(asked.transfer, limit=1)
        head = next((each.transfer for each in found if each.transfer.id == asked.transfer), None)
        if head is None:
            raise Foreign("The ledger knows no transfer of that id.")
        self._insist(head)
        if head.at_rest:
            return replace(Answer.of(head), whole=True)
        if self._function in HOMEWARD:
            raise ClaimLost(asked.transfer)
        wait = math.ceil(self._environment.ledger.lease) + 1
        beat = self._books.ledger.beat(asked.transfer)
        return replace(Answer.of(head), wait=wait, moved=asked.moved, seen=beat)

    def _insist(self, head: Transfer) -> None:
        """Raises Foreign for an execution that the ledger does not name, and tells the tickets."""
        asked, own = self._asked, head.execution
        if asked.execution == own and asked.generation == head.generation:
            return
        why = f"{head.request.number} is carried by {own or 'no execution'}"
        if asked.execution == own:
            why = f"{head.request.number} is in generation {head.generation}"
        if not head.at_rest:
            found = self._books.ledger.deliveries(head.id)
            note = notes.foreign(head, asked.execution)
            self._books.outbox.add(*reports.noted(head, found, note))
        raise Foreign(f"{why}, and not by {asked.execution}, generation {asked.generation}.")

    def _answered(self, hold: Hold) -> Answer:
        self._insist(hold.claim)
        tools = self._tools(hold)
        transfer = self._begun(hold.claim, tools)
        try:
            if shared := self._shared(transfer, tools):
                return shared
            for step in self._steps():
                transfer = advance(transfer, tools, step, self._attempt())
            if shared := self._shared(transfer, tools):
                return shared
        except Waiting as error:
            log.info("transfer waits", code=error.code, reason=error.message)
            return self._later(transfer, error.retry_after or 0)
        except Stopping:
            if self._function in HOMEWARD:
                raise
            return self._later(transfer, 0)
        whole = transfer.at_rest or self._is_whole(transfer)
        return replace(self._said(self._proven(transfer, tools)), whole=whole)

    def _proven(self, transfer: Transfer, tools: Tools) -> Transfer:
        """Whoever has read last shows that its credentials have ended: Cleanup has none of them."""
        session = transfer.session
        if session is None or self._function.step not in READERS or not is_homeward(transfer):
            return transfer
        ended = transfer.evolve(session=tools.sessions.close(session))
        if ended != transfer:
            self._books.ledger.save(ended)
        return ended

    def _shared(self, transfer: Transfer, tools: Tools) -> Answer | None:
        """TransferFTP shares out what is too much for it."""
        if self._function.step is not do.transfer_ftp:
            return None
        opened = share_out(transfer, tools, self._environment.shard)
        if opened is None or opened.sharing is None:
            return None
        sharing = opened.sharing
        log.info("files shared out", shards=len(sharing.numbers), last=sharing.last)
        return replace(
            self._said(opened),
            shared=True,
            whole=True,
            shards=sharing.numbers,
            lanes=lanes(opened, tools),
            opened=sharing.opened,
        )

    def _steps(self) -> list[do.Step]:
        """On the way home, what an earlier function could not do is done as well."""
        if self._function in HOMEWARD:
            return [each.step for each in HOMEWARD[: HOMEWARD.index(self._function) + 1]]
        return [self._function.step]

    def _begun(self, claim: Transfer, tools: Tools) -> Transfer:
        """With what has to be said before the step: quarantine, another door, the cause."""
        ledger, environment = self._books.ledger, self._environment
        claim = take_up(claim, tools)
        if claim.claims > decisions.MOST_CLAIMS:
            found = ledger.deliveries(claim.id)
            transfer, posts = decisions.quarantine(claim, found, tools.clock())
            ledger.save(transfer, *posts)
            tools.meter.quarantined(transfer)
            return transfer
        doors = {environment.door, claim.door, self._asked.door} - {None, ""}
        if self._function in HOMEWARD:
            return self._failed(claim, self._broken()) if self._asked.cause else claim
        if len(doors) > 1:
            return self._failed(claim, self._changed(claim))
        return claim.evolve(door=environment.door)

    def _failed(self, transfer: Transfer, error: Permanent) -> Transfer:
        """Unless it has turned home already: the first failure stays."""
        if is_homeward(transfer):
            return transfer
        failed = transfer.failed(error)
        self._books.ledger.save(failed)
        return failed

    def _changed(self, transfer: Transfer) -> Permanent:
        return Permanent(
            Code.DOOR_CHANGED,
            f"{transfer.request.number} was begun with another configuration or version of "
            "FileFerry than the functions have.",
        )

    def _broken(self) -> Permanent:
        return Permanent(
            Code.EXECUTION_BROKEN,
            f"A function of {self._asked.execution} gave no answer ({self._asked.cause}).",
        )

    def _tools(self, hold: Hold) -> Tools:
        def halt() -> None:
            self._heart.fence(hold)
            if self._left() <= 0:
                raise Stopping

        return replace(
            self._within_limits(),
            ledger=self._heart.ledger_of(hold),
            locks=self._books.locks,
            shards=self._books.shards,
            chain=self._books.chain,
            recollections=self._books.recollections,
            observer=self._environment.observer(self._books),
            halt=halt,
            fence=lambda: self._heart.fence(hold),
            tell=hold.told.append,
        )

    def _within_limits(self) -> Tools:
        """With this call's part of the destination's connections: a dead call's is its heir's."""
        tools = self._environment.tools
        if not self._books.shared:
            return tools
        slots = Slots(tools.slots.total)
        lease = self._environment.ledger.lease
        places = Places(self._books.limits, self._asked.holder, slots, lease)
        self._heart.beside = places.renew
        return shared(replace(tools, slots=slots), places)

    def _attempt(self) -> Any:
        work = self._environment.work
        return retrying(work.tries, work.retry_wait, self._pause, work.deadline)

    def _pause(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self._left())))

    def _left(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000 - self._function.reserve

    def _is_whole(self, transfer: Transfer) -> bool:
        """TransferFTP has done its part when it returns: the rest is for ChunkedTransfer."""
        return self._function.step is do.transfer_ftp or not due(self._function.step, transfer)

    def _said(self, transfer: Transfer) -> Answer:
        said = replace(Answer.of(transfer), moved=self._asked.moved)
        if self._function.step in READERS:
            found = self._files(transfer)
            left = [item.size for item in found if item.state is not DeliveryState.PUBLISHED]
            many = len(left) > FEW * self._environment.shard
            small = not left or min(left) <= LARGE or many
            said = replace(said, moved=sum(item.moved for item in found), small=small)
        return said

    def _files(self, transfer: Transfer) -> Sequence[Delivery]:
        return self._books.ledger.deliveries(transfer.id)

    def _later(self, transfer: Transfer, asked_for: float) -> Answer:
        """To be called again: at once where bytes have moved, else after a wait that grows."""
        said = self._said(transfer)
        if said.moved > self._asked.moved and not asked_for:
            return said
        grown = max(1, math.ceil(asked_for), 2 * self._asked.waited)
        return replace(said, wait=min(grown, LONGEST_WAIT))

    def _tell(self) -> None:
        """A round of the tickets, within the time that is left."""
        if self._function.step not in TELLERS:
            return
        stop = threading.Event()
        timer = threading.Timer(max(0.0, self._left()), stop.set)
        timer.start()
        sender = Sender(
            outbox=self._books.outbox,
            archive=self._books.archive,
            desk=self._environment.desk,
            stop=stop,
            alarm=self._alarm,
            lease=self._environment.ledger.lease,
            short=self._environment.short,
            tracer=self._environment.tools.tracer,
        )
        try:
            sender.round()
        finally:
            timer.cancel()


class _ShardVisit(_Visit):
    """Of one shard: it writes the files, and what becomes of the transfer the head finds out."""

    def answer(self) -> Answer:
        asked, shards = self._asked, self._books.shards
        names = {"transfer": asked.transfer, "execution": asked.execution, "shard": asked.shard}
        with structlog.contextvars.bound_contextvars(**names, function=self._function.name):
            asked_at = self._heart.now()
            claim = self._claimed(shards) if shards else None
            if claim is None:
                # Taken back, and perhaps opened anew: the head has what is left.
                return Answer(whole=True)
            with self._holding(claim, asked_at) as hold:
                return self._answered(hold)

    def _claimed(self, shards: Shards) -> Transfer | None:
        asked = self._asked
        owner = owner_of(asked.execution) + self._context.aws_request_id
        return shards.claim(asked.transfer, asked.shard or 0, asked.opened, owner)

    def _answered(self, hold: Hold) -> Answer:
        claim = hold.claim
        self._insist(claim)
        if len({self._environment.door, claim.door, self._asked.door} - {None, ""}) > 1:
            return Answer(stage=claim.stage, failed=True)
        try:
            self._attempt()(do.shard, claim, of_shard(claim, self._tools(hold)))
        except ClaimLost:
            raise
        except (Stopping, Waiting) as error:
            return self._later(claim, error.retry_after or 0)
        except FerryError as error:
            if is_of_ledger(error):
                raise
            return Answer(stage=claim.stage, failed=True)
        return Answer(stage=claim.stage, whole=True)

    def _files(self, transfer: Transfer) -> Sequence[Delivery]:
        shards = self._books.shards
        return shards.deliveries(transfer) if shards else ()
