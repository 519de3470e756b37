"""What stands around a version on the host: unit, command, configuration, manual."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable
from itertools import chain, count
from pathlib import Path

from daemon.installing.layout import (
    COMMAND,
    CREDENTIALS,
    UNIT,
    Act,
    Layout,
    folder,
    linked,
    put,
    written,
)

OWN = "fileferry"
"""The folder of `share` that is not copied: what is in it has a place of its own."""


def furnished(layout: Layout, share: Traversable) -> Iterator[Act]:
    """What a version brings along, put in its places. What a person has edited stays."""
    yield linked(layout.command, _up(layout.command, layout) + COMMAND)
    yield from _unit(layout, (share / OWN / UNIT).read_bytes())
    yield folder(layout.configuration.parent, 0o755)
    yield folder(layout.credentials, 0o700)
    example = (share / OWN / "fileferry.example.yaml").read_bytes()
    yield written(layout.configuration.with_name("fileferry.example.yaml"), example)
    if layout.configuration.exists():
        yield Act("keep", f"{layout.configuration} (yours)")
    else:
        yield written(layout.configuration, example)
    for name, file in _files(share):
        yield written(layout.shared / name, file.read_bytes())


def _unit(layout: Layout, text: bytes) -> Iterator[Act]:
    """The unit is ours: a change belongs into a drop-in. One that was made in it is not lost."""
    there = layout.unit.read_bytes() if layout.unit.is_file() else text
    known = [*layout.versions.glob(f"*/share/{OWN}/{UNIT}")]
    if there != text and all(there != each.read_bytes() for each in known):
        beside = _free(layout.unit.with_name(f"{UNIT}.edited"), there)
        yield Act("keep", f"{beside} (your changes)", lambda: put(beside, there))
    yield written(layout.unit, text)


def _free(path: Path, content: bytes) -> Path:
    """It, or it with a number behind: what was kept before stays."""
    names = (
        path.with_name(f"{path.name}{end}") for end in chain([""], (f"-{n}" for n in count(2)))
    )
    return next(name for name in names if not name.exists() or name.read_bytes() == content)


def removed(layout: Layout) -> Iterator[Act]:
    """All but the configuration, the secrets and the ledger."""
    for name, _ in _files(layout.current / "share") if layout.current.is_dir() else ():
        yield _gone(layout.shared / name)
    yield _gone(layout.handed)
    yield _gone(layout.units / "multi-user.target.wants" / UNIT)
    yield _gone(layout.unit)
    yield _gone(layout.command)
    yield _gone(layout.versions)


def handed(layout: Layout, names: Iterable[str]) -> Act:
    """The drop-in with one line for each secret that the configuration names."""
    lines = [f"LoadCredential={name}:{CREDENTIALS}/{name}" for name in sorted(set(names))]
    head = "# Written by `fileferry install --credentials`: the secrets that fileferry.yaml names."
    return written(layout.handed, "\n".join([head, "[Service]", *lines, ""]).encode())


def _gone(path: Path) -> Act:
    if not path.is_symlink() and not path.exists():
        return Act("absent", str(path))

    def remove() -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

    return Act("remove", str(path), remove)


def _files(share: Traversable, under: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in sorted(share.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            if under or each.name != OWN:
                yield from _files(each, f"{under}{each.name}/")
        else:
            yield f"{under}{each.name}", each


def _up(link: Path, layout: Layout) -> str:
    """From the folder of the link to the root, so that it also holds below another root."""
    return "/".join([".."] * len(link.parent.relative_to(layout.root).parts))
