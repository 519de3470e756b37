"""Our reading of an answer's fields is paramiko's, on whole answers and on short ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from paramiko import Message

from adapters.remotes.sftp.answer import MOST_ZEROS, Answer

LENGTHS = st.sampled_from([0, 1, 3, 255, MOST_ZEROS - 1, MOST_ZEROS, 2**32 - 1])
FIELDS = st.one_of(
    st.binary(max_size=9),
    LENGTHS.map(lambda length: length.to_bytes(4, "big")),
    st.binary(max_size=6).map(lambda text: len(text).to_bytes(4, "big") + text),
)
READS = st.lists(
    st.one_of(
        st.sampled_from([("get_int",), ("get_int64",), ("get_string",), ("get_remainder",)]),
        st.integers(0, 12).map(lambda count: ("get_bytes", count)),
    ),
    max_size=8,
)


@given(st.lists(FIELDS, max_size=5).map(b"".join), READS)
def test_it_is_paramikos(body: bytes, reads: list[tuple[str, *tuple[int, ...]]]) -> None:
    ours, theirs = Answer(b"." + body, 1), Message(body)
    for name, *count in reads:
        found = getattr(ours, name)(*count)
        assert found == getattr(theirs, name)(*count)
        assert isinstance(found, int | bytes)
