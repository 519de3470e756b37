"""Logging in over a proven line, once, with the destination's own credential and no other.

No agent and no key file of the operator is ever looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import paramiko
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType

from adapters.remotes.dial import name_of
from adapters.remotes.ssh import Line
from adapters.remotes.ssh_credentials import Credential
from transfer.errors import Code, Permanent


def log_in(line: Line, credential: Credential) -> None:
    """The key first; the password when the server asks for it as well, or takes no keys at all.

    A credential that was refused is never followed by another: that could lock the account.
    Raises Permanent `auth.refused`; Transient.
    """
    line.watchdog.demand()
    for method in _methods(line, credential):
        try:
            method()
        except BadAuthenticationType:
            # The server has not looked at the credential, so the next one is no second try.
            continue
        except AuthenticationException as error:
            if _was_refused(line):
                raise _refused(line) from error
            raise
        if line.transport.is_authenticated():
            return
    raise _refused(line)


def _methods(line: Line, credential: Credential) -> list[Callable[[], object]]:
    transport, user = line.transport, line.destination.username
    key, password = credential.key, credential.password
    methods: list[Callable[[], object]] = []
    if key is not None:
        methods.append(lambda: transport.auth_publickey(user, key))
    if password is not None:
        # paramiko's own fallback to a dialogue would answer any question with the password.
        methods.append(lambda: transport.auth_password(user, password, fallback=False))
        methods.append(Dialogue(line, password))
    return methods


class Dialogue:
    """Login by keyboard-interactive (RFC 4256): the password for one hidden question, once."""

    def __init__(self, line: Line, password: str) -> None:
        self._line = line
        self._password: str | None = password
        self._beyond = ""

    def __call__(self) -> None:
        user = self._line.destination.username
        try:
            self._line.transport.auth_interactive(user, self._answer)
        except AuthenticationException:
            raise
        except paramiko.SSHException as error:
            if not self._beyond:
                raise
            raise _refused(self._line, self._beyond) from error

    def _answer(self, _title: str, _words: str, questions: list[tuple[str, bool]]) -> list[str]:
        """Called by paramiko's thread, which ends the connection when this raises."""
        if not questions:
            return []
        (_, echoes), password = questions[0], self._password
        self._password = None
        if len(questions) > 1 or echoes or password is None:
            self._beyond = "it asks for more than a password"
            raise paramiko.SSHException(self._beyond)
        return [password]


def _was_refused(line: Line) -> bool:
    """Whether the server said no, rather than that the line broke or time ran out.

    Many servers hang up right after the no; paramiko reports both alike, but it forgets the user
    name only when a refusal has come.
    """
    transport, handler = line.transport, line.transport.auth_handler
    if line.watchdog.bitten:
        return False
    said_no = handler is not None and handler.get_username() is None
    return said_no or bool(transport.parting) or transport.is_active()


def _refused(line: Line, reason: str = "") -> Permanent:
    reason = reason or line.transport.parting
    said = f": {reason}" if reason else ""
    user = line.destination.username
    message = f"The server of {name_of(line.destination)} refused the login of {user}{said}."
    return Permanent(Code.AUTH_REFUSED, message)
