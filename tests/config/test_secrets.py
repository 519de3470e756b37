"""Secrets come from a file that is ours alone, or from the environment, and show nowhere."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from config.secrets import Secrets
from transfer.errors import Code, Permanent

CANARY = "c4n4ry-in-a-cage"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n"


def secret(directory: Path, name: str, text: str | bytes, mode: int = 0o600) -> Path:
    path = directory / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def reader(directory: Path, **environ: str) -> Secrets:
    return Secrets({"CREDENTIALS_DIRECTORY": str(directory), **environ})


def refusal(secrets: Secrets, name: str) -> Permanent:
    with pytest.raises(Permanent) as caught:
        secrets(name)
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a ", " a "),
        (KEY, KEY.removesuffix("\n")),
    ],
)
def test_one_newline_at_the_end_is_taken_off(tmp_path: Path, text: str, expected: str) -> None:
    secret(tmp_path, "bank", text)
    assert reader(tmp_path)("bank") == expected


def test_the_file_wins_over_the_environment(tmp_path: Path) -> None:
    secrets = reader(tmp_path, FILEFERRY_SECRET_BANK_KEY="from the environment")
    assert secrets("bank-key") == "from the environment"
    secret(tmp_path, "bank-key", "from the file")
    assert secrets("bank-key") == "from the file"


def test_a_missing_secret_names_both_places(tmp_path: Path) -> None:
    error = refusal(reader(tmp_path), "bank-key")
    assert error.code is Code.SECRET_MISSING
    assert error.message == (
        f"The secret bank-key is in neither of {tmp_path}/bank-key and $FILEFERRY_SECRET_BANK_KEY."
    )
    assert "$CREDENTIALS_DIRECTORY (not set)/bank" in refusal(Secrets({}), "bank").message


@pytest.mark.parametrize("text", ["", "\n", "\r\n"])
def test_an_empty_secret_is_missing(tmp_path: Path, text: str) -> None:
    secret(tmp_path, "bank", text)
    error = refusal(reader(tmp_path), "bank")
    assert (error.code, "is empty" in error.message) == (Code.SECRET_MISSING, True)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_file_open_to_others_is_refused_with_path_and_mode(tmp_path: Path, mode: int) -> None:
    path = secret(tmp_path, "bank", CANARY, mode)
    error = refusal(reader(tmp_path), "bank")
    assert error.code is Code.SECRET_EXPOSED
    assert str(path) in error.message
    assert f"{mode:04o}" in error.message


def test_systemd_shows_its_acl_as_rights_of_a_group(tmp_path: Path) -> None:
    unit = tmp_path / "fileferry.service"
    unit.mkdir()
    secrets = Secrets({"CREDENTIALS_DIRECTORY": str(unit)}, systemd=tmp_path)
    secret(unit, "bank", "a", 0o440)
    assert secrets("bank") == "a"
    secret(unit, "club", CANARY, 0o444)
    assert refusal(secrets, "club").code is Code.SECRET_EXPOSED


@pytest.mark.parametrize("data", [b"\xff" + CANARY.encode(), b"a" * (1024 * 1024 + 1)])
def test_what_is_no_secret_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    secret(tmp_path, "bank", data)
    message = refusal(reader(tmp_path), "bank").message
    assert message.startswith(f"The secret bank in {tmp_path}/bank ")


@pytest.mark.parametrize("name", ["../bank", "a/b", "", "Bank", "a\nb", "-a"])
def test_a_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    secret(tmp_path, "bank", CANARY)
    inner = tmp_path / "inner"
    inner.mkdir()
    assert refusal(reader(inner), name).code is Code.SECRET_MISSING


def test_the_reader_shows_nothing() -> None:
    assert repr(Secrets({"FILEFERRY_SECRET_BANK": CANARY})) == "Secrets()"
