"""The service's end of the socket. Whatever a client does, the service never waits for it."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from daemon.control.words import (
    BACKLOG,
    LONGEST_QUESTION,
    Garbled,
    Near,
    Words,
    packed,
    peer,
    receive,
    send,
)
from transfer.errors import FerryError

PATIENCE = 5.0
"""Seconds for a client to say its line, and as many to take the answer."""
CLIENTS = 8
"""At once; one more is sent away."""

Answer = Callable[[Words, int], Words]
"""Of a question by that user (uid). What FerryError it raises is the answer."""

log = structlog.get_logger()


class Server:
    """From `start` to `close`. Where there can be no socket, the service goes on without it."""

    def __init__(self, path: Path, answer: Answer, patience: float = PATIENCE) -> None:
        self._path = path
        self._answer = answer
        self.patience = patience
        self._room = threading.BoundedSemaphore(CLIENTS)
        self._listener: socket.socket | None = None
        self._inode = 0
        self._lock = threading.Lock()
        self._closed = False

    def start(self) -> None:
        with self._lock:
            try:
                self._open()
            except OSError as error:
                reason = error.strerror or str(error)
                log.warning("no control socket", path=str(self._path), reason=reason)

    def renew(self) -> None:
        """Make it again where nothing has its name any more; to be called every so often."""
        with self._lock, suppress(OSError):
            if not self._closed and not os.path.lexists(self._path):
                before = self._listener
                self._open()
                if before:
                    _hang_up(before)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._listener is None:
                return
            with suppress(OSError):
                if self._path.lstat().st_ino == self._inode:
                    self._path.unlink()
            _hang_up(self._listener)

    def _open(self) -> None:
        """Raises OSError, and all is as before then."""
        self._listener = listener = self._bound()
        name = "control"
        threading.Thread(target=self._listen, args=(listener,), name=name, daemon=True).start()
        log.info("control socket open", path=str(self._path))

    def _bound(self) -> socket.socket:
        """A socket that only we and the superuser may connect to, from its first moment on."""
        with Near(self._path) as near:
            if _is_alive(near):
                raise OSError(0, "another service listens on it")
            own = Path(near.address(f".{self._path.name}.{os.getpid()}"))
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            try:
                own.unlink(missing_ok=True)
                listener.bind(str(own))
                own.chmod(0o600)
                listener.listen(BACKLOG)
                # In one step, over what a dead service has left.
                made = own.replace(near.address())
                self._inode = made.lstat().st_ino
            except BaseException:
                listener.close()
                with suppress(OSError):
                    own.unlink()
                raise
        return listener

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                channel, _ = listener.accept()
            except OSError:
                if listener.fileno() < 0 or not _listens(listener):
                    return
                # Too many open files: those that are open end, and then it goes on.
                time.sleep(0.1)
                continue
            if not self._room.acquire(blocking=False):
                channel.close()
                continue
            self._serve(channel)

    def _serve(self, channel: socket.socket) -> None:
        name = "control client"
        thread = threading.Thread(target=self._talk, args=(channel,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            channel.close()
            self._room.release()

    def _talk(self, channel: socket.socket) -> None:
        try:
            with channel:
                user = peer(channel)
                question = receive(channel, LONGEST_QUESTION, time.monotonic() + self.patience)
                answer = packed(self.answered(question, user))
                send(channel, answer, time.monotonic() + self.patience)
        except Garbled as error:
            log.warning("control question not understood", reason=str(error))
        except OSError as error:
            log.debug("control client gone", reason=type(error).__name__)
        except Exception:
            log.exception("control failed by a fault of ours")
        finally:
            self._room.release()

    def answered(self, question: Words, user: int) -> Words:
        if user not in (0, os.geteuid()):
            log.warning("control refused", user=user)
            return _no("control.foreign", f"User {user} may not command this service.", "")
        try:
            return {"ok": True, **self._answer(question, user)}
        except FerryError as error:
            faults = [str(fault) for fault in getattr(error, "faults", ())]
            return _no(error.code, error.message, error.action) | {"faults": faults}
        except Exception as error:
            log.exception("control failed by a fault of ours")
            fault = f"The service met a {type(error).__name__}; its log has the details."
            return _no("internal", fault, "")


def _hang_up(listener: socket.socket) -> None:
    with suppress(OSError):
        # It wakes the thread that accepts; close alone would not.
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _no(code: str, message: str, action: str) -> Words:
    return {"ok": False, "code": code, "message": message, "action": action}


def _is_alive(near: Near) -> bool:
    """Raises OSError for what is no socket: it is somebody's, and stays."""
    try:
        found = Path(near.address()).lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(0, "there is something else of that name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(1.0)
        try:
            channel.connect(near.address())
        except ConnectionRefusedError:
            return False
        except OSError:
            # A queue that is full (EAGAIN), or a socket that is not ours: somebody is there.
            return True
    return True


def _listens(listener: socket.socket) -> bool:
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        return False
