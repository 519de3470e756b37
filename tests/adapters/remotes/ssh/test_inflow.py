"""What a server says reaches paramiko whole and in order, in whatever pieces it is asked for."""

from __future__ import annotations

import socket
import time

import pytest

from adapters.remotes.ssh.inflow import PIECE, Inflow


def test_pieces_of_any_size_make_the_whole() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inflow, words = Inflow(ours), bytes(range(256)) * 512
        theirs.sendall(words)
        theirs.shutdown(socket.SHUT_WR)
        found, sizes = b"", [1, 3, 16, 17, 4096]
        while piece := inflow.recv(sizes[len(found) % len(sizes)]):
            found += piece
        assert found == words


def test_a_silent_server_times_out_as_with_a_socket() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inflow = Inflow(ours)
        inflow.settimeout(0.01)
        with pytest.raises(TimeoutError):
            inflow.recv(1)


def test_words_gather_only_while_much_goes_out() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inflow = Inflow(ours)
        inflow.sent(PIECE - 1)
        assert inflow._sent_at < 0
        inflow.sent(PIECE)
        assert 0 < inflow._sent_at <= time.monotonic()
        theirs.sendall(b"word")
        assert inflow.recv(4) == b"word"
