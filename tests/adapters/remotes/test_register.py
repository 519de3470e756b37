"""The register of protocols."""

from __future__ import annotations

from adapters.remotes import PROTOCOLS, Register
from tests.ports.partners import refused
from transfer.destination import Destination
from transfer.errors import Code


def test_it_knows_its_protocols_and_no_other() -> None:
    register = Register(lambda _name: "")
    assert register.protocols == frozenset(PROTOCOLS)
    gopher = Destination(
        name="old", protocol="gopher", host="127.0.0.1", port=70, username="ferry", root="/"
    )
    error = refused(register.connect, gopher)
    assert error.code == Code.DESTINATION_MISCONFIGURED
    assert "gopher" in error.message
