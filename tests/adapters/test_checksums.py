"""S3's checksums have the values of their specifications, however the bytes are cut."""

from __future__ import annotations

import pytest

from adapters import checksums

CHECK = b"123456789"
"""What the catalogue of CRC algorithms (Cook, RevEng) gives each one's `check` value of."""
VALUES = {"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888"}


def test_without_awscrt_there_is_crc32() -> None:
    assert "crc32" in checksums.available()


@pytest.mark.parametrize("name", VALUES)
def test_the_check_value_comes_out(name: str) -> None:
    if name not in checksums.available():
        pytest.skip("awscrt is not installed")
    for cut in range(len(CHECK) + 1):
        value = checksums.available()[name]()
        value.update(memoryview(CHECK[:cut]))
        value.update(memoryview(CHECK[cut:]))
        assert value.hexdigest() == VALUES[name]


def test_leading_zeros_are_kept() -> None:
    assert checksums.available()["crc32"]().hexdigest() == "00000000"
