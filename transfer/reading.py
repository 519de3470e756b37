"""Reading a pinned object front to back, one chunk ahead, digesting what passes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from transfer.model import CHUNK, Delivery, Digests, Pin
from transfer.ports import ObjectStore


def source_check(pin: Pin) -> str:
    """What of S3's own the digests are compared with, in words for the ticket."""
    names = [name for name in ("sha256", "md5") if getattr(pin, name)]
    return " and ".join(name.upper() for name in names) or "size only"


@dataclass(slots=True)
class Reader:
    """Reads one chunk ahead and digests it in that thread, while the one before is being sent."""

    objects: ObjectStore
    delivery: Delivery
    md5: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))
    sha256: Any = field(default_factory=hashlib.sha256)

    def chunks(self) -> Iterator[bytes]:
        starts = range(0, self.delivery.size, CHUNK)
        with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
            ahead = [pool.submit(self._read, start) for start in starts[:1]]
            for following in [*starts[1:], None]:
                if not ahead:
                    return
                chunk = ahead.pop().result()
                if following is not None:
                    ahead.append(pool.submit(self._read, following))
                yield chunk

    def digests(self) -> Digests:
        pin = self.delivery.pin
        return Digests(
            md5=self.md5.hexdigest(),
            sha256=self.sha256.hexdigest(),
            source_check=source_check(pin) if pin else "",
        )

    def _read(self, start: int) -> bytes:
        pin = self.delivery.pin
        if pin is None:
            raise ValueError("a delivery is pinned before it is read")
        data = self.objects.read(self.delivery.source, pin, start, min(CHUNK, pin.size - start))
        self.md5.update(data)
        self.sha256.update(data)
        return data
