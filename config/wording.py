"""What the settings model found wrong, in the words of a person who edits the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config import shape
from config.faults import Fault, Place
from config.settings import Settings

_SECRETIVE = re.compile(r"pass|secret|token|credential|key", re.IGNORECASE)
_SECTION = "must be a section of settings, `name: value`"
_WORDS = {
    "string_type": "must be text: put it in quotes",
    "string_too_short": "must not be empty",
    "path_type": "must be a path: put it in quotes",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list: a dash before each item",
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "too_short": "must have at least {min_length} entry",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


def faults(data: dict[str, Any]) -> Iterator[Fault]:
    """Every fault that the model finds; none repeats a value of the file."""
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    else:
        return
    for detail in details:
        yield Fault(tuple(step for step in detail["loc"] if step != "[key]"), _words(detail))


def _words(detail: ErrorDetails) -> str:
    place = detail["loc"]
    if detail["type"] == "missing":
        return _missing(place)
    if detail["type"] == "extra_forbidden":
        return _unknown(place)
    words = _WORDS.get(detail["type"])
    return words.format(**detail.get("ctx", {})) if words else f"must be valid: {detail['msg']}"


def _missing(place: Place) -> str:
    section, name = shape.model_at(Settings, place[:-1]), str(place[-1])
    field = section.model_fields[name] if section else None
    means = field.description if field else None
    return f"is missing - {means.rstrip('.')}" if means else "is missing"


def _unknown(place: Place) -> str:
    name = str(place[-1])
    words = f"is not a setting; {_advice(name, shape.model_at(Settings, place[:-1]))}"
    return f"{words}; secrets never stand in this file" if _SECRETIVE.search(name) else words


def _advice(name: str, section: type[BaseModel] | None) -> str:
    known = list(section.model_fields) if section else []
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed here: {', '.join(known)}"
