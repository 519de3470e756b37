"""What DynamoDB says no with: conditions that did not hold, and its errors in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from adapters.aws import client as aws
from adapters.ledger.dynamo.items import Item, plain
from transfer.errors import Code, FerryError, Permanent, Transient

# fmt: off
BUSY = aws.BUSY | {
    "ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded", "ThrottlingError",
    "LimitExceededException", "InternalServerError", "ServiceUnavailable", "ResourceInUseException",
    "TransactionInProgressException", "ReplicatedWriteConflictException", "ReplicatedWriteConflict",
}
STALE_CREDENTIALS = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Whoever issued them issues new ones: a later try may work."""
CONFLICTS = frozenset({"TransactionConflict", "TransactionConflictException"})
DENIED = frozenset({"AccessDeniedException", "AccessDenied", "KMSAccessDeniedException"})
# fmt: on


class Refused(Exception):
    """The condition of a single write did not hold; `item` is what stood there, if anything."""

    def __init__(self, item: Item | None) -> None:
        super().__init__()
        self.item = item


class Cancelled(Exception):
    """Conditions of a transaction did not hold: what stood there, by place in the transaction."""

    def __init__(self, refusals: Mapping[int, Item | None]) -> None:
        super().__init__()
        self.refusals = refusals


class Missing(Permanent):
    """There is no such table."""


class Conflict(Exception):
    """Another transaction is at work on the same item; nothing was written."""


@dataclass(frozen=True, slots=True)
class Place:
    """The table, for messages."""

    table: str
    region: str

    def __str__(self) -> str:
        return f"The ledger's table {self.table} in {self.region}"

    def named(self, error: ClientError) -> Exception:
        """What the answer means: Refused, Cancelled, Conflict or a FerryError."""
        code = aws.code_of(error)
        if code == "ConditionalCheckFailedException":
            return Refused(_item(error.response))
        if code == "TransactionCanceledException":
            return self._cancelled(error)
        if code in CONFLICTS:
            return Conflict()
        return self._failure(code, aws.status_of(error), _words(error))

    def unavailable(self, why: str) -> Transient:
        return Transient(Code.LEDGER_UNAVAILABLE, f"{self} {why}.")

    def unusable(self, why: str, action: str) -> Permanent:
        return Permanent(Code.LEDGER_UNUSABLE, f"{self} {why}.", action=action)

    def too_large(self, what: str) -> Permanent:
        """A value that no table takes; the table itself is well."""
        return Permanent(
            Code.INTERNAL,
            f"{self} cannot hold {what}.",
            action="Order the files in several smaller requests.",
        )

    def _cancelled(self, error: ClientError) -> Exception:
        # A key of this exception only, which the stubs of ClientError do not know.
        answer: Mapping[str, object] = {**error.response}
        reasons = answer.get("CancellationReasons")
        reasons = reasons if isinstance(reasons, list) else []
        codes = [str(reason.get("Code")) for reason in reasons]
        refused = {
            place: _item(reasons[place])
            for place, code in enumerate(codes)
            if code == "ConditionalCheckFailed"
        }
        if refused:
            return Cancelled(refused)
        # No reason at all is what some proxies leave of the answer.
        others = [code for code in codes if code != "None"]
        if not others or CONFLICTS.intersection(others):
            return Conflict()
        told = next(str(reason.get("Message")) for reason in reasons if reason["Code"] in others)
        return self._failure(others[0], 400, told)

    def _failure(self, code: str, status: int, words: str) -> FerryError:
        """What another try may help, and what it may not."""
        if status >= 500 or code in BUSY:  # noqa: PLR2004  RFC 9110
            return self.unavailable(f"was not ready ({code}, HTTP {status})")
        if code in STALE_CREDENTIALS:
            return self.unavailable(f"was asked with AWS credentials that have expired ({code})")
        if "size" in words.lower() and code.startswith("Validation"):
            return self.too_large("an item of this size")
        return self._refusal(code, words)

    def _refusal(self, code: str, words: str) -> Permanent:
        if code == "ResourceNotFoundException":
            return Missing(
                Code.LEDGER_UNUSABLE,
                f"{self} does not exist.",
                action="Run `fileferry ledger init`, or mend ledger.table and ledger.region.",
            )
        if code in DENIED:
            return self.unusable(
                f"may not be used by FileFerry's identity ({code})",
                "Give it the policy that `fileferry ledger init --print` shows.",
            )
        if code in aws.BAD_CREDENTIALS:
            return self.unusable(
                f"was asked with AWS credentials that do not hold ({code})",
                "Mend the AWS credentials of FileFerry, and the clock of this host.",
            )
        return self.unusable(
            f"refused a request ({code}: {words.rstrip('.')})",
            "Run `fileferry ledger check`; report it if the table is good.",
        )


def _item(answer: Mapping[str, object]) -> Item | None:
    item = answer.get("Item")
    return plain(item) if isinstance(item, dict) else None


def _words(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))
