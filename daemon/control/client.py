"""A command's end of the socket."""

from __future__ import annotations

import socket
import stat
import time
from collections.abc import Collection
from pathlib import Path

from daemon.control.words import LONGEST_ANSWER, Garbled, Near, Words, packed, peer, receive, send
from transfer.errors import Code, FerryError, Permanent, Transient

PATIENCE = 30.0
"""Seconds for an answer: a reload reads files, a status the ledger."""


class Refused(Permanent):
    """The service's answer was no; `faults` are those of the configuration."""

    def __init__(self, code: Code, message: str, action: str, faults: Collection[str]) -> None:
        super().__init__(code, message, action=action or None)
        self.faults = tuple(faults)


def ask(path: Path, question: Words, trusted: Collection[int], patience: float = PATIENCE) -> Words:
    """The answer of the service whose socket that is. Only `trusted` users (uid) may have made it.

    Raises Transient `control.absent` when no service answers, Permanent `control.foreign` when we
    may not ask or the socket is another user's, and Refused.
    """
    until = time.monotonic() + patience
    try:
        with (
            Near(path) as near,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel,
        ):
            _trust(path, near, trusted)
            channel.settimeout(patience)
            channel.connect(near.address())
            if peer(channel) not in trusted:
                raise _foreign(path, peer(channel))
            send(channel, packed(question), until)
            answer = receive(channel, LONGEST_ANSWER, until)
    except PermissionError as error:
        raise Permanent(
            Code.CONTROL_FOREIGN, f"The service's socket {path} may not be used by this user."
        ) from error
    except (OSError, Garbled) as error:
        raise _absent(path, error) from error
    return _checked(answer)


def _trust(path: Path, near: Near, trusted: Collection[int]) -> None:
    found = Path(near.address()).lstat()
    if not stat.S_ISSOCK(found.st_mode):
        raise Permanent(
            Code.CONTROL_FOREIGN,
            f"{path} is no socket.",
            action="Move it away and restart the service, which makes its socket there.",
        )
    if found.st_uid not in trusted:
        raise _foreign(path, found.st_uid)


def _foreign(path: Path, user: int) -> Permanent:
    return Permanent(
        Code.CONTROL_FOREIGN,
        f"The socket {path} belongs to user {user}, not to the service.",
        action="Find out who made it; nothing was asked.",
    )


def _absent(path: Path, error: Exception) -> FerryError:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return Transient(Code.CONTROL_ABSENT, f"No service listens at {path}.")
    why = "in time" if isinstance(error, TimeoutError) else f"as it should: {error}"
    return Transient(Code.CONTROL_ABSENT, f"The service at {path} does not answer {why}.")


def _checked(answer: Words) -> Words:
    if answer.get("ok") is True:
        return answer
    code = answer.get("code")
    known = Code(code) if code in list(Code) else Code.CONTROL_REFUSED
    faults = answer.get("faults")
    raise Refused(
        known,
        str(answer.get("message", "The service refuses.")),
        str(answer.get("action", "")),
        [str(fault) for fault in faults] if isinstance(faults, list) else [],
    )
