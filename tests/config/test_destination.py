"""What a protocol needs, what it has no use for, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

from config.destination import PORTS
from config.loading import load
from config.values import destinations
from tests.config.conftest import FINGERPRINT, FIRST_LINE, FTP, FTPS, SFTP, Faults, Write, bank
from transfer.destination import WEAK_ALGORITHMS, Conflict, Mode, Tier

GOOD = {"sftp": SFTP, "ftp": FTP, "ftps": FTPS, "ftps-implicit": FTPS}


def base(protocol: str) -> dict[str, Any]:
    return {**GOOD[protocol], "protocol": protocol}


@pytest.mark.parametrize("protocol", PORTS)
def test_each_protocol_has_its_good_form(write: Write, protocol: str) -> None:
    destination = load(write(bank(base(protocol)))).destinations["bank"]
    assert (destination.protocol, destination.port) == (protocol, None)
    assert (destination.mode, destination.tier, destination.connections) == (Mode.AUTO, None, 4)


@pytest.mark.parametrize(
    ("protocol", "name", "value", "speakers"),
    [
        (protocol, name, value, speakers)
        for name, value, speakers, protocols in [
            ("host_keys", [FINGERPRINT], "sftp", ["ftp", "ftps", "ftps-implicit"]),
            ("private_key", "bank-key", "sftp", ["ftp", "ftps", "ftps-implicit"]),
            ("passphrase", "bank-phrase", "sftp", ["ftp", "ftps"]),
            ("certificate", "bank-cert", "sftp", ["ftp", "ftps"]),
            ("algorithms", ["hmac-sha1"], "sftp", ["ftp", "ftps"]),
            ("tls", {"ca_file": "/etc/ca.pem"}, "ftps and ftps-implicit", ["sftp", "ftp"]),
            ("tls", {"certificate": "client"}, "ftps and ftps-implicit", ["sftp", "ftp"]),
            ("clear_text", "The board decided it.", "ftp", ["sftp", "ftps", "ftps-implicit"]),
        ]
        for protocol in protocols
    ],
)
def test_what_a_protocol_has_no_use_for_is_refused(
    faults: Faults, protocol: str, name: str, value: Any, speakers: str
) -> None:
    settings = {**base(protocol), name: value}
    line = FIRST_LINE + list(settings).index(name)
    words = f"is for {speakers} only, and this destination speaks {protocol} (line {line})"
    assert faults(text=bank(settings)) == [f"destinations.bank.{name}: {words}"]


@pytest.mark.parametrize("value", ["", {}, {"ca_file": None}])
def test_an_empty_section_says_nothing(write: Write, value: Any) -> None:
    text = bank({**SFTP, "tls": value}).replace('tls: ""', "tls:")
    assert load(write(text)).destinations["bank"].tls.ca_file is None


@pytest.mark.parametrize(
    ("protocol", "change", "expected"),
    [
        ("sftp", {"private_key": None}, ": must name a secret as its password or its private_key"),
        ("sftp", {"host_keys": None}, ".host_keys: is missing - sftp needs at least one host key"),
        ("sftp", {"host_keys": []}, ".host_keys: is missing - sftp needs at least one host key"),
        ("ftp", {"password": None}, ".password: is missing - ftp logs in with a password"),
        ("ftps", {"password": None}, ".password: is missing - ftps logs in with a password"),
        ("ftps-implicit", {"password": None}, ".password: is missing - ftps-implicit logs in"),
        ("ftp", {"clear_text": None}, ".clear_text: is missing - ftp encrypts nothing: write why"),
    ],
)
def test_what_a_protocol_needs_is_asked_for(
    faults: Faults, protocol: str, change: dict[str, Any], expected: str
) -> None:
    (fault,) = faults(text=bank({**base(protocol), **change}))
    assert fault.startswith(f"destinations.bank{expected}")
    assert "(line " in fault


@pytest.mark.parametrize("name", ["passphrase", "certificate"])
def test_what_belongs_to_a_private_key_needs_one(faults: Faults, name: str) -> None:
    (fault,) = faults(text=bank({**SFTP, "private_key": None, "password": "bank", name: "other"}))
    assert fault == f"destinations.bank.{name}: is of no use without private_key (line 14)"


@pytest.mark.parametrize("reason", ["", "because", "          why          "])
def test_an_exception_without_a_reason_is_none(faults: Faults, reason: str) -> None:
    (fault,) = faults(text=bank({**FTP, "clear_text": reason}))
    assert fault.startswith("destinations.bank.clear_text: ")
    assert fault.endswith("(line 13)")


def test_every_weak_algorithm_can_be_allowed(write: Write) -> None:
    text = bank({**SFTP, "algorithms": list(WEAK_ALGORITHMS)})
    assert load(write(text)).destinations["bank"].algorithms == list(WEAK_ALGORITHMS)


@pytest.mark.parametrize("name", ["aes128-ctr", "AES128-CBC", "arcfour", ""])
def test_an_unknown_algorithm_is_told_the_known_ones(faults: Faults, name: str) -> None:
    (fault,) = faults(text=bank({**SFTP, "algorithms": ["hmac-sha1", name]}))
    assert fault.startswith("destinations.bank.algorithms[1]: must be one of 3des-cbc, aes128-cbc")
    assert all(known in fault for known in WEAK_ALGORITHMS)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("conflict", Conflict)
def test_only_a_rename_contradicts_replace(
    write: Write, faults: Faults, mode: Mode, conflict: Conflict
) -> None:
    text = bank({**SFTP, "mode": mode.value, "on_conflict": conflict.value})
    if mode is Mode.RENAME and conflict is Conflict.REPLACE:
        (fault,) = faults(text=text)
        assert fault.startswith(
            "destinations.bank.mode: must not be rename beside on_conflict: replace"
        )
    else:
        assert load(write(text)).destinations["bank"].mode is mode


@pytest.mark.parametrize(
    ("said", "names", "attest"),
    [
        (None, ("md5", "sha256"), ("md5",)),
        ({"sha256": "attest"}, ("md5", "sha256"), ("md5", "sha256")),
        ({"md5": "compute"}, ("md5", "sha256"), ()),
        ({"md5": "none", "sha256": "attest"}, ("sha256",), ("sha256",)),
        ({"md5": "none", "sha256": "none"}, (), ()),
        # The form before anything was attested still means what it meant.
        (["md5", "sha256"], ("md5", "sha256"), ()),
        (["sha256"], ("sha256",), ()),
        ([], (), ()),
    ],
)
def test_digests_are_computed_attested_or_left_out(
    write: Write, said: object, names: tuple[str, ...], attest: tuple[str, ...]
) -> None:
    text = bank(dict(SFTP) if said is None else {**SFTP, "digests": said})
    found = destinations(load(write(text)))["bank"]
    assert (found.digests, found.attest) == (names, attest)


@pytest.mark.parametrize(
    ("protocol", "tier", "digests", "good"),
    [
        ("sftp", None, [], True),
        ("ftps", None, [], True),
        ("ftp", "T0", [], True),
        ("ftp", None, ["md5"], True),
        ("sftp", "T2", ["sha256"], True),
        ("sftp", "T1", [], False),
        ("sftp", "T2", [], False),
        ("ftps", "T2", [], False),
        ("ftp", None, [], False),
        ("ftp", None, {"md5": "none", "sha256": "none"}, False),
        ("sftp", "T2", {"md5": "attest", "sha256": "none"}, True),
        ("ftp", None, {"sha256": "none"}, True),
    ],
)
def test_a_proof_by_content_needs_a_digest(  # noqa: PLR0917 the columns of the table
    write: Write, faults: Faults, protocol: str, tier: str | None, digests: object, good: bool
) -> None:
    text = bank({**base(protocol), "tier": tier, "digests": digests})
    if good:
        destination = load(write(text)).destinations["bank"]
        assert destination.tier == (tier and Tier(tier))
    else:
        (fault,) = faults(text=text)
        assert fault.startswith(
            f"destinations.bank.digests: must not be empty: {tier or 'T2'} compares digests"
        )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"port": 65536}, "port: must be at most 65535"),
        ({"connections": 0}, "connections: must be at least 1"),
        ({"connections": 17}, "connections: must be at most 16"),
        ({"connections": True}, "connections: must be a number"),
        ({"mode": "copy"}, "mode: must be 'auto', 'posix-rename', 'rename', 'swap' or 'direct'"),
        ({"tier": "T4"}, "tier: must be 'T0', 'T1', 'T2' or 'T3'"),
        ({"digests": ["sha1"]}, "digests[0]: must be 'md5' or 'sha256'"),
        ({"digests": {"md5": "attested"}}, "digests.md5: must be 'compute', 'attest' or 'none'"),
        ({"digests": ["md5", "md5"]}, "digests: must not name the same thing twice"),
        (
            {"algorithms": ["hmac-md5", "hmac-md5"]},
            "algorithms: must not name the same thing twice",
        ),
        ({"algorithms": "hmac-md5"}, "algorithms: must be a list"),
        ({"passphrase": "Hunter 2"}, "passphrase: must be the name of a secret"),
        ({"certificate": "ssh-rsa AAAA"}, "certificate: must be the name of a secret"),
        ({"protocol": "scp"}, "protocol: must be 'sftp', 'ftp', 'ftps' or 'ftps-implicit'"),
        ({"protocol": ["sftp"]}, "protocol: must be 'sftp', 'ftp', 'ftps' or 'ftps-implicit'"),
    ],
)
def test_a_value_out_of_range_is_told_the_range(
    faults: Faults, change: dict[str, Any], expected: str
) -> None:
    (fault,) = faults(text=bank({**SFTP, **change}))
    assert fault.startswith(f"destinations.bank.{expected}")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tls": {"ca_fil": "/etc/ca.pem"}}, "tls.ca_fil: is not a setting; did you mean ca_file?"),
        ({"tls": {"certificate": "a b"}}, "tls.certificate: must be the name of a secret"),
        ({"tls": "strict"}, "tls: must be a section of settings"),
    ],
)
def test_a_fault_in_tls_is_found(faults: Faults, change: dict[str, Any], expected: str) -> None:
    (fault,) = faults(text=bank({**FTPS, **change}))
    assert fault.startswith(f"destinations.bank.{expected}")


def test_the_rules_hold_for_variables_too(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__PROTOCOL", "ftps")
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__MODE", "rename")
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__ON_CONFLICT", "replace")
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__TIER", "T2")
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__DIGESTS", "[]")
    found = {fault.partition(":")[0].removeprefix("destinations.bank.") for fault in faults()}
    assert found == {"host_keys", "private_key", "password", "mode", "digests"}


@pytest.mark.parametrize(("value", "good"), [(1, True), (0, False), ("soon", False)])
def test_a_step_is_tried_for_a_while(write: Write, faults: Faults, value: Any, good: bool) -> None:
    text = bank(SFTP) + f"transfers:\n  deadline: {value}\n"
    assert load(write(bank(SFTP))).transfers.deadline == 24 * 60 * 60
    if good:
        assert load(write(text)).transfers.deadline == value
    else:
        assert faults(text=text)[0].startswith("transfers.deadline: must be ")


@pytest.mark.parametrize("hours", ["8-18", "Mon", "Mon-Fry 08:00-18:00", "25:00-26:00", ""])
def test_hours_that_make_no_sense_are_told_their_form(faults: Faults, hours: str) -> None:
    (fault,) = faults(text=bank({**SFTP, "blackouts": ["08:00-18:00", hours]}))
    assert fault.startswith("destinations.bank.blackouts[1]: must be hours as in `08:00-18:00`")


@pytest.mark.parametrize(
    "rate", ["10", "10 MB", "0 MB/s", "fast", "08:00-18:00", "25:00-26:00 1 MB/s", "100 Mb/s"]
)
def test_a_rate_that_makes_no_sense_is_told_its_form(faults: Faults, rate: str) -> None:
    (fault,) = faults(text=bank({**SFTP, "bandwidth": ["1 GB/s", rate]}))
    assert fault.startswith("destinations.bank.bandwidth[1]: must be ")


@pytest.mark.parametrize(
    "change",
    [{"files_per_hour": 0}, {"files_per_hour": "many"}, {"rest_after": -1}, {"rest": 1000}],
)
def test_a_limit_out_of_range_is_told(faults: Faults, change: dict[str, Any]) -> None:
    (fault,) = faults(text=bank({**SFTP, **change}))
    assert fault.startswith(f"destinations.bank.{next(iter(change))}: must be ")


def test_by_default_no_transfer_fails_before_its_partner_is_left_alone(write: Write) -> None:
    """The try that makes the rest begin waits, so it must come among the tries of the first one."""
    settings = load(write(bank(SFTP)))
    assert 0 < destinations(settings)["bank"].rest_after <= settings.transfers.tries


def test_limits_become_the_destination_s(write: Write) -> None:
    told = {"bandwidth": ["2 MB/s", "mon 08:00-18:00 64 kB/s"], "files_per_hour": 240, "rest": 5}
    made = destinations(load(write(bank({**SFTP, **told}))))["bank"]
    assert [each.rate for each in made.bandwidth] == [2_000_000, 64_000]
    assert (made.files_per_hour, made.rest_after, made.rest) == (240, 3, 5.0)


def test_a_zone_that_nobody_knows_is_told(faults: Faults) -> None:
    (fault,) = faults(text=bank({**SFTP, "time_zone": "Europe/Atlantis"}))
    assert fault.startswith("destinations.bank.time_zone: must be a zone of the IANA database")


@pytest.mark.parametrize("route", ["step_functions", "auto"])
def test_what_aws_may_carry_needs_a_machine_and_a_ledger_for_both(
    faults: Faults, write: Write, route: str
) -> None:
    text = bank({**SFTP, "route": route})
    words = "needs cloud.state_machine, and ledger.kind: dynamodb, which both doors share"
    assert any(words in fault for fault in faults(text=text))
    arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:FileFerry-Transfers"
    text += f"cloud:\n  state_machine: {arn}\nledger:\n  kind: dynamodb\n"
    assert load(write(text)).destinations["bank"].route == route


def test_what_is_written_in_place_is_never_given_to_aws(faults: Faults) -> None:
    found = faults(text=bank({**SFTP, "route": "auto", "mode": "direct"}))
    assert any("must be in_process beside mode: direct" in fault for fault in found)


def test_a_description_tells_requesters_no_host(write: Write, faults: Faults) -> None:
    words = "Clearing house, by way of BANK.example"
    (fault,) = faults(text=bank({**SFTP, "description": words}))
    assert "description: must not name the host: every requester reads it" in fault
    settings = load(write(bank({**SFTP, "description": "The clearing house"})))
    assert settings.destinations["bank"].description == "The clearing house"
