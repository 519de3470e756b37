"""A ticket is closed in one write, or in the steps that a state model demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.servicenow.desk.forms import NEW, WORKING, is_of_fields
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.records import Record
from transfer.errors import Code, Permanent

_FORBIDDEN = (Code.SERVICENOW_DENIED, Code.SERVICENOW_REFUSED)


@dataclass(frozen=True, slots=True)
class Written:
    """A ticket, and in which state it was seen last."""

    table: str
    sys_id: str
    state: str


def closed(
    client: Client, row: Written, values: Mapping[str, str], fields: Sequence[str]
) -> tuple[Record, Permanent | None]:
    """The ticket as it is then; with why it went by way of In Progress, where it did.

    Raises what the first try has met, where no way leads there.
    """

    def write(what: Mapping[str, str]) -> Record:
        return client.update(row.table, row.sys_id, what, fields)

    try:
        return write(values), None
    except Permanent as error:
        if error.code not in _FORBIDDEN or row.state != NEW or is_of_fields(error):
            raise
        refused = error
    try:
        write({"state": WORKING})
        return write(values), refused
    except Permanent as error:
        raise (refused if error.code in _FORBIDDEN else error) from error
