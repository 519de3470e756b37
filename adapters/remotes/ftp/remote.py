"""FTP, FTPS by request (RFC 4217) and implicit FTPS: a Remote on servers that are all different.

FTP knows no exclusive creation, no rename that spares an existing file and no acknowledgement
before the end; what is done instead stands at each verb.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import partial

from adapters.log import Log
from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.errors import failure
from adapters.remotes.ftp.login import Opened, Security, credential
from adapters.remotes.ftp.login import connect as log_in
from adapters.remotes.ftp.proof import FtpProof, digests, park
from adapters.remotes.ftp.session import Session, Turn
from adapters.remotes.ftp.upload import FtpUpload
from adapters.remotes.told import Told
from transfer.destination import Destination
from transfer.errors import Code, Corrupted, FerryError
from transfer.ports import Powers

log = Log()


def connect(
    security: Security, destination: Destination, secret: Callable[[str], str]
) -> FtpRemote:
    """`secret` returns the value of a secret by its name."""
    own = credential(destination, security, secret)

    def reopen(latest: ssl.TLSVersion | None) -> Opened:
        if latest is not None and own.context is not None:
            own.context.maximum_version = latest
        return log_in(destination, own)

    remote = FtpRemote(Session(destination, reopen))
    log.debug(
        "remote.connected",
        destination=destination.name,
        identity=remote.identity,
        features=sorted(remote.features),
    )
    return remote


plain = partial(connect, Security.NEVER)
explicit = partial(connect, Security.BY_REQUEST)
implicit = partial(connect, Security.AT_ONCE)


class FtpRemote:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._destination = session.destination

    @property
    def identity(self) -> str:
        return self._session.identity

    @property
    def features(self) -> frozenset[str]:
        return frozenset(self._session.features)

    @property
    def powers(self) -> Powers:
        features = self._session.features
        return Powers(
            # Servers that refuse to replace are found out by the rename itself.
            replaces=True,
            resumes="STREAM" in features.get("REST", "").upper(),
            digests=digests(features),
        )

    @property
    def proof(self) -> FtpProof:
        return FtpProof(self._session)

    def told(self) -> Told:
        return self._session.told()

    def size(self, path: str) -> int | None:
        return self._session.size(path)

    def create(self, path: str, *, at: int = 0) -> FtpUpload:
        """Between the look for an existing file and the opening lies one round trip.

        Some servers fill with zeros or begin anew where they should continue: only the size and
        the bytes afterwards prove that the file was continued.
        """
        found = self._session.size(path)
        if at == 0 and found is not None:
            raise failure(self._destination, Code.REMOTE_EXISTS, "create", path)
        if at and found is None:
            raise failure(self._destination, None, "continue the absent", path)
        if at and found != at:
            message = f"{path} has {found} bytes on the server, and {at} were expected there."
            raise Corrupted(Code.REMOTE_FAILED, message, file=path)
        park(self._session)
        try:
            data = self._session.stream("STOR", path, at or None)
        except RefusedError as refused:
            if not at:
                raise self._session.explain(refused, "create", path) from refused
            data = self._append(path)
        return FtpUpload(self._session, path, data, at)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        """Without `replace` there is one round trip between the look at `new` and the rename, in
        which a file that appears is lost: servers replace it silently.
        """
        session = self._session
        if not replace and session.size(new) is not None:
            if session.size(old) is None:
                return False
            raise failure(self._destination, Code.REMOTE_EXISTS, f"rename {old} to", new)
        try:
            session.ask("RNFR", old)
        except RefusedError as refused:
            if session.size(old) is None:
                return False
            raise session.explain(refused, "rename", old) from refused
        try:
            session.ask("RNTO", new)
        except RefusedError as refused:
            # Of two owners who rename the same file the server lets one win.
            if session.size(old) is None:
                return False
            raise self._not_renamed(old, new, refused, replace=replace) from refused
        return True

    def _not_renamed(
        self, old: str, new: str, refused: RefusedError, *, replace: bool
    ) -> FerryError:
        """ProFTPD with AllowOverwrite off says "permission denied" where it replaces nothing."""
        doing, session = f"rename {old} to", self._session
        taken = Code.REMOTE_NO_REPLACE if replace else Code.REMOTE_EXISTS
        error = session.explain(refused, doing, new, taken=taken)
        if error.code is Code.REMOTE_DENIED and replace and session.size(new) is not None:
            return failure(self._destination, taken, doing, new, refused)
        return error

    def remove(self, path: str) -> None:
        try:
            self._session.ask("DELE", path)
        except RefusedError as refused:
            if self._session.size(path) is not None:
                raise self._session.explain(refused, "remove", path) from refused

    def is_well(self, patience: float) -> bool:
        """Whether nothing is under way and the server answers within `patience` seconds."""
        return self._session.is_well(patience)

    def by_turns(self, turn: Turn) -> None:
        self._session.turn = turn

    def close(self) -> None:
        self._session.close()

    def _append(self, path: str) -> socket.socket:
        try:
            return self._session.stream("APPE", path)
        except RefusedError as refused:
            raise self._session.explain(refused, "continue", path) from refused
