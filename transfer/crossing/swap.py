"""Where a server cannot replace in one step: the old file steps aside, the new one takes its name.

    fence → final → eN.old → temp → final → eN.old removed

The name aside bears the epoch of its temp, so that each owner puts back what it moved itself, and
an heir, which knows the candidates, finds what every one of them may have moved.
"""

from __future__ import annotations

from contextlib import suppress

from transfer.crossing.crossing import PUBLISH_LEASE, Crossing, beside_temp, temp_of
from transfer.crossing.verify import holds
from transfer.destination import Mode
from transfer.errors import Code, FerryError, Permanent
from transfer.model import Delivery


def swaps(crossing: Crossing) -> bool:
    """Whether this destination's files are replaced in this way."""
    mode = crossing.destination.mode
    if not crossing.destination.replace:
        return False
    return mode is Mode.SWAP or (mode is Mode.AUTO and not crossing.remote.powers.replaces)


def swap(delivery: Delivery, crossing: Crossing) -> bool:
    """False when the temp is gone. After a refusal the old file has its name again.

    Nothing may step aside for a file that an heir has published already: the temp is looked for,
    and the ledger is asked whether the claim still holds, right before.
    """
    remote, temp = crossing.remote, temp_of(delivery)
    if remote.size(temp) is None:
        return False
    _gather(delivery, crossing)
    if len(delivery.candidates) > 1 and remote.size(temp) is None:
        # A rename that was asked for earlier came just now, and what was gathered may be new.
        return _stepped_back(delivery, crossing)
    if _is_in_the_way(delivery, crossing):
        if remote.size(aside(temp)) is not None:
            fence(crossing)
            crossing.clear(aside(temp))
        fence(crossing)
        remote.rename(delivery.final, aside(temp), replace=False)
    if remote.rename(temp, delivery.final, replace=False):
        return True
    return _stepped_back(delivery, crossing)


def _stepped_back(delivery: Delivery, crossing: Crossing) -> bool:
    """The temp is an heir's by now, and so may be what stepped aside; or it was published late, and
    moved aside by an owner that was overtaken: then the old file must not take its name.
    """
    with suppress(FerryError):
        if not reclaimed(delivery, crossing):
            put_back(delivery, crossing)
    return False


def fence(crossing: Crossing) -> None:
    """Raises ClaimLost. What is asked of the server next is all that may still come late."""
    crossing.tools.ledger.renew(crossing.transfer, PUBLISH_LEASE)
    crossing.tools.fence()


def aside(temp: str) -> str:
    """Where the old file stands while the owner of that temp swaps."""
    return beside_temp(temp, "old")


def _gather(delivery: Delivery, crossing: Crossing, *, ended: bool = False) -> None:
    """What earlier owners moved aside comes under our own name, while no temp is published: what
    is found under one of theirs later can only be the new file. `ended`: none will be, so that what
    there is no room for is removed; otherwise it is looked at when the new file has its name.
    """
    mine = aside(temp_of(delivery))
    for name in _asides(delivery):
        if name == mine:
            continue
        try:
            crossing.move(name, mine)
        except Permanent as error:
            if error.code is not Code.REMOTE_EXISTS:
                raise
            if ended:
                crossing.clear(name)


def give_back(delivery: Delivery, crossing: Crossing) -> None:
    """What stepped aside for a file that is not published, nor will be, gets its name again.

    Raises FerryError.
    """
    _gather(delivery, crossing, ended=True)
    put_back(delivery, crossing)


def put_back(delivery: Delivery, crossing: Crossing) -> None:
    """What this owner moved aside gets its name again. Raises FerryError."""
    remote, temp = crossing.remote, temp_of(delivery)
    try:
        crossing.move(aside(temp), delivery.final)
    except Permanent as error:
        if error.code is not Code.REMOTE_EXISTS:
            raise
        if remote.size(temp) is not None:
            # The partner has put another file there meanwhile, and ours was never published.
            crossing.clear(aside(temp))


def tidied(delivery: Delivery, crossing: Crossing) -> Delivery | None:
    """Published: the old file is removed, or named for Cleanup to do it.

    A rename that was asked for earlier may have come to pass late, and have moved the new file: it
    is known by its content, and gets its name back. None when something else has that by now.
    """
    left = []
    for name in _asides(delivery):
        try:
            if restored(name, delivery, crossing):
                continue
            if _is_all_there_is(name, delivery, crossing):
                return None
            crossing.remote.remove(name)
        except FerryError:
            left.append(name)
    return delivery.evolve(older=tuple(dict.fromkeys((*delivery.older, *left))))


def _is_all_there_is(name: str, delivery: Delivery, crossing: Crossing) -> bool:
    """The new file stands there, and what has its name is another, or it may be so: a file of its
    size of which only the size is known, and none that has its name.
    """
    if crossing.remote.size(name) != delivery.size:
        return False
    found = holds(name, delivery, crossing)
    if found is None:
        return crossing.remote.size(delivery.final) is None
    return found and not holds(delivery.final, delivery, crossing)


def restored(name: str, delivery: Delivery, crossing: Crossing) -> bool:
    """The new file stood there, its own name was free, and it has it again."""
    remote = crossing.remote
    if remote.size(name) != delivery.size or remote.size(delivery.final) is not None:
        return False
    found = holds(name, delivery, crossing)
    return bool(found) and remote.rename(name, delivery.final, replace=False)


def reclaimed(delivery: Delivery, crossing: Crossing) -> bool:
    """No temp is left and no final file: whether the new file was moved aside, and is back."""
    return any(restored(name, delivery, crossing) for name in _asides(delivery))


def _asides(delivery: Delivery) -> list[str]:
    return [aside(name) for name in delivery.candidates]


def _is_in_the_way(delivery: Delivery, crossing: Crossing) -> bool:
    """Raises Permanent `remote.exists` for what is no regular file, or may be none."""
    final = delivery.final
    if crossing.remote.size(final) is None:
        return False
    if crossing.remote.proof.regular(final):
        return True
    raise Permanent(
        Code.REMOTE_EXISTS,
        f"{final} exists already on {crossing.destination.name}, and the server does not show it "
        "to be a regular file: only such a one is replaced.",
        file=final,
    )
