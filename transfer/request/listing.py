"""Which keys the patterns of a request name: each prefix is listed once, and no list is endless."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from transfer.errors import Code, Permanent
from transfer.ports import ObjectStore
from transfer.request.names import shown
from transfer.request.sources import Line

MOST_KEYS = 100_000
"""Keys that are looked at for one request; S3 lists them by the thousand."""
Keys = dict[Line, list[str]]


def named(
    patterns: Sequence[Line], objects: ObjectStore, halt: Callable[[], None], most: int
) -> Keys:
    """The keys that each names, in the order of the store; it may be the pattern's own letters.

    `halt` is called between the keys, and so between the pages. `most` keys may be named.
    Raises Permanent `source.malformed`, and what ObjectStore and `halt` raise.
    """
    found: Keys = {line: [] for line in patterns}
    looked, count = 0, 0
    for bucket, prefix in _roots(patterns):
        wants = list(_wants(bucket, prefix, patterns))
        for key in objects.list(bucket, prefix):
            halt()
            looked += 1
            if looked > MOST_KEYS:
                raise _endless(bucket, prefix)
            for line, begin, matches in wants:
                if key.startswith(begin) and (key == line.source.key or matches(key)):
                    found[line].append(key)
                    count += 1
            if count > most:
                raise too_many(most)
    return found


def too_many(most: int) -> Permanent:
    return Permanent(
        Code.SOURCE_MALFORMED,
        f"The request names more than {most:,} files.",
        action="Order the files in several requests.",
    )


def _roots(patterns: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Buckets and prefixes, without those that begin with another one."""
    last = ("", "")
    for bucket, prefix in sorted({(line.source.bucket, line.prefix) for line in patterns}):
        if bucket != last[0] or not prefix.startswith(last[1]):
            last = (bucket, prefix)
            yield last


def _wants(
    bucket: str, prefix: str, patterns: Sequence[Line]
) -> Iterator[tuple[Line, str, Callable[[str], bool]]]:
    for line in dict.fromkeys(patterns):
        if line.source.bucket == bucket and line.prefix.startswith(prefix):
            yield line, line.prefix, line.matcher()


def _endless(bucket: str, prefix: str) -> Permanent:
    return Permanent(
        Code.SOURCE_MALFORMED,
        f"The patterns begin with too little: more than {MOST_KEYS:,} keys would have to be looked "
        f"at, the last ones below {shown(f's3://{bucket}/{prefix}')}.",
        action="Order with more letters before the first wildcard, or a manifest.",
    )
