"""Whether a chain holds, from the links alone: where it breaks first, and what that means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from transfer.audit.chain import FIRST, Link

Check = Callable[[Link], str]
"""Why its signature does not count; empty where it does."""


class Fault(StrEnum):
    """What does not hold."""

    ALTERED = "altered"
    CONTENT = "content"
    REPLACED = "replaced"
    GONE = "gone"
    MISSING = "missing"
    TWICE = "twice"
    SIGNATURE = "signature"
    UNSIGNED = "unsigned"
    HEAD = "head"


MEANS = {
    Fault.ALTERED: "One of the fields of the link was altered after it was written.",
    Fault.CONTENT: "What the receipt tells was altered after it was reported; the link was not.",
    Fault.REPLACED: "One of the two was replaced, or the ledger was set back to an older copy.",
    Fault.GONE: "It was taken out: forgetting leaves a mark, and forgets nothing within 400 days.",
    Fault.MISSING: "It was taken out, or is not among what was looked at: its audit ticket has it.",
    Fault.TWICE: "One of the two is forged, or the ledger was set back to an older copy.",
    Fault.SIGNATURE: "The link was altered or forged, or another key has signed it.",
    Fault.UNSIGNED: "The key was out of reach (audit.unsigned), or whoever wrote it has no key.",
    Fault.HEAD: "The end was cut off or rewritten after that ticket, or it is of another ledger.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A link, with the SHA-256 of the receipt's content as it is now; None where nobody has it.

    `forgotten`: a mark says so. `gone`: the transfer is not there, and nothing says why.
    """

    link: Link
    content: str | None = None
    forgotten: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first thing that does not hold. `number` is the link's, 0 where it is of none."""

    fault: Fault
    number: int
    words: str
    transfer: str = ""

    @property
    def means(self) -> str:
        return MEANS[self.fault]


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What holds, up to the break if there is one.

    `contents` counts the receipts whose content was compared, `forgotten` those with a mark
    instead, `signed` the signatures that were checked. `signed_to` is the last link with one: it
    vouches for all before it. `head`: the link with the hash that was asked for was there.
    """

    chain: str = ""
    links: int = 0
    first: Link | None = None
    last: Link | None = None
    contents: int = 0
    forgotten: int = 0
    signed: int = 0
    signed_to: int = 0
    head: bool = False
    broken: Break | None = None

    @property
    def holds(self) -> bool:
        return self.broken is None


def walked(
    found: Iterable[Found], *, whole: bool, head: str = "", check: Check | None = None
) -> Verdict:
    """Along the links in their order, as far as they hold.

    `whole`: they have to begin with the first one. `head` is a hash that has to be among them.
    """
    verdict = Verdict()
    for each in found:
        link = each.link
        verdict.chain = verdict.chain or link.name
        verdict.broken = next(_broken(each, verdict.last, whole=whole, check=check), None)
        if verdict.broken:
            return verdict
        verdict.first, verdict.last = verdict.first or link, link
        verdict.links += 1
        verdict.contents += each.content is not None
        verdict.forgotten += each.forgotten
        verdict.head |= link.hash == head
        if check and link.signature:
            verdict.signed, verdict.signed_to = verdict.signed + 1, link.number
    verdict.broken = next(_lacking(verdict, head, check), None)
    return verdict


def _broken(
    found: Found, last: Link | None, *, whole: bool, check: Check | None
) -> Iterator[Break]:
    link = found.link

    def broken(fault: Fault, words: str) -> Break:
        return Break(fault=fault, number=link.number, words=words, transfer=link.transfer)

    yield from _out_of_order(link, last, whole=whole)
    if link.hash != link.right_hash:
        yield broken(Fault.ALTERED, f"Link {link.number} is not what its hash says.")
    if last and (link.name, link.previous) != (last.name, last.hash):
        yield broken(
            Fault.REPLACED,
            f"Link {link.number} does not follow the link {last.number} that is here.",
        )
    if found.content not in (None, link.receipt):
        yield broken(
            Fault.CONTENT, f"The receipt of link {link.number} is not the one that was reported."
        )
    if found.gone:
        yield broken(Fault.GONE, f"The transfer of link {link.number} is gone from the ledger.")
    if check and link.signature and (why := check(link)):
        yield broken(Fault.SIGNATURE, f"The signature of link {link.number} {why}.")


def _out_of_order(link: Link, last: Link | None, *, whole: bool) -> Iterator[Break]:
    wanted = last.number + 1 if last else 1
    if last and link.number == last.number:
        words = f"There are two different links {link.number}."
        yield Break(fault=Fault.TWICE, number=link.number, words=words, transfer=link.transfer)
    elif link.number != wanted and (last or whole):
        words = f"Link {wanted} is missing: after {wanted - 1} comes {link.number}."
        yield Break(fault=Fault.MISSING, number=wanted, words=words)
    elif last is None and (link.number == 1) != (link.previous == FIRST):
        words = f"Link {link.number} is not what its hash says."
        yield Break(fault=Fault.ALTERED, number=link.number, words=words, transfer=link.transfer)


def _lacking(verdict: Verdict, head: str, check: Check | None) -> Iterator[Break]:
    last = verdict.last
    if head and not verdict.head:
        number = last.number if last else 0
        words = f"None of the {verdict.links:,} links has the hash {head}."
        yield Break(fault=Fault.HEAD, number=number, words=words)
    if check and last and verdict.signed_to < last.number:
        number = verdict.signed_to + 1 if verdict.signed else (verdict.first or last).number
        words = f"No signature vouches for what is from link {number} on."
        yield Break(fault=Fault.UNSIGNED, number=number, words=words)
