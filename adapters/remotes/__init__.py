"""The protocols, a room for each; the door is `Register`, where a new one is one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from adapters.remotes.breakers import Breakers, Held
from adapters.remotes.turns import Turns
from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.ports import Remote

SecretReader = Callable[[str], str]
"""Returns the value of a secret by its name; raises Permanent `secret.missing`."""


@dataclass(frozen=True, slots=True)
class Later:
    """A function of a module here that is loaded by the first connection: paramiko alone takes a
    tenth of a second and 20 MB, and FTP has no use for it.
    """

    module: str
    name: str

    def __call__(self, destination: Destination, secret: SecretReader) -> Remote:
        with _without("invoke"):
            module = import_module(f"{__name__}.{self.module}")
        connect: Callable[[Destination, SecretReader], Remote] = getattr(module, self.name)
        return connect(destination, secret)


PROTOCOLS: dict[str, Callable[[Destination, SecretReader], Remote]] = {
    "ftp": Later("ftp.remote", "plain"),
    "ftps": Later("ftp.remote", "explicit"),
    "ftps-implicit": Later("ftp.remote", "implicit"),
    "sftp": Later("sftp.remote", "connect"),
}


@runtime_checkable
class Shared(Protocol):
    """A Remote whose line carries further ones, as an SSH connection carries SFTP sessions."""

    def another(self) -> Remote:
        """For another thread; it ends with this one. Raises what `Remote` raises."""


@runtime_checkable
class Returning(Protocol):
    """A Remote that connects again by itself, where its line is no longer good."""

    def by_turns(self, turn: Callable[[Callable[[], Any]], Any]) -> None:
        """From now on `turn` calls what logs in, in its turn."""


class Register:
    """Port `Remotes` over every registered protocol."""

    def __init__(self, secret: SecretReader, breakers: Breakers | None = None) -> None:
        self._secret = secret
        self._breakers = breakers
        self._turns = Turns(remembered=0.0) if breakers else Turns()

    @property
    def protocols(self) -> frozenset[str]:
        return frozenset(PROTOCOLS)

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> Remote:
        if isinstance(beside, Shared):
            return beside.another()
        try:
            connect = PROTOCOLS[destination.protocol]
        except KeyError:
            raise Permanent(
                Code.DESTINATION_MISCONFIGURED,
                f"Destination {destination.name} has the unknown protocol {destination.protocol}.",
            ) from None
        shown = self._shown(destination)
        turn = partial(self._in_turn, destination, list(shown.values()))
        remote: Remote = turn(partial(connect, destination, partial(self._read, shown)))
        if isinstance(remote, Returning):
            remote.by_turns(turn)
        return remote

    def held(self, destination: Destination) -> Held | None:
        """Why no login would be tried there now. Raises `ledger.*`."""
        if self._breakers is None:
            return None
        return self._breakers.look(destination, list(self._shown(destination).values()))

    def resume(self, destination: Destination) -> bool:
        """Try everything again, by an operator's word; False when nothing was held back."""
        return self._breakers.resume(destination) if self._breakers else False

    def _shown(self, destination: Destination) -> dict[str, str]:
        """The secrets of a login, by name."""
        named = (
            *(destination.password, destination.private_key, destination.passphrase),
            *(destination.certificate, destination.tls.certificate),
        )
        return {name: self._secret(name) for name in named if name is not None}

    def _read(self, shown: Mapping[str, str], name: str) -> str:
        """One that changes while the login waits for its turn is not shown: a refusal would be
        noted of the old one, and the new one shown twice.
        """
        return shown[name] if name in shown else self._secret(name)

    def _in_turn(
        self, destination: Destination, shown: Sequence[str], connect: Callable[[], Any]
    ) -> Any:
        guarded = connect
        if self._breakers:
            # Within the turn: whoever has waited knows how the one before has ended.
            guarded = partial(self._breakers.guard, destination, shown, connect)
        return self._turns.take(destination, shown, guarded)


@contextmanager
def _without(library: str) -> Iterator[None]:
    """Paramiko does without invoke, which only its reader of ssh_config calls for; we have none,
    and it is a third of what paramiko takes to load.
    """
    modules: dict[str, Any] = sys.modules
    absent = library not in modules
    if absent:
        modules[library] = None
    try:
        yield
    finally:
        if absent and modules.get(library) is None:
            modules.pop(library, None)
