"""`fileferry doctor DESTINATION` at real servers, and at one in memory that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.memory.remotes import MemoryRemote, MemoryRemotes
from config.destination import DestinationSettings
from daemon.doctor.destination import knock, look_over
from daemon.doctor.findings import Finding, Mark
from daemon.doctor.profile import Shown, fragment, plan
from tests.ports.foreign_partners import foreign_partner
from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import OTHER_KEY, MemoryPartner, Partner, openssh, proftpd
from tests.servers.certificates import EXPIRED, Authority
from tests.servers.odd_ftp import OddFtp
from transfer.destination import Conflict, Destination, HostKey, Mode, Tier
from transfer.errors import Code, FerryError, Transient
from transfer.model import MIB
from transfer.ports import Powers, Remote

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Heard(list[Finding]):
    def of(self, name: str) -> Finding:
        [found] = [each for each in self if each.name == name]
        return found

    @property
    def fails(self) -> dict[str, str]:
        return {each.name: each.code for each in self if each.mark is Mark.FAIL}


def looked_over(partner: Partner, **changes: object) -> tuple[Heard, Shown | None]:
    heard = Heard()
    destination = replace(partner.destination, **changes)  # type: ignore[arg-type]
    return heard, look_over(destination, partner.remotes, heard.append)


@contextmanager
def ftps(kind: str, directory: Path) -> Iterator[Partner]:
    with ftp_partner(kind, Authority(directory).certify("leaf")) as partner:
        yield partner


REAL: dict[str, Callable[[Path], object]] = {
    "openssh": lambda _: openssh(),
    "proftpd-sftp": lambda _: proftpd(),
    "vsftpd-ftps": lambda directory: ftps("vsftpd-ftps", directory),
    "proftpd-ftps": lambda directory: ftps("proftpd-ftps", directory),
    "pyftpdlib": lambda _: foreign_partner("pyftpdlib"),
}


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Partner]:
    with REAL[request.param](tmp_path) as partner:  # type: ignore[attr-defined]
        yield partner


def test_a_real_server_is_tried_out_and_left_as_it_was(
    real: Partner, request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["real"]
    heard, shown = looked_over(real)
    assert heard.fails == {}
    assert shown is not None
    assert shown.resumes
    assert shown.reads
    assert shown.replaces
    sftp = real.destination.protocol == "sftp"
    assert shown.ranges is (True if sftp else None)
    assert shown.digest == ("sha256" if "proftpd" in kind else "")
    assert "calls itself" in heard.of("server").seen
    assert "TCP" in heard.of("reach").seen
    offers = heard.of("extensions" if sftp else "features").seen
    assert ("posix-rename@openssh.com" if sftp else "REST STREAM") in offers
    server: Any = real
    assert [path.name for path in Path(server.server.root).iterdir()] == ["locked"]
    # A directory that is not there, and a key or a password that is not the server's.
    heard, shown = looked_over(real, root=f"{real.root}/missing")
    assert heard.fails == {"write": Code.REMOTE_NO_DIRECTORY.value}
    assert shown is None
    heard = Heard()
    knock(real.mistyped(), real.remotes, heard.append)
    assert heard.fails == {"login": Code.AUTH_REFUSED.value}
    heard = Heard()
    knock(real.silent(), real.remotes, heard.append)
    assert heard.fails == {"reach": Code.REMOTE_UNREACHABLE.value}


def test_a_wrong_host_key_ends_it_before_the_login() -> None:
    with openssh() as partner:
        heard, shown = looked_over(partner, host_keys=(HostKey(fingerprint=OTHER_KEY),))
    assert shown is None
    assert heard.fails == {"identity": Code.HOSTKEY_UNKNOWN.value}
    assert [each.name for each in heard] == ["secrets", "reach", "algorithms", "identity"]


def test_an_expired_certificate_ends_it_before_the_login(tmp_path: Path) -> None:
    with OddFtp(tls=Authority(tmp_path).certify("old", valid=EXPIRED)) as server:
        heard, shown = looked_over(FtpPartner(server, "ftps"))
        assert server.heard == ["AUTH TLS"]
    assert shown is None
    assert heard.fails == {"identity": Code.CERTIFICATE_REFUSED.value}
    assert "expired" in heard.of("identity").seen


def test_a_refused_password_is_shown_once() -> None:
    partner = MemoryPartner()
    heard, shown = looked_over(partner, password="mistyped")
    assert shown is None
    assert heard.fails == {"login": Code.AUTH_REFUSED.value}
    assert partner.remotes.logins == 1


def test_who_may_not_write_and_who_has_no_room_learns_it_and_nothing_stays() -> None:
    partner = MemoryPartner()
    assert looked_over(partner, root=partner.locked)[0].fails == {"write": "remote.denied"}
    full = MemoryPartner(capacity=MIB // 4)
    assert looked_over(full)[0].fails == {"write": "remote.full"}
    narrow = MemoryPartner(capacity=3 * MIB // 4)
    assert "remote.full" in looked_over(narrow)[0].fails.values()
    for each in (partner, full, narrow):
        assert each.remotes.files == {}


def test_a_key_that_ends_soon_is_told() -> None:
    partner = MemoryPartner()
    [pin] = partner.destination.host_keys
    soon = datetime.now(UTC).date() + timedelta(days=9)
    heard, _ = looked_over(partner, host_keys=(replace(pin, not_after=soon),))
    assert heard.of("identity").mark is Mark.WARN
    assert str(soon) in heard.of("identity").seen
    # Another entry for the same key, without an end, is as good as none.
    heard, _ = looked_over(partner, host_keys=(replace(pin, not_after=soon), pin))
    assert heard.of("identity").mark is Mark.OK


BARE = Powers(replaces=False, resumes=False, ranges=False)


def test_a_server_that_can_do_little_is_no_fault_unless_it_must() -> None:
    partner = MemoryPartner()
    partner.remotes.powers = BARE
    heard, shown = looked_over(partner)
    assert heard.fails == {}
    assert shown == Shown(
        identity=heard.of("identity").seen.removeprefix("Host key ").partition(". ")[0],
        resumes=False, reads=True, replaces=False,
    )  # fmt: skip
    swapped = replace(partner.destination, on_conflict=Conflict.REPLACE)
    assert "swapped" in plan(swapped, shown)["final name"]
    heard, _ = looked_over(partner, on_conflict=Conflict.REPLACE, mode=Mode.POSIX_RENAME)
    assert heard.fails == {"rename": Code.REMOTE_NO_REPLACE.value}
    assert "mode: swap" in heard.of("rename").advice
    assert partner.remotes.files == {}


def test_a_destination_that_renames_nothing_is_not_asked_to() -> None:
    partner = MemoryPartner()
    heard, shown = looked_over(partner, mode=Mode.DIRECT)
    assert "Not tried" in heard.of("rename").seen
    assert shown is not None
    assert shown.replaces is None


class Spoilt(MemoryRemotes):
    """Its connections do `act` before the verb `verb`, in the first connection only."""

    def __init__(self, verb: str, act: Callable[[MemoryRemotes], None]) -> None:
        super().__init__()
        self.verb, self.act = verb, act

    def connect(self, destination: Destination, *, beside: Remote | None = None) -> MemoryRemote:
        remote = super().connect(destination, beside=beside)
        if self.logins == 1:
            before = getattr(remote, self.verb)

            def spoilt(*given: object, **named: object) -> object:
                self.act(self)
                return before(*given, **named)

            setattr(remote, self.verb, spoilt)
        return remote


class SpoiltPartner(MemoryPartner):
    def __init__(self, verb: str, act: Callable[[MemoryRemotes], None]) -> None:
        super().__init__()
        self.remotes = Spoilt(verb, act)


def _interrupt(_: MemoryRemotes) -> None:
    raise KeyboardInterrupt


def _break(_: MemoryRemotes) -> None:
    raise Transient(Code.REMOTE_DROPPED, "The line broke.")


@pytest.mark.parametrize("verb", ["size", "rename"])
def test_nothing_stays_after_ctrl_c(verb: str) -> None:
    partner = SpoiltPartner(verb, _interrupt)
    heard = Heard()
    with pytest.raises(KeyboardInterrupt):
        look_over(partner.destination, partner.remotes, heard.append)
    assert partner.remotes.files == {}
    assert partner.remotes.logins == 2
    assert heard.of("remove").mark is Mark.OK


def test_nothing_stays_after_a_broken_line_and_the_line_is_told() -> None:
    partner = SpoiltPartner("rename", _break)
    heard, shown = looked_over(partner)
    assert shown is not None
    assert heard.fails == {"connection": Code.REMOTE_DROPPED.value}
    assert partner.remotes.files == {}


def test_what_cannot_be_removed_is_named() -> None:
    def cut(server: MemoryRemotes) -> None:
        server.reachable = False
        _break(server)

    partner = SpoiltPartner("rename", cut)
    heard, _ = looked_over(partner)
    assert heard.fails == {"connection": "remote.dropped", "remove": "remote.unreachable"}
    [one, two] = sorted(partner.remotes.files)
    assert one in heard.of("remove").seen
    assert two in heard.of("remove").seen


def test_a_server_that_stores_other_bytes_is_found_out() -> None:
    def spoil(server: MemoryRemotes) -> None:
        for content in server.files.values():
            with suppress(IndexError):
                content[7] ^= 255

    partner = SpoiltPartner("size", spoil)
    heard, shown = looked_over(partner)
    assert shown is not None
    assert shown.digest == ""
    assert heard.fails == {"read back": "checksum.mismatch"}
    assert partner.remotes.files == {}


def test_the_fragment_fits_into_the_configuration_and_says_why() -> None:
    pin = HostKey(fingerprint="SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")
    destination = replace(
        MemoryPartner().destination, host_keys=(pin,), on_conflict=Conflict.REPLACE
    )
    shown = Shown(
        identity=f"ssh-ed25519 {pin.fingerprint}", resumes=True, ranges=False, reads=True,
        replaces=False, digest="sha256",
    )  # fmt: skip
    text = fragment(destination, shown, NOON)
    found = yaml.safe_load(text)["destinations"]["partner"]
    assert found == {
        "host_keys": [f"256 {pin.fingerprint} (ED25519)"],
        "mode": "swap",
        "connections_per_file": 1,
        "tier": "T1",
    }
    made = DestinationSettings.model_validate(
        {"host": "memory", "username": "ferry", "password": "x", **found}
    )
    assert made.mode is Mode.SWAP
    assert made.tier is Tier.SERVER_HASH
    assert "resumes yes, ranges no" in text
    fits = replace(destination, mode=Mode.SWAP, connections_per_file=1, tier=Tier.SIZE)
    fits = replace(fits, host_keys=(replace(pin, not_after=NOON.date()),))
    assert yaml.safe_load(fragment(fits, shown, NOON)) is None


def test_an_error_without_a_stage_is_told_as_it_is() -> None:
    class Closed(MemoryRemotes):
        def connect(
            self, destination: Destination, *, beside: Remote | None = None
        ) -> MemoryRemote:
            del beside
            raise FerryError(Code.REMOTE_FAILED, f"{destination.name} offers no SFTP.")

    heard = Heard()
    assert look_over(MemoryPartner().destination, Closed(), heard.append) is None
    assert heard.fails == {"connect": Code.REMOTE_FAILED.value}
