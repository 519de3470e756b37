"""SFTP: a Remote on any server that speaks version 3, OpenSSH above all."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from posixpath import basename, dirname, join
from time import monotonic

from paramiko.packet import Packetizer
from paramiko.sftp import (
    CMD_LSTAT,
    CMD_REMOVE,
    CMD_STAT,
    SFTP_OK,
)
from paramiko.ssh_exception import SSHException

from adapters.log import Log
from adapters.remotes.dial import KEEPALIVE, SHORTEST, TEMP, plain
from adapters.remotes.sftp.batch import Storing, caught, run
from adapters.remotes.sftp.entry import MOST_NAMES, names_in
from adapters.remotes.sftp.errors import UNSUPPORTED, code_of, failure, is_held, is_said_absent
from adapters.remotes.sftp.modes import ANY, EXISTING, NEW, opened
from adapters.remotes.sftp.opening import open_wire
from adapters.remotes.sftp.proof import SftpProof
from adapters.remotes.sftp.renaming import Renaming
from adapters.remotes.sftp.sight import Sight
from adapters.remotes.sftp.upload import SftpUpload
from adapters.remotes.sftp.wire import RefusedError, Wire, size_of, text
from adapters.remotes.ssh import line as ssh
from adapters.remotes.ssh.bulk import BulkPacketizer
from adapters.remotes.ssh.credentials import credential
from adapters.remotes.ssh.login import log_in
from adapters.remotes.told import Told
from transfer.crossing.batch import Small
from transfer.destination import Destination
from transfer.errors import Code, FerryError
from transfer.ports import Powers
from transfer.request.names import TEMP_PREFIX

STATVFS = "statvfs@openssh.com"
CONTRARY = {
    False: (Code.REMOTE_EXISTS, "create"),
    True: (Code.REMOTE_FAILED, "continue the absent"),
}
"""What is said, by whether a file was to be continued, of a name that is taken or that is not."""
OF_A_FILE = frozenset({"continue", "write to", "sync", "close", "show"})
"""What is done to a file that exists: "no such file" means that it has gone, not its directory."""
UNSURE = (Code.REMOTE_FAILED, Code.REMOTE_DENIED)
"""What a look at a name may be refused for though nothing has it."""
MAKING = ("create", "rename")
"""What needs the directory of a name."""
log = Log()


def connect(
    destination: Destination,
    secret: Callable[[str], str],
    packetizer: type[Packetizer] | None = None,
) -> SftpRemote:
    """`secret` returns the value of a secret by its name.

    paramiko's own `Packetizer` instead of the bulk writer, which a destination asks for without
    `fast_ssh`, costs a third more CPU.
    """
    packetizer = packetizer or (BulkPacketizer if destination.fast_ssh else Packetizer)
    own = credential(destination, secret)
    deadline = monotonic() + destination.connect_timeout
    line = ssh.connect(destination, deadline, packetizer)
    try:
        with line.connecting(max(deadline - monotonic(), SHORTEST)):
            log_in(line, own)
            line.transport.set_keepalive(KEEPALIVE)
            wire = open_wire(line, line.pace())
            line.inside = True
            remote = SftpRemote(line, wire)
    except BaseException:
        # Nobody else knows of the half-made connection yet.
        line.hang_up()
        raise
    transport = line.transport
    log.debug(
        "remote.connected",
        destination=destination.name,
        host_key=line.identity,
        cipher=transport.local_cipher,
        server=transport.remote_version,
        request=wire.stride.size,
        round_trip=round(wire.round_trip, 4),
    )
    return remote


class SftpRemote:
    """To be made under a watch. `first` belongs to whose connection it shares, who closes it."""

    def __init__(self, line: ssh.Line, wire: Wire, first: Sight | None = None) -> None:
        self._line = line
        self._wire = wire
        self._shared = first is not None
        self._sight = Sight(line, wire, self._exists, self.another, first)
        self._renaming = Renaming(line, wire, self._sight, self._exists, self._explain)
        self.proof = SftpProof(line, wire, self._explain, self._lacks)

    @property
    def round_trip(self) -> float:
        """Seconds from a request to its answer, the least so far."""
        return self._wire.round_trip

    def another(self) -> SftpRemote:
        """One more SFTP session over the same connection, for another thread.

        It has a window of its own (2 MiB with OpenSSH) and costs four round trips and no login;
        it ends with this one. Raises Permanent `remote.failed` when the server allows no more of
        them (OpenSSH: ten, MaxSessions), and Transient.
        """
        line = self._line.sibling()
        try:
            with line.speaking():
                return SftpRemote(line, open_wire(line, self._line.pace()), self._sight)
        except BaseException:
            line.leave()
            raise

    @property
    def identity(self) -> str:
        return self._line.identity

    @property
    def powers(self) -> Powers:
        return Powers(
            replaces=self._renaming.replaces,
            resumes=True,
            ranges=True,
            digests=self.proof.algorithms,
            round_trip=self.round_trip,
        )

    def told(self) -> Told:
        with self._line.speaking():
            address, away = self._line.reached()
        return Told(
            server=plain(ssh.software(self._line)),
            address=address,
            round_trip=away,
            answer=self.round_trip,
            algorithms=self._line.transport.agreed,
            features=tuple(sorted(self._wire.extensions)),
        )

    def size(self, path: str) -> int | None:
        with self._line.speaking(path):
            # STAT follows links: what counts is the file that a reader would get.
            try:
                size = size_of(self._wire.attributes(CMD_STAT, text(path.encode())))
            except RefusedError as refused:
                if self._is_absent(path, refused):
                    return None
                raise self._explain(path, refused, "tell the size of") from refused
        if size is None:
            raise failure(self._line.destination, Code.REMOTE_FAILED, "tell the size of", path)
        return size

    def create(self, path: str, *, at: int = 0) -> SftpUpload:
        live = self._sight.live
        if not live and bool(self._sight.seen([path])) != bool(at):
            code, doing = CONTRARY[bool(at)]
            raise failure(self._line.destination, code, doing, path)
        with self._line.speaking(path):
            try:
                handle = opened(self._wire, path, *EXISTING[live]) if at else self._new(path)
            except RefusedError as refused:
                doing, taken = ("continue", None) if at else ("create", path)
                raise self._explain(path, refused, doing, taken=taken) from refused
        return self._begin(path, handle)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        return self._renaming.one(old, new, replace=replace)

    def store(self, files: Sequence[Small]) -> list[int | FerryError | None]:
        """Create, write, sync, date and close new small files, their round trips overlapped.

        For each the size on the server after the close (None when it is absent or untold), or why
        the server refused. Raises Transient when the line breaks: then nothing is known of any.
        """
        names = [] if self._sight.live else [file.path for file in files]
        taken = self._sight.seen(names)
        tasks = [
            None if file.path in taken else Storing(self._wire, file, NEW[0], self._begin)
            for file in files
        ]
        with self._line.carrying():
            run(self._wire, [task for task in tasks if task])
        return [self._outcome(file.path, task) for file, task in zip(files, tasks, strict=True)]

    def rename_all(
        self, pairs: Sequence[tuple[str, str]], *, replace: bool
    ) -> list[bool | FerryError]:
        """`rename` of many files, their round trips overlapped; no name occurs twice.

        For each what `rename` returns, or the Permanent that it raises. Raises Transient when the
        line breaks: then nothing is known of any.
        """
        return self._renaming.many(pairs, replace=replace)

    def taken(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that anything has, dangling links included."""
        return self._sight.taken(names)

    def remove(self, path: str) -> None:
        with self._line.speaking(path):
            try:
                self._wire.ask(CMD_REMOVE, text(path.encode()))
            except RefusedError as refused:
                if not is_said_absent(refused, path) and self._exists(path):
                    raise self._explain(path, refused, "remove") from refused

    def is_well(self, patience: float) -> bool:
        """Whether no answer is missing and the server answers within `patience` seconds."""
        try:
            with suppress(RefusedError), self._line.speaking(patience=patience):
                self._wire.attributes(CMD_STAT, text(b"/"))
        except FerryError:
            return False
        return self._wire.idle

    def close(self) -> None:
        if not self._shared:
            self._line.hang_up()
            return
        # To say so may have to wait behind what others send.
        with suppress(FerryError, SSHException), self._line.speaking():
            self._wire.close()
        self._line.leave()

    def _new(self, path: str) -> bytes:
        """The handle of a file that was not there; where the server knows no exclusive creation,
        which some refuse as unsupported and some without a reason, a look has to do for our temps.
        """
        try:
            return opened(self._wire, path, *NEW)
        except RefusedError as refused:
            vague = code_of(refused, path) is Code.REMOTE_FAILED
            if not vague or not TEMP.search(basename(path)) or self._exists(path):
                raise
        return opened(self._wire, path, ANY)

    def _begin(self, path: str, handle: bytes) -> SftpUpload:
        return SftpUpload(self._line, self._wire, path, handle, partial(self._explain, path))

    def _outcome(self, path: str, task: Storing | None) -> int | FerryError | None:
        if task is None:
            return failure(self._line.destination, Code.REMOTE_EXISTS, "create", path)
        if task.refused:
            return self._explain(task.file.path, *task.refused, taken=task.file.path)
        return caught(task.judge)

    def _exists(self, path: str) -> bool:
        """Whether anything has that name, a dangling link included."""
        try:
            self._look(path)
        except RefusedError as refused:
            if self._is_absent(path, refused):
                return False
            raise self._explain(path, refused, "look at") from refused
        return True

    def _is_absent(self, path: str, refused: RefusedError) -> bool:
        """Whether that is what this server says of a name that nobody has: some say FAILURE, some
        that it is not allowed.

        Its directory must be there: of a disk that has gone the server says the same of every name.
        Whether a new file can have the name is then decided by the exclusive OPEN.
        """
        if is_said_absent(refused, path):
            return True
        code = code_of(refused, path)
        if code not in UNSURE or is_held(refused, path):
            return False
        if code is Code.REMOTE_DENIED and not self._is_unlisted(path):
            # Who may store files and not look at them is told so of any.
            return False
        nobody = join(dirname(path), f"{TEMP_PREFIX}{os.urandom(16).hex()}")
        there, other = self._status(dirname(path)), self._status(nobody)
        return there == SFTP_OK and other == refused.status

    def _is_unlisted(self, path: str) -> bool:
        """Whether its directory may be read to its end, and does not show it."""
        try:
            names = names_in(self._wire, dirname(path))
        except RefusedError:
            return False
        return len(names) < MOST_NAMES and basename(path) not in names

    def _status(self, path: str) -> int:
        try:
            self._look(path)
        except RefusedError as refused:
            return refused.status
        return SFTP_OK

    def _look(self, path: str) -> None:
        """Raises RefusedError, where nothing has that name; some servers know STAT only."""
        name = text(path.encode())
        try:
            self._wire.attributes(CMD_LSTAT, name)
        except RefusedError as refused:
            if refused.status != UNSUPPORTED:
                raise
            self._wire.attributes(CMD_STAT, name)

    def _explain(
        self, path: str, refused: RefusedError, doing: str, taken: str | None = None
    ) -> FerryError:
        """Find out why, where the server did not say; `taken` may be a name that exists already."""
        code = code_of(refused, path)
        if code is Code.REMOTE_NO_DIRECTORY and doing in OF_A_FILE:
            code = Code.REMOTE_FAILED
        with self._line.speaking(path):
            if code is Code.REMOTE_FAILED and doing.startswith(MAKING) and self._lacks(path):
                code = Code.REMOTE_NO_DIRECTORY
            elif code is Code.REMOTE_FAILED and taken and self._exists(taken):
                code = Code.REMOTE_EXISTS
            elif code is Code.REMOTE_FAILED and self._is_full(path):
                code = Code.REMOTE_FULL
        return failure(self._line.destination, code, doing, path, refused)

    def _lacks(self, path: str) -> bool:
        """Whether it is proven that its directory is not there."""
        try:
            return not self._exists(dirname(path))
        except FerryError as error:
            if not error.permanent:
                raise
            return False

    def _is_full(self, path: str) -> bool:
        """Whether the file system cannot take one more request, as far as the server tells."""
        if STATVFS not in self._wire.extensions:
            return False
        try:
            directory = text(dirname(path).encode())
            answer = self._wire.extended(STATVFS, directory, reply=True)
        except RefusedError:
            return False
        _, fragment, _, _, free_blocks, files, _, free_files = (
            answer.get_int64() for _ in range(8)
        )
        return free_blocks * fragment < self._wire.request or (files > 0 and free_files == 0)
