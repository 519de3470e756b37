"""One MiB written, continued, read back, renamed and removed under names of ours, as a file would.

What stands on the server is removed whatever happens, over a new connection where the first has
come to harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import new as new_hash
from posixpath import join
from secrets import token_hex
from time import monotonic

from daemon.doctor.findings import Tell, fail, ok, warn
from daemon.doctor.profile import Shown
from transfer.crossing.verify import STRONGEST, before_publish
from transfer.destination import Destination, Mode, Tier
from transfer.errors import Code, FerryError, Permanent
from transfer.model import MIB
from transfer.ports import Remote

HALF = MIB // 2
PIECE = 64 * 1024
WRITE, CONTINUE, OFFSET, READ, HASH, RENAME, REMOVE = (
    *("write", "continue", "write in parts", "read back"),
    *("hash", "rename", "remove"),
)
SWAP = "Set mode: swap for this destination, or on_conflict: fail."
BY_HAND = "Have the file removed by hand; nothing waits for it."


class _EndedError(Exception):
    """What follows makes no sense any more; why was told."""


class Trial:
    """Of one destination, over a connection that it neither opens nor closes; `again` opens another
    one with the credential that was let in already.
    """

    def __init__(
        self, destination: Destination, remote: Remote, again: Callable[[], Remote], tell: Tell
    ) -> None:
        self.shown = Shown(identity=remote.identity)
        self._destination = destination
        self._remote = remote
        self._again = again
        self._tell = tell
        folder = join(destination.root, destination.temp.folder)
        token = token_hex(6)
        self._one, self._two = (
            join(folder, destination.temp.named(f"{token}-{number}-e0")) for number in (1, 2)
        )
        self._data = os.urandom(MIB)

    def run(self) -> None:
        """Tells what it finds; raises what is no FerryError, after it has tidied up."""
        sound = False
        try:
            with suppress(_EndedError):
                self._steps()
            sound = True
        except FerryError as error:
            self._tell(fail("connection", error))
        finally:
            self._tidy(sound=sound)

    def _steps(self) -> None:
        """A Transient ends them all: the connection is not used again."""
        self._write()
        self._continue()
        self._write_in_parts()
        self._read_back()
        self._hash()
        if self._destination.mode is Mode.DIRECT:
            self._tell(ok(RENAME, "Not tried: mode is direct."))
        else:
            self._rename()

    def _write(self) -> None:
        begin = monotonic()
        try:
            self._store(self._one, self._data[:HALF])
        except Permanent as error:
            self._tell(fail(WRITE, error))
            raise _EndedError from None
        seconds = monotonic() - begin
        self._demand_size(WRITE, HALF)
        self._tell(ok(WRITE, f"512 KiB in {self._destination.root}, in {seconds:.2f} s."))

    def _continue(self) -> None:
        if not self._remote.powers.resumes:
            self.shown.resumes = False
            self._tell(ok(CONTINUE, "The server offers none: a broken file is sent anew."))
        else:
            self.shown.resumes = self._grows(HALF, self._data[HALF:])
            words = (
                "A broken file goes on where it broke."
                if self.shown.resumes
                else "The server does not do it: a broken file is sent anew."
            )
            self._tell(ok(CONTINUE, words))
        self._make_whole()

    def _write_in_parts(self) -> None:
        if not self._remote.powers.ranges:
            return
        self.shown.ranges = self._grows(HALF - PIECE, self._data[HALF - PIECE : HALF])
        if self.shown.ranges:
            self._tell(ok(OFFSET, "A large file may go over several connections."))
        else:
            self._tell(ok(OFFSET, "The server does not take it: one connection writes a file."))
        self._make_whole()

    def _read_back(self) -> None:
        tier = before_publish(self._destination.tier, self._destination.protocol)
        needed = tier in (Tier.SERVER_HASH, Tier.READ_BACK)
        try:
            found = b"".join(self._remote.proof.read(self._one, 0, MIB + 1))
        except Permanent as error:
            self.shown.reads = False
            what = "It cannot be read back, so a broken file is sent anew, and T2 cannot be had."
            advice = "Ask the partner for the right to read our own files."
            self._tell(
                fail(READ, error, advice)
                if needed
                else warn(READ, f"{what} {error.message}", advice, error)
            )
            return
        self.shown.reads = True
        self._demand(
            READ, found == self._data, "What was read back are other bytes than were sent."
        )
        self._tell(ok(READ, "1 MiB, the same bytes."))

    def _hash(self) -> None:
        offered = [name for name in STRONGEST if name in self._remote.powers.digests]
        for name in offered:
            theirs = self._remote.proof.digest(self._one, name)
            if theirs is None:
                continue
            ours = new_hash(name, self._data, usedforsecurity=False).hexdigest()
            self._demand(HASH, theirs == ours, f"The server's {name} is that of other bytes.")
            self.shown.digest = name
            self._tell(ok(HASH, f"The server's own {name} is right."))
            return
        said = "It offers some, and gives none" if offered else "The server offers none"
        self._tell(ok(HASH, f"{said} of {' or '.join(STRONGEST)}."))

    def _rename(self) -> None:
        """Onto a name that is taken: refused where nothing may be replaced, then in one step."""
        try:
            self._store(self._two, b"fileferry doctor\n")
            kept = self._is_kept()
            self.shown.replaces = self._is_replaced()
        except Permanent as error:
            advice = "Ask the partner for the right to rename, or set mode: direct."
            self._tell(fail(RENAME, error, advice if error.code is Code.REMOTE_DENIED else ""))
            return
        taken = "refused" if kept else "replaced, though it was asked not to"
        step = "is replaced in one step" if self.shown.replaces else "is replaced in no way"
        seen = f"A name that is taken is {taken}; where it may be replaced, it {step}."
        stuck = self._destination.replace and not self.shown.replaces
        if stuck and not self._swaps:
            message = f"on_conflict is replace. {seen}"
            self._tell(fail(RENAME, Permanent(Code.REMOTE_NO_REPLACE, message), SWAP))
        elif kept:
            self._tell(ok(RENAME, seen))
        else:
            self._tell(warn(RENAME, seen, "Let nobody else write there under the same names."))

    @property
    def _swaps(self) -> bool:
        """FTP cannot be asked beforehand, so `auto` swaps on SFTP only."""
        mode = self._destination.mode
        asked = not self._remote.powers.replaces
        return mode is Mode.SWAP or (mode is Mode.AUTO and asked)

    def _is_kept(self) -> bool:
        try:
            self._remote.rename(self._one, self._two, replace=False)
        except Permanent as error:
            if error.code is Code.REMOTE_EXISTS:
                return True
            raise
        self._store(self._one, self._data[:PIECE])
        return False

    def _is_replaced(self) -> bool:
        try:
            return self._remote.rename(self._one, self._two, replace=True)
        except Permanent as error:
            if error.code is not Code.REMOTE_NO_REPLACE:
                raise
        # Whether it renames at all is still to be seen.
        self._remote.remove(self._two)
        self._remote.rename(self._one, self._two, replace=False)
        return False

    def _grows(self, at: int, data: bytes) -> bool:
        """Whether the file has `data` there afterwards, and is as long as it should be."""
        try:
            upload = self._remote.create(self._one, at=at)
            upload.write(data, at)
            upload.finish()
        except FerryError as error:
            if error.code in (Code.REMOTE_DROPPED, Code.REMOTE_TIMEOUT, Code.REMOTE_SLOW):
                raise
            return False
        return self._remote.size(self._one) == MIB

    def _make_whole(self) -> None:
        """What a server has done to the file by being asked for too much is done away with."""
        if self._remote.size(self._one) == MIB and self.shown.ranges is not False:
            return
        self._remote.remove(self._one)
        self._store(self._one, self._data)
        self._demand_size(WRITE, MIB)

    def _store(self, path: str, data: bytes) -> None:
        upload = self._remote.create(path)
        upload.write(data, 0)
        upload.finish()

    def _demand_size(self, name: str, wanted: int) -> None:
        found = self._remote.size(self._one)
        self._demand(name, found == wanted, f"{self._one} has {found} bytes, not {wanted}.")

    def _demand(self, name: str, held: bool, otherwise: str) -> None:
        if not held:
            self._tell(fail(name, Permanent(Code.CHECKSUM_MISMATCH, otherwise)))
            raise _EndedError

    def _tidy(self, *, sound: bool) -> None:
        """Over the connection while nobody knows of harm to it."""
        try:
            if sound:
                self._remove(self._remote)
            else:
                self._remote.close()
                with closing(self._again()) as remote:
                    self._remove(remote)
        except FerryError as error:
            left = f"{self._one} or {self._two} may be left on the server. {error.message}"
            self._tell(fail(REMOVE, type(error)(error.code, left), BY_HAND))

    def _remove(self, remote: Remote) -> None:
        for path in (self._one, self._two):
            remote.remove(path)
        if left := [path for path in (self._one, self._two) if remote.size(path) is not None]:
            message = f"The server says that it removed {' and '.join(left)}, and still shows it."
            raise Permanent(Code.REMOTE_FAILED, message)
        self._tell(ok(REMOVE, "Nothing of this trial is left."))
