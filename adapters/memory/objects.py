"""An ObjectStore in memory whose objects can be overwritten, removed, denied and archived."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from transfer.digests import Makers
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Pin, Source
from transfer.request.names import FOLDERS

MEANINGS = {
    Code.SOURCE_MISSING: "does not exist",
    Code.SOURCE_DENIED: "may not be read by FileFerry",
    Code.SOURCE_ARCHIVED: "is archived in GLACIER",
    Code.SOURCE_CHANGED: "was overwritten after it was pinned",
}


@dataclass(frozen=True, slots=True)
class _Version:
    data: bytes
    md5: str
    written: datetime

    @property
    def etag(self) -> str:
        return f'"{self.md5}"'


@dataclass(slots=True)
class _Object:
    """All versions by id, the newest last; without versions there is one, under None."""

    versions: dict[str | None, _Version] = field(default_factory=dict)
    removed: bool = False
    refusal: Code | None = None


class MemoryObjects:
    """The ObjectStore port. With `versioned` a pinned version outlives overwriting and removal.

    Objects are named by Source or URI. `written` is when one is written, if `put` is not told.
    `word` makes what is said of a version of the usual pin and the bytes.
    """

    written = datetime(2026, 1, 1, tzinfo=UTC)

    def __init__(self, *, versioned: bool = True) -> None:
        self.checksums: Makers = {}
        self.word: Callable[[Pin, bytes], Pin] = lambda pin, _: pin
        self._versioned = versioned
        self._objects: dict[str, _Object] = {}
        self._stumbles: deque[FerryError] = deque()

    def put(self, name: Source | str, data: bytes, written: datetime | None = None) -> Source:
        """Write or overwrite the object; returns the Source that reads it."""
        source = _source(name)
        item = self._objects.setdefault(source.uri, _Object())
        if not self._versioned:
            item.versions.clear()
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        version = str(len(item.versions) + 1) if self._versioned else None
        item.versions[version] = _Version(data, md5, written or self.written)
        item.removed = False
        return source

    def remove(self, name: Source | str) -> None:
        item = self._objects[_source(name).uri]
        item.removed = True
        if not self._versioned:
            item.versions.clear()

    def deny(self, name: Source | str) -> None:
        self._objects.setdefault(_source(name).uri, _Object()).refusal = Code.SOURCE_DENIED

    def archive(self, name: Source | str) -> None:
        self._objects[_source(name).uri].refusal = Code.SOURCE_ARCHIVED

    def restore(self, name: Source | str) -> None:
        """Undo `deny` and `archive`."""
        self._objects[_source(name).uri].refusal = None

    def stumble(self, *errors: FerryError) -> None:
        """The next calls, of whatever verb and object, raise these, one each."""
        self._stumbles.extend(errors)

    def describe(self, source: Source) -> Pin:
        item = self._find(source)
        newest = None if item.removed else list(item.versions)[-1]
        id_ = source.version_id or newest
        if id_ not in item.versions:
            raise _refusal(Code.SOURCE_MISSING, source)
        version = item.versions[id_]
        pin = Pin(
            size=len(version.data),
            etag=version.etag,
            version_id=id_,
            modified=version.written,
            md5=version.md5,
        )
        return self.word(pin, version.data)

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        begin = f"s3://{bucket}/"
        if not any(uri.startswith(begin) for uri in self._objects):
            raise _refusal(Code.SOURCE_MISSING, Source(bucket=bucket, key=prefix))
        there = (uri for uri, item in self._objects.items() if item.versions and not item.removed)
        keys = (uri.removeprefix(begin) for uri in there if uri.startswith(begin + prefix))
        yield from sorted(key for key in keys if not key.endswith(FOLDERS))

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        item = self._find(source)
        version = item.versions.get(pin.version_id)
        if version is None:
            raise _refusal(Code.SOURCE_MISSING, source)
        if version.etag != pin.etag:
            raise _refusal(Code.SOURCE_CHANGED, source)
        return version.data[start : start + length]

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        buffer[:] = self.read(source, pin, start, len(buffer))

    def _find(self, source: Source) -> _Object:
        if self._stumbles:
            raise self._stumbles.popleft()
        item = self._objects.get(source.uri)
        if item is None:
            raise _refusal(Code.SOURCE_MISSING, source)
        if item.refusal:
            raise _refusal(item.refusal, source)
        return item


def _source(name: Source | str) -> Source:
    if isinstance(name, Source):
        return name
    bucket, _, key = name.removeprefix("s3://").partition("/")
    return Source(bucket=bucket, key=key)


def _refusal(code: Code, source: Source) -> Permanent:
    return Permanent(code, f"{source.uri} {MEANINGS[code]}.", file=source.uri)
