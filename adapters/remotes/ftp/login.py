"""Connecting to an FTP server: TLS before anything secret, one login, what the server can do."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from time import monotonic

from adapters.remotes.dial import SHORTEST, UNTIL_LATER, dial, name_of, plain, without
from adapters.remotes.ftp import tls
from adapters.remotes.ftp.control import ASCII, RefusedError, line
from adapters.remotes.ftp.errors import UNKNOWN_COMMAND, failure, is_crowded
from adapters.remotes.ftp.line import PARTING, Line
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent, Transient

UTF8 = ("", "utf-8")
Features = dict[str, str]
"""What FEAT lists (RFC 2389): the command in capitals, and what stands behind it."""


class Security(Enum):
    """When TLS begins."""

    NEVER = "ftp"
    BY_REQUEST = "ftps"
    AT_ONCE = "ftps-implicit"


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What a login needs. It has no repr, so that no log can show it."""

    security: Security
    username: str
    password: str
    context: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A line that is logged in, and what was learned on the way."""

    line: Line
    identity: str
    features: Features


def credential(
    destination: Destination, security: Security, secret: Callable[[str], str]
) -> Credential:
    """Read the secrets that the destination names, before anything is connected.

    Raises Permanent `destination.misconfigured`, and what `secret` raises.
    """
    if destination.password is None:
        raise tls.misconfigured(destination, "has no password, which FTP needs")
    context = None
    if security is not Security.NEVER:
        context = tls.make_context(destination, secret)
    elif not destination.clear_text.strip():
        raise tls.misconfigured(
            destination, "speaks plain FTP and has no written exception for it (clear_text)"
        )
    password = secret(destination.password)
    try:
        for command in (line("USER", destination.username), line("PASS", password)):
            command.encode(destination.names or "utf-8")
    except Permanent:
        why = "has a user name or a password that holds a line break or a NUL"
        raise tls.misconfigured(destination, why) from None
    except UnicodeEncodeError:
        why = f"has a user name or a password that cannot be written in {destination.names}"
        raise tls.misconfigured(destination, why) from None
    return Credential(security, destination.username, password, context)


def connect(destination: Destination, own: Credential) -> Opened:
    """Raises Permanent `certificate.refused`, `remote.insecure`, `auth.refused`; Transient."""
    deadline = monotonic() + destination.connect_timeout
    line = Line(destination, dial(destination, deadline))
    try:
        with line.speaking(patience=max(deadline - monotonic(), SHORTEST)):
            identity = _greet(line, own)
            _log_in(line, own)
            line.inside = True
            features = _prepare(line, own)
    except BaseException:
        # Nobody else knows of the half-made connection yet.
        line.hang_up()
        raise
    return Opened(line, identity, features)


def _greet(line: Line, own: Credential) -> str:
    """What proved the server to be the partner's."""
    context, control, destination = own.context, line.control, line.destination
    if context is not None and own.security is Security.AT_ONCE:
        identity = _secure(line, context)
        _welcome(line)
        return identity
    _welcome(line)
    if context is None:
        return f"no proof of identity: plain FTP, exception: {plain(destination.clear_text)}"
    try:
        control.ask("AUTH", "TLS")
    except RefusedError as refused:
        raise _insecure(destination, "TLS", refused) from refused
    return _secure(line, context)


def _welcome(line: Line) -> None:
    try:
        line.control.welcome = line.control.answer()
    except RefusedError as refused:
        if refused.code == PARTING:
            raise
        raise _crowded(line.destination, refused.text) from refused


def _secure(line: Line, context: ssl.SSLContext) -> str:
    try:
        return tls.identity(line.control.secure(context))
    except ssl.SSLError as error:
        refusal = tls.distrust(line.destination, error)
        if refusal is None or line.watchdog.bitten:
            raise
        raise refusal from error


def _log_in(line: Line, own: Credential) -> None:
    """Once: a second try with the same credential could lock the account."""
    try:
        # A server may be content with less than a password, for one with a certificate of ours.
        with suppress(_LetInError):
            asked = _say(line, "USER", own.username)
            asked += _say(line, "PASS", own.password)
            said = plain(without(own.password, asked))
            raise _refused(line.destination, f"it asks for an account, {said!r}")
    except RefusedError as refused:
        # Some servers repeat the command that they refuse.
        said = without(own.password, refused.text)
        if is_crowded(refused, own.username):
            raise _crowded(line.destination, said) from None
        raise _refused(line.destination, f"{refused.code}, {plain(said)!r}") from None


class _LetInError(Exception):
    pass


def _say(line: Line, verb: str, argument: str) -> str:
    words = line.control.ask(verb, argument)
    if line.control.lastresp[0] == "2":
        raise _LetInError
    return f"{words} "


def _prepare(line: Line, own: Credential) -> Features:
    destination, control = line.destination, line.control
    try:
        if own.context is not None:
            control.ask("PBSZ", "0")
            control.ask("PROT", "P")
    except RefusedError as refused:
        raise _insecure(destination, "encrypted data connections", refused) from refused
    features = _features(line)
    _agree_on_names(line, features)
    try:
        control.ask("TYPE", "I")
    except RefusedError as refused:
        raise failure(destination, None, "switch to", "binary transfers", refused) from refused
    return features


def _agree_on_names(line: Line, features: Features) -> None:
    """Without UTF8 among the features (RFC 2640) and a word of the destination: ASCII only."""
    control, names = line.control, line.destination.names
    if not names and "UTF8" not in features:
        control.encoding = ASCII
    elif "UTF8" in features:
        # Servers that are always in UTF-8 refuse to be told so.
        with suppress(RefusedError):
            control.ask("OPTS", f"UTF8 {'ON' if names in UTF8 else 'OFF'}")


def _features(line: Line) -> Features:
    try:
        listed = line.control.ask("FEAT").splitlines()[1:-1]
    except RefusedError as refused:
        if refused.code not in UNKNOWN_COMMAND:
            raise failure(line.destination, None, "list", "its features", refused) from refused
        return {}
    pairs = (entry.strip().partition(" ") for entry in listed)
    found: Features = {}
    for verb, _, rest in pairs:
        found[verb.upper()] = f"{found.get(verb.upper(), '')} {rest}".strip()
    return found


def _insecure(destination: Destination, what: str, refused: RefusedError) -> FerryError:
    message = (
        f"The server of {name_of(destination)} refused {what} ({refused.code}, "
        f"{plain(refused.text)!r}); nothing goes to it in clear text."
    )
    action = "Ask the partner to switch TLS on, then order again."
    return Permanent(Code.REMOTE_INSECURE, message, action=action)


def _crowded(destination: Destination, said: str) -> Transient:
    message = f"The server of {name_of(destination)} lets nobody in now: {plain(said)!r}."
    return Transient(Code.REMOTE_UNREACHABLE, message, retry_after=UNTIL_LATER)


def _refused(destination: Destination, why: str) -> Permanent:
    message = (
        f"The server of {name_of(destination)} refused the login of {destination.username}: {why}."
    )
    return Permanent(Code.AUTH_REFUSED, message)
