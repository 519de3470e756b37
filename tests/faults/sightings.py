"""Who appeared in a directory, and how often: the kernel's own word (inotify), not the server's."""

from __future__ import annotations

import ctypes
import os
import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Self

# sys/inotify.h
CREATED, MOVED_TO = 0x100, 0x80
HEAD = struct.Struct("iIII")


class Sightings:
    """A context manager. Counts each name that something in `directory` was created with or
    renamed to, also from within another mount namespace.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: Counter[str] = Counter()

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        path = os.fsencode(self._directory)
        if libc.inotify_add_watch(self._descriptor, path, CREATED | MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), f"{self._directory} cannot be watched")
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._descriptor)

    def of(self, name: str) -> int:
        with suppress(BlockingIOError):
            while events := os.read(self._descriptor, 1 << 16):
                self._note(events)
        return self._seen[name]

    def _note(self, events: bytes) -> None:
        while events:
            *_, length = HEAD.unpack_from(events)
            end = HEAD.size + length
            self._seen[events[HEAD.size : end].rstrip(b"\0").decode()] += 1
            events = events[end:]
