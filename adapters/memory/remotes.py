"""A partner's server in memory: files in a dict that every connection shares."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import new as new_hash
from posixpath import basename, dirname

from transfer.crossing.batch import Small
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Powers, Remote

LONGEST_NAME = 255
PIECE = 64 * 1024
ALL_POWERS = Powers(replaces=True, resumes=True, ranges=True, digests=frozenset({"md5", "sha256"}))


def _refuse(code: Code, doing: str, path: str) -> Permanent:
    return Permanent(code, f"The server in memory refused to {doing} {path}.", file=path)


@dataclass(kw_only=True)
class MemoryRemotes:
    """The server and the way to it.

    `files` maps an absolute path to its bytes; an upload goes on writing to its own buffer, as an
    open file does, when the path is renamed or removed. `capacity` is in bytes, over all files.
    Every directory exists but the `missing` ones, and takes files but the `read_only` ones.
    `password` is what `secrets` must hold under the name that the destination gives; None lets
    everyone in. `powers` are what the server can do, `modified` the times that were set. `dropped`
    breaks every open connection, `reachable` decides over new ones. `folders` are directories that
    stand where a file could.
    """

    files: dict[str, bytearray] = field(default_factory=dict)
    capacity: int | None = None
    missing: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    protocols: frozenset[str] = frozenset({"sftp"})
    host_key: str | None = None
    password: str | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    powers: Powers = ALL_POWERS
    modified: dict[str, datetime] = field(default_factory=dict)
    reachable: bool = True
    dropped: bool = False
    logins: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        del beside
        if not self.reachable:
            raise Transient(Code.REMOTE_UNREACHABLE, f"{destination.name} cannot be reached.")
        pins = {pin.fingerprint for pin in destination.host_keys}
        if self.host_key is not None and self.host_key not in pins:
            raise Permanent(
                Code.HOSTKEY_UNKNOWN,
                f"{destination.name} shows {self.host_key}, expected is {' or '.join(pins)}.",
            )
        self.logins += 1
        if self.password not in (None, self.secrets.get(destination.password or "")):
            raise Permanent(Code.AUTH_REFUSED, f"{destination.name} refused the login.")
        return MemoryRemote(self)

    @property
    def used(self) -> int:
        return sum(len(content) for content in self.files.values())


class MemoryRemote:
    def __init__(self, server: MemoryRemotes) -> None:
        self._server = server
        self._closed = False

    @property
    def identity(self) -> str:
        return f"memory {self._server.host_key or 'SHA256:none'}"

    @property
    def powers(self) -> Powers:
        return self._server.powers

    @property
    def proof(self) -> MemoryProof:
        return MemoryProof(self, self._server)

    def size(self, path: str) -> int | None:
        self.alive(path)
        if path in self._server.folders:
            return 0
        content = self._server.files.get(path)
        return None if content is None else len(content)

    def create(self, path: str, *, at: int = 0) -> MemoryUpload:
        with self._server.lock:
            self._enter(path, "continue" if at else "create")
            content = self._existing(path, at) if at else self._new(path)
        return MemoryUpload(self, self._server, path, content)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        files = self._server.files
        with self._server.lock:
            self.alive(new)
            if old in self._server.folders and new not in files:
                self._server.folders.remove(old)
                self._server.folders.add(new)
                return True
            if old not in files:
                return False
            self._enter(new, f"rename {old} to")
            if new in files or new in self._server.folders:
                self._clear(old, new, replace=replace)
            files[new] = files.pop(old)
            if old in self._server.modified:
                self._server.modified[new] = self._server.modified.pop(old)
        return True

    def remove(self, path: str) -> None:
        with self._server.lock:
            self.alive(path)
            self._server.folders.discard(path)
            if path in self._server.files:
                self._enter(path, "remove")
                del self._server.files[path]

    def store(self, files: Sequence[Small]) -> list[int | FerryError | None]:
        return [self._stored(file) for file in files]

    def rename_all(
        self, pairs: Sequence[tuple[str, str]], *, replace: bool
    ) -> list[bool | FerryError]:
        return [self._renamed(old, new, replace=replace) for old, new in pairs]

    def _stored(self, file: Small) -> int | FerryError | None:
        try:
            upload = self.create(file.path)
            upload.write(file.data, 0)
            upload.finish(file.modified)
        except Permanent as error:
            return error
        return self.size(file.path)

    def _renamed(self, old: str, new: str, *, replace: bool) -> bool | FerryError:
        try:
            return self.rename(old, new, replace=replace)
        except Permanent as error:
            return error

    def close(self) -> None:
        self._closed = True

    def alive(self, path: str) -> None:
        """Raises Transient `remote.dropped` when the connection is no more."""
        if self._closed or self._server.dropped:
            message = f"The line to the server in memory broke at {path}."
            raise Transient(Code.REMOTE_DROPPED, message, file=path)

    def _new(self, path: str) -> bytearray:
        if path in self._server.files:
            raise _refuse(Code.REMOTE_EXISTS, "create once more", path)
        return self._server.files.setdefault(path, bytearray())

    def _existing(self, path: str, at: int) -> bytearray:
        content = self._server.files.get(path)
        powers = self._server.powers
        end = content is not None and at == len(content)
        if content is None or not (powers.ranges or (powers.resumes and end)):
            raise _refuse(Code.REMOTE_FAILED, f"continue at {at}", path)
        return content

    def _clear(self, old: str, new: str, *, replace: bool) -> None:
        """Whether `old` may take the name of the existing `new`."""
        if not replace:
            raise _refuse(Code.REMOTE_EXISTS, f"rename {old} to the existing", new)
        if not self._server.powers.replaces:
            raise _refuse(Code.REMOTE_NO_REPLACE, f"replace by {old}", new)

    def _enter(self, path: str, doing: str) -> None:
        self.alive(path)
        directory = dirname(path)
        if directory in self._server.missing:
            raise _refuse(Code.REMOTE_NO_DIRECTORY, doing, path)
        if directory in self._server.read_only:
            raise _refuse(Code.REMOTE_DENIED, doing, path)
        if len(basename(path).encode()) > LONGEST_NAME:
            raise _refuse(Code.REMOTE_FAILED, doing, path)


class MemoryProof:
    def __init__(self, remote: MemoryRemote, server: MemoryRemotes) -> None:
        self._remote = remote
        self._server = server

    def digest(self, path: str, algorithm: str) -> str | None:
        self._remote.alive(path)
        content = self._server.files.get(path)
        if content is None or algorithm not in self._server.powers.digests:
            return None
        return new_hash(algorithm, content).hexdigest()

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        if path not in self._server.files:
            raise _refuse(Code.REMOTE_FAILED, "show", path)
        for place in range(start, start + length, PIECE):
            self._remote.alive(path)
            with self._server.lock:
                content = self._server.files[path]
                piece = bytes(content[place : min(place + PIECE, start + length)])
            if piece:
                yield piece

    def regular(self, path: str) -> bool:
        self._remote.alive(path)
        return path in self._server.files

    def standing(self, path: str) -> str | None:
        self._remote.alive(path)
        names = self._server.files
        if path not in names or path in list(names):
            return path if path in names else None
        # Files that are kept without their case.
        return next(name for name in names if name.casefold() == path.casefold())

    def lacks(self, path: str) -> bool:
        self._remote.alive(path)
        return dirname(path) in self._server.missing

    def names(self, folder: str) -> list[str]:
        self._remote.alive(folder)
        return [basename(path) for path in list(self._server.files) if dirname(path) == folder]

    def modified(self, path: str) -> datetime | None:
        self._remote.alive(path)
        return self._server.modified.get(path)


class MemoryUpload:
    def __init__(
        self, remote: MemoryRemote, server: MemoryRemotes, path: str, content: bytearray
    ) -> None:
        self.acknowledged = 0
        self._remote = remote
        self._server = server
        self._path = path
        self._content = content
        self._end = len(content)

    def write(self, data: bytes | memoryview, offset: int) -> None:
        """A gap is filled with zeros, as a file system does."""
        server, content = self._server, self._content
        with server.lock:
            self._remote.alive(self._path)
            if offset != self._end and not server.powers.ranges:
                raise _refuse(Code.REMOTE_FAILED, f"write at {offset} to", self._path)
            growth = max(offset + len(data) - len(content), 0)
            if server.capacity is not None and server.used + growth > server.capacity:
                raise _refuse(Code.REMOTE_FULL, "make room for", self._path)
            content.extend(bytes(max(offset - len(content), 0)))
            content[offset : offset + len(data)] = data
            self._end = offset + len(data)
            self.acknowledged += len(data)

    def finish(self, modified: datetime | None = None) -> None:
        self._remote.alive(self._path)
        if modified is not None:
            self._server.modified[self._path] = modified

    def abandon(self) -> None:
        """Nothing is held open."""
