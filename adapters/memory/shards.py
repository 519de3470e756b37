"""Shards in memory."""

from __future__ import annotations

from adapters.memory.ledger import MemoryLedger, MemoryStore, ShardRow
from transfer.books import joined, session_of
from transfer.model import Delivery, Transfer


class MemoryShards:
    """The Shards port."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def open(self, transfer: Transfer) -> Transfer:
        with self.store.lock:
            MemoryLedger(self.store).save(transfer)
            for number in transfer.sharing.numbers if transfer.sharing else ():
                row = self.store.shards.setdefault((transfer.id, number), ShardRow())
                row.opened, row.claims = transfer.epoch, 0
            return transfer

    def claim(self, transfer_id: str, number: int, opened: int, owner: str) -> Transfer | None:
        del owner  # nobody asks for it here
        with self.store.lock:
            row = self.store.shards.get((transfer_id, number))
            if row is None or not opened or row.opened != opened:
                return None
            row.epoch, row.claims = row.epoch + 1, row.claims + 1
            head = self.store.rows[transfer_id].transfer
            session = row.told(head) or session_of(head, number)
            return head.evolve(shard=number, epoch=row.epoch, claims=row.claims, session=session)

    def close(self, transfer: Transfer) -> Transfer:
        with self.store.lock:
            self.store.close_shards(transfer)
            sharing = transfer.sharing
            if sharing and sharing.open:
                rows = [self.store.shards.get((transfer.id, each)) for each in sharing.numbers]
                told = [row.told(transfer) for row in rows if row]
                transfer = joined(transfer, [each for each in told if each])
            closed = transfer.evolve(sharing=sharing and sharing.evolve(open=False))
            MemoryLedger(self.store).save(closed)
            return closed

    def deliveries(self, transfer: Transfer) -> tuple[Delivery, ...]:
        with self.store.lock:
            found = self.store.files(transfer.id)
        sharing = transfer.sharing
        return tuple(
            each for each in found if sharing and sharing.of(each.number) == transfer.shard
        )
