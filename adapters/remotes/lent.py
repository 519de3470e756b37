"""A Remote that belongs to somebody else: it goes back when it is closed, sound or not.

It is sound unless a Transient or an error without a name was raised on it, or an upload or a
reading was left unfinished: nobody knows what the server still has to say about those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from transfer.crossing.batch import Batch, Small
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Powers, Proof, Remote, Upload


def lent(remote: Remote, give_back: Callable[[bool], object]) -> Lent:
    """`give_back` is called once, with whether the connection is sound."""
    if isinstance(remote, Batch):
        return LentBatch(remote, give_back, remote)
    return Lent(remote, give_back)


class Lent:
    """Port `Remote`. `inner` is the connection itself; `mates` share its line and end with it."""

    def __init__(self, remote: Remote, give_back: Callable[[bool], object]) -> None:
        self.mates: list[Lent] = []
        self._remote: Remote | None = remote
        self._give_back = give_back
        self.sound = True
        self._unfinished = 0

    @property
    def inner(self) -> Remote:
        if self._remote is None:
            raise Transient(Code.REMOTE_DROPPED, "The connection was closed on this side.")
        return self._remote

    @contextmanager
    def using(self) -> Iterator[Remote]:
        try:
            yield self.inner
        except Permanent:
            raise
        except BaseException:
            self.sound = False
            raise

    @contextmanager
    def finishing(self) -> Iterator[Remote]:
        """As `using`, for the last act of what `create` began."""
        with self.using() as remote:
            yield remote
        self._unfinished -= 1

    @property
    def identity(self) -> str:
        return self.inner.identity

    @property
    def powers(self) -> Powers:
        with self.using() as remote:
            return remote.powers

    @property
    def proof(self) -> Proof:
        with self.using() as remote:
            return LentProof(self, remote.proof)

    def size(self, path: str) -> int | None:
        with self.using() as remote:
            return remote.size(path)

    def create(self, path: str, *, at: int = 0) -> Upload:
        with self.using() as remote:
            upload = remote.create(path, at=at)
        self._unfinished += 1
        return LentUpload(self, upload)

    def rename(self, old: str, new: str, *, replace: bool) -> bool:
        with self.using() as remote:
            return remote.rename(old, new, replace=replace)

    def remove(self, path: str) -> None:
        with self.using() as remote:
            remote.remove(path)

    def close(self) -> None:
        if self._remote is None:
            return
        for mate in self.mates:
            mate.close()
        self._remote = None
        sound = self.sound and all(mate.sound for mate in self.mates)
        self._give_back(sound and not self._unfinished)


class LentBatch(Lent):
    """One that can overlap the round trips of small files."""

    def __init__(self, remote: Remote, give_back: Callable[[bool], object], batch: Batch) -> None:
        super().__init__(remote, give_back)
        self._batch = batch

    def store(self, files: Sequence[Small]) -> list[int | FerryError | None]:
        with self.using():
            return self._batch.store(files)

    def rename_all(
        self, pairs: Sequence[tuple[str, str]], *, replace: bool
    ) -> list[bool | FerryError]:
        with self.using():
            return self._batch.rename_all(pairs, replace=replace)


class LentUpload:
    def __init__(self, owner: Lent, upload: Upload) -> None:
        self._owner = owner
        self._upload = upload

    @property
    def acknowledged(self) -> int:
        return self._upload.acknowledged

    def write(self, data: bytes | memoryview, offset: int) -> None:
        with self._owner.using():
            self._upload.write(data, offset)

    def finish(self, modified: datetime | None = None) -> None:
        with self._owner.finishing():
            self._upload.finish(modified)

    def abandon(self) -> None:
        self._upload.abandon()


class LentProof:
    def __init__(self, owner: Lent, proof: Proof) -> None:
        self._owner = owner
        self._proof = proof

    def digest(self, path: str, algorithm: str) -> str | None:
        with self._owner.using():
            return self._proof.digest(path, algorithm)

    def read(self, path: str, start: int, length: int) -> Iterator[bytes]:
        # Whoever stops in the middle ends the generator, and so what is borrowed, with an error.
        with self._owner.using():
            yield from self._proof.read(path, start, length)

    def regular(self, path: str) -> bool:
        with self._owner.using():
            return self._proof.regular(path)

    def standing(self, path: str) -> str | None:
        with self._owner.using():
            return self._proof.standing(path)

    def lacks(self, path: str) -> bool:
        with self._owner.using():
            return self._proof.lacks(path)

    def names(self, folder: str) -> Sequence[str]:
        with self._owner.using():
            return self._proof.names(folder)

    def modified(self, path: str) -> datetime | None:
        with self._owner.using():
            return self._proof.modified(path)
