"""The whole house: what the service needs of this host, of AWS, of ServiceNow and of partners.

Nothing is written anywhere, no message is taken out of a queue, and no object is read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from adapters import instance, wiring
from adapters.remotes import Register
from config import secrets as named
from config.secrets import Secrets, check
from config.settings import Settings
from config.values import destinations
from daemon.doctor.destination import knock
from daemon.doctor.findings import Finding, Mark, Tell, fail, ok, warn
from transfer.errors import Code, FerryError, Permanent
from transfer.model import MIB, Source

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

    from adapters.aws.keys import Keys

Findings = Iterator[Finding]
NO_ROOM, LITTLE_ROOM = 64 * MIB, 512 * MIB
"""Free bytes beside the ledger."""
SKEW, SKEW_MATTERS = 5.0, 60.0
"""Seconds that our clock may differ without a word, and more than which S3's signatures bear less
and less: it refuses them from a quarter of an hour on.
"""
PRESENT = frozenset({Code.SOURCE_MISSING, Code.SOURCE_UNAVAILABLE, Code.SESSION_REFUSED})
"""Of a look at a bucket: what ends every transfer from there; a listing that is denied does not."""


def look_round(
    settings: Settings,
    secrets: Secrets,
    ledger: Callable[[], Findings],
    tell: Callable[[str], Tell],
) -> None:
    """`tell` takes the part of the house. Never raises a FerryError."""
    parts: dict[str, Callable[[], Findings]] = {
        "credentials": lambda: _credentials(settings, secrets),
        "disk": lambda: _disk(settings),
        "ledger": ledger,
        "ServiceNow": lambda: _instance(settings, secrets),
        "AWS": lambda: _aws(settings),
        "queue": lambda: _queue(settings),
        "state machine": lambda: _machine(settings),
    }
    for part, look in parts.items():
        _looked(part, look, tell(part))
    remotes = Register(secrets)
    for name, destination in destinations(settings).items():
        knock(destination, remotes, tell(name))


def _looked(part: str, look: Callable[[], Findings], tell: Tell) -> None:
    try:
        for finding in look():
            tell(finding)
    except FerryError as error:
        tell(fail(part, error))


def _credentials(settings: Settings, secrets: Secrets) -> Findings:
    """Each missing one by its own error, then what is wrong with those that are there."""
    names = {
        *named.names_of_login(settings),
        *named.names_of_destinations(settings),
        *named.names_of_notices(settings),
    }
    missing = list[str]()
    for name in sorted(names):
        try:
            secrets(name)
        except FerryError as error:
            missing.append(error.message.removesuffix("."))
            yield fail("secrets", error)
    troubled = [
        fault
        for fault in check(settings, secrets)
        if not any(one in fault.words for one in missing)
    ]
    for fault in troubled:
        yield fail("secrets", Permanent(Code.CONFIG_INVALID, f"{fault}."))
    if not (missing or troubled):
        yield ok("secrets", f"All {len(names)} that the configuration names are there, and open.")


def _disk(settings: Settings) -> Findings:
    if settings.ledger.kind != "sqlite":
        return
    path = settings.ledger.path
    folder = next(place for place in path.absolute().parents if place.exists())
    free = shutil.disk_usage(folder).free
    seen = f"{free // MIB:,} MiB are free in {folder}."
    if free < NO_ROOM:
        yield fail("room", Permanent(Code.LEDGER_FULL, seen))
    elif free < LITTLE_ROOM:
        yield warn("room", seen, "Make room before the ledger needs it.")
    else:
        yield ok("room", seen)
    yield _writable(path, folder)


def _writable(path: Path, folder: Path) -> Finding:
    who = f"uid {os.geteuid()}"
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            owner = f"it is of uid {place.stat().st_uid}, mode {place.stat().st_mode & 0o7777:04o}"
            advice = "Run the command as the user of the service, or give that user the file."
            return warn("permissions", f"{who} may not write to {place}: {owner}.", advice)
    return ok("permissions", f"{who} may write the ledger.")


def _instance(settings: Settings, secrets: Secrets) -> Findings:
    from adapters.servicenow.look.findings import Verdict  # noqa: PLC0415  slow to load

    marks = {Verdict.OK: Mark.OK, Verdict.BROKEN: Mark.FAIL}
    for each in instance.survey(settings, secrets).look(lambda _: None):
        mark = marks.get(each.verdict, Mark.WARN)
        code = each.code or (Code.SERVICENOW_UNREADY if mark is Mark.FAIL else "")
        yield Finding(each.name, mark, each.text, each.advice, code)


def _aws(settings: Settings) -> Findings:
    part, lent, skew = settings.aws, None, None
    step = "identity"
    try:
        if part.check_identity or part.sessions != "process":
            yield ok("identity", f"STS knows us as {_caller(settings)}.")
        if part.sessions != "process":
            step = "role"
            lent = yield from _role(settings)
    except FerryError as error:
        yield fail(step, error)
        return
    from adapters.aws.keys import Lending  # noqa: PLC0415
    from adapters.s3.look import look  # noqa: PLC0415  boto3
    from adapters.s3.store import make_client  # noqa: PLC0415

    client = make_client(part.region, part.endpoint_url, part.profile, part.timeout)
    with Lending(client).by(lent):
        for source in _sources(settings):
            found = look(client, source)
            skew = found.skew if skew is None else skew
            yield _bucket(source, found.error)
    if skew is not None:
        yield _clock(skew)


def _role(settings: Settings) -> Generator[Finding, None, Callable[[], Keys]]:
    """The session of the role that reads, as each transfer takes it; returns its keys."""
    from adapters.aws.role import Role, UnofferedError  # noqa: PLC0415
    from adapters.aws.scope import Scope  # noqa: PLC0415

    role = Role(_sts(settings), settings.aws.role_arn or "", wiring.clock)
    lent = role.assume("doctor")
    yield ok("role", f"It is taken, as {lent.identity}; buckets are looked at under it.")
    scopes = [Scope(source.bucket, source.key, listing=True) for source in _sources(settings)]
    if settings.aws.sessions == "scoped" and scopes:
        try:
            role.narrow(lent, scopes[0])
            yield ok("scoped sessions", "STS gives them.")
        except UnofferedError as error:
            seen = f"STS does not offer them ({error}): sessions of the role stand in."
            yield warn("scoped sessions", seen, "Set aws.sessions to role, or ask why.")
    return lambda: lent.keys


def _caller(settings: Settings) -> str:
    from adapters.aws.sessions import caller_of  # noqa: PLC0415

    return caller_of(_sts(settings))


def _sts(settings: Settings) -> STSClient:
    from adapters.aws.sessions import make_client  # noqa: PLC0415  boto3

    part = settings.aws
    endpoint = part.sts_endpoint_url or part.endpoint_url
    return make_client(part.region, endpoint, part.profile, part.timeout)


def _sources(settings: Settings) -> list[Source]:
    """One prefix of each bucket that a grant names."""
    found: dict[str, Source] = {}
    for grant in settings.grants:
        for prefix in grant.sources:
            bucket, _, key = prefix.removeprefix("s3://").partition("/")
            if bucket:
                found.setdefault(bucket, Source(bucket=bucket, key=key))
    return list(found.values())


def _bucket(source: Source, error: FerryError | None) -> Finding:
    name = f"bucket {source.bucket}"
    if error is None:
        return ok(name, f"What begins with {source.uri} can be listed.")
    if error.code in PRESENT:
        return fail(name, error)
    seen = f"What begins with {source.uri} may not be listed, as patterns and folders need it."
    return warn(
        name, f"{seen} {error.message}", "Give s3:ListBucket where they are ordered.", error
    )


def _clock(skew: float) -> Finding:
    seen = f"Ours is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} S3's."
    if abs(skew) <= SKEW:
        return ok("clock", seen)
    advice = "Synchronise the clock of this host: S3 refuses requests from 15 minutes on."
    if abs(skew) <= SKEW_MATTERS:
        return warn("clock", seen, advice)
    return fail("clock", Permanent(Code.SESSION_REFUSED, seen), advice)


def _queue(settings: Settings) -> Findings:
    if not settings.queue.url:
        return
    from adapters.aws.sqs import SqsQueue  # noqa: PLC0415  boto3

    queue = wiring.queue(settings)
    if isinstance(queue, SqsQueue):
        yield ok("messages", queue.told())


def _machine(settings: Settings) -> Findings:
    runs = wiring.executions(settings)
    if runs is not None:
        runs.state("fileferry-doctor")
        yield ok("executions", "They may be looked at; none was begun.")
