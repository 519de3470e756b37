"""What the configuration says of a destination is what the remotes are told."""

from __future__ import annotations

import threading
from datetime import date, time
from typing import Any

import pytest

from adapters.memory.books import memory_books
from adapters.memory.ledger import MemoryStore
from adapters.wiring import tools, ways
from config.destination import PORTS
from config.secrets import Secrets
from config.settings import Settings
from config.values import destinations
from tests.config.conftest import FINGERPRINT, FTP, FTPS, SFTP
from tests.transfer.bench import Bench
from transfer.destination import Conflict, Destination, HostKey, Mode, Tier, Tls
from transfer.windows import Blackout

SERVICENOW = {
    "url": "https://example.service-now.com",
    "user": "fileferry",
    "group": "0" * 32,
    "approver_group": "1" * 32,
    "catalog_items": ["2" * 32],
}
OTHER = "SHA256:" + "A" * 43


def configured(destination: dict[str, Any], **sections: Any) -> Settings:
    grant = {"requesters": ["*"], "sources": ["s3://exports/"], "destinations": ["bank"]}
    return Settings.model_validate(
        {"servicenow": SERVICENOW, "destinations": {"bank": destination}, "grants": [grant]}
        | sections
    )


def wired(destination: dict[str, Any]) -> Destination:
    return destinations(configured(destination))["bank"]


def test_the_least_destination_has_the_defaults_of_the_core() -> None:
    assert wired(SFTP) == Destination(
        name="bank",
        protocol="sftp",
        host="bank.example",
        port=22,
        username="fileferry",
        private_key="bank-key",
        host_keys=(HostKey(fingerprint=FINGERPRINT),),
        root="/",
        # The core takes nobody's word unless it is told to.
        attest=("md5",),
    )


@pytest.mark.parametrize(("protocol", "port"), PORTS.items())
def test_the_port_is_the_protocols_own_unless_it_is_given(protocol: str, port: int) -> None:
    assert wired({**FTPS, "protocol": protocol}).port == port
    assert wired({**FTPS, "protocol": protocol, "port": 2022}).port == 2022


WHOLE = Destination(
    name="bank",
    protocol="sftp",
    host="bank.example",
    port=2022,
    username="fileferry",
    root="/in",
    password="p",
    private_key="bank-key",
    passphrase="q",
    certificate="r",
    host_keys=(
        HostKey(fingerprint=FINGERPRINT),
        HostKey(fingerprint=OTHER, not_before=date(2026, 1, 31), not_after=date(2026, 12, 31)),
    ),
    algorithms=frozenset({"3des-cbc", "hmac-sha1"}),
    on_conflict=Conflict.REPLACE,
    collected=True,
    blackouts=(Blackout(frozenset(range(5)), time(8), time(18)),),
    time_zone="Europe/Berlin",
    mode=Mode.SWAP,
    tier=Tier.SERVER_HASH,
    digests=("sha256",),
    connections=2,
    connect_timeout=5,
    timeout=7,
)


def test_everything_about_sftp_arrives() -> None:
    dated = {"key": OTHER, "not_before": "2026-01-31", "not_after": "2026-12-31"}
    found = wired(
        SFTP
        | {"port": 2022, "password": "p", "passphrase": "q", "certificate": "r", "root": "/in"}
        | {"host_keys": [FINGERPRINT, dated], "algorithms": ["3des-cbc", "hmac-sha1"]}
        | {
            "on_conflict": "replace",
            "collected": True,
            "mode": "swap",
            "tier": "T1",
            "digests": ["sha256"],
            "connections": 2,
        }
        | {"connect_timeout": 5, "timeout": 7}
        | {"blackouts": ["Mon-Fri 08:00-18:00"], "time_zone": "Europe/Berlin"}
    )
    assert found == WHOLE


def test_everything_about_ftps_arrives() -> None:
    found = wired({**FTPS, "tls": {"ca_file": "/etc/ca.pem", "certificate": "client"}})
    assert (found.password, found.private_key, found.host_keys) == ("bank", None, ())
    assert found.tls == Tls(ca_file="/etc/ca.pem", certificate="client")
    assert wired(FTPS).tls == Tls()


def test_the_written_exception_arrives() -> None:
    assert wired(FTP).clear_text == FTP["clear_text"]
    assert wired(FTPS).clear_text == ""


def test_as_many_files_move_at_once_as_the_settings_say() -> None:
    bench = Bench().tools()
    settings = configured(SFTP, transfers={"max_parallel": 7}, aws={"check_identity": False})
    made = tools(
        settings,
        Secrets({}),
        rules=bench.rules,
        authority=bench.authority,
        books=memory_books(MemoryStore()),
        observer=bench.observer,
        halting=threading.Event(),
    )
    assert made.slots.total == 7
    assert made.destinations == destinations(settings)


def test_the_ways_of_telling_arrive_with_what_each_kind_needs() -> None:
    mail = {"sender": "a@b.example", "to": ["c@d.example"]}
    given = {
        "mail": {"kind": "smtp", "host": "h", "user": "u", "password": "mail", **mail},
        "tls": {"kind": "smtp", "host": "h", "encryption": "tls", **mail},
        "ses": {"kind": "ses", **mail},
        "sns": {"kind": "sns", "topic": "arn:aws:sns:us-east-1:123456789012:endings"},
        "teams": {"kind": "teams", "webhook": "hook", "destinations": ["bank"]},
        "slack": {"kind": "slack", "webhook": "hook", "outcomes": ["delivered"], "timeout": 5},
    }
    secrets = Secrets(
        {"FILEFERRY_SECRET_MAIL": "p", "FILEFERRY_SECRET_HOOK": "https://x.example/y"}
    )
    made: dict[str, Any] = {
        each.name: each for each in ways(configured(SFTP, notices=given), secrets)
    }
    assert (made["mail"].way.port, made["mail"].way.secret()) == (587, "p")
    assert (made["tls"].way.port, made["tls"].way.implicit) == (465, True)
    assert made["ses"].way._account.region == "eu-central-1"
    assert made["sns"].way._account.region == "us-east-1"
    assert made["teams"].destinations == {"bank"}
    assert made["slack"].way._webhook.secret() == "https://x.example/y"
    assert (made["slack"].outcomes, made["slack"].timeout) == ({"delivered"}, 5)
