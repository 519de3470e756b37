"""Digests that S3 attests: on the receipt without being computed, over bytes that are proven."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.digests import Stateable
from adapters.memory.remotes import ALL_POWERS, MemoryRemote
from adapters.s3 import checksums
from tests.transfer.bench import FINAL, Bench
from tests.transfer.made import PARTNER
from tests.transfer.test_journey import SOURCE, three_tries
from transfer.attest import SIZES
from transfer.destination import Destination, Sidecar, Tier
from transfer.digests import ATTESTED, COMPUTED, NOTHING, Known, Maker, end, plan, told
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import CHUNK, MIB, Outcome, Pin, Receipt, Transfer
from transfer.ports import Remote

LARGE = bytes(range(256)) * (2 * CHUNK // 256) + b"tail"
MIDDLE = LARGE[: MIB + 5]
SMALL = b"a,b\n1,2\n"
ALL = checksums.available()
MODES: Mapping[str, dict[str, Any]] = {
    "both computed": {},
    "md5 attested": {"attest": ("md5",)},
    "both attested": {"attest": ("md5", "sha256")},
    "md5 alone, attested": {"digests": ("md5",), "attest": ("md5",)},
    "none": {"digests": ()},
}


def value(name: str, data: bytes) -> str:
    make = ALL.get(name) or Stateable()[name]
    hashing = make()
    hashing.update(memoryview(data))
    return hashing.hexdigest()


def holding(*names: str, attested: tuple[str, ...] = ()) -> Callable[[Pin, bytes], Pin]:
    """S3 holds these of the whole object, and no others."""

    def word(pin: Pin, data: bytes) -> Pin:
        held = {name: value(name, data) if name in names else None for name in SIZES}
        return replace(pin, attested=attested, **held)  # type: ignore[arg-type]

    return word


AWS = holding("crc64nvme", "md5", attested=("md5",))


def made(data: bytes, word: Callable[[Pin, bytes], Pin] = AWS) -> Bench:
    bench = Bench()
    bench.objects.put(SOURCE, data)
    bench.objects.word, bench.objects.checksums = word, ALL
    return bench


def carried(bench: Bench, **settings: Any) -> Transfer:
    tools = replace(bench.tools(), destinations={"partner": replace(PARTNER, **settings)})
    return travel(bench.received(), tools, three_tries)


def receipt_of(bench: Bench) -> Receipt:
    [delivery] = bench.record().deliveries
    assert delivery.receipt
    return delivery.receipt


@pytest.mark.parametrize("data", [LARGE, MIDDLE, SMALL, b""], ids=["large", "middle", "small", "0"])
@pytest.mark.parametrize("mode", MODES)
def test_the_receipt_has_the_digests_of_the_bytes_and_says_whose_they_are(
    mode: str, data: bytes
) -> None:
    bench = made(data)
    assert carried(bench, **MODES[mode]).outcome is Outcome.DELIVERED
    receipt, names = receipt_of(bench), MODES[mode].get("digests", ("md5", "sha256"))
    for name in ("md5", "sha256"):
        assert getattr(receipt, name) == (value(name, data) if name in names else "")
    attested = name_of(ATTESTED, receipt)
    assert attested == (["md5"] if "md5" in MODES[mode].get("attest", ()) else [])
    assert receipt.source_check == ("MD5" if mode == "both computed" else "CRC64NVME")


def test_what_proves_the_bytes_is_loaded_while_the_server_is_waited_for() -> None:
    bench, asked, loaded = made(LARGE), threading.Event(), list[bool]()
    connect = bench.remotes.connect

    class Late(dict[str, Maker]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.set()
            return super().get(name, default)

    def waits(destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        loaded.append(asked.wait(60))
        return connect(destination, beside=beside)

    bench.objects.checksums = Late(ALL)
    bench.remotes.connect = waits  # type: ignore[method-assign]
    assert carried(bench, digests=()).outcome is Outcome.DELIVERED
    assert loaded[0]


def name_of(origin: str, receipt: Receipt) -> list[str]:
    return [name for name, said in receipt.origins.items() if said == origin]


@pytest.mark.parametrize("data", [LARGE, MIDDLE, SMALL], ids=["large", "middle", "small"])
@pytest.mark.parametrize("mode", MODES)
def test_a_bit_that_flips_on_the_way_from_s3_is_found_in_every_mode(mode: str, data: bytes) -> None:
    """It flips in each try, so that none of them is published; then it does not any more."""
    bench = made(data)
    read_into = bench.objects.read_into

    def flipped(source: Any, pin: Pin, start: int, buffer: memoryview) -> None:
        read_into(source, pin, start, buffer)
        if start + len(buffer) == len(data):
            buffer[-3] ^= 0x10

    bench.objects.read_into = flipped  # type: ignore[method-assign]
    done = carried(bench, **MODES[mode])
    assert done.failure
    assert done.failure.code == Code.CHECKSUM_MISMATCH
    assert FINAL not in bench.remotes.files
    assert not list(bench.temps())


@pytest.mark.parametrize("held", [(), ("crc32",), ("sha1",), ("sha512",), ("sha256",), ("md5",)])
@pytest.mark.parametrize("mode", MODES)
def test_whatever_s3_holds_is_compared_and_what_it_attests_is_never_unproven(
    mode: str, held: tuple[str, ...]
) -> None:
    bench = made(SMALL, holding(*held, attested=tuple({"md5", "sha256"} & {*held})))
    assert carried(bench, **MODES[mode]).outcome is Outcome.DELIVERED
    receipt = receipt_of(bench)
    # The one value that it holds is the proof, and so computed.
    assert name_of(ATTESTED, receipt) == []
    assert receipt.source_check == (held[0].upper() if held else "size only")


def test_a_sha256_that_s3_holds_proves_the_bytes_and_the_md5_is_attested() -> None:
    bench = made(SMALL, holding("sha256", "md5", attested=("md5", "sha256")))
    assert carried(bench, attest=("md5", "sha256")).outcome is Outcome.DELIVERED
    receipt = receipt_of(bench)
    assert (receipt.md5, receipt.sha256) == (value("md5", SMALL), value("sha256", SMALL))
    assert receipt.origins == {"md5": ATTESTED, "sha256": COMPUTED}
    assert receipt.source_check == "SHA256"


def test_what_an_order_demands_is_computed() -> None:
    bench = made(SMALL, holding("crc64nvme", "sha256", attested=("sha256",)))
    asked = bench.received(options={"sha256": hashlib.sha256(SMALL).hexdigest()})
    destination = replace(PARTNER, attest=("sha256",))
    travel(asked, replace(bench.tools(), destinations={"partner": destination}), three_tries)
    assert receipt_of(bench).origins["sha256"] == COMPUTED


def test_a_try_goes_on_from_the_state_of_the_proof_and_the_digest_is_still_attested() -> None:
    bench = made(LARGE)

    def hook(verb: str, path: str, place: int) -> None:
        del path
        if verb == "write" and place >= 2 * CHUNK:
            bench.remotes.hooks.remove(hook)
            raise Transient(Code.REMOTE_DROPPED, "The line broke.")

    bench.remotes.hooks.append(hook)
    assert carried(bench, digests=("md5",), attest=("md5",)).outcome is Outcome.DELIVERED
    assert bench.remotes.opened == [0, 2 * CHUNK]
    receipt = receipt_of(bench)
    assert (receipt.md5, receipt.source_check) == (value("md5", LARGE), "CRC64NVME")
    assert receipt.origins == {"md5": ATTESTED}


def test_the_partners_file_is_read_back_against_an_attested_digest() -> None:
    bench = made(SMALL)
    settings = {"digests": ("md5",), "attest": ("md5",), "tier": Tier.READ_BACK}
    assert carried(bench, **settings).outcome is Outcome.DELIVERED
    assert receipt_of(bench).tier == "T2"


def test_a_sidecar_holds_an_attested_digest() -> None:
    bench = made(SMALL)
    carried(bench, attest=("md5",), sidecar=Sidecar(name="{name}.md5", digest="md5"))
    said = bytes(bench.remotes.files[f"{FINAL}.md5"]).decode()
    assert said.startswith(f"{value('md5', SMALL)}  ")


def test_the_tickets_say_whose_word_it_is() -> None:
    bench = made(SMALL)
    carried(bench, attest=("md5",))
    told_it = "\n".join(post.text for post in bench.posts())
    assert f"MD5: {value('md5', SMALL)} (attested by S3)" in told_it
    assert f"SHA-256: {value('sha256', SMALL)} (computed)" in told_it


def test_what_is_odd_about_s3s_word_is_on_the_ticket() -> None:
    bench = made(SMALL, lambda pin, _: replace(pin, doubt="S3 holds two"))
    carried(bench, attest=("md5",))
    assert "Nothing is attested: S3 holds two" in "\n".join(post.text for post in bench.posts())


def pinned(**held: Any) -> Pin:
    return Pin(size=len(SMALL), etag="e", **held)


def test_the_cheapest_value_proves() -> None:
    held = {name: value(name, SMALL) for name in SIZES}
    for name in SIZES:
        made_of = plan((), NOTHING, pinned(attested=("md5",), **held), Stateable(), ALL)
        assert list(made_of.makers) == [name]
        del held[name]


def test_without_a_proof_nothing_is_taken_as_known() -> None:
    known = told(("md5",), pinned(md5="0" * 32, attested=("md5",)))
    assert known == {"md5": Known("0" * 32, ATTESTED)}
    unproven = plan(("md5",), known, pinned(), Stateable(), {})
    assert (list(unproven.makers), unproven.known) == (["md5"], {})
    with pytest.raises(ValueError, match="nothing proves"):
        end({}, pinned(md5="0" * 32), known)


def test_what_was_computed_wins_over_what_was_told() -> None:
    pin = pinned(md5=value("md5", SMALL))
    hashing = Stateable()["md5"]()
    hashing.update(memoryview(SMALL))
    found = end({"md5": hashing}, pin, {"md5": Known("0" * 32, ATTESTED)})
    assert (found.md5, found.origins) == (pin.md5, {"md5": COMPUTED})


def test_a_server_is_asked_for_no_hash_that_the_destination_leaves_out() -> None:
    bench = made(SMALL, holding("md5", attested=("md5",)))
    bench.remotes.powers = ALL_POWERS
    assert carried(bench, digests=()).outcome is Outcome.DELIVERED
    receipt = receipt_of(bench)
    assert (receipt.md5, receipt.tier) == (value("md5", SMALL), "T0")


@pytest.mark.parametrize("names", [(), ("sha256",)])
def test_what_looks_like_another_stores_md5_proves_nothing(
    names: tuple[str, ...],
) -> None:
    bench = made(SMALL, lambda pin, _: replace(pin, md5="0" * 32))
    assert carried(bench, digests=names).outcome is Outcome.DELIVERED
    assert (receipt_of(bench).source_check, receipt_of(bench).md5) == ("size only", "")
    failure = carried_again(bench, names).failure
    assert failure
    assert "leave md5 out" in failure.action


def carried_again(bench: Bench, names: tuple[str, ...]) -> Transfer:
    """With MD5s it is compared, as ever."""
    partner = replace(PARTNER, digests=("md5", *names))
    tools = replace(bench.tools(), destinations={"partner": partner})
    asked = bench.received(id="i:sc_task:" + "8" * 32, target="again")
    return travel(asked, tools, three_tries)
