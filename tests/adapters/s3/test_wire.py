"""Answers of HTTP in every shape that a store may choose, and lines that end in the middle."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.s3.wire import Answered, GarbledError, Wire

PLAIN = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello'
CHUNKED = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def wire(*said: bytes, ends: bool = True, apart: bool = False) -> Iterator[Wire]:
    """A line whose other side says this, whatever it is asked; `apart`: each piece comes alone."""
    kind = socket.SOCK_SEQPACKET if apart else socket.SOCK_STREAM
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)

    def say() -> None:
        # Who has found it to be no answer hangs up before the end of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in said:
                theirs.sendall(piece)
            if ends:
                theirs.shutdown(socket.SHUT_WR)

    speaker = threading.Thread(target=say)
    speaker.start()
    ours.settimeout(5)
    line = Wire(ours)
    try:
        yield line
    finally:
        line.close()
        speaker.join()
        theirs.close()


def body(answer: Answered, room: int = 3) -> bytes:
    found, buffer = b"", memoryview(bytearray(room))
    while count := answer.readinto(buffer):
        found += bytes(buffer[:count])
    return found


def test_head_and_body_are_told_apart() -> None:
    with wire(PLAIN, ends=False) as line:
        answer = line.ask("GET", "/", {"host": "store"})
        assert (answer.status, answer.headers["etag"]) == (200, '"a"')
        assert not answer.reusable
        assert body(answer) == b"hello"
        assert answer.reusable
        assert line.quiet


LINES = st.lists(
    st.sampled_from(
        [
            b"ETag: a",
            b"etag:b",
            b"Content-Length: 3",
            b"X:",
            b"no colon",
            b"A: b\r",
            b"C: d\re",
            b"",
        ]
    ),
    max_size=6,
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\r\n"])


@given(lines=LINES, data=st.data())
def test_a_head_says_the_same_at_once_and_piece_by_piece(
    lines: list[bytes], data: st.DataObject
) -> None:
    """At once it is read in another way, where no line ends in an unusual one."""
    head = b"".join(line + data.draw(ENDS) for line in (b"HTTP/1.1 200 OK", *lines, b""))
    cut = data.draw(st.integers(1, len(head)))
    assert told(head + b"end") == told(head[:cut], head[cut:] + b"end")


def told(*said: bytes) -> object:
    with wire(*said, apart=True) as line:
        try:
            answer = line.ask("GET", "/", {})
        except GarbledError as error:
            return str(error)
        return answer.status, answer.headers, body(answer)


def test_the_answer_to_head_has_no_body_whatever_its_length() -> None:
    with wire(PLAIN.removesuffix(b"hello"), ends=False) as line:
        answer = line.ask("HEAD", "/", {})
        assert answer.headers["content-length"] == "5"
        assert body(answer) == b""
        assert answer.reusable


@pytest.mark.parametrize("room", [1, 2, 5, 64])
def test_chunks_are_put_together(room: int) -> None:
    pieces = b"5;x=y\r\nhello\r\n", b"1\r\n \r\n3\r\nyou\r\n", b"0\r\nTrailer: 1\r\n\r\n"
    with wire(CHUNKED, *pieces, ends=False) as line:
        answer = line.ask("GET", "/", {})
        assert body(answer, room) == b"hello you"
        assert answer.reusable


def test_without_a_length_the_body_ends_with_the_line() -> None:
    with wire(b"HTTP/1.1 200 OK\r\n\r\nhello") as line:
        answer = line.ask("GET", "/", {})
        assert body(answer) == b"hello"
        assert not answer.reusable


def test_two_answers_over_one_line_do_not_mix() -> None:
    with wire(PLAIN + PLAIN.replace(b"hello", b"world"), ends=False) as line:
        assert body(line.ask("GET", "/", {})) == b"hello"
        assert body(line.ask("GET", "/", {})) == b"world"


def test_what_comes_first_is_not_taken_for_the_answer() -> None:
    with wire(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, ends=False) as line:
        assert line.ask("GET", "/", {}).status == 200


def test_a_header_that_comes_twice_has_both_texts() -> None:
    with wire(b"HTTP/1.1 204 None\r\nA: 1\r\na: 2\r\n\r\n", ends=False) as line:
        answer = line.ask("GET", "/", {})
        assert answer.headers == {"a": "1, 2"}
        assert body(answer) == b""


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_a_line_is_kept_as_the_server_says(head: bytes, kept: bool) -> None:
    with wire(head + b"Content-Length: 2\r\n\r\nok", ends=False) as line:
        answer = line.ask("GET", "/", {})
        assert body(answer) == b"ok"
        assert answer.reusable is kept


@pytest.mark.parametrize("left", range(1, len(PLAIN)))
def test_an_answer_that_ends_early_is_never_whole(left: int) -> None:
    with wire(PLAIN[:-left]) as line:
        try:
            answer = line.ask("GET", "/", {})
        except OSError:
            return
        assert body(answer) == b"hello"[:-left]
        assert not answer.reusable


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(said: bytes) -> None:
    with wire(said) as line, pytest.raises(GarbledError):
        line.ask("GET", "/", {})


@pytest.mark.parametrize("said", [b"x\r\n", b"\r\n", b"5\r\nhello!\r\n"])
def test_chunks_that_are_none_are_an_error(said: bytes) -> None:
    with wire(CHUNKED + said) as line, pytest.raises(GarbledError):
        body(line.ask("GET", "/", {}))


def test_a_line_that_is_silent_or_speaks_unasked_is_told_apart() -> None:
    with wire(ends=False) as line:
        assert line.quiet
    with wire(b"unasked", ends=False) as line:
        line._sock.recv(1)
        assert not line.quiet


@pytest.mark.parametrize("header", ["a\r\nb: c", "a\nb"])
def test_no_header_makes_two(header: str) -> None:
    with wire(ends=False) as line, pytest.raises(GarbledError):
        line.ask("GET", "/", {"if-match": header})
