"""Pinned host keys count within their dates only; weak algorithms only where they are named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from adapters.remotes.ssh.pins import counts
from tests.ports.partners import OTHER_KEY, ServerPartner, openssh, proftpd, refused, send
from transfer.destination import WEAK_ALGORITHMS, HostKey
from transfer.errors import Code, Permanent

PAST, FUTURE = date(2020, 1, 31), date(2999, 12, 1)


@pytest.fixture(scope="module")
def partner() -> Iterator[ServerPartner]:
    with openssh() as partner:
        yield partner


def pinned(partner: ServerPartner, **dates: date) -> HostKey:
    return HostKey(fingerprint=partner.destination.host_keys[0].fingerprint, **dates)


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"not_after": PAST}, "which counted until 2020-01-31"),
        ({"not_before": FUTURE}, "which counts from 2999-12-01 on"),
        ({"not_before": PAST, "not_after": PAST}, "which counted until 2020-01-31"),
    ],
)
def test_a_pin_outside_its_dates_lets_no_server_in(
    partner: ServerPartner, dates: dict[str, date], words: str
) -> None:
    pins = (HostKey(fingerprint=OTHER_KEY), pinned(partner, **dates))
    error = refused(partner.remotes.connect, replace(partner.destination, host_keys=pins))
    assert (error.code, type(error)) == (Code.HOSTKEY_UNKNOWN, Permanent)
    assert words in error.message
    assert OTHER_KEY in error.message


def test_a_pin_within_its_dates_does(partner: ServerPartner) -> None:
    old, good = pinned(partner, not_after=PAST), pinned(partner, not_before=PAST, not_after=FUTURE)
    partner.remotes.connect(replace(partner.destination, host_keys=(old, good))).close()


def test_the_first_and_the_last_day_count() -> None:
    pin = HostKey(fingerprint=OTHER_KEY, not_before=date(2026, 5, 1), not_after=date(2026, 5, 3))
    days = [date(2026, 4, 30) + timedelta(days=step) for step in range(5)]
    assert [counts(pin, day) for day in days] == [False, True, True, True, False]
    assert counts(HostKey(fingerprint=OTHER_KEY), datetime.now(UTC).date())


@pytest.mark.parametrize("name", sorted(WEAK_ALGORITHMS))
def test_weak_algorithms_are_used_only_where_they_are_allowed(name: str) -> None:
    option = f"MACs {name}\nCiphers aes128-ctr" if name.startswith("hmac") else f"Ciphers {name}"
    with openssh(options=[option]) as partner:
        assert refused(partner.connect).code == Code.REMOTE_INSECURE
        allowed = replace(partner.destination, algorithms=frozenset({name}))
        remote = partner.remotes.connect(allowed)
        send(remote, f"{partner.root}/file", b"x" * 100_000)
        assert partner.read(f"{partner.root}/file") == b"x" * 100_000
        remote.close()


def test_good_algorithms_come_first_all_the_same() -> None:
    with proftpd(options=["SFTPCiphers aes128-cbc 3des-cbc aes128-ctr"]) as partner:
        weak = replace(partner.destination, algorithms=frozenset(WEAK_ALGORITHMS))
        partner.remotes.connect(weak).close()
        server = partner.server
        assert "encryption: aes128-ctr" in server.log  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["rot13", "aes128-gcm@openssh.com", ""])
def test_algorithms_that_nobody_can_do_are_a_misconfiguration(
    partner: ServerPartner, name: str
) -> None:
    wrong = replace(partner.destination, algorithms=frozenset({name, "hmac-sha1"}))
    error = refused(partner.remotes.connect, wrong)
    assert (error.code, type(error)) == (Code.DESTINATION_MISCONFIGURED, Permanent)
    assert "hmac-sha1-96" in error.message
