"""What docs/servicenow.md says of rights, tables and variables, read out of its tables."""

from __future__ import annotations

import re

from tests.house import TOP

TEXT = (TOP / "docs/servicenow.md").read_text(encoding="utf-8")
STANDING = "x_fferry_standing_approval"
Rights = set[tuple[str, str]]


def section(title: str) -> str:
    """From this heading to the next one of its depth."""
    return TEXT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str, columns: int) -> list[list[str]]:
    """The rows of the tables in it that have so many columns, without heads."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in found if len(row) == columns]


def words(cell: str) -> list[str]:
    """What stands in backquotes, word by word."""
    return " ".join(re.findall(r"`([^`]+)`", cell)).split()


def foreign_rights() -> dict[tuple[str, str], list[str]]:
    """Section 2: (table of ServiceNow, right) → fields. The table of standing approvals is ours."""
    found = {}
    for where, rights, fields in rows(section("2. Integration user and its rights"), 3)[1:]:
        table = next((each for each in words(where) if each in _TABLES), "")
        for right in re.findall(r"\b(read|write|create)\b", rights):
            if table:
                found[table, right] = words(fields)
    return found


def own_tables() -> dict[str, tuple[Rights, list[str]]]:
    """The application's tables: {(operation, role)} of whole records, and their fields."""
    found = {}
    for where, may, fields in rows(section("The application"), 3):
        if where.startswith("`x_fferry_"):
            found[words(where)[0]] = (_rights(may), words(fields))
    return found


def _rights(may: str) -> Rights:
    found: Rights = set()
    for sentence in re.split(r"\.\s*", may):
        head, _, who = sentence.partition(": ")
        for operation in re.findall(r"read|create|write|delete", head.lower()):
            found |= {(operation, role) for role in re.findall(_ROLES, who.partition("; `")[0])}
    return found


_ROLES = r"integration|operator|approver|requester"
_TABLES = frozenset({
    "sc_task", "sc_req_item", "sc_request", "sys_user", "sysapproval_approver", "sys_user_grmember",
    "sc_item_option_mtom", "sc_item_option", "item_option_new", "incident", "sys_attachment",
    "sys_audit", "sys_journal_field", "sys_choice", "ecc_queue",
})  # fmt: skip
