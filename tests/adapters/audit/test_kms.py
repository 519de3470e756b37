"""A key of KMS signs, and its public half is all that the check needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from adapters.audit.keys import ECDSA, ED25519, checking
from adapters.audit.kms import KmsSigner
from tests.ports.dynamo_store import server
from transfer.audit.chain import Link, following
from transfer.errors import Code, FerryError


def link(number: int = 1) -> Link:
    made = following(
        None, instance="i", transfer=f"i:sc_task:{number}", generation=1, at="", receipt="f" * 64
    )
    return replace(made, ledger="one").sealed()


class Silent:
    """A KMS behind a line that is cut."""

    def get_public_key(self, **asked: str) -> Any:
        raise EndpointConnectionError(endpoint_url=asked["KeyId"])


@pytest.fixture
def kms() -> Any:
    return server().client("kms")


def made(kms: Any, spec: str = "ECC_NIST_P256") -> str:
    described = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    return str(described["KeyMetadata"]["Arn"])


def test_it_signs_and_the_public_key_alone_verifies(kms: Any, tmp_path: Path) -> None:
    signer = KmsSigner(kms, made(kms))
    public = tmp_path / "public.pem"
    public.write_text(signer.public())
    check = checking([public])
    signature = signer.sign(link())
    assert signature.algorithm == ECDSA
    assert check(replace(link(), signature=signature)) == ""
    assert check(replace(link(2), signature=signature)) == "does not fit the key"
    moved = replace(signature, algorithm=ED25519)
    assert check(replace(link(), signature=moved)) == "is of another algorithm than its key"
    assert check(link()) == "is not there"


def test_a_key_that_kms_refuses_is_named(kms: Any) -> None:
    unknown = made(kms)[:-4] + "0000"
    with pytest.raises(FerryError, match="KMS did not sign the receipt by arn:aws:kms") as refused:
        KmsSigner(kms, unknown).sign(link())
    assert (refused.value.code, refused.value.permanent) == (Code.AUDIT_UNSIGNED, True)


def test_a_kms_that_does_not_answer_is_named() -> None:
    with pytest.raises(FerryError, match="EndpointConnectionError") as refused:
        KmsSigner(Silent(), "arn:aws:kms:eu-central-1:123456789012:key/x").sign(link())
    assert (refused.value.code, refused.value.permanent) == (Code.AUDIT_UNSIGNED, False)
