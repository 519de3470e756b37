"""Secrets come from a file that is ours alone, or from the environment, and show nowhere."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.remotes.ssh.credentials import credential
from config import values
from config.secrets import Secrets, check
from config.settings import Settings
from tests.config.conftest import GOOD
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
        ("a\r", "a"),
        (" a ", " a "),
        ("\ufeffa\r\n", "a"),
        (KEY, KEY.removesuffix("\n")),
        (KEY.replace("\n", "\r\n"), KEY.removesuffix("\n")),
        (f"\ufeff\n  {KEY}\n\n", KEY.removesuffix("\n")),
        (KEY.replace("\n", "  \n"), KEY.removesuffix("\n")),
    ],
)
def test_a_secret_is_read_as_it_was_meant(tmp_path: Path, text: str, expected: str) -> None:
    secret(tmp_path, "bank", text)
    assert reader(tmp_path)("bank") == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{CANARY}\n\n",
        f"\n{CANARY}",
        f"{CANARY}\r\n\r\n",
        f"a\n{CANARY}",
        f"{CANARY}\0",
        "\t" + CANARY,
    ],
)
def test_what_is_neither_one_line_nor_a_key_is_refused(tmp_path: Path, text: str) -> None:
    secret(tmp_path, "bank", text)
    error = refusal(reader(tmp_path), "bank")
    assert error.code is Code.SECRET_MISSING
    assert "has more than one line, or a control character" in error.message


def test_a_variable_that_is_not_utf_8_is_refused() -> None:
    error = refusal(Secrets({"FILEFERRY_SECRET_BANK": f"{CANARY}\udcfc"}), "bank")
    assert "is not UTF-8 text" in error.message


EDITORS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "DOS": lambda text: text.replace("\n", "\r\n").encode(),
    "old Mac": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: text.encode("utf-8-sig"),
    "mark and DOS": lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
    "no newline": lambda text: text.rstrip("\n").encode(),
    "blank lines": lambda text: f"\n\n{text}\n\n".encode(),
    "indented": lambda text: "".join(f"    {line}\n" for line in text.splitlines()).encode(),
    "blanks behind": lambda text: text.replace("\n", " \t\n").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "cut off": lambda text: text[: len(text) // 2].encode(),
}


@pytest.mark.parametrize("editor", EDITORS)
def test_the_check_and_the_engine_agree_on_a_key(tmp_path: Path, editor: str) -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    secret(tmp_path, "bank-key", EDITORS[editor](pem))
    settings = Settings.model_validate(yaml.safe_load(GOOD))
    secrets = reader(tmp_path, FILEFERRY_SECRET_SERVICENOW="x")
    faults = check(settings, secrets)
    destination = values.destinations(settings)["bank"]
    if editor in ("UTF-16", "cut off"):
        assert [fault.place for fault in faults] == [("destinations", "bank", "private_key")]
        with pytest.raises(Permanent):
            credential(destination, secrets)
    else:
        assert not faults
        assert credential(destination, secrets).key is not None


@pytest.mark.parametrize("editor", [name for name in EDITORS if name != "cut off"])
def test_the_check_and_the_engine_agree_on_a_password(tmp_path: Path, editor: str) -> None:
    secret(tmp_path, "bank", EDITORS[editor]("pässword\n"))
    given = yaml.safe_load(GOOD.replace("private_key: bank-key", "password: bank"))
    settings = Settings.model_validate(given)
    secrets = reader(tmp_path, FILEFERRY_SECRET_SERVICENOW="x")
    destination = values.destinations(settings)["bank"]
    try:
        password = credential(destination, secrets).password
    except Permanent:
        assert check(settings, secrets)
    else:
        assert not check(settings, secrets)
        assert password in ("pässword", "    pässword")


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


def test_a_command_finds_what_the_service_is_handed(tmp_path: Path) -> None:
    secret(tmp_path, "bank", "beside")
    assert Secrets({}, beside=tmp_path)("bank") == "beside"
    assert str(tmp_path / "club") in refusal(Secrets({}, beside=tmp_path), "club").message
    assert Secrets({"FILEFERRY_SECRET_BANK": "this call"}, beside=tmp_path)("bank") == "this call"
    unit = tmp_path / "unit"
    unit.mkdir()
    asked = Secrets({"CREDENTIALS_DIRECTORY": str(unit)}, beside=tmp_path)
    assert refusal(asked, "bank").code is Code.SECRET_MISSING


def test_what_lies_beside_is_checked_alike(tmp_path: Path) -> None:
    path = secret(tmp_path, "bank", CANARY, 0o640)
    error = refusal(Secrets({}, beside=tmp_path), "bank")
    assert error.code is Code.SECRET_EXPOSED
    assert str(path) in error.message


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
