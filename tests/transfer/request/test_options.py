"""Every date that somebody may write is a time in UTC, or an error with a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Code, Permanent
from transfer.request.options import moment
from transfer.visible import in_utc


def test_a_time_is_read_as_tickets_show_it() -> None:
    at = datetime(2026, 11, 23, 18, 0, 5, tzinfo=UTC)
    assert moment("until", in_utc(at)) == at


@given(st.datetimes(), st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23)))
def test_each_time_is_one_in_utc_or_is_refused(at: datetime, offset: timedelta) -> None:
    text = at.replace(tzinfo=timezone(offset)).isoformat()
    try:
        found = moment("until", text)
    except Permanent as error:
        found = None
        refused = error.code
    assert found.utcoffset() == timedelta(0) if found else refused is Code.REQUEST_MALFORMED
    assert found or at.year in (1, 9999)
