"""Real servers as they come: no restart of stores, no overwriting, temps of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.sightings import Sightings
from tests.faults.voyage import Voyage
from tests.noise import noise
from tests.servers.proftpd import Proftpd
from tests.servers.proftpd_sftp import ProftpdSftp
from tests.servers.proxy import Kind, Proxy
from transfer.destination import HostKey
from transfer.model import CHUNK, MIB
from transfer.tools import Tools
from transfer.width import Width

SOURCE = "s3://exports/data.bin"
DATA = noise(3 * CHUNK + 12_345)
NO_RESTART = {"AllowStoreRestart on": "AllowStoreRestart off"}
AS_IT_COMES = NO_RESTART | {"AllowOverwrite on": "AllowOverwrite off"}
HIDDEN = NO_RESTART | {"Umask 022": "Umask 022\nHiddenStores on"}


def serving(kind: type[Proftpd], changes: dict[str, str]) -> Proftpd:
    class Changed(kind):  # type: ignore[valid-type,misc]
        def prepare(self) -> None:
            super().prepare()
            config = self.home / "config"
            told = config.read_text()
            for old, new in changes.items():
                assert old in told
                told = told.replace(old, new)
            config.write_text(told)

    return Changed()


class Trip(Voyage):
    """Over FTP, or over SFTP by several lanes."""

    def _credential(self) -> dict[str, Any]:
        if not isinstance(self.server, ProftpdSftp):
            return super()._credential()
        pin = HostKey(fingerprint=self.server.host_key)
        return {"protocol": "sftp", "private_key": "private_key", "host_keys": (pin,)}

    def tools(self) -> Tools:
        return replace(super().tools(), width=Width(wide=MIB, share=8 * MIB))


def cut_once(proxy: Proxy, trip: Voyage) -> Callable[[], None]:
    cuts: list[int] = []

    def then() -> None:
        moved = trip.watcher.moves[-1][1]
        if not cuts and moved >= CHUNK:
            cuts.append(moved)
            proxy.strike(Kind.RESET)

    return then


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
@pytest.mark.parametrize(
    "changes", [NO_RESTART, AS_IT_COMES, HIDDEN], ids=["stores", "all", "hidden"]
)
@pytest.mark.parametrize("kind", [Proftpd, ProftpdSftp])
def test_who_cannot_continue_a_file_gets_it_from_its_first_byte(
    kind: type[Proftpd], changes: dict[str, str], cut: bool
) -> None:
    with (
        serving(kind, changes) as server,
        Sightings(server.root) as seen,
        Proxy(server.host, server.port) as proxy,
    ):
        trip = Trip(server, seen, {SOURCE: DATA}, port=proxy.port)
        if cut:
            trip.watcher.then = cut_once(proxy, trip)
        assert trip.sail().judged().delivered
        assert len(proxy.links) > cut


@pytest.mark.parametrize("kind", [Proftpd, ProftpdSftp])
def test_a_name_that_a_dead_session_holds_is_left_to_it(kind: type[Proftpd]) -> None:
    with serving(kind, HIDDEN) as server, Sightings(server.root) as seen:
        trip = Trip(server, seen, {SOURCE: DATA})
        held = Path(server.root, f".in..ff-{trip._request().token}-1-e1.part.")
        held.write_bytes(b"of a dead session")
        os.chown(held, server.uid, server.uid)
        ended = trip.sail()
        assert held.read_bytes() == b"of a dead session"
        held.unlink()
        assert ended.judged().delivered
