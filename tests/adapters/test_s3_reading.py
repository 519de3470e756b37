"""A large object read as the crossing reads it: every byte, one buffer, one connection."""

from __future__ import annotations

import hashlib
import random
import tracemalloc

from tests.ports.shelves import S3Shelf
from tests.servers.seaweedfs import SeaweedFS
from transfer.model import CHUNK, MIB


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


def test_a_read_holds_one_chunk(seaweedfs: SeaweedFS) -> None:
    shelf = S3Shelf(seaweedfs.client(), versioned=False)
    source = shelf.put("chunk.bin", bytes(CHUNK))
    pin = shelf.objects.describe(source)
    tracemalloc.start()
    try:
        data = shelf.objects.read(source, pin, 0, CHUNK)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(data) == CHUNK
    assert peak < CHUNK * 1.2
