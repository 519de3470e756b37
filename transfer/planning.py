"""From the words of a request to its deliveries: what is sent, under which name, and who may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import basename, join

from transfer import manifest
from transfer.beside import check_names
from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.manifest import Wanted
from transfer.model import Delivery, Pin, Request, Source
from transfer.names import check_path, check_seen, parse_source, shown
from transfer.ports import ObjectStore
from transfer.rules import Grant, Rules
from transfer.sources import Kind, Line, parse_line

MAX_FILES = 10_000


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
    for line in lines:
        _granted(request, rules, f"s3://{line.source.bucket}/{line.prefix}")
    single = len(lines) == 1
    # An event is about one version, whatever was written since.
    version = request.version_id or None
    wanted = [
        Wanted(source=replace(line.source, version_id=version))
        for line in lines
        if line.kind is Kind.OBJECT
    ]
    return _deliveries(wanted, request, destination, first=1, single=single)


def lines_to_expand(request: Request) -> list[Line]:
    """The patterns and manifests among the sources."""
    lines = _lines(request)
    return [line for line in lines if line.kind is not Kind.OBJECT]


def _lines(request: Request) -> list[Line]:
    if request.standing:
        # The key of an event is a name, whatever characters it has, and never a pattern.
        return [Line(Kind.OBJECT, parse_source(text)) for text in request.sources]
    return [parse_line(text) for text in request.sources]


@dataclass(frozen=True, slots=True)
class Found:
    """A delivery that a pattern or manifest named, and the SHA-256 that it must have, or ''."""

    delivery: Delivery
    sha256: str


def expand(
    request: Request,
    rules: Rules,
    destination: Destination,
    planned: Sequence[Delivery],
    objects: ObjectStore,
) -> list[Found]:
    """The deliveries of the patterns and manifests, each as strictly checked as a named one.

    Raises what `plan` raises, Permanent `source.missing` for a pattern that names nothing,
    `manifest.malformed`, and what ObjectStore raises.
    """
    wanted: list[Wanted] = []
    for line in lines_to_expand(request):
        for item in _named_by(line, objects):
            wanted.append(item)
            _not_too_many(len(planned) + len(wanted))
    for item in wanted:
        _granted(request, rules, item.source.uri)
        _provable(item, destination)
    found = _deliveries(wanted, request, destination, first=len(planned) + 1, single=False)
    _distinct([item.final for item in (*planned, *found)])
    return [Found(delivery, item.sha256) for delivery, item in zip(found, wanted, strict=True)]


def demanded(pin: Pin, sha256: str, source: Source) -> Pin:
    """The pin with the digest that the manifest demands, to which the bytes are compared.

    Raises Permanent `source.changed` when S3 itself holds another one.
    """
    if not sha256 or pin.sha256 == sha256:
        return pin
    if pin.sha256:
        raise Permanent(
            Code.SOURCE_CHANGED,
            f"{source.uri} has another SHA-256 than the manifest demands.",
            file=source.uri,
        )
    return replace(pin, sha256=sha256)


def _named_by(line: Line, objects: ObjectStore) -> Iterator[Wanted]:
    if line.kind is Kind.MANIFEST:
        yield from _listed_in(line.source, objects)
        return
    none = True
    for key in objects.list(line.source.bucket, line.prefix):
        if line.matches(key):
            none = False
            below = key[len(line.folder) :]
            yield Wanted(source=Source(bucket=line.source.bucket, key=key), path=below)
    if none:
        raise Permanent(
            Code.SOURCE_MISSING,
            f"No object matches {shown(line.source.uri)}.",
            file=line.source.uri,
        )


def _listed_in(source: Source, objects: ObjectStore) -> list[Wanted]:
    pin = objects.describe(source)
    if pin.size > manifest.LARGEST:
        raise Permanent(
            Code.MANIFEST_MALFORMED,
            f"The manifest {source.uri} has {pin.size:,} bytes; {manifest.LARGEST:,} is the most.",
            file=source.uri,
        )
    return manifest.parse(objects.read(source, pin, 0, pin.size), source.uri)


def _deliveries(
    wanted: Sequence[Wanted],
    request: Request,
    destination: Destination,
    *,
    first: int,
    single: bool,
) -> tuple[Delivery, ...]:
    paths = [check_path(_path(request.target, item, single=single)) for item in wanted]
    _distinct(paths)
    deliveries = tuple(
        Delivery(number=number, source=item.source, final=join(destination.root, path))
        for number, (item, path) in enumerate(zip(wanted, paths, strict=True), start=first)
    )
    check_names(deliveries, destination)
    return deliveries


def _path(target: str, wanted: Wanted, *, single: bool) -> str:
    """`target` is a directory when it ends with “/” or the request is for several files."""
    if single and target and not target.endswith("/"):
        return target
    # A path that is absolute must be refused, and join would forget the target before it.
    below = wanted.path or basename(wanted.source.key)
    return below if below.startswith("/") else join(target, below)


def _granted(request: Request, rules: Rules, uri: str) -> None:
    if any(_allows(grant, request, uri) for grant in rules.grants):
        return
    raise Permanent(
        Code.GRANT_MISSING,
        f"{request.requester} may not send {uri} to {request.destination}.",
        file=uri,
    )


def _allows(grant: Grant, request: Request, uri: str) -> bool:
    asked = {request.requester, "*"} & grant.requesters
    through = not grant.items or request.catalog_item in grant.items
    there = request.destination in grant.destinations
    return bool(asked) and through and there and uri.startswith(grant.sources)


def _provable(wanted: Wanted, destination: Destination) -> None:
    if wanted.sha256 and "sha256" not in destination.digests:
        raise Permanent(
            Code.VERIFICATION_TOO_WEAK,
            f"The manifest demands a SHA-256 of {wanted.source.uri}, but {destination.name} "
            "computes none.",
            file=wanted.source.uri,
        )


def _not_too_many(count: int) -> None:
    if count > MAX_FILES:
        raise Permanent(
            Code.SOURCE_MALFORMED,
            f"The request names more than {MAX_FILES:,} files.",
            action="Order the files in several requests.",
        )


def _distinct(paths: Iterable[str]) -> None:
    for path, times in Counter(paths).most_common(1):
        if times > 1:
            raise Permanent(
                Code.NAME_REFUSED, f"Several files would be delivered as {shown(path)}."
            )
