"""A partner's server in memory: files in a dict that every connection shares."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from posixpath import basename, dirname

from transfer.errors import Code, Permanent, Transient
from transfer.model import Destination

LONGEST_NAME = 255


def _refuse(code: Code, doing: str, path: str) -> Permanent:
    return Permanent(code, f"The server in memory refused to {doing} {path}.", file=path)


@dataclass(kw_only=True)
class MemoryRemotes:
    """The server and the way to it.

    `files` maps an absolute path to its bytes; an upload goes on writing to its own buffer, as an
    open file does, when the path is renamed or removed. `capacity` is in bytes, over all files.
    Every directory exists but the `missing` ones, and takes files but the `read_only` ones.
    `password` is what `secrets` must hold under the name that the destination gives; None lets
    everyone in. `dropped` breaks every open connection, `reachable` decides over new ones.
    """

    files: dict[str, bytearray] = field(default_factory=dict)
    capacity: int | None = None
    missing: set[str] = field(default_factory=set)
    read_only: set[str] = field(default_factory=set)
    protocols: frozenset[str] = frozenset({"sftp"})
    host_key: str | None = None
    password: str | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    reachable: bool = True
    dropped: bool = False
    logins: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()

    def connect(self, destination: Destination) -> MemoryRemote:
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

    def size(self, path: str) -> int | None:
        self.alive(path)
        content = self._server.files.get(path)
        return None if content is None else len(content)

    def create(self, path: str) -> MemoryUpload:
        with self._server.lock:
            self._enter(path, "create")
            if path in self._server.files:
                raise _refuse(Code.REMOTE_EXISTS, "create once more", path)
            content = self._server.files[path] = bytearray()
        return MemoryUpload(self, self._server, path, content)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        files = self._server.files
        with self._server.lock:
            self.alive(new)
            if old not in files:
                return False
            self._enter(new, f"rename {old} to")
            if new in files and not replace:
                raise _refuse(Code.REMOTE_EXISTS, f"rename {old} to the existing", new)
            files[new] = files.pop(old)
        return True

    def remove(self, path: str) -> None:
        with self._server.lock:
            self.alive(path)
            if path in self._server.files:
                self._enter(path, "remove")
                del self._server.files[path]

    def close(self) -> None:
        self._closed = True

    def alive(self, path: str) -> None:
        """Raises Transient `remote.dropped` when the connection is no more."""
        if self._closed or self._server.dropped:
            message = f"The line to the server in memory broke at {path}."
            raise Transient(Code.REMOTE_DROPPED, message, file=path)

    def _enter(self, path: str, doing: str) -> None:
        self.alive(path)
        directory = dirname(path)
        if directory in self._server.missing:
            raise _refuse(Code.REMOTE_NO_DIRECTORY, doing, path)
        if directory in self._server.read_only:
            raise _refuse(Code.REMOTE_DENIED, doing, path)
        if len(basename(path).encode()) > LONGEST_NAME:
            raise _refuse(Code.REMOTE_FAILED, doing, path)


class MemoryUpload:
    def __init__(
        self, remote: MemoryRemote, server: MemoryRemotes, path: str, content: bytearray
    ) -> None:
        self._remote = remote
        self._server = server
        self._path = path
        self._content = content

    def write(self, data: bytes) -> int:
        server = self._server
        with server.lock:
            self._remote.alive(self._path)
            if server.capacity is not None and server.used + len(data) > server.capacity:
                raise _refuse(Code.REMOTE_FULL, "make room for", self._path)
            self._content += data
        return len(self._content)

    def finish(self) -> None:
        self._remote.alive(self._path)

    def abandon(self) -> None:
        """Nothing is held open."""
