"""From the words of a request to its deliveries: what is sent, under which name, and who may."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import basename, join

from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Manifest, Request, Source
from transfer.ports import ObjectStore
from transfer.request import listing, manifest
from transfer.request.binding import binds, bound, insist
from transfer.request.manifest import Wanted, placed
from transfer.request.names import check_names, check_path, check_seen, parse_source, shown
from transfer.request.sources import Kind, Line, parse_line
from transfer.rules import Grant, Rules
from transfer.visible import visible

MAX_FILES = manifest.MOST
MAX_LISTS = 50
"""Patterns and manifests in a request: each is listed or read before anything is sent."""


def plan(
    request: Request, rules: Rules, destinations: Mapping[str, Destination]
) -> tuple[Delivery, ...]:
    """The deliveries of the objects that the request names one by one; each word is checked.

    Patterns and manifests are checked too, and expanded later by `expand`.
    Raises Permanent `destination.unknown`, `source.malformed`, `name.refused`, `grant.missing`.
    """
    destination = destinations.get(check_seen(request.destination, "destination"))
    if destination is None:
        known = ", ".join(sorted(destinations))
        raise Permanent(
            Code.DESTINATION_UNKNOWN,
            f"There is no destination {shown(request.destination)}.",
            action=f"Order again with one of: {known}.",
        )
    _not_too_many(len(request.sources))
    lines = _lines(request)
    _few_lists(sum(line.kind is not Kind.OBJECT for line in lines))
    check_grants(request, rules)
    wanted = [Wanted(source=line.source) for line in lines if line.kind is Kind.OBJECT]
    for item in wanted:
        _provable(item, destination)
    return _deliveries(wanted, request, destination, first=1, single=len(lines) == 1)


def check_grants(request: Request, rules: Rules, sources: Iterable[str] | None = None) -> None:
    """Each of the sources (S3 URIs), else all that the request names, may be sent where it asks.

    Raises Permanent `grant.missing`, and what `parse_line` raises.
    """
    if sources is None:
        sources = [f"s3://{line.source.bucket}/{line.prefix}" for line in _lines(request)]
    for uri in sources:
        _granted(request, rules, uri)


def lines_to_expand(request: Request) -> list[Line]:
    """The patterns and manifests among the sources."""
    return [line for line in _lines(request) if line.kind is not Kind.OBJECT]


def _lines(request: Request) -> list[Line]:
    """Raises Permanent `request.malformed` for a version or digest of more than one object."""
    if request.standing:
        # The key of an event is a name, whatever characters it has, and never a pattern.
        lines = [Line(Kind.OBJECT, parse_source(text)) for text in request.sources]
    else:
        lines = [parse_line(text) for text in request.sources]
    if binds(request) and len(lines) > 1:
        raise _binds_one(f"{len(lines):,} lines are ordered")
    if not (binds(request) or request.version_id):
        return lines
    # An event is about one version, whatever was written since.
    return [replace(line, source=bound(line.source, request)) for line in lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """What patterns and manifests named, and the manifests as they were read."""

    deliveries: tuple[Delivery, ...]
    manifests: tuple[Manifest, ...]


def expand(  # noqa: PLR0913 what a request is expanded with
    request: Request,
    rules: Rules,
    destination: Destination,
    planned: Sequence[Delivery],
    objects: ObjectStore,
    *,
    halt: Callable[[], None] = lambda: None,
) -> Expanded:
    """The deliveries of the patterns and manifests, each as strictly checked as a named one.

    Raises what `plan` raises, Permanent `source.missing` for a pattern that names nothing,
    `manifest.malformed`, what binding.insist raises of a manifest, and what ObjectStore and `halt`
    raise.
    """
    lines = lines_to_expand(request)
    patterns = [line for line in lines if line.kind is Kind.PATTERN]
    keys = listing.named(patterns, objects, halt, MAX_FILES)
    wanted: list[Wanted] = []
    manifests: list[Manifest] = []
    for line in lines:
        halt()
        if line.kind is Kind.MANIFEST:
            read, listed = _read(line.source, request, rules, objects)
            manifests.append(read)
            wanted += listed
        else:
            wanted += _named_by(line, keys[line], request)
        _not_too_many(len(planned) + len(wanted))
    for item in wanted:
        with placed(item.place):
            _granted(request, rules, item.source.uri)
            _provable(item, destination)
    # A name with a bracket in it that proved to be the name of one object.
    single = not planned and len(lines) == len(wanted) == 1 and not wanted[0].path
    first = len(planned) + 1
    found = _deliveries(wanted, request, destination, first=first, single=single and not manifests)
    _distinct([item.final for item in (*planned, *found)])
    return Expanded(deliveries=found, manifests=tuple(manifests))


def _named_by(line: Line, keys: Sequence[str], request: Request) -> Iterator[Wanted]:
    """An object whose key is the pattern's letters is meant by them, if they name no other one."""
    others = [key for key in keys if key != line.source.key]
    if not keys:
        raise Permanent(
            Code.SOURCE_MISSING,
            f"No object matches {shown(line.source.uri)}.",
            file=line.source.uri,
        )
    if len(others) < len(keys):
        if others:
            raise _ambiguous(line, others)
        yield Wanted(source=line.source)
        return
    if binds(request):
        raise _binds_one(f"{shown(line.source.uri)} is a pattern")
    for key in keys:
        yield Wanted(
            source=Source(bucket=line.source.bucket, key=key), path=key[len(line.folder) :]
        )


def _ambiguous(line: Line, others: Sequence[str]) -> Permanent:
    return Permanent(
        Code.SOURCE_MALFORMED,
        f"{shown(line.source.uri)} is the name of an object, and as a pattern it names "
        f"{len(others):,} more, such as {shown(others[0])}.",
        action="Order again: [[], [*] and [?] stand for a character of the name itself.",
        file=line.source.uri,
    )


def _binds_one(what: str) -> Permanent:
    return Permanent(
        Code.REQUEST_MALFORMED,
        f"A version or SHA-256 binds one object or manifest, but {what}.",
    )


def _read(
    source: Source, request: Request, rules: Rules, objects: ObjectStore
) -> tuple[Manifest, list[Wanted]]:
    """The manifest and its files; it is bound to the approval as the files are."""
    pin = insist(objects.describe(source), source, request, rules)
    if pin.size > manifest.LARGEST:
        raise Permanent(
            Code.MANIFEST_MALFORMED,
            f"The manifest {source.uri} has {pin.size:,} bytes; {manifest.LARGEST:,} is the most.",
            file=source.uri,
        )
    data = objects.read(source, pin, 0, pin.size)
    digest = hashlib.sha256(data).hexdigest()
    if source.sha256 not in ("", digest):
        raise Permanent(
            Code.SOURCE_CHANGED,
            f"The manifest {source.uri} has another SHA-256 than the one that is demanded of it.",
            file=source.uri,
        )
    wanted = manifest.parse(data, source.uri)
    return Manifest(source=source, pin=pin, sha256=digest, files=len(wanted)), wanted


def _deliveries(
    wanted: Sequence[Wanted],
    request: Request,
    destination: Destination,
    *,
    first: int,
    single: bool,
) -> tuple[Delivery, ...]:
    paths = [_path(request.target, item, single=single) for item in wanted]
    _distinct(paths, wanted)
    deliveries = tuple(
        Delivery(number=number, source=item.source, final=join(destination.root, path))
        for number, (item, path) in enumerate(zip(wanted, paths, strict=True), start=first)
    )
    check_names(deliveries, destination)
    return deliveries


def _path(target: str, wanted: Wanted, *, single: bool) -> str:
    """`target` is a directory when it ends with “/” or the request is for several files."""
    if single and target and not target.endswith("/"):
        return check_path(target)
    # A path that is absolute must be refused, and join would forget the target before it.
    below = wanted.path or basename(wanted.source.key)
    with placed(wanted.place):
        return check_path(below if below.startswith("/") else join(target, below))


def _granted(request: Request, rules: Rules, uri: str) -> None:
    """Who it is for and who asked for it both need a grant: nobody gets by another's name what he
    may not do himself, and nobody sends in the name of another what the other may not.
    """
    for user in dict.fromkeys((request.requester, request.opener or request.requester)):
        if not any(_allows(grant, user, request, uri) for grant in rules.grants):
            raise Permanent(
                Code.GRANT_MISSING,
                f"{visible(user)} may not send {uri} to {request.destination}.",
                file=uri,
            )


def _allows(grant: Grant, user: str, request: Request, uri: str) -> bool:
    asked = {user, "*"} & grant.requesters
    through = not grant.items or request.catalog_item in grant.items
    there = request.destination in grant.destinations
    return bool(asked) and through and there and uri.startswith(grant.sources)


def _provable(wanted: Wanted, destination: Destination) -> None:
    if wanted.source.sha256 and "sha256" not in destination.digests:
        raise Permanent(
            Code.VERIFICATION_TOO_WEAK,
            f"A SHA-256 is demanded of {wanted.source.uri}, but {destination.name} computes none.",
            file=wanted.source.uri,
        )


def _not_too_many(count: int) -> None:
    if count > MAX_FILES:
        raise listing.too_many(MAX_FILES)


def _few_lists(count: int) -> None:
    if count > MAX_LISTS:
        raise Permanent(
            Code.SOURCE_MALFORMED,
            f"The request has {count:,} patterns and manifests; {MAX_LISTS} is the most.",
            action="Order them in several requests, or all files in one manifest.",
        )


def _distinct(paths: Sequence[str], wanted: Iterable[Wanted] = ()) -> None:
    for path, times in Counter(paths).most_common(1):
        if times > 1:
            same = [item.place for at, item in zip(paths, wanted, strict=False) if at == path]
            where = f" ({', '.join(filter(None, same[:3]))})" if any(same) else ""
            raise Permanent(
                Code.NAME_REFUSED, f"Several files would be delivered as {shown(path)}{where}."
            )
