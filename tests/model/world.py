"""What the model of the protocol is made of: the ledger's row, two daemons, the partner's server.

A temp's name is the epoch in it, and a file is known by the epoch that created it: a name can lead
to a file of another epoch, and a frozen writer still writes into its file under the new name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

NOWHERE, FINAL = 0, -1
"""Names that are not a temp's; those begin at 1."""
WHOLE = 3
"""A content is a set of chunks: 1 is the first, 2 the second, 3 both."""
OLD = 4
"""The content of the partner's own file, which the new one replaces."""
UPLOADING, VERIFIED, INTENT, PUBLISHED, UNKNOWN = "uvipx"
FAILED, ENDING, REFUSED = "fer"
OVER = frozenset({PUBLISHED, UNKNOWN, REFUSED})

Files = tuple[tuple[int, int], ...]
"""(name, content) of each file, by the epoch that created it."""
Rename = tuple[int, int]
"""(old name, new name)."""


class Ledger(NamedTuple):
    """The row: `temp`, `older` and `candidates` are names, `moved` counts chunks."""

    epoch: int = 0
    state: str = UPLOADING
    temp: int = NOWHERE
    moved: int = 0
    older: tuple[int, ...] = ()
    candidates: tuple[int, ...] = ()


class Daemon(NamedTuple):
    """`at` is its next step, `names` are still to be tried, `left` are the chunks to be written.

    `asked`: an earlier rename to the final name was never answered. `candidates` are those of its
    INTENT, as it remembers them.
    """

    at: str = "idle"
    epoch: int = 0
    names: tuple[int, ...] = ()
    file: int = 0
    left: int = 0
    moved: int = 0
    asked: bool = False
    candidates: tuple[int, ...] = ()


IDLE = Daemon()


class World(NamedTuple):
    """`late` are renames that the server may still do although nobody waits for the answer.

    `appeared` counts complete files under the final name, `partial` and `stale` are what must not
    be: an incomplete one there, and a write that an old epoch got accepted. `crashes`, `losses`
    (claims taken from an owner that lives), `silences` (answers that never come) and `withdrawals`
    are left; `withdrawn`: the approval is. `swap`: a file of the partner's is replaced by a swap.
    """

    ledger: Ledger
    daemons: tuple[Daemon, Daemon]
    files: Files
    late: tuple[Rename, ...] = ()
    appeared: int = 0
    partial: bool = False
    taken: bool = False
    stale: bool = False
    crashes: int = 0
    losses: int = 0
    silences: int = 0
    withdrawals: int = 0
    withdrawn: bool = False
    swap: bool = False


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The protocol with all of its parts, or with one left out.

    `fence`: the ledger refuses an old epoch. `list_persisted`: the new temp's name stands among the
    candidates before the first rename. `intent_only`: only temps of epochs with an INTENT prove
    anything. `ascending`: candidates in the order of their epochs. `own_last`: its own temp is an
    owner's last candidate. `own_candidate`: the first INTENT names the temp of its own epoch.
    `let_go`: a withdrawn file leaves INTENT. `void`: its own temp is taken away first. Of a swap:
    `put_back`, what stepped aside for nothing has its name back; `gather`, an heir knows what
    stepped aside before; `known`, what stands aside is removed only if it is old.
    """

    fence: bool = True
    list_persisted: bool = True
    intent_only: bool = True
    ascending: bool = True
    own_last: bool = True
    own_candidate: bool = True
    let_go: bool = True
    void: bool = True
    put_back: bool = True
    gather: bool = True
    known: bool = True


def begin(
    *, crashes: int, losses: int, silences: int, withdrawals: int = 0, swap: bool = False
) -> World:
    """A request that nobody has claimed yet. The old file of a swap is the last of the files."""
    return World(
        ledger=Ledger(),
        daemons=(IDLE, IDLE),
        files=((NOWHERE, 0),) * (1 + crashes + losses) + ((FINAL, OLD),) * swap,
        crashes=crashes,
        losses=losses,
        silences=silences,
        withdrawals=withdrawals,
        swap=swap,
    )


def epochs(world: World) -> int:
    """As many as there may be."""
    return len(world.files) - world.swap


def aside(name: int) -> int:
    """Where the owner of that temp moves the old file; below FINAL."""
    return FINAL - name


def is_new(world: World, name: int) -> bool:
    """Whether a file of that name is there, and is the new one."""
    file = bearing(world, name)
    return file > 0 and world.files[file - 1][1] != OLD


def bearing(world: World, name: int) -> int:
    """The file of that name, 0 when there is none."""
    for number, (its, _) in enumerate(world.files, 1):
        if its == name:
            return number
    return 0


def size(world: World, name: int) -> int | None:
    """In chunks; a hole counts, as it does on a server."""
    file = bearing(world, name)
    return world.files[file - 1][1].bit_length() if file else None


def put(files: Files, file: int, value: tuple[int, int]) -> Files:
    return (*files[: file - 1], value, *files[file:])


def without(files: Files, name: int) -> Files:
    return tuple((NOWHERE, 0) if its == name else (its, content) for its, content in files)


def renamed(world: World, old: int, new: int) -> World:
    """As the server does it; the worst of servers replaces what has the new name."""
    file = bearing(world, old)
    if not file:
        return world
    content = world.files[file - 1][1]
    files = put(without(world.files, new), file, (new, content))
    if new != FINAL or old < FINAL:
        return world._replace(files=files)
    appeared, partial = min(world.appeared + 1, 2), world.partial or content != WHOLE
    return world._replace(files=files, appeared=appeared, partial=partial)


def later(world: World, asked: Rename) -> World:
    return world._replace(late=tuple(sorted((*world.late, asked))))


def turn(world: World, index: int, daemon: Daemon) -> World:
    """The daemon of that index goes on. The two are alike: which is which does not matter."""
    other = world.daemons[1 - index]
    pair = (daemon, other) if daemon <= other else (other, daemon)
    return world._replace(daemons=pair)
