"""What operators may tell the running service: each verb of the socket is a method here."""

from __future__ import annotations

import pwd
import socket
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import structlog

from adapters.running.gate import ALL, Gate, Pause
from daemon.control.words import Words
from transfer.errors import Code, Permanent

LONGEST_REASON = 500

log = structlog.get_logger()


class Orders:
    """`status` gives the document, `reload` what has changed, `wake` looks at the ledger now,
    `release` has the login at a destination tried again that was refused, or rests.
    """

    def __init__(  # noqa: PLR0913 what it may tell the service
        self,
        *,
        gate: Gate,
        destinations: Collection[str],
        status: Callable[[], Words],
        reload: Callable[[], tuple[list[str], list[str]]],
        wake: Callable[[], None],
        release: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._gate = gate
        self._destinations = destinations
        self._status = status
        self._reload = reload
        self._wake = wake
        self._release = release

    def __call__(self, question: Words, user: int) -> Words:
        """The answer. Raises FerryError for what is refused."""
        verbs: dict[str, Callable[[Words, int], Words]] = {
            "status": self._told,
            "pause": self._pause,
            "resume": self._resume,
            "drain": self._drain,
            "reload": self._reloaded,
            "cancel": self._cancel,
        }
        verb = verbs.get(str(question.get("do")))
        if verb is None:
            known = ", ".join(verbs)
            raise Permanent(Code.CONTROL_REFUSED, f"The service only knows these verbs: {known}.")
        return verb(question, user)

    def _told(self, _question: Words, _user: int) -> Words:
        return self._status()

    def _pause(self, question: Words, user: int) -> Words:
        return {"changed": self._gate.pause(self._word(question, user))}

    def _resume(self, question: Words, user: int) -> Words:
        name = _text(question, "destination")
        if name not in {ALL, *(pause.destination for pause in self._gate.pauses)}:
            # What was paused may have left the configuration since.
            self._known(name)
        changed = self._gate.resume(name, who_is(user))
        released = name in self._destinations and self._release(name)
        if released:
            log.warning("login is tried again", destination=name, by=who_is(user))
        self._wake()
        held = [pause.destination for pause in self._gate.pauses]
        return {
            "changed": changed,
            "released": released,
            "paused": held,
            "drained": self._gate.drained is not None,
        }

    def _drain(self, question: Words, user: int) -> Words:
        self._gate.drain(self._word(question, user))
        return {"running": self._status()["running_count"]}

    def _reloaded(self, _question: Words, user: int) -> Words:
        log.info("reload asked for", by=who_is(user))
        changed, restart = self._reload()
        return {"changed": changed, "needs_restart": restart}

    def _cancel(self, _question: Words, _user: int) -> Words:
        """What is to be cancelled stands in the ledger: it is looked at now."""
        self._wake()
        return {}

    def _word(self, question: Words, user: int) -> Pause:
        name = _text(question, "destination")
        self._known(name)
        return Pause(
            destination=name,
            by=who_is(user),
            at=datetime.now(UTC),
            reason=_text(question, "reason"),
        )

    def _known(self, name: str) -> None:
        if name != ALL and name not in self._destinations:
            raise Permanent(
                Code.DESTINATION_UNKNOWN,
                f"No destination is named {name}.",
                action=f"Take one of these: {', '.join(sorted(self._destinations))}.",
            )


def _text(question: Words, field: str) -> str:
    text = question.get(field) or ""
    if not isinstance(text, str) or len(text) > LONGEST_REASON:
        most = f"at most {LONGEST_REASON} characters"
        raise Permanent(Code.CONTROL_REFUSED, f"The {field} must be text of {most}.")
    return text


def who_is(user: int) -> str:
    """The user (uid) by name, and this host."""
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"uid {user}"
    return f"{name}@{socket.gethostname()}"
