"""The bulk writer: no nonce twice under one key, exact bytes across every change of keys."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from paramiko.packet import Packetizer

from adapters.remotes.sftp import remote as sftp
from adapters.remotes.sftp.remote import SftpRemote
from adapters.remotes.ssh.bulk import REKEY_BYTES, Bulk, BulkPacketizer, Sealer
from tests.noise import noise
from tests.ports.partners import ServerPartner, openssh, proftpd, refused
from transfer.errors import Code
from transfer.model import CHUNK, MIB

NOISE = noise(CHUNK)
Start = Callable[..., AbstractContextManager[ServerPartner]]


class Engine:
    """AES-GCM that remembers the nonces it was given."""

    def __init__(self, engine: AESGCM) -> None:
        self.engine = engine
        self.nonces: list[bytes] = []

    def encrypt_into(self, nonce: bytes, plain: Any, associated: Any, sealed: Any) -> None:
        self.nonces.append(bytes(nonce))
        self.engine.encrypt_into(nonce, plain, associated, sealed)


class Watched(BulkPacketizer):
    """Rekeys every 16 MB and shows its keys."""

    engines: ClassVar[list[Engine]] = []

    def set_outbound_cipher(self, *args: Any, **kwargs: Any) -> None:
        kwargs["block_engine"] = Engine(kwargs["block_engine"])
        self.engines.append(kwargs["block_engine"])
        super().set_outbound_cipher(*args, **kwargs)
        self.REKEY_BYTES = 16_000_000


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    Watched.engines.clear()
    yield Watched.engines
    Watched.engines.clear()


def connect(partner: ServerPartner, packetizer: type[Packetizer]) -> SftpRemote:
    return sftp.connect(partner.destination, partner.secrets.__getitem__, packetizer)


def distinct(engine: Engine) -> bool:
    """Each nonce is the one before plus one in its last eight bytes (RFC 5647, section 7.1)."""
    counters = [int.from_bytes(nonce[4:], "big") for nonce in engine.nonces]
    if not counters:
        # A key that was agreed on at the very end has sealed nothing.
        return True
    first = counters[0]
    return counters == [(first + step) % 2**64 for step in range(len(counters))] and (
        len({nonce[:4] for nonce in engine.nonces}) == 1
    )


@pytest.mark.parametrize("start", [openssh, proftpd])
def test_rekeying_every_16_megabytes(start: Start, engines: list[Engine]) -> None:
    with start() as partner:
        remote = connect(partner, Watched)
        upload = remote.create(f"{partner.root}/rekeyed")
        for number in range(16):
            upload.write(NOISE, number * CHUNK)
        upload.finish()
        remote.close()
        assert partner.read(f"{partner.root}/rekeyed") == NOISE * 16
    assert len(engines) > 10
    assert all(distinct(engine) for engine in engines)
    # One whose key was exchanged again at once has sealed a single packet.
    assert sum(len(engine.nonces) > 1 for engine in engines) > len(engines) // 2


def test_several_connections_in_several_threads_rekey_alone(engines: list[Engine]) -> None:
    with openssh(options=["RekeyLimit 3M"]) as partner:

        def carry(number: int) -> None:
            remote = connect(partner, Watched)
            upload = remote.create(f"{partner.root}/{number}")
            for place in range(4):
                upload.write(NOISE, place * CHUNK)
            upload.finish()
            remote.close()

        threads = [threading.Thread(target=carry, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(partner.read(f"{partner.root}/{n}") == NOISE * 4 for n in range(4))
    assert len(engines) > 40
    assert all(distinct(engine) for engine in engines)


@pytest.mark.parametrize("start", [openssh, proftpd])
def test_it_can_be_switched_off(start: Start) -> None:
    with start() as partner:
        remote = connect(partner, Packetizer)
        upload = remote.create(f"{partner.root}/plain")
        upload.write(NOISE, 0)
        upload.finish()
        assert partner.read(f"{partner.root}/plain") == NOISE
        remote.close()


def test_a_destination_switches_it_off() -> None:
    with openssh() as partner:
        for fast in (True, False):
            remote: Any = partner.remotes.connect(replace(partner.destination, fast_ssh=fast))
            assert isinstance(remote._line.transport.packetizer, BulkPacketizer) == fast
            remote.close()


def test_counter_mode_is_paramikos(engines: list[Engine]) -> None:
    with openssh(options=["Ciphers aes128-ctr"]) as partner:
        remote = connect(partner, BulkPacketizer)
        upload = remote.create(f"{partner.root}/ctr")
        upload.write(NOISE, 0)
        upload.finish()
        assert partner.read(f"{partner.root}/ctr") == NOISE
        packetizer: Any = remote._line.transport.packetizer
        assert not packetizer.sealing
        remote.close()
    assert engines == []


def test_another_kind_of_cipher_in_mid_line_ends_the_line() -> None:
    with openssh() as partner:
        remote = connect(partner, BulkPacketizer)
        remote._line.transport._preferred_ciphers = ("aes128-ctr",)  # type: ignore[attr-defined]
        remote._line.transport._preferred_macs = ("hmac-sha2-256",)  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="another kind of cipher"):
            remote._line.transport.renegotiate_keys()
        assert refused(remote.size, "/").code == Code.REMOTE_DROPPED


def test_a_nonce_is_spent_even_when_sealing_fails() -> None:
    engine = Engine(AESGCM(bytes(16)))
    sealer = Sealer(engine, b"\x01\x02\x03\x04" + b"\xff" * 8)
    short, plain, length = memoryview(bytearray(3)), memoryview(b"0123456789"), memoryview(b"1234")
    with pytest.raises(ValueError, match="buffer"):
        sealer.seal(plain, length, short)
    room = memoryview(bytearray(26))
    sealer.seal(plain, length, room)
    sealer.seal(plain, length, room)
    tails = [nonce[4:] for nonce in engine.nonces]
    assert tails == [b"\xff" * 8, bytes(8), bytes(7) + b"\x01"]


class Wire:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.sent = b""

    def send(self, data: Any) -> int:
        self.sent += bytes(data[:1000])
        return min(len(data), 1000)


@pytest.mark.parametrize("sizes", [(1,), (3, 5), (64, 1, 70), (4000, 32704, 32704)])
def test_packets_are_those_of_the_standard(sizes: tuple[int, ...]) -> None:
    wire, key, iv = Wire(), AESGCM(bytes(16)), bytes(range(12))
    packetizer = BulkPacketizer(wire)
    packetizer.set_outbound_cipher(
        block_engine=key, block_size=16, mac_engine=None, mac_size=16, mac_key=None,
        sdctr=False, etm=False, aead=True, iv_out=iv,
    )  # fmt: skip
    head, block = b"head of the request", memoryview(NOISE)
    packetizer.send_message(Bulk(7, head, block, 2, sizes))
    data, place = b"", 0
    for number, size in enumerate(sizes):
        (length,) = struct.unpack_from(">I", wire.sent, place)
        sealed = wire.sent[place + 4 : place + 4 + length + 16]
        nonce = iv[:4] + (int.from_bytes(iv[4:], "big") + number).to_bytes(8, "big")
        plain = key.decrypt(nonce, sealed, wire.sent[place : place + 4])
        assert length % 16 == 0
        assert 4 <= plain[0] < 20
        assert plain[1:10] == struct.pack(">BII", 94, 7, size)
        data += plain[10 : len(plain) - plain[0]]
        place += 4 + length + 16
    assert place == len(wire.sent)
    assert data == (head + NOISE)[2 : 2 + sum(sizes)]


def test_keys_are_changed_within_the_limit_of_the_standard() -> None:
    assert REKEY_BYTES <= 2**32 * 16
    assert MIB * 1024 < REKEY_BYTES
