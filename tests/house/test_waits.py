"""Nothing waits for a partner without a deadline.

What waits in the libraries is called in a few places only, and each of them stands in a watch, asks
for one (`Watchdog.demand` raises where there is none), or has a time. So no path that leads there
can be without a deadline, whichever it is, and every test that walks one proves it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house import TOP

WATCHES = frozenset({"speaking", "carrying", "fetching", "connecting", "_watched", "watch"})
OF_SOCKETS = """recv recv_into recvfrom send sendall sendto sendfile accept connect do_handshake
unwrap poll select read readline readinto"""
OF_LIBRARIES = """open_session open_channel invoke_subsystem exec_command recv_exit_status
recv_stderr start_client renegotiate_keys auth_none auth_publickey auth_password auth_interactive
getresp getmultiline voidresp voidcmd putcmd putline sendcmd transfercmd ntransfercmd retrbinary
storbinary _send_user_message _wait_for_send_window"""
OF_THREADS = "acquire join wait wait_for result"
WAITS = frozenset(f"{OF_SOCKETS} {OF_LIBRARIES} {OF_THREADS}".split())
TIMED = frozenset({"acquire", "join", "wait", "wait_for", "result", "poll", "select"})
"""Of these the ones that end by themselves when they are given a time."""
EXCUSED = {
    "dial.py: dial": "the socket has its share of the time that is left",
    "ftp/control.py: getmultiline": "called by ftplib, within what demands a watch",
    "ftp/upload.py: _is_dead": "takes a look at what is there already",
    "lent.py: read": "of the Proof behind it",
    "pool.py: _open": "of the Remotes behind it",
    "sftp/remote.py: connect": "of ssh/line.py, looked at there",
    "ssh/bulk.py: send": "called by a Wire, which has demanded a watch",
    "ssh/bulk.py: _granted": "the same",
    "ssh/inflow.py: recv": "paramiko's own thread, which ends with its socket",
    "ssh/login.py: _methods": "called by log_in, which has demanded a watch",
    "ssh/login.py: __call__": "the same",
}

Place = tuple[str, str, int]
"""File and function, what is called, the line."""
Act = tuple[str, int, bool]
"""What is called, the line, whether a watch stands around it."""


def unwatched(tree: ast.Module, file: str) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            watched = demanded = False
            for name, line, watched in _acts(node.body, watched=False):
                demanded = demanded or name == "demand"
                if name in WAITS and not (watched or demanded):
                    yield f"{file}: {node.name}", name, line


def _acts(nodes: Iterable[ast.AST], *, watched: bool) -> Iterator[Act]:
    """What is called, in order; functions within are looked at by themselves."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.With):
            items = [item.context_expr for item in node.items]
            yield from _acts(items, watched=watched)
            yield from _acts(node.body, watched=watched or any(map(_is_watch, items)))
            continue
        if isinstance(node, ast.Attribute) and node.attr in OF_LIBRARIES.split():
            # Also as a bound method that is handed on.
            yield node.attr, node.lineno, watched
        elif isinstance(node, ast.Call):
            yield from _called(node, watched=watched)
        yield from _acts(ast.iter_child_nodes(node), watched=watched)


def _called(call: ast.Call, *, watched: bool) -> Iterator[Act]:
    if isinstance(call.func, ast.Attribute):
        given = bool(call.args) or any(word.arg == "timeout" for word in call.keywords)
        if not (call.func.attr in TIMED and given):
            yield call.func.attr, call.lineno, watched


def _is_watch(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WATCHES
    )


REMOTES = TOP / "adapters" / "remotes"


def files() -> list[Path]:
    return sorted(REMOTES.rglob("*.py"))


def test_every_wait_for_a_partner_has_a_deadline() -> None:
    found = [
        place
        for file in files()
        for place in unwatched(
            ast.parse(file.read_text(encoding="utf-8")), file.relative_to(REMOTES).as_posix()
        )
    ]
    assert [place for place in found if place[0] not in EXCUSED] == []
    assert EXCUSED.keys() - {place[0] for place in found} == set(), "an excuse that nobody needs"


@pytest.mark.parametrize(
    ("body", "waits"),
    [
        ("self._channel.recv(1)", True),
        ("with self._line.speaking(): self._channel.recv(1)", False),
        ("with suppress(OSError), self._line.carrying(path): self._channel.recv(1)", False),
        ("with self._line.speaking(): pass\n self._channel.recv(1)", True),
        ("self._watchdog.demand()\n self._channel.recv(1)", False),
        ("self._channel.recv(1)\n self._watchdog.demand()", True),
        ("self._free.acquire()", True),
        ("self._free.acquire(timeout=1)", False),
    ],
)
def test_a_wait_without_one_is_found(body: str, waits: bool) -> None:
    tree = ast.parse(f"def act(self):\n {body}\n")
    assert bool(list(unwatched(tree, "file.py"))) is waits
