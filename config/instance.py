"""Settings of one instance that stand in sections of their own: tickets, a JWT."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.kinds import FieldName, SecretName, SysId, Table, Text
from config.part import Part

Auth = Literal["oauth", "refresh_token", "jwt", "basic", "certificate"]
WRITTEN = frozenset(
    {
        *("sys_id", "number", "correlation_id", "correlation_display", "caller_id"),
        *("short_description", "description", "category", "impact", "urgency", "notify"),
        *("state", "active", "close_code", "close_notes", "work_notes", "comments"),
    }
)
"""Fields of tickets and tasks that FileFerry writes itself, or by which it finds and ends them."""


def _of_others(fields: dict[str, str]) -> dict[str, str]:
    if ours := sorted(WRITTEN & fields.keys()):
        raise ValueError(f"must not name {', '.join(ours)}, which FileFerry writes itself")
    return fields


Fields = Annotated[dict[FieldName, Text], AfterValidator(_of_others)]
"""Values as they are stored: of a reference the sys_id, of a choice its value."""


class TicketSettings(Part):
    """The user ticket and the audit ticket; the choices must be the instance's own."""

    table: Table = Field("incident", description="Table of both tickets.")
    category: str = Field("inquiry", description="Category of both tickets.")
    assignment_group: SysId | None = Field(
        None, description="Group (sys_id) that gets the user ticket of a failed transfer."
    )
    audit_caller: SysId | None = Field(
        None,
        description="User (sys_id) who is the caller of audit tickets, and of user tickets whose "
        "requester is not known; for an instance that demands a caller. null: nobody, or "
        "FileFerry's own account where the instance takes no ticket without.",
    )
    user_urgency: str = Field("2", description="Urgency of the user ticket.")
    audit_urgency: str = Field("3", description="Urgency of the audit ticket.")
    impact: str = Field("3", description="Impact of both tickets.")
    resolved_state: str = Field("6", description="State of a resolved user ticket.")
    closed_state: str = Field(
        "7", description="State of a closed audit ticket; where refused, resolved_state is used."
    )
    close_code_delivered: str = Field(
        "Solution provided", description="close_code after a delivery; see sys_choice."
    )
    close_code_failed: str = Field(
        "No resolution provided", description="close_code after a refusal or a failure."
    )
    fields: Fields = Field(
        default_factory=dict,
        description="Further fields of both tickets with their values, for an instance that "
        "demands them, e.g. {contact_type: self-service}; of a reference the sys_id.",
    )
    task_fields: Fields = Field(
        default_factory=dict,
        description="The same of the catalog task, written with each of its states, "
        "e.g. {assigned_to: <sys_id>}.",
    )


class JwtSettings(Part):
    """auth: jwt. The assertion with which a token is asked for."""

    subject: Text | None = Field(None, description="User name that the token is for.")
    private_key: SecretName | None = Field(
        None, description="Name of the secret with the RSA key (PEM, no passphrase) that signs it."
    )
    key_id: Text | None = Field(None, description="Id of the key (kid), where it has one.")
