"""Connecting to a destination, once: how far that came, and what was agreed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from adapters.remotes.told import Telling, Told
from daemon.doctor.findings import Finding, Tell, fail, ok, warn
from transfer.destination import Destination
from transfer.errors import Code, FerryError
from transfer.ports import Remote, Remotes

SOON = timedelta(days=30)
"""A key or certificate that ends within it should be asked after."""
REACH, ALGORITHMS, IDENTITY, LOGIN = "reach", "algorithms", "identity", "login"
STAGES: dict[str, frozenset[Code]] = {
    "secrets": frozenset(
        {Code.SECRET_MISSING, Code.SECRET_EXPOSED, Code.DESTINATION_MISCONFIGURED}
    ),
    REACH: frozenset({Code.REMOTE_UNREACHABLE, Code.REMOTE_TIMEOUT, Code.REMOTE_DROPPED}),
    ALGORITHMS: frozenset({Code.REMOTE_INSECURE}),
    IDENTITY: frozenset({Code.HOSTKEY_UNKNOWN, Code.CERTIFICATE_REFUSED}),
    LOGIN: frozenset({Code.AUTH_REFUSED}),
}
"""What is settled one after the other, and what ends it there."""
PASSED = {
    "secrets": "Those that the destination names are there.",
    REACH: "The server answers.",
    ALGORITHMS: "Good ones were agreed on.",
    IDENTITY: "The server is the one of the configuration.",
}


def greet(destination: Destination, remotes: Remotes, tell: Tell) -> Remote | None:
    """A connection that is logged in; None where there is none, and nobody tries again."""
    try:
        remote = remotes.connect(destination)
    except FerryError as error:
        for finding in _as_far_as(error):
            tell(finding)
        return None
    told = None
    try:
        told = remote.told() if isinstance(remote, Telling) else None
    except FerryError as error:
        tell(fail(REACH, error))
        remote.close()
        return None
    except BaseException:
        remote.close()
        raise
    for finding in _agreed(destination, remote, told):
        tell(finding)
    return remote


def _as_far_as(error: FerryError) -> list[Finding]:
    """The stages that were passed, and the one that was not."""
    ended = next((name for name, codes in STAGES.items() if error.code in codes), None)
    if ended is None:
        return [fail("connect", error)]
    before = list(STAGES)[: list(STAGES).index(ended)]
    return [*(ok(name, PASSED[name]) for name in before), fail(ended, error)]


def _agreed(destination: Destination, remote: Remote, told: Told | None) -> list[Finding]:
    found = []
    if told is not None:
        trips = f"TCP {_ms(told.round_trip)}, one request {_ms(told.answer)}"
        found.append(ok(REACH, f"{told.address} answers. Round trips: {trips}."))
        found.append(ok("server", f"It calls itself {told.server or 'nothing'}."))
        if told.algorithms:
            found.append(ok(ALGORITHMS, f"{told.algorithms}."))
    found.append(_identity(destination, remote.identity, told))
    where = f"{destination.host}:{destination.port}"
    found.append(ok(LOGIN, f"{destination.username} is let in at {where}."))
    if told is not None:
        what = "features" if destination.protocol.startswith("ftp") else "extensions"
        found.append(ok(what, f"{', '.join(told.features) or 'None'}."))
    return found


def _identity(destination: Destination, identity: str, told: Told | None) -> Finding:
    if destination.protocol == "ftp":
        advice = "Ask the partner for SFTP or FTPS: see docs/partners.md, plain FTP."
        return warn(IDENTITY, f"{identity[:1].upper()}{identity[1:]}.", advice)
    last = _last_day(destination, identity, told)
    until = f" It is good until {last}." if last else ""
    seen = f"{'Host key ' if destination.protocol == 'sftp' else 'C'}{identity.removeprefix('c')}"
    seen += f". That is as configured.{until}"
    if last and last - _today() < SOON:
        return warn(IDENTITY, seen, "Ask the partner for the next one before that day.")
    return ok(IDENTITY, seen)


def _last_day(destination: Destination, identity: str, told: Told | None) -> date | None:
    if told is not None and told.until is not None:
        return told.until.date()
    ends = [pin.not_after for pin in destination.host_keys if pin.fingerprint in identity]
    with suppress(ValueError):
        # One without an end stands for all of the same key.
        return None if None in ends else max(end for end in ends if end)
    return None


def _today() -> date:
    return datetime.now(UTC).date()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
