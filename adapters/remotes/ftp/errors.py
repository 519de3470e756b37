"""What an FTP server says when it refuses, in the words of the house."""

from __future__ import annotations

import re
from posixpath import basename

from adapters.remotes import words
from adapters.remotes.dial import plain, way_out
from adapters.remotes.ftp.control import RefusedError
from adapters.remotes.ftp.line import PARTING
from adapters.remotes.words import is_busy, meant
from transfer.destination import Destination
from transfer.errors import MOMENT, Code, FerryError, Permanent, Transient

UNKNOWN_COMMAND = frozenset({500, 502, 504})
LONGEST_NAME = 255
"""Bytes of a name on nearly every file system."""

# RFC 959, section 4.2; 43x, 522 and 53x are of RFC 2228 and 4217.
DECIDED = {452: Code.REMOTE_FULL, 552: Code.REMOTE_FULL, 532: Code.REMOTE_DENIED}
"""Codes that mean one thing, whatever words a server puts behind them."""
CODES = {
    425: Code.REMOTE_DROPPED,
    426: Code.REMOTE_DROPPED,
    430: Code.AUTH_REFUSED,
    521: Code.REMOTE_INSECURE,
    522: Code.REMOTE_INSECURE,
    530: Code.AUTH_REFUSED,
}
FULL = re.compile(r"failure writing to local file|error during write|input/output error")
"""All that vsftpd, pure-ftpd and ProFTPD say of a full disk."""
BECAUSE = {
    Code.REMOTE_FULL: "it has no room left, or its disk fails",
    Code.REMOTE_DENIED: "it does not allow that",
    Code.REMOTE_NO_DIRECTORY: "the directory does not exist",
    Code.REMOTE_EXISTS: "something has that name already",
    Code.REMOTE_NO_REPLACE: "it does not replace an existing file",
}


def code_of(refused: RefusedError, path: str) -> Code | None:
    """None when neither the code nor the words say why; vsftpd's 550 and 553 never do."""
    if refused.code in DECIDED:
        return DECIDED[refused.code]
    if FULL.search(refused.text.lower()):
        return Code.REMOTE_FULL
    return meant(refused.text, path) or CODES.get(refused.code)


def is_crowded(refused: RefusedError, user: str) -> bool:
    """Whether a refused login has nothing to do with the credential."""
    parted = refused.code == PARTING and not words.is_judged(refused.text, user)
    return parted or words.is_crowded(refused.text, user)


def failure(
    destination: Destination,
    code: Code | None,
    doing: str,
    path: str,
    refused: RefusedError | None = None,
) -> FerryError:
    """`doing` completes "The server of destination x refused to … path".

    A 4xx code without a known reason is for a while only (RFC 959, section 4.2.1), but no name gets
    shorter.
    """
    found = code or Code.REMOTE_FAILED
    because = BECAUSE.get(found)
    said = f" ({refused.code}, {plain(refused.text)!r})" if refused else ""
    reason = f": {because}" if because else ""
    message = (
        f"The server of destination {destination.name} refused to {doing} {path}{reason}{said}."
    )
    busy = refused is not None and found is Code.REMOTE_FAILED and is_busy(refused.text, path)
    passing = refused is not None and refused.code < 500 and found not in BECAUSE  # noqa: PLR2004 RFC 959
    passing = (passing and not is_long(path)) or found is Code.REMOTE_DROPPED or busy
    kind = Transient if passing else Permanent
    action = way_out(doing, path, found)
    if found is Code.REMOTE_FAILED and is_long(path):
        action = "The name is too long for that server: order another name."
    after = MOMENT if busy else None
    return kind(found, message, file=path, action=action, retry_after=after)


def is_long(path: str) -> bool:
    return len(basename(path).encode()) > LONGEST_NAME
