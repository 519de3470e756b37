"""What every section of the file is made of."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


def absent(about: str | None = None) -> Any:
    """The default of a section: an empty one, judged as part of what it stands in.

    Made by a call of its model it would need a validator of its own, which takes milliseconds.
    `about` tells of another form that the section as a whole may have.
    """
    return Field(default_factory=dict, validate_default=True, description=about)


class Part(BaseModel):
    """A section of the file: unknown keys are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        # Once for the whole file, and not for each section that is imported.
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, section: object) -> object:
        # A name with nothing but comments below it is an empty value for YAML.
        return {} if section is None else section
