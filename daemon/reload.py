"""Reads the configuration anew: all of it holds or nothing is changed, and what runs goes on."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from adapters.running.live import LiveList, LiveMap
from config import doubts
from config.faults import ConfigError
from config.loading import load
from config.logging import configure
from config.secrets import check, names_of_all, names_of_login, operators
from config.settings import Settings
from config.values import destinations, rules
from transfer.errors import Code, FerryError, Permanent
from transfer.tools import Tools

TAKEN = ("destinations.", "grants", "log.", "transfers.max_parallel")
"""What is taken from the new file; all else needs a restart."""

log = structlog.get_logger()


class Reload:
    """`applied` is told of settings that hold from now on. For all threads."""

    def __init__(
        self,
        path: Path | None,
        settings: Settings,
        applied: Callable[[Settings], None],
        read: Callable[[Path], Settings] | None = None,
    ) -> None:
        self._path = path
        self._settings = settings
        self._applied = applied
        self._read = read or _sound
        self._lock = threading.Lock()
        self._salt = os.urandom(16)
        self._secrets = self._digests(settings)

    def __call__(self) -> tuple[list[str], list[str]]:
        """The names of what has changed, and of what is another in the file and needs a restart.

        Raises ConfigError with every fault, and has changed nothing then.
        """
        with self._lock:
            try:
                return self._reloaded()
            except FerryError as error:
                faults = [str(fault) for fault in getattr(error, "faults", ())]
                log.error("reload refused", code=error.code, reason=error.message, faults=faults)  # noqa: TRY400
                raise

    def _reloaded(self) -> tuple[list[str], list[str]]:
        if self._path is None:
            raise Permanent(Code.CONTROL_REFUSED, "This service runs without a configuration file.")
        new = self._read(self._path)
        differs = list(_differences(self._settings, new))
        changed = [name for name in differs if name.startswith(TAKEN)]
        restart = [name for name in differs if name not in changed]
        anew, kept = self._other_secrets(new)
        changed, restart = changed + anew, restart + kept
        if any(name.startswith("log.") for name in changed):
            configure(new.log)
        self._settings = _joined(self._settings, new)
        self._applied(self._settings)
        log.info("reloaded", changed=changed, needs_restart=restart)
        return changed, restart

    def _other_secrets(self, new: Settings) -> tuple[list[str], list[str]]:
        """Of the secrets whose text is another: those that each use reads, and those of the login
        at ServiceNow, which the start has read.
        """
        found, login = self._digests(new), {*names_of_login(new)}
        other = [name for name, text in found.items() if self._secrets.get(name, text) != text]
        kept = {name: self._secrets[name] for name in login & self._secrets.keys()}
        self._secrets = {**found, **kept}
        return (
            [f"secret {name}" for name in other if name not in login],
            [f"secret {name}" for name in other if name in login],
        )

    def _digests(self, settings: Settings) -> Mapping[str, bytes]:
        """By name, and only to tell whether it is another."""
        if self._path is None:
            return {}
        found, secrets = dict[str, bytes](), operators(self._path)
        for name in names_of_all(settings):
            # One that cannot be read is a fault of the configuration, and told as that.
            with suppress(FerryError):
                text = secrets(name).encode()
                found[name] = hashlib.blake2b(text, key=self._salt).digest()
        return found


def apply(settings: Settings, tools: Tools) -> None:
    """Take destinations, grants and slots from these; what is under way keeps what it has."""
    if isinstance(tools.destinations, LiveMap):
        tools.destinations.become(destinations(settings))
    if isinstance(tools.rules.grants, LiveList):
        tools.rules.grants.become(rules(settings).grants)
    tools.slots.resize(settings.transfers.max_parallel)


def _sound(path: Path) -> Settings:
    """Raises ConfigError, also for secrets that cannot be used."""
    settings = load(path)
    faults = [*doubts.faults(settings), *check(settings, operators(path))]
    if faults:
        listed = "; ".join(map(str, faults))
        raise ConfigError(f"The configuration {path} cannot be used: {listed}.", faults)
    return settings


def _joined(old: Settings, new: Settings) -> Settings:
    """What holds from now on."""
    parallel = {"max_parallel": new.transfers.max_parallel}
    return old.model_copy(
        update={
            "destinations": new.destinations,
            "grants": new.grants,
            "log": new.log,
            "transfers": old.transfers.model_copy(update=parallel),
        }
    )


def _differences(old: Settings, new: Settings) -> Iterator[str]:
    """Names of settings such as `poll.every` and `grants`, never a value."""
    before, after = old.model_dump(), new.model_dump()
    for section in before:
        if before[section] == after[section]:
            continue
        if isinstance(before[section], dict):
            yield from _within(section, before[section], after[section])
        else:
            yield section


def _within(section: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield f"{section}.{name}"
