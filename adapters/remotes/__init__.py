"""The register of protocols: a new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from adapters.remotes import ftp, sftp
from transfer.destination import Destination
from transfer.errors import Code, Permanent
from transfer.ports import Remote

SecretReader = Callable[[str], str]
"""Returns the value of a secret by its name; raises Permanent `secret.missing`."""

PROTOCOLS: dict[str, Callable[[Destination, SecretReader], Remote]] = {
    "ftp": ftp.plain,
    "ftps": ftp.explicit,
    "ftps-implicit": ftp.implicit,
    "sftp": sftp.connect,
}


@runtime_checkable
class Shared(Protocol):
    """A Remote whose line carries further ones, as an SSH connection carries SFTP sessions."""

    def another(self) -> Remote:
        """For another thread; it ends with this one. Raises what `Remote` raises."""


class Register:
    """Port `Remotes` over every registered protocol."""

    def __init__(self, secret: SecretReader) -> None:
        self._secret = secret

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
        return connect(destination, self._secret)
