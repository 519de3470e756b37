"""Finds one's way in the settings model: which section stands at which place of the file."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from config.faults import Place


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The model that the annotation holds: itself, or the values of a list or a dict of it."""
    held = get_args(annotation)[-1] if get_origin(annotation) in (list, dict) else annotation
    held = get_args(held)[0] if get_origin(held) is Annotated else held
    return held if isinstance(held, type) and issubclass(held, BaseModel) else None


def model_at(root: type[BaseModel], place: Place) -> type[BaseModel] | None:
    """The section at a place of the file, None where there is a plain value or nothing."""
    section: type[BaseModel] | None = root
    steps = iter(place)
    for step in steps:
        field = section.model_fields.get(str(step)) if section else None
        if field is None:
            return None
        section = section_of(field.annotation)
        if get_origin(field.annotation) in (list, dict):
            next(steps, None)
    return section
