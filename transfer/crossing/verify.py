"""(9) How we know that the temp holds the object: a ladder whose reached rung is on the receipt."""

from __future__ import annotations

from functools import partial

from transfer.attest import SIZES
from transfer.crossing import late
from transfer.crossing.crossing import Crossing, temp_of
from transfer.destination import USUAL_TIERS, Tier
from transfer.digests import STATELESS, Maker
from transfer.errors import Code, Corrupted, Permanent, Transient
from transfer.model import Delivery, DeliveryState

LADDER = list(Tier)
STRONGEST = ("sha256", "md5")


def verify(delivery: Delivery, crossing: Crossing) -> Delivery:
    """Climb as far as the destination demands; VERIFIED with the tier that was reached.

    A server's own hash is taken wherever it is offered. Raises Corrupted, Permanent
    `verification.too_weak`.
    """
    _same_size(delivery, crossing)
    same_as_source(delivery)
    tier = _climb(delivery, crossing)
    return crossing.note(
        delivery,
        state=DeliveryState.VERIFIED,
        tier=tier.value,
        failure=None,
    )


def _climb(delivery: Delivery, crossing: Crossing) -> Tier:
    destination = crossing.destination
    rungs = LADDER.index(before_publish(destination.tier, destination.protocol))
    if rungs < LADDER.index(Tier.READ_BACK) and _server_hash_fits(delivery, crossing):
        return Tier.SERVER_HASH
    if rungs == 0:
        return Tier.SIZE
    _read_back(delivery, crossing)
    return Tier.READ_BACK


def before_publish(tier: Tier | None, protocol: str) -> Tier:
    """The partner acknowledges afterwards, which makes up for nothing that is usual before."""
    if tier is None or tier is Tier.ACKNOWLEDGED:
        return USUAL_TIERS.get(protocol, Tier.SIZE)
    return tier


def _server_hash_fits(delivery: Delivery, crossing: Crossing) -> bool:
    # Of the destination's: for those an adapter sees to it that the server's is of the stored file.
    for name in (name for name in STRONGEST if name in crossing.destination.digests):
        ours = _sent(delivery, name)
        if ours and name in crossing.powers.digests:
            theirs = _shown(delivery, name, crossing)
            if theirs is not None:
                _demand_equal(ours, theirs, f"the server's own {name.upper()}", delivery)
                return True
    return False


def _shown(delivery: Delivery, name: str, crossing: Crossing) -> str | None:
    """A server that ends the session over the question is not asked again."""
    try:
        return crossing.remote.proof.digest(temp_of(delivery), name)
    except Transient as error:
        if error.code is Code.REMOTE_DROPPED:
            crossing.tools.refusals.note(crossing.destination, "digests")
        raise


def _read_back(delivery: Delivery, crossing: Crossing) -> None:
    name = next((name for name in STRONGEST if _sent(delivery, name)), None)
    if name is None:
        raise Permanent(
            Code.VERIFICATION_TOO_WEAK,
            f"{crossing.destination.name} demands a proof by content, but computes no digest.",
            file=delivery.final,
        )
    make, wanted = STATELESS[name], delivery.size
    stored = late.read(
        lambda: _read_of(temp_of(delivery), delivery, crossing, make), wanted, crossing.tools.pause
    )
    _demand_equal(_sent(delivery, name), stored, f"the {name.upper()} read back", delivery)


def holds(path: str, delivery: Delivery, crossing: Crossing) -> bool | None:
    """Whether what stands there has the content of this file, by a digest or the checksum that
    has proven it; False also when none may look, None where neither was computed.
    """
    for name in filter(partial(_sent, delivery), (*STRONGEST, *SIZES)):
        if make := STATELESS.get(name) or crossing.tools.objects.checksums.get(name):
            try:
                return _digest_of(path, delivery, crossing, make) == _sent(delivery, name)
            except Permanent:
                return False
    return None


def _digest_of(path: str, delivery: Delivery, crossing: Crossing, make: Maker) -> str:
    return _read_of(path, delivery, crossing, make)[1]


def _read_of(path: str, delivery: Delivery, crossing: Crossing, make: Maker) -> tuple[int, str]:
    """How many bytes stand there, and their digest."""
    size, digest = 0, make()
    for piece in crossing.remote.proof.read(path, 0, delivery.size):
        digest.update(memoryview(piece))
        size += len(piece)
    return size, digest.hexdigest()


def _demand_equal(ours: str, theirs: str, what: str, delivery: Delivery) -> None:
    if ours != theirs:
        raise Corrupted(
            Code.CHECKSUM_MISMATCH,
            f"What the server stored of {delivery.final} is not what was sent: {what} differs.",
            file=delivery.final,
        )


def _same_size(delivery: Delivery, crossing: Crossing) -> None:
    stored = late.stored(crossing.remote, temp_of(delivery), delivery.size, crossing.tools.pause)
    if stored != delivery.size:
        raise Corrupted(
            Code.CHECKSUM_MISMATCH,
            f"{crossing.destination.name} stored {stored} of {delivery.size} bytes of "
            f"{delivery.final}.",
            file=delivery.final,
        )


def same_as_source(delivery: Delivery) -> None:
    """Raises Corrupted when a digest or checksum of ours is not the one that S3 holds, Permanent
    `checksum.mismatch` when it is not the one that the order or its manifest demands.
    """
    pin, sent = delivery.pin, delivery.digests
    if pin is None or sent is None:
        return
    for name in SIZES:
        held, ours = getattr(pin, name), getattr(sent, name, "")
        if held and ours and held != ours:
            raise Corrupted(
                Code.CHECKSUM_MISMATCH,
                f"The {name.upper()} of the bytes read from {delivery.source.uri} "
                "is not the one that S3 holds.",
                file=delivery.source.uri,
            )
    demanded = delivery.source.sha256
    if demanded and sent.sha256 != demanded:
        raise Permanent(
            Code.CHECKSUM_MISMATCH,
            f"The SHA-256 of {delivery.source.uri} is {sent.sha256 or 'not known'}, not the "
            f"{demanded} that is demanded of it.",
            action="Nothing was published. Order again with the digest of what is to be sent.",
            file=delivery.source.uri,
        )


def _sent(delivery: Delivery, name: str) -> str:
    return getattr(delivery.digests, name, "") if delivery.digests else ""
