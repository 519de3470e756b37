"""What proves the receipts."""

from __future__ import annotations

from pydantic import Field

from config.kinds import KmsKey, SecretName, ServiceUrl
from config.part import Part


class AuditSettings(Part):
    """Receipts are chained by their hashes always; here stands who signs them, if anybody."""

    key: SecretName | None = Field(
        None, description="Secret with an Ed25519 key (PEM) that signs each receipt; null: none."
    )
    kms_key: KmsKey | None = Field(
        None,
        description="Or the ARN of a key of KMS (ECC_NIST_P256, SIGN_VERIFY) that signs them.",
    )
    endpoint_url: ServiceUrl | None = Field(
        None, description="Address of a service like KMS instead of AWS."
    )
