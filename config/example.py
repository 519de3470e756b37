"""Writes the example configuration from the settings model: `python -m config.example`.

A line `#name: value` is a setting with its default; `# text` explains the one below.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import Any, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config.settings import Settings
from config.shape import section_of

HEAD = """\
# FileFerry reads this file from /etc/fileferry/fileferry.yaml, from $FILEFERRY_CONFIG or from
# --config. A variable wins over it: FILEFERRY_POLL__EVERY=10 is poll.every.
# `fileferry config check` names every fault. A line that begins with # and no space is a default.
#
# Secrets never stand here, only their names. The secret `bank-key` is read from the file
# $CREDENTIALS_DIRECTORY/bank-key (systemd: LoadCredential=) or from $FILEFERRY_SECRET_BANK_KEY.
"""
WIDTH = 96


def write() -> str:
    """The whole example; it can be loaded as it is."""
    return HEAD + "".join(f"{line}\n" for line in _section(Settings, spaced=True))


def _section(model: type[BaseModel], *, spaced: bool = False) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if spaced:
            yield ""
        yield from _described(name, field)


def _described(name: str, field: FieldInfo) -> Iterator[str]:
    section = None if _spelt_out(field) else section_of(field.annotation)
    about = (section and section.__doc__) or field.description or ""
    yield from (f"# {line}" for line in textwrap.wrap(about, WIDTH, break_on_hyphens=False))
    if section:
        yield f"{name}:"
        # What may be left out altogether is shown, and not said.
        mark = "  " if field.is_required() or get_origin(field.annotation) is None else "  # "
        yield from textwrap.indent("\n".join(_nested(field, section)), mark).split("\n")
    else:
        yield from _plain(name, field)


def _spelt_out(field: FieldInfo) -> bool:
    """Its example is the whole value, and not the name of a section."""
    return bool(field.examples) and isinstance((field.examples or [None])[0], list)


def _nested(field: FieldInfo, section: type[BaseModel]) -> list[str]:
    lines = list(_section(section))
    if get_origin(field.annotation) is dict:
        lines = [f"{(field.examples or ['name'])[0]}:", *(f"  {line}" for line in lines)]
    if get_origin(field.annotation) is list:
        lines = [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return lines


def _plain(name: str, field: FieldInfo) -> list[str]:
    example = (field.examples or [PydanticUndefined])[0]
    live = example is not PydanticUndefined
    value = example if live else field.get_default(call_default_factory=True)
    if isinstance(value, list) and live:
        return [f"{name}:", *(f"  - {_scalar(item)}" for item in value)]
    plain = f"[{', '.join(map(_scalar, value))}]" if isinstance(value, list) else _scalar(value)
    line = f"{name}: {plain}"
    return [line if live else f"#{line}"]


def _scalar(value: Any) -> str:
    # A member of an enumeration is a str that YAML does not know.
    plain = value if isinstance(value, bool | int | float | dict | None) else str(value)
    listed: str = yaml.safe_dump([plain], default_flow_style=True, width=1000, allow_unicode=True)
    return listed.strip()[1:-1]


if __name__ == "__main__":
    sys.stdout.write(write())
