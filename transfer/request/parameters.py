"""The payload of ServiceNow's ECC queue: XML that names a record, and is never believed.

<parameters><parameter name="request" value="RITM0010001"/></parameters>
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from xml.parsers import expat

from transfer.errors import Code, Permanent
from transfer.request import hints
from transfer.request.hints import Reading
from transfer.request.names import shown
from transfer.request.strictjson import Rejected

LARGEST = 64 * 1024
"""Bytes of UTF-8; an instance moves what is larger into an attachment."""
_NAMED = ("request", "task")
_SHAPE = ("parameters", "parameter")


def read(payload: str) -> Reading:
    """What the payload says. Raises Permanent `hint.malformed`."""
    try:
        found = _parameters(payload)
    except Rejected as error:
        raise Permanent(Code.HINT_MALFORMED, f"The payload {error}.") from None
    named = {name: value for name, value in found.items() if name in _NAMED}
    reading = hints.read(json.dumps({"version": hints.VERSION, **named}))
    ignored = tuple(shown(name, 40) for name in sorted(found) if name not in _NAMED)[:10]
    return Reading(hints=reading.hints, ignored=ignored)


def _parameters(payload: str) -> Mapping[str, str]:
    """Neither a document type nor an entity of its own gets past expat's first word of it."""
    content = payload.encode(errors="replace")
    if len(content) > LARGEST:
        raise Rejected(f"has more than {LARGEST:,} bytes")
    found = _Parameters()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = found.begun
    parser.EndElementHandler = found.ended
    parser.StartDoctypeDeclHandler = _refusing("a document type")
    parser.EntityDeclHandler = _refusing("an entity")
    parser.ExternalEntityRefHandler = _refusing("an entity")
    parser.SkippedEntityHandler = _refusing("an entity")
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise Rejected("is not well-formed XML") from None
    return found.values


class _Parameters:
    """Collects the values; anything but a flat list of them is refused."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._depth = 0

    def begun(self, element: str, attributes: dict[str, str]) -> None:
        if element == "see_attachment":
            raise Rejected("was moved into an attachment, which is too large for a hint")
        if self._depth >= len(_SHAPE) or element != _SHAPE[self._depth]:
            raise Rejected("is not a list of parameters")
        self._depth += 1
        if element == "parameter":
            name, value = attributes.get("name"), attributes.get("value")
            if name is None or value is None or name in self.values:
                raise Rejected("has a parameter without name and value, or one twice")
            self.values[name] = value

    def ended(self, _element: str) -> None:
        self._depth -= 1


def _refusing(what: str) -> Callable[..., NoReturn]:
    def refuse(*_about: Any) -> NoReturn:
        raise Rejected(f"declares {what}")

    return refuse
