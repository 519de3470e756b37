"""Every algorithm that OpenSSH knows, alone: it is agreed on, or the error says who lacks what."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.remotes import Register
from adapters.remotes.ssh.algorithms import CIPHERS, HOST_KEYS, KEX, MACS
from tests.ports.partners import openssh, refused, send
from tests.servers import need
from tests.servers.foreign import AsyncSsh
from transfer.destination import Destination, HostKey
from transfer.errors import Code, FerryError, Permanent

PAGE = (Path(__file__).parents[4] / "docs" / "partners.md").read_text()
NEWER = {
    "kex": {"mlkem768x25519-sha256", "sntrup761x25519-sha512"},
    "cipher": set[str](),
    "mac": set[str](),
    "HostKeyAlgorithms": set[str](),
}
"""What OpenSSH 9.9 and 10 document beyond what an older one knows."""
OURS = {
    "kex": set(KEX),
    "cipher": set(CIPHERS),
    "mac": set(MACS),
    "HostKeyAlgorithms": {name for names in HOST_KEYS.values() for name in names},
}
WEAK = re.compile("cbc|sha1|md5|^ssh-rsa|^ssh-dss")
OPTIONS = {"kex": "KexAlgorithms {}", "cipher": "Ciphers {}", "mac": "Ciphers aes128-ctr\nMACs {}"}


def known(kind: str) -> list[str]:
    command = [need("ssh"), "-Q", kind]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [name for name in listed if "cert-v01" not in name and "sk-" not in name]


@pytest.mark.parametrize("kind", OPTIONS)
def test_each_name_of_openssh_alone(kind: str) -> None:
    for name in known(kind):
        with openssh(options=[OPTIONS[kind].format(name)], host_keys=["ed25519"]) as partner:
            if name in OURS[kind]:
                partner.connect().close()
                continue
            judge(refused(partner.connect), name)


class Newer(AsyncSsh):
    """Of this age only, which the OpenSSH of this machine may not have reached."""

    def command(self) -> Sequence[str]:
        return [*super().command(), "mlkem768x25519-sha256"]


def test_the_key_exchange_of_todays_openssh_alone() -> None:
    with Newer() as server:
        pin = HostKey(fingerprint=server.host_key)
        destination = Destination(
            name="partner", protocol="sftp", host=server.host, port=server.port, root="/",
            username=server.username, password="password", host_keys=(pin,),
        )  # fmt: skip
        remote = Register(lambda _name: server.password).connect(destination)
        send(remote, "/file", b"by ML-KEM")
        assert (server.root / "file").read_bytes() == b"by ML-KEM"
        remote.close()


@pytest.mark.parametrize("name", ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"])
def test_each_signature_of_an_rsa_host_key_alone(name: str) -> None:
    with openssh(options=[f"HostKeyAlgorithms {name}"], host_keys=["rsa"]) as partner:
        if name in OURS["HostKeyAlgorithms"]:
            partner.connect().close()
        else:
            judge(refused(partner.connect), name)


def judge(error: FerryError, name: str) -> None:
    assert name in error.message
    if WEAK.search(name):
        assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
        return
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert "FileFerry cannot" in error.message
    assert "Ask the partner to allow" in error.action


def test_a_mac_that_we_lack_is_no_matter_beside_gcm() -> None:
    with openssh(options=["Ciphers aes256-gcm@openssh.com\nMACs umac-64@openssh.com"]) as partner:
        partner.connect().close()


@pytest.mark.parametrize("kind", NEWER)
def test_the_page_names_what_cannot_be_done(kind: str) -> None:
    good = [name for name in {*known(kind), *NEWER[kind]} if not WEAK.search(name)]
    assert all(f"`{name}`" in PAGE for name in good)
