"""`fileferry audit …`: whether the receipts are what was reported, and by whose key."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.terminal import Terminal
from config.loading import load, locate
from daemon.commands.exits import explained
from daemon.commands.ledgers import linked
from daemon.commands.options import Config, Json
from transfer.errors import Code, Permanent

if TYPE_CHECKING:
    from transfer.audit.chain import Link
    from transfer.audit.proof import Break, Check, Found, Verdict

audit_app = typer.Typer(
    help="Prove that no receipt was altered.",
    epilog="Example: fileferry audit verify",
    no_args_is_help=True,
)


@audit_app.command(epilog="Example: fileferry audit verify receipt.json --head 3f0c2ab1")
def verify(
    place: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="A receipt, or a directory of them; else the ledger."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="The hash on an audit ticket, which must be there."),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Public key (PEM) that must have signed; or several."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Follow the chain of receipts, offline, and name the first link that does not hold.

    Ends with 0 when all of it holds, with 1 when not.
    """
    from adapters.audit.keys import checking  # noqa: PLC0415  cryptography, for those who verify

    with explained():
        check = checking(key) if key else None
        wanted = _hash(head)
        found = _of_files(place, wanted, check) if place else _of_ledger(config, wanted, check)
        verdicts, left_out, unproven = found
        out = Terminal()
        if json:
            out.document(
                {
                    "chains": list(map(_document, verdicts)),
                    "left_out": left_out,
                    "unproven": [each.message for each in unproven],
                }
            )
        else:
            out.say(*(line for each in verdicts for line in _lines(each)))
            out.say(*(f"Left out: {why}" for why in left_out))
            out.say(*(f"Not proven: {each.message}" for each in unproven))
        for broken in filter(None, (each.broken for each in verdicts)):
            raise Permanent(Code.AUDIT_BROKEN, f"{broken.words} {broken.means}")
        if unproven:
            raise unproven[0]


@audit_app.command(epilog="Example: fileferry audit key > public.pem")
def key(config: Config = None) -> None:
    """Print the public key that receipts are signed by, for those who verify."""
    from adapters.audit.making import signer  # noqa: PLC0415
    from config.secrets import operators  # noqa: PLC0415

    with explained():
        path = locate(config)
        settings = load(path)
        audit, aws = settings.audit.model_dump(), settings.aws
        made = signer(audit, operators(path), aws.profile, aws.timeout)
        if made is None:
            raise Permanent(
                Code.CONFIG_INVALID,
                "Receipts are not signed: neither audit.key nor audit.kms_key is set.",
                action="Set one of them; docs/security.md says how a key is made.",
            )
        Terminal().say(*made.public().splitlines())


def _hash(head: str | None) -> str:
    """Empty where none is asked for: an empty one would be an unset variable of a script."""
    text = "" if head is None else head.strip().lower()
    if head is not None and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise typer.BadParameter(
            "the whole hash of a ticket, 64 digits of 0-9 and a-f.", param_hint="--head"
        )
    return text


def _of_ledger(
    config: Path | None, head: str, check: Check | None
) -> tuple[list[Verdict], list[str], list[Permanent]]:
    from adapters.servicenow.line.wire import instance_name  # noqa: PLC0415  it brings requests
    from daemon.commands.audit_look import in_ledger, marks_in_ledger  # noqa: PLC0415
    from transfer.audit.proof import walked  # noqa: PLC0415

    settings = load(locate(config))
    instance = instance_name(settings.servicenow.url)
    with linked(settings) as (archive, chain):
        found = in_ledger(archive, chain, instance)
        verdict = walked(found, whole=True, head=head, check=check)
        marks = marks_in_ledger(chain, instance).broken
    if marks and not verdict.broken:
        verdict.broken = replace(marks, words=f"Of what was forgotten: {marks.words}")
    verdict.chain = verdict.chain or instance
    return [verdict], [], []


def _of_files(
    place: Path, head: str, check: Check | None
) -> tuple[list[Verdict], list[str], list[Permanent]]:
    from daemon.commands.audit_look import receipts  # noqa: PLC0415
    from transfer.audit.proof import walked  # noqa: PLC0415

    found = receipts(place)
    hashes = {each.link.hash for known in found.chains.values() for each in known}

    def wanted(known: list[Found]) -> str:
        """A ticket is of one of the chains; where none has its hash each of them says so."""
        return "" if head in hashes - {each.link.hash for each in known} else head

    verdicts = [
        walked(known, whole=False, head=wanted(known), check=check)
        for known in found.chains.values()
    ]
    if not verdicts and not found.unproven:
        raise Permanent(Code.AUDIT_BROKEN, f"There is no receipt with a chain in {place}.")
    return verdicts, found.left_out, found.unproven


def _document(verdict: Verdict) -> dict[str, Any]:
    first, last = verdict.first, verdict.last
    return {
        "chain": verdict.chain,
        "holds": verdict.holds,
        "links": verdict.links,
        "first": first.shown() if first else None,
        "last": last.shown() if last else None,
        "contents": verdict.contents,
        "forgotten": verdict.forgotten,
        "signatures": verdict.signed,
        "signed_to": verdict.signed_to,
        "broken": _broken(verdict.broken) if verdict.broken else None,
    }


def _broken(broken: Break) -> dict[str, Any]:
    return {
        "fault": broken.fault,
        "number": broken.number,
        "transfer": broken.transfer,
        "words": broken.words,
        "means": broken.means,
    }


def _lines(verdict: Verdict) -> list[str]:
    first, last = verdict.first, verdict.last
    lines = [f"The chain {verdict.chain} {'holds' if verdict.holds else 'does NOT hold'}."]
    if verdict.broken and not last:
        return [*lines, f"Does not hold: {verdict.broken.transfer or 'its first link'}"]
    if not first or not last:
        return [*lines, "No link of it was found: it begins with the next report."]
    until = "" if verdict.holds else "Up to there it holds. "
    lines.append(f"{until}Links: {verdict.links:,}, from {_place(first)} to {_place(last)}.")
    if first.number > 1:
        lines.append(f"What was before number {first.number} is not here, and not proven.")
    lines.append(_compared(verdict))
    if verdict.signed:
        lines.append(
            f"Signatures: {verdict.signed:,}; they vouch for all up to number {verdict.signed_to}."
        )
    lines.append(f"Hash of number {last.number}, as on its audit ticket: {last.hash}")
    if verdict.head:
        lines.append("The hash that --head names is among them.")
    elif not verdict.signed:
        lines.append("Who may write here could have made all of it: --head or --key shows more.")
    if verdict.broken and verdict.broken.transfer:
        lines.append(f"Does not hold: {verdict.broken.transfer}")
    return lines


def _compared(verdict: Verdict) -> str:
    anew = verdict.links - verdict.contents - verdict.forgotten
    bare = (
        f"{verdict.forgotten:,} forgotten" if verdict.forgotten else "",
        f"{anew:,} sent anew since" if anew else "",
    )
    told = " and ".join(filter(None, bare))
    more = f"; by their hashes alone: {told}." if told else "."
    return f"Receipts compared with what they told: {verdict.contents:,}{more}"


def _place(link: Link) -> str:
    return f"{link.number} ({link.at[:19].replace('T', ' ')} UTC)"
