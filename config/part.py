"""What every section of the file is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Part(BaseModel):
    """A section of the file: unknown keys are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, section: object) -> object:
        # A name with nothing but comments below it is an empty value for YAML.
        return {} if section is None else section
