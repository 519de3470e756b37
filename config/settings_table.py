"""Writes the table of a destination's settings into a page: `python -m config.settings_table PAGE`.

The page is printed; what stood there from the head of the table on is replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml
from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config import kinds
from config.destination import DestinationSettings, HostKeySettings
from config.shape import section_of

HEAD = "| setting | value | default | consequence |\n|---|---|---|---|\n"
SEE = {
    "private_key": "the-login",
    "host_keys": "host-keys",
    "algorithms": "what-the-server-must-offer",
    "tls.ca_file": "ftps",
    "clear_text": "plain-ftp",
    "on_conflict": "the-final-name",
    "names": "ftps",
    "mode": "the-final-name",
    "temp.prefix": "other-names-for-temps",
    "tier": "verification",
    "digests.md5": "verification",
    "sidecar.name": "a-small-file-beside-each",
    "acknowledgement.name": "the-partners-word",
    "bandwidth": "speed-and-time",
    "files_per_hour": "speed-and-time",
    "rest_after": "speed-and-time",
    "connections_per_file": "servers-with-odd-habits",
    "fast_ssh": "servers-with-odd-habits",
}
"""The section of the page that says more."""
_WORDS: list[tuple[Any, str]] = [
    (kinds.SecretName, "name of a secret"),
    (kinds.Host, "name or address, IPv4 or IPv6"),
    (kinds.Reason, f"a reason of at least {kinds.SHORTEST_REASON} characters"),
    (kinds.Root, "absolute directory"),
    (kinds.Beside, "path with `{name}` in its last part"),
    (kinds.Encoding, "name of an encoding"),
    (kinds.NamePart, "up to 32 characters of a name"),
    (kinds.Folder, "directory below `root`"),
    (kinds.Hours, "hours"),
    (kinds.BandwidthText, "rates"),
    (kinds.ZoneName, "zone of the IANA database"),
    (kinds.Algorithm, "names"),
    (kinds.Seconds, "seconds"),
    (kinds.SecondsOrZero, "seconds"),
    (kinds.Count, "number"),
    (kinds.Text, "text"),
    (kinds.Phrase, "one line of at most 200 characters"),
    (HostKeySettings, "host keys"),
    (Path, "path of a file"),
    (bool, "`true`, `false`"),
]


def written(page: str) -> str:
    """The page with the table as the model has it, to its end."""
    before, head, _ = page.partition(HEAD)
    if not head:
        raise ValueError("the page has no table of settings")
    return before + table()


def table() -> str:
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in _rows(DestinationSettings, ""))


def _rows(model: type[BaseModel], above: str) -> Iterator[tuple[str, str, str, str]]:
    hints = get_type_hints(model, include_extras=True)
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section and get_origin(field.annotation) is not list:
            if field.description:
                yield f"`{above}{name}`", "section or list", "`{}`", field.description
            yield from _rows(section, f"{above}{name}.")
        else:
            place = f"{above}{name}"
            about = (field.description or "").replace("|", "\\|")
            more = f" [More](#{SEE[place]})" if place in SEE else ""
            yield f"`{place}`", _value(hints[name], field), _default(field), about + more


def _value(kind: Any, field: FieldInfo) -> str:
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    words = _word(kind)
    least = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    most = next((each.le for each in field.metadata if isinstance(each, Le)), None)
    if most is not None:
        return f"{words}, {least or 0} to {most}"
    return words if least is None else f"{words}, {least} or more"


def _word(kind: Any) -> str:
    for known, words in _WORDS:
        if kind == known:
            return words
    if get_origin(kind) is Annotated:
        return _word(get_args(kind)[0])
    if get_origin(kind) is list:
        return f"list of {_word(get_args(kind)[0])}"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{each}`" for each in kind)
    raise LookupError(f"no words for {kind}: put it into _WORDS")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    plain = str(value) if isinstance(value, StrEnum) else value
    shown: str = yaml.safe_dump([plain], default_flow_style=True, width=1000)
    return f"`{shown.strip()[1:-1]}`"


if __name__ == "__main__":
    sys.stdout.write(written(Path(sys.argv[1]).read_text(encoding="utf-8")))
