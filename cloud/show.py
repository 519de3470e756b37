"""What a person sees of deploying: a bar and tables on a terminal, lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from adapters.aws.stacks import Change, Event, Resource
from adapters.terminal import Terminal
from cloud.kinds import kind
from cloud.looking import Finding

ENDED = {"CREATE": "made", "UPDATE": "changed", "DELETE": "taken away", "IMPORT": "taken over"}
VERBS = {"Add": "make", "Modify": "change", "Remove": "take away", "Import": "take over"}
PAST = {"Add": "made", "Modify": "changed", "Remove": "taken away", "Import": "taken over"}


class Progressing:
    """A Watcher and a context manager. The bar is on standard error; output is for results."""

    def __init__(self, err: Terminal) -> None:
        self._err = err
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err.rich,
            disable=not err.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)
        self._ended: set[str] = set()
        self._total = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._bar.stop()

    def pause(self) -> None:
        """The bar lives while a person is asked."""
        self._bar.stop()

    def stage(self, what: str, total: int = 0) -> None:
        self._ended.clear()
        self._total = total
        self._bar.reset(self._task, total=total or None, description=what)
        if not self._err.is_terminal:
            self._err.say(f"{what}." if not total else f"{what}: {total}.")

    def event(self, event: Event) -> None:
        action, _, how = event.status.partition("_")
        if event.kind == "AWS::CloudFormation::Stack" or how == "IN_PROGRESS":
            return
        if event.status.endswith("_FAILED"):
            self._err.say(f"{kind(event.kind)} {event.resource} failed: {event.reason}")
        elif how == "COMPLETE" and event.resource not in self._ended:
            self._ended.add(event.resource)
            self._bar.update(self._task, completed=len(self._ended))
            if not self._err.is_terminal:
                verb = ENDED.get(action, event.status)
                self._err.say(f"{kind(event.kind)} {event.resource} {verb}")


def planned(changes: Sequence[Change], out: Terminal) -> None:
    if not changes:
        out.say("Nothing would change.")
        return
    out.print(_changes(changes, VERBS))
    out.say(f"`fileferry deploy` would do this: {_counted(changes)}. Nothing was changed.")


def deployed(
    changes: Sequence[Change], ledger: str, outputs: Mapping[str, str], out: Terminal
) -> None:
    if changes:
        out.print(_changes(changes, PAST))
    out.say(f"Deployed: {_counted(changes)}." if changes else "Everything stood already.", ledger)
    for name, key in (("cloud.state_machine", "StateMachine"), ("queue.url", "Queue")):
        out.say(f"{name}: {outputs.get(key, '–')}")


def destroyed(gone: Sequence[Resource], out: Terminal) -> None:
    table = _table("What", "Name")
    for each in gone:
        table.add_row(kind(each.kind), each.physical or each.name)
    if gone:
        out.print(table)
    out.say(
        f"Taken away: {len(gone)}. The ledger's table stays, and so do the zips in the bucket."
        if gone
        else "There is no stack of `fileferry deploy`."
    )


def found(findings: Iterable[Finding], out: Terminal) -> bool:
    """Whether all is well."""
    well = True
    for each in findings:
        well = well and each.good
        out.say(f"{'ok  ' if each.good else 'NOT '} {_short(each.what)}: {each.said}")
    return well


def _short(what: str) -> str:
    word, _, rest = what.partition(" ")
    return f"{kind(word)} {rest}".strip()


def _changes(changes: Sequence[Change], words: dict[str, str]) -> Table:
    table = _table("What", "Of which kind", "Name", "More")
    for each in sorted(changes, key=lambda one: (one.action, one.kind, one.resource)):
        table.add_row(
            words.get(each.action, each.action), kind(each.kind), each.resource, _more(each)
        )
    return table


def _more(change: Change) -> str:
    """In a person's words: which properties, and whether something else takes its place."""
    parts = [", ".join(change.properties)]
    if change.replaced == "True":
        parts.append("another one takes its place")
    if change.replaced == "Conditional":
        parts.append("perhaps another one takes its place")
    if change.kept:
        parts.append("stays in the account")
    return "; ".join(filter(None, parts))


def _counted(changes: Sequence[Change]) -> str:
    counts = {word: sum(each.action == action for each in changes) for action, word in PAST.items()}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    return table
