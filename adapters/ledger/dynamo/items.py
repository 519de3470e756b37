"""Items of the table as plain values, the keys they stand under, and the times they bear."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from transfer.model import Transfer
from transfer.tickets import Post

Value = str | int | bool | bytes | list[str]
Item = dict[str, Value]
Element = TypeVar("Element")
Key = tuple[str, str]
"""Partition key and sort key."""

HEAD = "head"
SCHEMA: Key = ("SCHEMA", "version")
LONGEST_KEY = 900
"""Bytes of a post's key as it stands; DynamoDB's limit for a sort key is 1,024."""

# The sort keys of one transfer's partition are named so that what a Record shows, files, head and
# lanes, lies side by side: one query reads it, and neither the words of the posts nor the parts.
FILES = ("file#", "file$")
FILES_AND_HEAD = ("file#", HEAD)
RECORD = ("file#", "lane$")


def partition(transfer_id: str) -> str:
    return f"T#{transfer_id}"


def transfer_id(item: Item) -> str:
    return str(item["pk"]).removeprefix("T#")


def head_key(transfer_id: str) -> Key:
    return (partition(transfer_id), HEAD)


def shard_key(transfer_id: str, number: int) -> Key:
    return (partition(transfer_id), f"shard#{number:06}")


def claim_key(transfer: Transfer) -> Key:
    """Where the claim stands: the head, or the shard whose claim this is."""
    if transfer.shard is None:
        return head_key(transfer.id)
    return shard_key(transfer.id, transfer.shard)


def file_key(pk: str, number: int) -> Key:
    # Eight digits, so that the keys sort as the numbers do.
    return (pk, f"file#{number:08}")


def file_number(item: Item) -> int:
    return int(str(item["sk"]).rpartition("#")[2])


def lane_key(post: Post) -> Key:
    return (partition(post.transfer_id), f"lane#{post.generation:06}:{post.ticket}")


def post_key(pk: str, key: str) -> Key:
    """`key` is the post's own; where it is too long for a sort key its digest stands for it."""
    if len(key.encode()) > LONGEST_KEY:
        key = hashlib.sha256(key.encode()).hexdigest()
    return (pk, f"post#{key}")


def lock_key(name: str) -> Key:
    return (f"N#{hashlib.sha256(name.encode()).hexdigest()}", "lock")


def takers_key(item_key: str) -> Key:
    return (f"I#{hashlib.sha256(item_key.encode()).hexdigest()}", "takers")


def limit_key(kind: str, name: str) -> Key:
    return (f"L#{name}", kind)


def recollection_key(name: str) -> Key:
    return (f"M#{name}", "digests")


def link_key(instance: str, number: int) -> Key:
    return (f"C#{instance}", f"link#{number:012}")


def ending_key(transfer_id: str, generation: int) -> Key:
    return (partition(transfer_id), f"ending#{generation:06}")


def key_of(item: Item) -> Key:
    return (str(item["pk"]), str(item["sk"]))


def number(item: Item, name: str) -> int:
    """0 where it is absent."""
    value = item.get(name, 0)
    return value if isinstance(value, int) else 0


def texts(item: Item, name: str) -> list[str]:
    """A list of texts, empty where it is absent."""
    value = item.get(name)
    return value if isinstance(value, list) else []


def stamp(moment: datetime) -> str:
    """UTC with microseconds, so that the texts sort as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def now_stamp() -> str:
    """For people and for order among equals; nothing is decided by it."""
    return stamp(datetime.now(UTC))


def batched(elements: Iterable[Element], size: int) -> Iterator[tuple[Element, ...]]:
    """In pieces of `size` (itertools has it from Python 3.12 on)."""
    rest = iter(elements)
    while piece := tuple(islice(rest, size)):
        yield piece


def wired(item: Mapping[str, Value]) -> dict[str, Any]:
    """As the API writes it: each value under the letter of its type."""
    return {name: _wire(value) for name, value in item.items()}


def plain(wire: Mapping[str, Any]) -> Item:
    return {name: _plain(value) for name, value in wire.items()}


def wired_key(key: Key) -> dict[str, Any]:
    return wired({"pk": key[0], "sk": key[1]})


def _wire(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, list):
        return {"L": [{"S": text} for text in value]}
    return {"S": value}


def _plain(wire: Mapping[str, Any]) -> Value:
    kind, value = next(iter(wire.items()))
    if kind == "N":
        return int(value)
    if kind == "L":
        return [element["S"] for element in value]
    result: Value = value
    return result
