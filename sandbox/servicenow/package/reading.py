"""The records of a built package: a folder or a zip of `sys_metadata` XML.

Each file holds `record_update` with records and with orders to delete what an earlier version left;
the latter are passed over. Flows keep their values compressed: `flows` reads those.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_PLACES = (
    Path(__file__).with_name("built"),
    Path(__file__).parents[3] / "servicenow" / "built",
)
BUILT = next(filter(Path.is_dir, _PLACES), _PLACES[-1])
"""The built package: in an installation beside this file, in a checkout where it is committed."""
_APP = "dist/app/"
_ONCE = "unload"
"""The folder of what an instance gets at the first installation only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the package. `once`: at the first installation only, an upgrade leaves it alone.

    `names`: for a reference to what another application owns, the name by which it is looked up.
    """

    table: str
    sys_id: str
    fields: Mapping[str, str]
    names: Mapping[str, str]
    once: bool = False

    def __getitem__(self, name: str) -> str:
        """A field that is left out is empty."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Package:
    entries: tuple[Entry, ...]

    def of(self, table: str, **fields: str) -> list[Entry]:
        """The records of a table whose fields are as given."""
        return [
            entry
            for entry in self.entries
            if entry.table == table and all(entry[name] == fields[name] for name in fields)
        ]

    def one(self, table: str, **fields: str) -> Entry:
        """The only one. Raises ValueError when there is none, or another."""
        [entry] = self.of(table, **fields)
        return entry


def read(path: Path = BUILT) -> Package:
    """Raises OSError, ValueError (a zip or an XML that is none)."""
    entries = [entry for name, text in files(path).items() for entry in _entries(name, text)]
    return Package(tuple(sorted(entries, key=lambda entry: (entry.table, entry.sys_id))))


def files(path: Path) -> dict[str, str]:
    """Text of each file of the package, by its name in it.

    A package is what the SDK builds, or a project of the SDK in which that lies.
    """
    told = _held(path)
    built = {name.partition(_APP)[2]: text for name, text in told.items() if _APP in name}
    return built or told


def _held(path: Path) -> dict[str, str]:
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file())
        return {each.relative_to(path).as_posix(): each.read_text("utf-8") for each in found}
    try:
        with zipfile.ZipFile(path) as opened:
            names = sorted(opened.namelist())
            return {name.lstrip("/"): opened.read(name).decode() for name in names}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path.name} is no zip: {error}") from error


def _entries(name: str, text: str) -> Iterator[Entry]:
    if not name.endswith(".xml"):
        return
    try:
        top = ET.fromstring(text)  # noqa: S314 - our own package
    except ET.ParseError as error:
        raise ValueError(f"{name} is no XML: {error}") from error
    for record in top.iter():
        if record.get("action") == "INSERT_OR_UPDATE" and record.find("sys_id") is not None:
            yield _entry(record, once=name.startswith(_ONCE))


def _entry(record: ET.Element, *, once: bool) -> Entry:
    fields = {each.tag: each.text or "" for each in record if not len(each)}
    names = {each.tag: each.attrib["name"] for each in record if "name" in each.attrib}
    return Entry(record.tag, fields["sys_id"], fields, names, once)
