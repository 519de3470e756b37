"""What FileFerry and a server may agree on, and which of several host keys they use."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from adapters.remotes.sftp.remote import SftpRemote
from config.keys import fingerprint
from sandbox.remotes import Door, SftpServer
from tests.ports.partners import OTHER_KEY, ServerPartner, openssh, refused, send
from tests.servers.openssh import OpenSSH
from transfer.destination import HostKey
from transfer.errors import Code, Permanent

GCM = "Ciphers aes256-ctr,aes128-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com"
ETM = "hmac-sha2-256-etm@openssh.com"
WEAK = [
    "Ciphers aes128-cbc,aes256-cbc,3des-cbc",
    "Ciphers aes128-ctr\nMACs hmac-sha1,hmac-md5,hmac-sha1-etm@openssh.com",
    "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1",
    "HostKeyAlgorithms ssh-rsa",
]


def cipher(partner: ServerPartner) -> tuple[str, str | None]:
    """What was agreed on, once a file has gone across."""
    remote = partner.remotes.connect(partner.destination)
    assert isinstance(remote, SftpRemote)
    send(remote, f"{partner.root}/file", b"x" * 100_000)
    remote.close()
    transport = remote._line.transport
    return transport.local_cipher, transport.local_mac


def test_gcm_comes_first_whatever_the_server_prefers() -> None:
    with openssh(options=[GCM]) as partner:
        assert cipher(partner)[0] == "aes128-gcm@openssh.com"


@pytest.mark.parametrize("mac", ["hmac-sha2-512", ETM])
def test_counter_mode_with_sha2_is_good_enough(mac: str) -> None:
    with openssh(options=["Ciphers aes192-ctr", f"MACs {mac}"]) as partner:
        assert cipher(partner) == ("aes192-ctr", mac)


@pytest.mark.parametrize("option", WEAK)
def test_a_server_that_offers_weak_algorithms_only_is_refused(option: str) -> None:
    with openssh(options=[option], host_keys=["rsa"]) as partner:
        error = refused(partner.remotes.connect, partner.destination)
    assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
    assert "AES-GCM" in error.action
    assert "partner" in error.message


class Lenient(SftpServer):
    """Counter mode with an -etm MAC, and no strict key exchange: open to CVE-2023-48795."""

    strict = False

    def _welcome(self, connection: socket.socket) -> paramiko.Transport:
        transport = paramiko.Transport(connection, strict_kex=self.strict)
        options = transport.get_security_options()
        options.ciphers, options.digests = ["aes128-ctr"], [ETM]
        transport.add_server_key(self.key)
        transport.set_subsystem_handler("sftp", self.session, self.files, self.root)
        transport.start_server(event=threading.Event(), server=Door(self))
        return transport


class Strict(Lenient):
    strict = True


def test_etm_macs_need_strict_key_exchange(tmp_path: Path) -> None:
    with Strict(root=tmp_path) as server:
        assert cipher(ServerPartner(server, "", tmp_path)) == ("aes128-ctr", ETM)
    with Lenient(root=tmp_path) as server:
        partner = ServerPartner(server, "", tmp_path)
        error = refused(partner.remotes.connect, partner.destination)
    assert (error.code, type(error)) == (Code.REMOTE_INSECURE, Permanent)
    assert "strict" in error.message


@pytest.fixture(scope="module")
def many() -> Iterator[ServerPartner]:
    with openssh(host_keys=["ed25519", "ecdsa", "rsa"]) as partner:
        yield partner


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_any_host_key_of_the_server_may_be_the_pinned_one(many: ServerPartner, kind: str) -> None:
    assert isinstance(many.server, OpenSSH)
    pin = many.server.host_keys[kind]
    remote = many.remotes.connect(replace(many.destination, host_keys=(HostKey(fingerprint=pin),)))
    name, fingerprint = remote.identity.split()
    assert kind in name
    assert fingerprint == pin
    remote.close()


def test_all_host_keys_that_were_seen_are_named(many: ServerPartner) -> None:
    assert isinstance(many.server, OpenSSH)
    stranger = replace(many.destination, host_keys=(HostKey(fingerprint=OTHER_KEY),))
    error = refused(many.remotes.connect, stranger)
    assert error.code == Code.HOSTKEY_UNKNOWN
    assert all(seen in error.message for seen in many.server.host_keys.values())


def connections(server: OpenSSH) -> int:
    return server.log.count("Connection from")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
@pytest.mark.parametrize("printed", [True, False], ids=["ssh-keygen", "known_hosts"])
def test_a_pin_that_tells_its_type_costs_one_connection(
    many: ServerPartner, kind: str, *, printed: bool
) -> None:
    server = many.server
    assert isinstance(server, OpenSSH)
    line = (server._home / f"host_{kind}.pub").read_text()
    line = f"256 {fingerprint(line)} host ({kind.upper()})" if printed else line
    pins = (HostKey(fingerprint=OTHER_KEY), HostKey(fingerprint=fingerprint(line)))
    before = connections(server)
    many.remotes.connect(replace(many.destination, host_keys=pins)).close()
    assert connections(server) == before + 1


def test_the_type_of_a_fingerprint_is_learned() -> None:
    with openssh(host_keys=["ed25519", "ecdsa", "rsa"]) as partner:
        server = partner.server
        assert isinstance(server, OpenSSH)
        pin = HostKey(fingerprint=server.host_keys["rsa"])
        told = []
        for _ in range(3):
            before = connections(server)
            partner.remotes.connect(replace(partner.destination, host_keys=(pin,))).close()
            told.append(connections(server) - before)
    assert told == [3, 1, 1]


def test_types_that_the_server_lacks_are_not_asked_for() -> None:
    with openssh(host_keys=["ed25519"]) as partner:
        server = partner.server
        assert isinstance(server, OpenSSH)
        before = connections(server)
        stranger = replace(partner.destination, host_keys=(HostKey(fingerprint=OTHER_KEY),))
        assert refused(partner.remotes.connect, stranger).code == Code.HOSTKEY_UNKNOWN
        assert connections(server) == before + 1
