"""The register of protocols: a new one is a new file and one line here."""

from __future__ import annotations

from collections.abc import Callable

from adapters.remotes import sftp
from transfer.errors import Code, Permanent
from transfer.model import Destination
from transfer.ports import Remote

SecretReader = Callable[[str], str]
"""Returns the value of a secret by its name; raises Permanent `secret.missing`."""

PROTOCOLS: dict[str, Callable[[Destination, SecretReader], Remote]] = {
    "sftp": sftp.connect,
}


class Register:
    """Port `Remotes` over every registered protocol."""

    def __init__(self, secret: SecretReader) -> None:
        self._secret = secret

    @property
    def protocols(self) -> frozenset[str]:
        return frozenset(PROTOCOLS)

    def connect(self, destination: Destination) -> Remote:
        try:
            connect = PROTOCOLS[destination.protocol]
        except KeyError:
            raise Permanent(
                Code.DESTINATION_MISCONFIGURED,
                f"Destination {destination.name} has the unknown protocol {destination.protocol}.",
            ) from None
        return connect(destination, self._secret)
