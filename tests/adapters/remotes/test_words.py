"""The words of a refusal, without the names that servers repeat in them."""

from __future__ import annotations

import pytest

from adapters.remotes.words import meant
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
