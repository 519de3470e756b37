"""Who signs the receipts, by the settings of `audit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.audit.keys import KeySigner
    from adapters.audit.kms import KmsSigner


def signer(
    part: dict[str, Any], secrets: Callable[[str], str], profile: str | None, timeout: float
) -> KeySigner | KmsSigner | None:
    """None where nobody does. Raises Permanent `config.invalid`."""
    if name := part["key"]:
        # Here, and below: most houses sign nothing.
        from adapters.audit.keys import KeySigner  # noqa: PLC0415

        return KeySigner(lambda: secrets(name))
    if arn := part["kms_key"]:
        from adapters.audit.kms import KmsSigner, make_client  # noqa: PLC0415

        region = arn.split(":")[3]
        return KmsSigner(make_client(region, part["endpoint_url"], profile, timeout), arn)
    return None
