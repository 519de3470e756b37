"""The error answers of an instance, word for word (servicenow docs and recorded exchanges)."""

from __future__ import annotations


class Refusal(Exception):
    """An answer other than success: HTTP status, message and detail of the error body."""

    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.detail = detail

    @property
    def body(self) -> dict[str, object]:
        return {"error": {"message": self.message, "detail": self.detail}, "status": "failure"}


def missing() -> Refusal:
    return Refusal(
        404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"
    )


def invalid_table(table: str) -> Refusal:
    return Refusal(400, f"Invalid table {table}")


def not_simulated(what: str) -> Refusal:
    """No answer of an instance's: what it would do with this is not known here, and a guess would
    make tests lie.
    """
    return Refusal(501, "Not simulated", f"The simulator does not understand {what!r}.")


def acl(operation: str) -> Refusal:
    """`operation` is Insert, Update or Delete."""
    detail = f"ACL Exception {operation} Failed due to security constraints"
    return Refusal(403, "Operation Failed", detail)


def duplicate(table: str, display: str) -> Refusal:
    return Refusal(403, "Operation Failed", f"Error during insert of {table} ({display})")


def unauthorized_table(table: str) -> Refusal:
    return Refusal(403, "User Not Authorized", f"User is unauthorized to access table: {table}")


def data_policy(labels: str) -> Refusal:
    detail = f"Data Policy Exception: \n\tThe following fields are mandatory: {labels}"
    return Refusal(403, "Operation Failed", detail)


def business_rule(table: str, name: str, sys_id: str) -> Refusal:
    detail = (
        f"Operation against file '{table}' was aborted by Business Rule '{name}^{sys_id}'. "
        f"Business Rule Stack:{name}"
    )
    return Refusal(403, "Operation Failed", detail)
