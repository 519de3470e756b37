"""What servers say of a trouble: the words of their systems and stores, whatever the protocol."""

from __future__ import annotations

import re
from posixpath import basename, dirname

from transfer.errors import Code

BUSY = re.compile(
    r"used by another|in use|(file|resource|device|it) (is )?(busy|locked)|locked by|lock conflict|"
    r"sharing violation"
)
"""What is there, and held by somebody for a while."""
_WORDS = (
    (
        Code.REMOTE_FULL,
        (
            r"quota|(no|not enough|out of) (disk |free )?space|"
            r"(disk|device|volume|system) (is )?full|"
            r"insufficient.*(space|storage)|exceeded (its )?(storage|allocation)"
        ),
    ),
    (Code.REMOTE_FAILED, BUSY),
    (Code.REMOTE_DENIED, r"permission|denied|not permitted|read-only|forbidden|not authori[sz]ed"),
    (Code.REMOTE_EXISTS, r"already ?exists|file exists"),
    # Of a share that is away Windows says that "the network path was not found".
    (Code.REMOTE_DROPPED, r"network (name|path|location|error)"),
    (Code.REMOTE_FAILED, r"name too long"),
    (
        Code.REMOTE_NO_DIRECTORY,
        r"no such (file|dir|path)|does ?n[o']t exist|(can(not|'t)|could not) find|not ?found",
    ),
    # Of gateways too, whose own line to the store broke; vsftpd says it of its own reading.
    (
        Code.REMOTE_DROPPED,
        (
            r"connection (was )?(reset|lost|closed|aborted|timed out|broken)|broken pipe|"
            r"timed? ?out|network (stream|connection)|transfer (was )?(aborted|interrupted)|"
            r"link .*lost"
        ),
    ),
)
"""The first that fits."""


def meant(said: str, path: str) -> Code | None:
    """What a server means that says so of this path, None when the words do not tell.

    `remote.no_directory` is said of whatever is absent.
    """
    words = _about(said, path)
    return next((code for code, form in _WORDS if re.search(form, words)), None)


NO_ROOM = re.compile(
    r"too many (open |concurrent |active )?(user|client|connection|session|login)s|"
    r"maximum (number|allowed|user|client|connection|session)|"
    r"(user|client|connection|session) limit"
)
CROWDED = re.compile(
    rf"{NO_ROOM.pattern}|too many|maximum|limit|later|busy|overload|unavailable|"
    r"service not available|maxstartups|not allowed at this time|shutting down|maintenance"
)
FAILED = re.compile(
    r"(log-?[io]n|auth\w*|access|permission) (has |was |is )?(failed|denied|rejected)"
)
"""What is said of a wrong password as of everything else, often with "try again later"."""
JUDGED = re.compile(
    r"(log-?[io]n|password|auth\w*|failed|unsuccessful) (attempt|failure|tries|retries)|incorrect|"
    r"too many failures|invalid|wrong|locked|(failed|bad|unsuccessful) (log|auth|pass)|"
    r"expired|disabled|suspended|revoked|password age"
)
"""What a server says of the credential: "too many failed attempts, try again later" is its no, and
knocking again would keep the account locked.
"""


def is_crowded(said: str, user: str) -> bool:
    """Whether a login that is refused in these words has nothing to do with the credential."""
    words = unnamed(said, user)
    if JUDGED.search(words) or (FAILED.search(words) and not NO_ROOM.search(words)):
        return False
    return bool(CROWDED.search(words))


def is_judged(said: str, user: str) -> bool:
    """Whether these words are about the credential."""
    return bool(JUDGED.search(unnamed(said, user)))


def is_busy(said: str, path: str) -> bool:
    """Whether it says so of what is there, so that the same may be allowed in a moment."""
    return bool(BUSY.search(_about(said, path)))


def unnamed(said: str, *names: str) -> str:
    """The words in small letters, without our own names in them: a file may be called quota.csv.

    Whole names alone, so that a file called `a` takes no letter away.
    """
    words = said.lower().replace("\\", "/")
    for name in filter(lambda each: each.strip("/"), names):
        words = re.sub(rf"(?<!\w){re.escape(name.lower())}(?!\w)", "", words)
    return words


def _about(said: str, path: str) -> str:
    return unnamed(said, path, dirname(path), basename(path))
