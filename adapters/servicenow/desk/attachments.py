"""Files on a record: each put there once, and what is stored compared with what was sent."""

from __future__ import annotations

import hashlib

from adapters.servicenow.line.client import Client
from adapters.servicenow.line.records import Record
from transfer.errors import Code, Permanent, Waiting

_FORBIDDEN = (Code.SERVICENOW_DENIED, Code.SERVICENOW_REFUSED, Code.SERVICENOW_NOT_FOUND)
"""The record was read just before, so "not found" is of its files: it is another "not allowed"."""
_PENDING, _DISCARDED = "pending", "not_available"
_JSON = "application/json"
_LOOKED_THROUGH = 100
_ENOUGH = 2
"""Uploads that the instance changed, after which it is not asked to store a third."""
_LOOK_AGAIN = 5.0
"""Seconds; the file was seen to be available one second after the upload (servicenow.md 5)."""


class Attachments:
    def __init__(self, client: Client) -> None:
        self._client = client

    def put(self, row: Record, name: str, content: bytes, *, again: bool) -> str:
        """Empty when it is there as it was sent; else the sentence that says why it never will be.

        Raises Waiting while it is being stored, and FerryError `servicenow.*`.
        """
        wanted = hashlib.sha256(content).hexdigest()
        found = self._named(row, name) if again else []
        for each in found:
            if each.get("hash") in (wanted, None):
                return _verdict(each)
        if len(found) >= _ENOUGH:
            return f"ServiceNow {row.host} stored other bytes than were sent, {len(found)} times."
        try:
            made = self._client.attach(row, name, content, _JSON)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            return error.message
        return self._settled(row, name, made, wanted)

    def _settled(self, row: Record, name: str, made: Record, wanted: str) -> str:
        if made["state"] == _PENDING:
            kept = [each for each in self._named(row, name) if each["sys_id"] == made["sys_id"]]
            made = kept[0] if kept else made
        if made.get("hash") not in (wanted, None):
            raise made.untrusted("with another SHA-256 than that of the bytes that were sent")
        if made["state"] == _PENDING:
            raise Waiting(
                Code.SERVICENOW_REFUSED,
                f"ServiceNow {row.host} has not stored {name} yet.",
                retry_after=_LOOK_AGAIN,
            )
        return _verdict(made)

    def _named(self, row: Record, name: str) -> list[Record]:
        """Those of the record under that name, newest first."""
        try:
            found = self._client.attachments(row, _LOOKED_THROUGH)
        except Permanent as error:
            if error.code not in _FORBIDDEN:
                raise
            return []
        here = [each for each in found if each["table_sys_id"] == row["sys_id"]]
        return [each for each in here if each["file_name"] == name]


def _verdict(stored: Record) -> str:
    if stored["state"] == _DISCARDED:
        return f"ServiceNow {stored.host} took the file and made it unavailable."
    if stored.get("hash") is None:
        return f"ServiceNow {stored.host} took the file and does not say its SHA-256."
    return ""
