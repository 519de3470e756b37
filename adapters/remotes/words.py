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
