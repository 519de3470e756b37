"""The words of a refusal, without the names that servers repeat in them."""

from __future__ import annotations

import pytest

from adapters.remotes.words import is_crowded, meant
from transfer.errors import Code

ABSENT, HELD = Code.REMOTE_NO_DIRECTORY, Code.REMOTE_FAILED


@pytest.mark.parametrize(
    ("said", "path", "code"),
    [
        ("/in/quota.csv: No such file or directory", "/in/quota.csv", ABSENT),
        ("quota.csv: No such file or directory", "/in/quota.csv", ABSENT),
        ("'C:\\In\\Quota.csv' does not exist", "/in/quota.csv", ABSENT),
        ("/forbidden: no such directory", "/forbidden/a.csv", ABSENT),
        ("not found.csv: Disk quota exceeded", "/in/not found.csv", Code.REMOTE_FULL),
        ("not found.csv", "/in/not found.csv", None),
        ("No such file or directory", "/in/a", ABSENT),
        ("file.csv exists: File exists", "/in/file.csv", Code.REMOTE_EXISTS),
        ("The file is being used by another process.", "/in/a", HELD),
        ("a.csv: Permission denied, file is locked by bank", "/in/a.csv", HELD),
        ("Sharing violation", "/in/a", HELD),
        ("Text file busy", "/in/a", HELD),
        ("in use.csv: No such file or directory", "/in/in use.csv", ABSENT),
    ],
)
def test_a_name_is_none_of_the_words(said: str, path: str, code: Code | None) -> None:
    assert meant(said, path) is code


@pytest.mark.parametrize(
    ("said", "crowded"),
    [
        ("Too many connections", True),
        ("Sorry, the maximum number of clients (1) for this user are already connected.", True),
        ("Login failed: maximum number of sessions reached", True),
        ("Not logged in, too many users", True),
        ("Exceeded MaxStartups", True),
        ("Not allowed at this time", True),
        ("The server is shutting down", True),
        ("Down for maintenance, come back later", True),
        ("Login failed, try again later", False),
        ("Too many authentication failures", False),
        ("too many bad auths", False),
        ("Too many auth failures", False),
        ("Too many failures", False),
        ("Maximum number of login retries exceeded", False),
        ("Too many unsuccessful logins", False),
        ("Permission denied, please try again later", False),
        ("Access denied: too many connections", True),
        ("Your password has expired. Maximum age: 90 days.", False),
        ("This account is disabled; try again later", False),
        ("Account suspended, too many complaints", False),
        ("Login incorrect", False),
        ("Bye", False),
    ],
)
def test_a_login_is_refused_for_want_of_room_or_for_the_credential(
    said: str, crowded: bool
) -> None:
    assert is_crowded(said, "ferry") is crowded
