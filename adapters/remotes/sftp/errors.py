"""What an SFTP server says when it refuses, in the words of the house."""

from __future__ import annotations

from paramiko.sftp import SFTP_FAILURE

from adapters.remotes.dial import plain, way_out
from adapters.remotes.sftp.wire import RefusedError
from adapters.remotes.words import is_busy, meant
from transfer.destination import Destination
from transfer.errors import MOMENT, Code, FerryError, Permanent, Transient

NO_SUCH_FILE = 2
BAD_MESSAGE = 5
UNSUPPORTED = 8
HELD = frozenset({17, 25, 26, 27})
"""Locks of others, and a removal that waits for them."""
MISSING = frozenset({NO_SUCH_FILE, 10})  # 10: no such path

# Codes above 8 belong to later drafts (draft-ietf-secsh-filexfer-13, section 9.1), but servers
# that speak version 3 send them all the same.
CODES = {
    NO_SUCH_FILE: Code.REMOTE_NO_DIRECTORY,
    3: Code.REMOTE_DENIED,
    6: Code.REMOTE_DROPPED,
    7: Code.REMOTE_DROPPED,
    10: Code.REMOTE_NO_DIRECTORY,
    11: Code.REMOTE_EXISTS,
    12: Code.REMOTE_DENIED,
    14: Code.REMOTE_FULL,
    15: Code.REMOTE_FULL,
    19: Code.REMOTE_NO_DIRECTORY,
    24: Code.REMOTE_EXISTS,
}
BECAUSE = {
    Code.REMOTE_FULL: "its disk or quota is full",
    Code.REMOTE_DENIED: "it does not allow that",
    Code.REMOTE_NO_DIRECTORY: "the directory does not exist",
    Code.REMOTE_EXISTS: "something has that name already",
    Code.REMOTE_NO_REPLACE: "it has no way to replace an existing file in one step",
}
NOT_NEW = (
    "Ask the partner to take new files there. A server that cannot make sure that a file is new"
    " (SSH_FXF_EXCL) needs another mode of the destination than direct."
)


def code_of(refused: RefusedError, path: str) -> Code:
    """`remote.failed` when neither the status nor the words say why; OpenSSH says just "Failure"
    for a full disk, an existing file and much else.
    """
    code = CODES.get(refused.status) or meant(refused.text, path)
    if refused.status not in CODES and code is Code.REMOTE_NO_DIRECTORY:
        # Words say "absent" of a file as of its directory.
        return Code.REMOTE_FAILED
    return code or Code.REMOTE_FAILED


def is_said_absent(refused: RefusedError, path: str) -> bool:
    vague = refused.status == SFTP_FAILURE
    said = vague and meant(refused.text, path) is Code.REMOTE_NO_DIRECTORY
    return said or refused.status in MISSING


def is_held(refused: RefusedError, path: str) -> bool:
    """Whether it is there, and somebody holds it for a while."""
    return refused.status in HELD or is_busy(refused.text, path)


def failure(
    destination: Destination, code: Code, doing: str, path: str, refused: RefusedError | None = None
) -> FerryError:
    """`doing` completes "The server of destination x refused to … path"."""
    because = BECAUSE.get(code)
    said = f"status {refused.status}, {plain(refused.text)!r}" if refused else ""
    reason = f": {because}" if because else ""
    words = f" ({said})" if said else ""
    message = (
        f"The server of destination {destination.name} refused to {doing} {path}{reason}{words}."
    )
    action = way_out(doing, path, code)
    if refused is not None and refused.status == BAD_MESSAGE:
        action = "The name may be too long for that server: order another name."
    if refused is not None and refused.status == UNSUPPORTED and doing == "create":
        action = NOT_NEW
    # A refusal that a broken line caused is for a while only, whatever its number.
    busy = refused is not None and code is Code.REMOTE_FAILED and is_held(refused, path)
    kind = Transient if busy or code is Code.REMOTE_DROPPED else Permanent
    after = MOMENT if busy else None
    return kind(code, message, file=path, action=action, retry_after=after)
