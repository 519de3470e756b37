"""What is seen of the servers that do otherwise: a refusal with its name, and no byte is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.house import TOP
from tests.ports.foreign_habits import Habit
from tests.ports.foreign_partners import KINDS, ForeignPartner, foreign_partner, of_habit
from tests.ports.partners import exactly, refused, send
from transfer.errors import Code, Permanent, Transient
from transfer.model import MIB
from transfer.ports import Remote

pytest_plugins = ["tests.ports.partner_fixtures"]

NOISE = random.Random(11).randbytes(2 * MIB + 3)  # noqa: S311  bytes to send


@pytest.fixture(scope="session")
def partner(request: pytest.FixtureRequest) -> Iterator[ForeignPartner]:
    with foreign_partner(request.param) as partner:
        yield partner


def those(*habits: Habit) -> pytest.MarkDecorator:
    kinds = [kind for kind in KINDS if any(kind in of_habit(habit) for habit in habits)]
    return pytest.mark.parametrize("partner", kinds, indirect=True)


def assert_shown(partner: ForeignPartner, remote: Remote, path: str) -> None:
    """The Remote shows what is stored, or that nothing is."""
    size = remote.size(path)
    if size is None:
        with pytest.raises(FileNotFoundError):
            partner.read(path)
    else:
        stored = partner.read(path)
        assert len(stored) == size
        assert b"".join(remote.proof.read(path, 0, size)) == stored


@those(Habit.KEEPS_THE_OLD)
def test_both_files_stay_where_nothing_is_replaced(
    partner: ForeignPartner, remote: Remote, path: str
) -> None:
    send(remote, path, b"new")
    send(remote, f"{path}.final", b"old")
    error = refused(remote.rename, path, f"{path}.final", replace=True)
    assert (error.code, type(error)) == (Code.REMOTE_NO_REPLACE, Permanent)
    assert (partner.read(path), partner.read(f"{path}.final")) == (b"new", b"old")


@those(Habit.CONTINUES_NOTHING)
def test_what_is_not_continued_is_refused_or_seen_to_be_other_bytes(
    partner: ForeignPartner, remote: Remote, path: str
) -> None:
    send(remote, path, NOISE[:MIB])

    def go_on() -> None:
        upload = remote.create(path, at=MIB)
        upload.write(NOISE[MIB:], MIB)
        upload.finish()

    with suppress(Permanent):
        go_on()
    again = partner.connect()
    assert_shown(partner, again, path)
    again.remove(path)
    send(again, path, NOISE)
    assert exactly(partner.read(path), NOISE)
    again.close()


@those(Habit.TAKES_NO_LANES)
def test_a_second_handle_is_refused_by_its_name(
    partner: ForeignPartner, remote: Remote, path: str
) -> None:
    first, other = remote.create(path), partner.connect()

    def beside() -> None:
        second = other.create(path, at=MIB)
        second.write(NOISE[MIB:], MIB)
        second.finish()

    assert refused(beside).code in (Code.REMOTE_FAILED, Code.REMOTE_DENIED)
    other.close()
    # rclone refuses the first handle too from then on, or loses what it wrote; copyparty has
    # deleted its file. What is read back tells.
    with suppress(Permanent):
        first.write(NOISE, 0)
        first.finish()
    remote.close()
    again = partner.connect()
    assert_shown(partner, again, path)
    again.remove(path)
    send(again, path, NOISE)
    assert exactly(partner.read(path), NOISE)
    again.close()


@those(Habit.MAKES_DIRECTORIES)
def test_a_missing_directory_is_made(partner: ForeignPartner, remote: Remote, path: str) -> None:
    send(remote, path, b"moves")
    # An upload does not make it everywhere.
    assert remote.rename(path, f"{path}.made/file", replace=False)
    assert partner.read(f"{path}.made/file") == b"moves"


@those(Habit.DENIES_LATE)
def test_a_late_refusal_has_the_right_name_at_the_close(
    partner: ForeignPartner, remote: Remote, path: str
) -> None:
    error = refused(send, remote, f"{partner.locked}/file", b"no")
    assert (error.code, type(error)) == (Code.REMOTE_DENIED, Permanent)
    error = refused(send, remote, f"{partner.root}/{'n' * 256}", b"no")
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    error = refused(send, remote, f"{partner.root}/missing/file", b"no")
    assert (error.code, type(error)) == (Code.REMOTE_NO_DIRECTORY, Permanent)
    send(remote, path, b"yes")
    assert remote.size(path) == 3


@those(Habit.LISTS_NO_NAMES)
def test_a_name_that_cannot_be_read_back_is_none(remote: Remote, path: str) -> None:
    send(remote, path, b"a file")
    assert remote.proof.standing(path) is None


@those(Habit.OFFERS_HASHES_IN_VAIN)
def test_a_hash_that_never_comes_is_offered_no_more(remote: Remote, path: str) -> None:
    send(remote, path, NOISE)
    for algorithm in remote.powers.digests:
        assert remote.proof.digest(path, algorithm) is None
    assert not remote.powers.digests


@those(Habit.GIVES_NO_REASON)
def test_a_refusal_without_a_reason_is_no_success(partner: ForeignPartner, remote: Remote) -> None:
    error = refused(send, remote, f"{partner.locked}/file", b"no")
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Transient)
    assert remote.size(f"{partner.locked}/file") is None


@those(Habit.KNOWS_LATIN_1)
def test_a_name_beyond_latin_1_is_not_sent(
    partner: ForeignPartner, remote: Remote, path: str
) -> None:
    assert refused(remote.create, f"{partner.root}/日本語").code == Code.NAME_REFUSED
    send(remote, path, b"yes")
    assert partner.read(path) == b"yes"


@those(Habit.KNOWS_ASCII)
def test_a_name_beyond_ascii_is_refused(partner: ForeignPartner, remote: Remote, path: str) -> None:
    assert refused(remote.create, f"{partner.root}/übergabe").code == Code.REMOTE_FAILED
    send(remote, path, b"yes")
    assert partner.read(path) == b"yes"


@pytest.mark.parametrize("partner", KINDS, indirect=True)
def test_the_partners_page_tells_of_it(partner: ForeignPartner, remote: Remote) -> None:
    powers, habits = remote.powers, partner.habits
    can = (
        powers.resumes and Habit.CONTINUES_NOTHING not in habits,
        powers.ranges and Habit.TAKES_NO_LANES not in habits,
        powers.replaces and Habit.KEEPS_THE_OLD not in habits,
        bool(powers.digests) and Habit.OFFERS_HASHES_IN_VAIN not in habits,
    )
    shown = " | ".join("yes" if one else "–" for one in can)
    page = (TOP / "docs" / "partners.md").read_text(encoding="utf-8")
    assert f"| `{partner.name}` | {shown} |" in page
