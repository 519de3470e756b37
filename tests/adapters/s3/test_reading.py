"""A large object read as the crossing reads it: every byte, and nothing held beside the buffer."""

from __future__ import annotations

import hashlib
import random
import tracemalloc

from sandbox.aws import Aws
from tests.ports.shelves import S3Shelf
from tests.servers.s3_clients import s3_client
from tests.servers.seaweedfs import SeaweedFS
from transfer.crossing.reading import Reader
from transfer.model import CHUNK, MIB, Delivery


def test_64_mib_in_chunks_hash_to_what_was_written(seaweedfs: SeaweedFS) -> None:
    shelf = S3Shelf(seaweedfs.client(), versioned=True)
    data = random.Random(64).randbytes(64 * MIB)  # noqa: S311  reproducible, not secret
    written = hashlib.sha256(data).hexdigest()
    source = shelf.put_in_parts("large.bin", data)
    size = len(data)
    del data
    pin = shelf.objects.describe(source)
    read = hashlib.sha256()
    for start in range(0, size, CHUNK):
        read.update(shelf.objects.read(source, pin, start, min(CHUNK, size - start)))
    assert (pin.size, read.hexdigest()) == (size, written)


def test_a_chunk_is_not_copied_on_its_way_into_the_buffer(seaweedfs: SeaweedFS) -> None:
    shelf = S3Shelf(seaweedfs.client(), versioned=False)
    source = shelf.put("chunk.bin", bytes(CHUNK))
    pin = shelf.objects.describe(source)
    data = bytearray(b"x" * CHUNK)
    tracemalloc.start()
    try:
        shelf.objects.read_into(source, pin, 0, memoryview(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data == bytes(CHUNK)
    assert peak < CHUNK * 0.1


def test_an_encrypted_object_is_compared_by_its_checksum(moto: Aws) -> None:
    shelf = S3Shelf(s3_client(moto.endpoint_url), versioned=False)
    data = random.Random(8).randbytes(2 * CHUNK + 5)  # noqa: S311  reproducible, not secret
    source = shelf.put("sealed", data, ServerSideEncryption="aws:kms", ChecksumAlgorithm="CRC32")
    pin = shelf.objects.describe(source)
    delivery = Delivery(number=1, source=source, final="/sealed", pin=pin)
    with Reader(shelf.objects, delivery) as reader:
        assert b"".join(bytes(chunk) for _, chunk in reader.chunks()) == data
        digests = reader.digests()
    assert digests.source_check == "CRC32"
    assert digests.crc32 == pin.crc32
    assert digests.sha256 == hashlib.sha256(data).hexdigest()
