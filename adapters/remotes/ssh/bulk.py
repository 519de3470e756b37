"""Large SSH packets without copies: AES-GCM (RFC 5647) into one reusable buffer, one system call.

It replaces paramiko's outgoing path, and only while an AES-GCM key is in use; key exchange,
reading, keepalive and every other cipher stay paramiko's. With two writers of one key the nonces
could collide, so every outgoing packet of such a key goes through the one `Sealer` here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from paramiko import Channel, Message, SSHException
from paramiko.packet import Packetizer

from adapters.remotes.ssh.inflow import Inflow

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BLOCK = 16
"""Bytes of an AES block, of which a packet is a whole number, and of a tag."""
FRAME = 4 + 1 + 4 + BLOCK + BLOCK
"""The most that a packet is longer than its payload: lengths, padding and tag."""
LONGEST = 64 * 1024
"""Bytes of data in one packet, however much the server would take."""
PADDING = bytes(4 + BLOCK)
"""As with counter mode in paramiko: what is sealed needs no random bytes to hide it."""
CHANNEL_DATA = b"\x5e"
"""SSH_MSG_CHANNEL_DATA of RFC 4254, section 5.2."""
REKEY_BYTES = 2**34
"""Bytes under one key: a quarter of what RFC 4344, section 3.2, and OpenSSH allow for a cipher with
blocks of 16 bytes (2**32 of them). paramiko's half a GiB is meant for smaller blocks.
"""


class Sealer:
    """One key. The nonce of RFC 5647, section 7.1: four fixed bytes and a counter of the packets.

    The counter moves before anything is sealed, whatever happens then, so no nonce is used twice.
    """

    def __init__(self, engine: Any, iv: bytes) -> None:
        self._engine = engine
        self._fixed, self._counter = iv[:4], int.from_bytes(iv[4:], "big")

    def seal(self, plain: memoryview, length: memoryview, sealed: memoryview) -> None:
        """`sealed` is longer than `plain` by the tag; `length` is authenticated in the clear."""
        nonce = self._fixed + self._counter.to_bytes(8, "big")
        self._counter = (self._counter + 1) % 2**64
        self._engine.encrypt_into(nonce, plain, length, sealed)


@dataclass(frozen=True, slots=True)
class Bulk:
    """What paramiko's transport takes for a message: data for one channel as several packets.

    The data are `head` and then `block`, from the byte `start` of both; `sizes` are the bytes of
    each packet, as the channel's window was granted.
    """

    channel: int
    head: bytes
    block: memoryview
    start: int
    sizes: Sequence[int]

    def payloads(self) -> Iterator[tuple[ReadableBuffer, ...]]:
        address = CHANNEL_DATA + self.channel.to_bytes(4, "big")
        begin, headed = self.start, len(self.head)
        for size in self.sizes:
            end = begin + size
            rest = self.block[max(begin - headed, 0) : max(end - headed, 0)]
            yield address, size.to_bytes(4, "big"), self.head[begin:end], rest
            begin = end


class BulkPacketizer(Packetizer):
    """Takes a `Bulk` for a message while `sealing`."""

    if TYPE_CHECKING:  # types-paramiko leaves it out

        def _trigger_rekey(self) -> None: ...

    def __init__(self, socket: Any) -> None:
        self._inflow = Inflow(socket)
        super().__init__(cast("Any", self._inflow))
        self._sealer: Any = None
        self._sealing = threading.Lock()
        self._plain = self._sealed = memoryview(b"")
        self._bytes = self._packets = 0

    @property
    def sealing(self) -> bool:
        return self._sealer is not None

    def set_outbound_cipher(self, *args: Any, **kwargs: Any) -> None:
        """Called by paramiko with each new key, when nobody else may send."""
        aead, iv, size = kwargs["aead"], kwargs["iv_out"], kwargs["block_size"]
        # paramiko's own counters stood still meanwhile, so it cannot take over in mid-line.
        if self.sealing and not aead:
            raise SSHException("the server changed to another kind of cipher")
        with self._sealing:
            super().set_outbound_cipher(*args, **kwargs)
            self._sealer = Sealer(kwargs["block_engine"], iv) if aead else None
            self._bytes = self._packets = 0
        if size >= BLOCK:
            self.REKEY_BYTES = self.REKEY_BYTES_OVERFLOW_MAX = REKEY_BYTES

    def send_message(self, data: Message | Bulk) -> None:
        if not self.sealing:
            super().send_message(cast("Message", data))
            return
        with self._sealing:
            if isinstance(data, Bulk):
                size = sum(data.sizes)
                self._send(data.payloads(), size + (9 + FRAME) * len(data.sizes))
                self._inflow.sent(size)
            else:
                payload = data.asbytes()
                self._send([(payload,)], len(payload) + FRAME)

    def _send(self, payloads: Iterator[Any] | Sequence[Any], room: int) -> None:
        if len(self._sealed) < room:
            self._sealed, self._plain = memoryview(bytearray(room)), memoryview(bytearray(room))
        end = 0
        for fields in payloads:
            end = self._seal(fields, end)
            self._packets += 1
        self.write_all(self._sealed[:end])
        self._bytes += end
        spent = self._bytes >= self.REKEY_BYTES or self._packets >= self.REKEY_PACKETS
        if spent and not self.need_rekey():
            self._trigger_rekey()

    def _seal(self, fields: tuple[ReadableBuffer, ...], at: int) -> int:
        """Write the packet of RFC 4253, section 6, to `_sealed` at `at`; returns where it ends."""
        plain, size = self._plain, 1
        for field in fields:
            begin, size = size, size + len(memoryview(field))
            plain[begin:size] = field
        padding = 4 + (-size - 4) % BLOCK
        plain[0] = padding
        plain[size : size + padding] = PADDING[:padding]
        size += padding
        body = at + 4
        self._sealed[at:body] = size.to_bytes(4, "big")
        end = body + size + BLOCK
        self._sealer.seal(plain[:size], self._sealed[at:body], self._sealed[body:end])
        return end


def send(channel: Channel, head: bytes, block: memoryview) -> None:
    """Send both as bytes of the channel, as far at a time as its window reaches.

    Its transport's packetizer is `sealing`. Raises OSError when the channel is closed.
    """
    transport: Any = channel.get_transport()
    # It waits while keys are exchanged and then hands the message to the packetizer.
    deliver = transport._send_user_message  # noqa: SLF001  there is no public way
    start, end = 0, len(head) + len(block)
    while start < end:
        sizes = _granted(channel, end - start)
        deliver(Bulk(channel.remote_chanid, head, block, start, sizes))
        start += sum(sizes)


def _granted(channel: Any, wanted: int) -> list[int]:
    """Sizes of packets that fit into the channel's window; waits only while it is shut."""
    sizes: list[int] = []
    grant = channel._wait_for_send_window  # noqa: SLF001  there is no public way
    with channel.lock:
        while wanted and (channel.out_window_size or not sizes):
            size = grant(min(wanted, LONGEST))
            if size == 0:
                raise OSError("the channel is closed")
            sizes.append(size)
            wanted -= size
    return sizes
