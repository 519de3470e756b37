"""(T3) The partner's own word that a published file arrived, waited for without thread or slot.

What the partner says after the publish never leads to a second one: a wrong word or none ends the
transfer as failed, with the file where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from transfer.destination import Acknowledgement, Destination, Tier
from transfer.errors import Code, FerryError, Permanent, Transient, Waiting
from transfer.model import Delivery, Failure, Receipt, Transfer
from transfer.ports import Remote
from transfer.request.names import path_beside
from transfer.telling import notes
from transfer.tools import Tools

CAP = 64 * 1024
"""Bytes of an acknowledgement that are read."""
SOONEST, LATEST = 2.0, 60.0
"""Seconds from one look to the next; in between it is half of what has passed."""
BUSY = 10.0
"""Seconds until a free connection is asked for again."""
WORDS = {
    name: re.compile(rb"(?<![0-9A-Za-z])[0-9A-Fa-f]{%d}(?![0-9A-Za-z])" % digits)
    for name, digits in (("md5", 32), ("sha256", 64))
}
"""A digest on its own, as `sha256sum`, `openssl dgst` and `shasum --tag` write it."""


def acknowledged(transfer: Transfer, destination: Destination, tools: Tools) -> Transfer:
    """The transfer, once the partner has acknowledged every file of it; the receipts say so.

    One look, safe to run again at any time. Raises Waiting `acknowledgement.pending`; Permanent
    `acknowledgement.missing`, `acknowledgement.mismatch`; Transient `acknowledgement.missing` when
    the time is over and nobody could look.
    """
    asked = destination.acknowledgement
    if asked is None:
        return transfer
    watch = _Watch(transfer, destination, asked, tools)
    silent = [item for item in watch.published() if not _receipt(item).acknowledged_at]
    if silent:
        watch.judge(silent, watch.look(silent))
    return watch.tidied() if asked.remove else transfer


@dataclass(slots=True)
class _Look:
    """What one look brought. By number of the delivery: a `wrong` word, or one that could not be
    `unread`; `broken` is why it ended early.
    """

    heard: list[Delivery] = field(default_factory=list)
    wrong: dict[int, Permanent] = field(default_factory=dict)
    unread: dict[int, FerryError] = field(default_factory=dict)
    broken: FerryError | None = None


@dataclass(frozen=True, slots=True)
class _Watch:
    transfer: Transfer
    destination: Destination
    asked: Acknowledgement
    tools: Tools

    def published(self) -> list[Delivery]:
        return [item for item in self.tools.ledger.deliveries(self.transfer.id) if item.receipt]

    def look(self, silent: Sequence[Delivery]) -> _Look:
        """Ask for all of them over one connection."""
        self._halt()
        look = _Look()
        try:
            with self._connection() as remote:
                for item in silent:
                    self._ask(item, remote, look)
        except Waiting:
            raise
        except FerryError as error:
            look.broken = error
        return look

    def judge(self, silent: Sequence[Delivery], look: _Look) -> None:
        """Note what was heard. Raises what is to be done about the rest, if there is a rest."""
        heard = {item.number for item in look.heard}
        rest = [item for item in silent if item.number not in heard]
        verdicts = self._verdicts(rest, look)
        noted = [
            item.evolve(failure=Failure.of(verdicts[item.number]))
            for item in rest
            if item.number in verdicts
        ]
        until = max(map(self._until, rest), default=None)
        posts = [notes.awaiting(self.transfer, until)] if until and not verdicts else []
        self.tools.ledger.save(self.transfer, *look.heard, *noted, *posts)
        if rest:
            raise next(iter(verdicts.values()), self._pending(rest))

    def tidied(self) -> Transfer:
        """The acknowledgements are taken away; one that stays is a loose end, not a failure."""
        self.tools.fence()
        try:
            with self._connection() as remote:
                for item in self.published():
                    remote.remove(self._path(item))
        except FerryError as error:
            if isinstance(error, Waiting) and error.code is not Code.DESTINATION_RESTING:
                raise
            return self._with_loose_end(error)
        return self.transfer

    @contextmanager
    def _connection(self) -> Iterator[Remote]:
        """Beside those that carry files; it is not waited for, because that would hold a thread."""
        with self.tools.slots.widen(self.destination, 1) as granted:
            if not granted:
                name = self.destination.name
                raise self._put_off(f"All connections of {name} are carrying files.", BUSY)
            with closing(self.tools.remotes.connect(self.destination)) as remote:
                yield remote

    def _put_off(self, why: str, seconds: float) -> Waiting:
        return Waiting(Code.ACKNOWLEDGEMENT_PENDING, why, retry_after=seconds)

    def _with_loose_end(self, error: FerryError) -> Transfer:
        """Unless it may pass soon: then it is tried again for a minute."""
        seen = (_receipt(item).acknowledged_at for item in self.published())
        passed = self.tools.clock() - max(time for time in seen if time)
        if not error.permanent and passed.total_seconds() < LATEST:
            raise self._put_off(error.message, SOONEST)
        end = Permanent(
            error.code,
            f"An acknowledgement could not be taken away: {error.message}",
            action="Remove it by hand, or leave it there: remove: false.",
            file=error.file,
        )
        ends = (*self.transfer.loose_ends, Failure.of(end))
        return self.transfer.evolve(loose_ends=ends)

    def _halt(self) -> None:
        """A request that is cancelled is waited for all the same: its files are there already."""
        try:
            self.tools.halt()
        except Permanent as error:
            if error.code is not Code.REQUEST_CANCELLED:
                raise

    def _ask(self, delivery: Delivery, remote: Remote, look: _Look) -> None:
        try:
            words = self._words(delivery, remote)
        except Permanent as error:
            # What may not be read now may be later: it counts once the time is over.
            look.unread[delivery.number] = error
            return
        if words is None:
            return
        if self.asked.digest and self._ours(delivery) not in words:
            look.wrong[delivery.number] = self._mismatch(delivery)
        else:
            look.heard.append(self._acknowledged(delivery))

    def _words(self, delivery: Delivery, remote: Remote) -> set[str] | None:
        """The digests in the partner's file; None when it is not there, or not written yet."""
        path, algorithm = self._path(delivery), self.asked.digest
        size = remote.size(path)
        if size is None or not algorithm:
            return None if size is None else set()
        content = b"".join(remote.proof.read(path, 0, min(size, CAP))) if size else b""
        # Windows writes UTF-16 where nobody tells it not to.
        found = WORDS[algorithm].findall(content.replace(b"\0", b""))
        return {word.decode().lower() for word in found} or None

    def _ours(self, delivery: Delivery) -> str:
        return str(getattr(_receipt(delivery), self.asked.digest))

    def _path(self, delivery: Delivery) -> str:
        return path_beside(self.asked.name, _receipt(delivery).path)

    def _acknowledged(self, delivery: Delivery) -> Delivery:
        receipt = replace(
            _receipt(delivery),
            tier=Tier.ACKNOWLEDGED.value,
            acknowledgement=self._path(delivery),
            acknowledged_at=self.tools.clock(),
        )
        return delivery.evolve(receipt=receipt, failure=None)

    def _verdicts(self, rest: Sequence[Delivery], look: _Look) -> dict[int, FerryError]:
        """By number, why it is not worth to go on waiting; empty while it is worth it."""
        if look.wrong:
            return dict(look.wrong)
        late = [item for item in rest if self.tools.clock() >= self._until(item)]
        if look.broken:
            blind = rest if look.broken.permanent else late
            return {item.number: self._unseen(item, look.broken) for item in blind}
        return {item.number: self._missing(item, look.unread.get(item.number)) for item in late}

    def _until(self, delivery: Delivery) -> datetime:
        return _receipt(delivery).published_at + timedelta(seconds=self.asked.within)

    def _pending(self, rest: Sequence[Delivery]) -> Waiting:
        """The next look: soon at first, every minute later, and just when the time is over."""
        now = self.tools.clock()
        passed = min((now - _receipt(item).published_at).total_seconds() for item in rest)
        left = min((self._until(item) - now).total_seconds() for item in rest)
        after = min(max(passed / 2, SOONEST), LATEST)
        path = _receipt(rest[0]).path
        return self._put_off(
            f"{self.destination.name} has not acknowledged {path} yet.", min(after, max(left, 1.0))
        )

    def _missing(self, delivery: Delivery, unread: FerryError | None) -> Permanent:
        why = f" What stands there could not be read: {unread.message}" if unread else ""
        return Permanent(
            Code.ACKNOWLEDGEMENT_MISSING,
            f"{_published(delivery)}, but {self.destination.name} did not acknowledge it by "
            f"{self._path(delivery)} within {self.asked.within:g} seconds.{why}",
            file=_receipt(delivery).path,
        )

    def _unseen(self, delivery: Delivery, why: FerryError) -> FerryError:
        kind = Permanent if why.permanent else Transient
        return kind(
            Code.ACKNOWLEDGEMENT_MISSING,
            f"{_published(delivery)}, but FileFerry could not look for {self._path(delivery)}: "
            f"{why.message}",
            file=_receipt(delivery).path,
            retry_after=why.retry_after,
        )

    def _mismatch(self, delivery: Delivery) -> Permanent:
        name = self.asked.digest.upper()
        return Permanent(
            Code.ACKNOWLEDGEMENT_MISMATCH,
            f"{_published(delivery)}, but {self._path(delivery)} names another {name} than "
            f"{self._ours(delivery) or 'FileFerry, which has none of it'}: what "
            f"{self.destination.name} holds may be damaged.",
            file=_receipt(delivery).path,
        )


def _receipt(delivery: Delivery) -> Receipt:
    if delivery.receipt is None:
        raise ValueError(f"delivery {delivery.number} has no receipt in state {delivery.state}")
    return delivery.receipt


def _published(delivery: Delivery) -> str:
    receipt = _receipt(delivery)
    return f"{receipt.path} was published at {receipt.published_at:%Y-%m-%d %H:%M:%S} UTC"
