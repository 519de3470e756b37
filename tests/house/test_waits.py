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

WATCHES = frozenset(
    {"speaking", "carrying", "fetching", "connecting", "parting", "_watched", "watch"}
)
OF_SOCKETS = """recv recv_into recvfrom send sendall sendto sendfile accept connect do_handshake
unwrap poll select read readline readinto create_connection"""
OF_NAMES = "getaddrinfo gethostbyname gethostbyname_ex gethostbyaddr getnameinfo getfqdn"
OF_LIBRARIES = """open_session open_channel invoke_subsystem exec_command recv_exit_status
recv_stderr start_client renegotiate_keys auth_none auth_publickey auth_password auth_interactive
getresp getmultiline voidresp voidcmd putcmd putline sendcmd transfercmd ntransfercmd retrbinary
storbinary _send_user_message _wait_for_send_window"""
OF_THREADS = "acquire join wait wait_for result shutdown ThreadPoolExecutor"
"""The pool's because its threads are waited for at the end of its block, or of the program."""
WAITS = frozenset(f"{OF_SOCKETS} {OF_NAMES} {OF_LIBRARIES} {OF_THREADS}".split())
LOCKS = ("lock", "change", "sealing", "use")
"""What the names of locks end with. Who holds one waits for nobody: others wait for it blindly."""
TIMED = frozenset({"acquire", "join", "wait", "wait_for", "result", "poll", "select"})
"""Of these the ones that end by themselves when they are given a time."""
EXCUSED = {
    "dial.py: dial": "the socket has its share of the time that is left",
    "ftp/line.py: shut": "of a socket, which waits for nobody",
    "ftp/control.py: getmultiline": "called by ftplib, within what demands a watch",
    "ftp/upload.py: _is_dead": "takes a look at what is there already",
    "lent.py: read": "of the Proof behind it",
    "pool.py: _open": "of the Remotes behind it",
    "sftp/remote.py: connect": "of ssh/line.py, looked at there",
    "ssh/bulk.py: send": "called by a Wire, which has demanded a watch",
    "ssh/bulk.py: _granted": "the same",
    "ssh/line.py: _cut": "of a socket, which waits for nobody",
    "ssh/inflow.py: recv": "paramiko's own thread, which ends with its socket",
    "ssh/login.py: _methods": "called by log_in, which has demanded a watch",
    "ssh/login.py: __call__": "the same",
    "names.py: addresses": "of a number, for which nobody is asked",
    "crossing/acknowledgement.py: _connection": "of the Remotes port",
    "crossing/acknowledgement.py: _words": "of the Proof port",
    "crossing/in_place.py: _is_gone": "of the Proof port",
    "crossing/fleet.py: _carry": "boats, whose every wait is one of these",
    "crossing/fleet.py: _cross": "of the Remotes port",
    "crossing/keeping.py: before": "for digests of chunks that are there, or that have ended",
    "crossing/lanes.py: __init__": "lanes, which abandon ends",
    "crossing/lanes.py: __exit__": "the same: given up first, or at the end of their work",
    "crossing/lanes.py: _heard": "the same",
    "crossing/lanes.py: _settle": "of a task that is done",
    "crossing/reading.py: __exit__": "threads that the ring has sent away, or that read from S3",
    "crossing/reading.py: digests": "threads that have taken the last chunk, or will from S3",
    "crossing/rehearsal.py: rehearse": "of the Remotes port",
    "crossing/resume.py: same_tail": "of the Proof and ObjectStore ports",
    "crossing/upload.py: _prove_seams": "the Proof port, by several threads",
    "crossing/upload.py: _shown": "of the Proof port",
    "crossing/upload.py: _open": "connections that are made within their time",
    "crossing/upload.py: _join": "of the Remotes port",
    "crossing/verify.py: _read_of": "of the Proof port",
    "steps.py: _pinned": "requests to S3, each with its time",
    "steps.py: _connected": "of the Remotes port",
    "steps.py: _look_into": "the same",
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
            if any(map(_is_lock, items)):
                # Of a condition waiting gives the lock back, and has a time or an excuse.
                held = _acts(node.body, watched=False)
                yield from (act for act in held if act[0] in WAITS)
                continue
            yield from _acts(node.body, watched=watched or any(map(_is_watch, items)))
            continue
        if isinstance(node, ast.Attribute) and node.attr in OF_LIBRARIES.split():
            # Also as a bound method that is handed on.
            yield node.attr, node.lineno, watched
        elif isinstance(node, ast.Call):
            yield from _called(node, watched=watched)
        yield from _acts(ast.iter_child_nodes(node), watched=watched)


def _is_lock(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr.strip("_").endswith(LOCKS)


def _called(call: ast.Call, *, watched: bool) -> Iterator[Act]:
    if isinstance(call.func, ast.Name):
        # Of the functions that may be imported by their names; `join` is one of paths.
        if call.func.id in {"ThreadPoolExecutor", "create_connection", *OF_NAMES.split()}:
            yield call.func.id, call.lineno, watched
    elif isinstance(call.func, ast.Attribute):
        # What is waited for comes before the time.
        least = 2 if call.func.attr == "wait_for" else 1
        given = len(call.args) >= least or any(word.arg == "timeout" for word in call.keywords)
        if not (call.func.attr in TIMED and given):
            yield call.func.attr, call.lineno, watched


def _is_watch(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WATCHES
    )


REMOTES = TOP / "adapters" / "remotes"
TRANSFER = TOP / "transfer"


def files() -> dict[str, Path]:
    """All on the way to a partner, by what stands of their paths in EXCUSED."""
    found = {file.relative_to(REMOTES).as_posix(): file for file in REMOTES.rglob("*.py")}
    rooms = [*TRANSFER.glob("*.py"), *(TRANSFER / "crossing").glob("*.py")]
    found |= {file.relative_to(TRANSFER).as_posix(): file for file in rooms}
    return found | {"names.py": TOP / "adapters" / "names.py"}


def test_every_wait_for_a_partner_has_a_deadline() -> None:
    found = [
        place
        for short, file in sorted(files().items())
        for place in unwatched(ast.parse(file.read_text(encoding="utf-8")), short)
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
        ("socket.getaddrinfo(host, 22)", True),
        ("with ThreadPoolExecutor(2) as pool: pass", True),
        ("with self._change: self._channel.recv(1)", True),
        ("with self._line.speaking():\n  with self._lock: self._channel.recv(1)", True),
        ("with self._line.speaking():\n  with self._lock: self._sent = 1", False),
        ("with self._change: self._change.wait(1)", False),
        ("with self._change: self._change.wait_for(done)", True),
        ("with self._change: self._change.wait_for(done, 1)", False),
    ],
)
def test_a_wait_without_one_is_found(body: str, waits: bool) -> None:
    tree = ast.parse(f"def act(self):\n {body}\n")
    assert bool(list(unwatched(tree, "file.py"))) is waits
