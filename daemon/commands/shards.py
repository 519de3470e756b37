"""What `show` says of files that were shared out over functions in AWS."""

from __future__ import annotations

from transfer.books import Record
from transfer.crossing.shards import STORED
from transfer.model import Delivery, DeliveryState, Sharing

BEGUN = (DeliveryState.UPLOADING, *STORED, DeliveryState.FAILED, DeliveryState.UNKNOWN)


def shared_out(record: Record) -> dict[str, str]:
    """The row of its shards, if it has any: how many are done, under way, still to come."""
    sharing = record.transfer.sharing
    if sharing is None:
        return {}
    parts: dict[int, list[Delivery]] = {}
    for each in record.deliveries:
        parts.setdefault(sharing.of(each.number), []).append(each)
    done = sum(_is_done(files, sharing) for files in parts.values())
    begun = sum(any(each.state in BEGUN for each in files) for files in parts.values()) - done
    # Once the head has them back, what is left is shared out anew, or carried by one.
    under_way = "under way" if sharing.open else "begun"
    said = f"{len(parts):,} of up to {sharing.size:,} files: {done:,} done, {begun:,} {under_way}"
    first = "" if sharing.last else " (to be verified first, then published)"
    return {"Shards": f"{said}, {len(parts) - done - begun:,} to come{first}"}


def _is_done(files: list[Delivery], sharing: Sharing) -> bool:
    wanted = (DeliveryState.PUBLISHED,) if sharing.last else STORED
    return all(each.state in wanted for each in files)
