"""S3's checksums have the values of their specifications, however the bytes are cut."""

from __future__ import annotations

import pytest

from adapters.s3 import checksums

CHECK = b"123456789"
"""What the catalogue of CRC algorithms (Cook, RevEng) gives each one's `check` value of."""
VALUES = {
    "crc32": "cbf43926",
    "crc32c": "e3069283",
    "crc64nvme": "ae8b14860a799888",
    "sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
}


def test_every_checksum_can_be_computed_with_what_the_locks_install() -> None:
    assert set(checksums.available()) == {"crc32", "crc32c", "crc64nvme", "sha1", "sha512"}


@pytest.mark.parametrize("name", VALUES)
def test_the_check_value_comes_out(name: str) -> None:
    for cut in range(len(CHECK) + 1):
        value = checksums.available()[name]()
        value.update(memoryview(CHECK[:cut]))
        value.update(memoryview(CHECK[cut:]))
        assert value.hexdigest() == VALUES[name]


def test_leading_zeros_are_kept() -> None:
    assert checksums.available()["crc32"]().hexdigest() == "00000000"
