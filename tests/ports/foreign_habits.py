"""What a server does otherwise than the Remote port promises of all, and cannot be made to do.

Each is said once, with its reason. The tests that it excuses must fail there, so that a server that
has learnt better is noticed; what is seen instead has tests of its own.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

import pytest


class Excuse(NamedTuple):
    reason: str
    tests: tuple[str, ...]
    only: str = ""
    """A pattern that the id of an excused test has, where not all of its cases are."""


class Habit(Enum):
    KEEPS_THE_OLD = Excuse(
        "a rename never replaces: remote.no_replace, and both files stay",
        ("test_rename_with_replace_replaces",),
    )
    KEEPS_THE_OLD_UNASKED = Excuse(
        "FTP has no way to ask whether a rename replaces: the first refusal tells",
        ("test_the_power_to_replace_is_true",),
    )
    CONTINUES_NOTHING = Excuse(
        "SFTP and FEAT have no way to ask whether a file is continued: the bytes tell afterwards",
        ("test_a_file_is_continued_where_it_ends",),
    )
    TAKES_NO_LANES = Excuse(
        "SFTP has no way to ask whether a second handle may write: its first bytes tell",
        ("test_several_connections_write_one_file",),
    )
    MAKES_DIRECTORIES = Excuse(
        "a directory that is missing is made without a word",
        ("test_a_missing_directory",),
    )
    DENIES_LATE = Excuse(
        "the opening is granted, and the store's refusal comes with the close",
        ("test_a_directory_without_the_right_to_write",),
    )
    REFUSES_NAMES_LATE = Excuse(
        "as DENIES_LATE, of a name that is too long",
        ("test_a_name_that_is_too_long_is_refused",),
    )
    MISSES_DIRECTORIES_LATE = Excuse(
        "as DENIES_LATE, of a directory that is missing",
        ("test_a_missing_directory",),
    )
    GIVES_NO_REASON = Excuse(
        "it says 451 'file system error' of everything: remote.failed, which is transient",
        ("test_a_directory_without_the_right_to_write",),
    )
    OFFERS_HASHES_IN_VAIN = Excuse(
        "it offers check-file by the draft's name and answers nothing by it: there is no T1",
        ("test_the_servers_own_hash_is_that_of_the_bytes",),
        r"-(1|3145739)\]",
    )
    LISTS_NO_NAMES = Excuse(
        "it knows no NLST, so nobody can read back the name that stands there",
        ("test_a_name_is_read_back_as_it_stands",),
    )
    KNOWS_LATIN_1 = Excuse(
        "its program reads names as Latin-1: names that have none are refused, and never sent",
        ("test_odd_names",),
        r"\\u",
    )
    KNOWS_ASCII = Excuse(
        "its program knows names in ASCII only, and says FAILURE of others",
        ("test_odd_names",),
        r"\\[xu]",
    )

    def excuses(self, request: pytest.FixtureRequest) -> bool:
        name: str = request.function.__name__
        return name in self.value.tests and bool(re.search(self.value.only, request.node.nodeid))
