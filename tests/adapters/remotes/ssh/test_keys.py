"""Private keys in each form that people have them in: the engine and `config check` agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from json import dumps
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.remotes.ssh.credentials import credential
from config.keys import trouble_of_key
from sandbox.remotes import SftpServer
from tests.adapters.remotes.ssh.keys import make_key
from tests.ports.partners import ServerPartner, refused
from transfer.destination import Destination, HostKey
from transfer.errors import Code, FerryError

Key = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KEYS: dict[str, Key] = {
    "ed25519": Ed25519PrivateKey.generate(),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
}
PHRASE = "a phrase \u00f6f many words"
FORMS = {
    "openssh": form.PrivateFormat.OpenSSH,
    "pkcs8": form.PrivateFormat.PKCS8,
    "pem": form.PrivateFormat.TraditionalOpenSSL,
}
CASES = [
    (kind, name)
    for kind in KEYS
    for name in FORMS
    if (kind, name) != ("ed25519", "pem")  # there is no such form
]
EDITORS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text,
    "BOM and CRLF": lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    "indented": lambda text: "\n".join(f"  {line} " for line in text.splitlines()),
    "CR": lambda text: text.replace("\n", "\r"),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "one line": lambda text: text.replace("\n", " "),
    "escaped": lambda text: text.replace("\n", "\\n"),
    "JSON": lambda text: f'{{"key": {dumps(text)}}}',
    "no end of line": lambda text: text.rstrip(),
    "attributes": lambda text: f"Bag Attributes\n    friendlyName: bank\nKey Attributes\n{text}",
    "parameters": lambda text: (
        f"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{text}"
    ),
}


def written(key: Key, name: str, phrase: str = "") -> str:
    lock = form.BestAvailableEncryption(phrase.encode()) if phrase else form.NoEncryption()
    return key.private_bytes(form.Encoding.PEM, FORMS[name], lock).decode()


def public(key: Key) -> str:
    return key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()


def opened(text: str, phrase: str | None = None) -> None:
    destination = Destination(
        name="partner", protocol="sftp", host="none", port=22, username="ferry", root="/",
        private_key="key", passphrase=None if phrase is None else "phrase",
        host_keys=(HostKey(fingerprint=""),),
    )  # fmt: skip
    credential(destination, {"key": text, "phrase": phrase or ""}.__getitem__)


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerPartner]:
    root: Path = tmp_path_factory.mktemp("root")
    keys = [public(key) for key in KEYS.values()]
    with SftpServer(root=root, authorized_keys=keys) as server:
        yield ServerPartner(server, "", root)


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("phrase", ["", PHRASE])
def test_each_form_logs_in(partner: ServerPartner, kind: str, name: str, phrase: str) -> None:
    text = written(KEYS[kind], name, phrase)
    assert trouble_of_key(text, passphrase=bool(phrase)) is None
    partner.secrets |= {"key": text, "phrase": phrase}
    more = {"passphrase": "phrase"} if phrase else {}
    by_key = replace(partner.destination, password=None, private_key="key", **more)  # type: ignore[arg-type]
    partner.remotes.connect(by_key).close()


@pytest.mark.parametrize("editor", EDITORS)
@pytest.mark.parametrize("name", ["openssh", "pkcs8", "pem"])
@pytest.mark.parametrize("phrase", ["", PHRASE])
def test_whatever_editor_it_went_through(editor: str, name: str, phrase: str) -> None:
    text = EDITORS[editor](written(KEYS["p256"], name, phrase))
    assert trouble_of_key(text, passphrase=bool(phrase)) is None
    opened(text, phrase or None)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_passphrase_that_is_wrong_missing_or_needless(kind: str, name: str) -> None:
    locked = written(KEYS[kind], name, PHRASE)
    assert "does not open" in misconfigured(refused(opened, locked, "wrong"))
    assert "names no passphrase" in misconfigured(refused(opened, locked))
    assert "no passphrase" in (trouble_of_key(locked, passphrase=False) or "")
    opened(written(KEYS[kind], name), PHRASE)


def foreign() -> Iterator[str]:
    """Keys that no SSH server takes, or that FileFerry cannot use."""
    for key in (
        dsa.generate_private_key(key_size=2048),
        x25519.X25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
    ):
        none = form.NoEncryption()
        yield key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, none).decode()
    yield "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: bank\n"
    yield written(KEYS["rsa"], "pkcs8").replace("PRIVATE KEY", "PUBLIC KEY")
    yield written(KEYS["rsa"], "pkcs8")[:200]


def test_config_check_and_the_engine_refuse_the_same() -> None:
    for number, text in enumerate(foreign()):
        assert misconfigured(refused(opened, text)), number
        assert trouble_of_key(text, passphrase=False), number


@pytest.mark.parametrize("cipher", ["chacha20-poly1305@openssh.com", "3des-cbc"])
def test_a_cipher_that_cannot_be_opened_is_named(cipher: str, tmp_path: Path) -> None:
    text, _ = make_key(tmp_path, "-t", "ed25519", "-Z", cipher, passphrase=PHRASE)
    assert "ssh-keygen -p" in misconfigured(refused(opened, text, PHRASE))
    assert cipher in (trouble_of_key(text, passphrase=True) or "")


def test_a_key_of_putty_is_named_with_the_way_out() -> None:
    ppk = "\ufeffPuTTY-User-Key-File-2: ssh-rsa\r\nEncryption: aes256-cbc\r\n"
    assert "puttygen" in misconfigured(refused(opened, ppk))
    assert "puttygen" in (trouble_of_key(ppk, passphrase=False) or "")


def misconfigured(error: FerryError) -> str:
    assert error.code == Code.DESTINATION_MISCONFIGURED
    assert error.__cause__ is None
    return error.message
