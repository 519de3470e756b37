"""One file, one environment, one list of everything that is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.faults import ConfigError
from config.ledger import LedgerSettings
from config.loading import DEFAULT, glimpse, load, locate, of_books
from tests.config.conftest import GOOD, Faults, Write
from transfer.errors import Code


def test_a_good_file_becomes_settings_with_defaults(write: Write) -> None:
    settings = load(write(GOOD))
    assert settings.servicenow.user == "fileferry"
    assert settings.destinations["bank"].port is None
    assert settings.poll.every == 30


def test_an_environment_variable_wins(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILEFERRY_POLL__EVERY", "10")
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__HOST", "other.example")
    monkeypatch.setenv("FILEFERRY_SERVICENOW__USER", "12345")
    monkeypatch.setenv("FILEFERRY_SECRET_BANK_KEY", "not a setting")
    settings = load(write(GOOD))
    assert settings.poll.every == 10
    assert settings.destinations["bank"].host == "other.example"
    assert settings.destinations["bank"].username == "fileferry"
    assert settings.servicenow.user == "12345"


def test_a_whole_list_can_come_from_the_environment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = '[{"requesters": ["abel"], "sources": ["s3://a/"], "destinations": ["bank"]}]'
    monkeypatch.setenv("FILEFERRY_GRANTS", grant)
    assert load(write(GOOD)).grants[0].requesters == ["abel"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("FILEFERRY_POLL__EVERY", "soon", "poll.every: must be a number (from FILEFERRY_POLL__"),
        ("FILEFERRY_POLL__EVRY", "5", "poll.evry: is not a setting; did you mean every?"),
        ("FILEFERRY_POLL_EVERY", "5", "FILEFERRY_POLL_EVERY: is not a setting"),
        ("FILEFERRY_GRANTS", "[oops", "FILEFERRY_GRANTS: must be JSON"),
    ],
)
def test_a_wrong_variable_is_named(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    (fault,) = faults()
    assert fault.startswith(expected)


def test_every_fault_is_found_in_one_run(write: Write) -> None:
    text = (
        GOOD.replace("https://", "http://")
        .replace("host: sftp.bank.example", "hots: sftp.bank.example")
        .replace("SHA256:47", "SHA1:47")
        .replace("destinations: [bank]", "destinations: [bank, barn]")
    )
    with pytest.raises(ConfigError) as caught:
        load(write(text + "poll: {every: 60, max_backoff: 5}\n"))
    assert [str(fault) for fault in caught.value.faults] == [
        "servicenow.url: must begin with https://; http:// is for the loopback only (line 2)",
        "destinations.bank.host: is missing - Host name or address (line 8)",
        "destinations.bank.hots: is not a setting; did you mean host? (line 9)",
        (
            "destinations.bank.host_keys[0]: must be a fingerprint (SHA256: and 43 characters), "
            "a line of `ssh-keygen -lf` (256 SHA256:… sftp.bank.example (ED25519)), or "
            "a line of known_hosts (sftp.bank.example ssh-ed25519 AAAA…); the types are "
            "ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, ssh-rsa "
            "(line 12)"
        ),
        "grants[0].destinations[1]: must be a configured destination: bank (line 16)",
        "poll.max_backoff: must be at least poll.every (line 17)",
    ]
    assert caught.value.code is Code.CONFIG_INVALID
    assert all(str(fault) in caught.value.message for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("user: fileferry", "user: 123", "servicenow.user: must be text: put it in quotes"),
        ("user: fileferry", 'user: "a\\nb"', "servicenow.user: must be one line without control"),
        ("user: fileferry", "user: ''", "servicenow.user: must not be empty"),
        ("0123456789abcdef0", "x", "servicenow.group: must be a sys_id: 32 characters"),
        ("[234", "[abc, 234", "servicenow.catalog_items[0]: must be a sys_id"),
        ("[23456789abcdef0123456789abcdef01]", "[]", "servicenow.catalog_items: must have at lea"),
        ("example.service-now.com", "u:p@e.com", "servicenow.url: must look like https://"),
        ("service-now.com", "service-now.com/", "servicenow.url: must look like https://"),
        ("    private_key: bank-key\n", "", "destinations.bank: must name a secret as its passwo"),
        ("  bank:", "  Bank:", "destinations.Bank: must be a name of 1 to 63 of a-z"),
        ("    host:", "    port: yes\n    host:", "destinations.bank.port: must be a number"),
        ("    host:", "    port: 0\n    host:", "destinations.bank.port: must be at least 1"),
        (
            "    host:",
            "    timeout: .inf\n    host:",
            "destinations.bank.timeout: must be a number",
        ),
        (
            "    host:",
            "    root: /a/../b\n    host:",
            "destinations.bank.root: must be an absolute",
        ),
        (
            "    host:",
            "    protocol: scp\n    host:",
            "destinations.bank.protocol: must be 'sftp',",
        ),
        ("[bank]", "[bank, bank]", "grants[0].destinations: must not name the same thing twice"),
        ("s3://exports/payroll/", "exports", "grants[0].sources[0]: must look like s3://bucket"),
        ("grants:\n", "log: loud\ngrants:\n", "log: must be a section of settings"),
    ],
)
def test_a_fault_says_where_and_what_is_allowed(
    faults: Faults, old: str, new: str, expected: str
) -> None:
    assert any(fault.startswith(expected) for fault in faults(old, new)), faults(old, new)


def test_plain_http_is_for_the_loopback(write: Write) -> None:
    for host in ("127.0.0.1:8080", "localhost", "[::1]:8080"):
        text = GOOD.replace("https://example.service-now.com", f"http://{host}")
        assert load(write(text)).servicenow.url == f"http://{host}"


@pytest.mark.parametrize(
    "line",
    [
        'password: "Hunter2 canary"',
        "password: Hunter-CANARY",
        "password: !canary secret",
        "password: *canary",
        'password: "canary\\q"',
        "client_secret: canary",
        "password: canary\n    password: canary",
        "password: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      canary",
        "password: [canary, {canary: canary}]",
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(write: Write, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(GOOD.replace("private_key: bank-key", line)))
    assert "canary" not in f"{caught.value} {caught.value!r}".lower()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('password: "Hunter2 x"', "password"),
        ("password: |\n      -----BEGIN PRIVATE KEY-----\n      x", "password"),
        ("passphrase: Hunter2", "passphrase"),
        ("access_token: x", "access_token"),
    ],
)
def test_a_secret_in_the_file_is_told_so(faults: Faults, line: str, place: str) -> None:
    found = faults("private_key: bank-key", f"private_key: bank-key\n    {line}")
    (fault,) = [fault for fault in found if fault.startswith(f"destinations.bank.{place}: ")]
    assert "secrets never stand in this file" in fault


@pytest.mark.parametrize(
    "text",
    [
        "ledger:\n  path: /srv/books.db\n",
        "ledger: {path: /srv/books.db}\npol: 1\n",
        "ledger:\n  path: /srv/books.db\ntransfers:\n  tries: many\n",
        '"ledger":\n  "path": /srv/books.db\npol: 1\n',
        "pol: [\nledger:\n  path: /srv/books.db\n",
    ],
)
def test_a_fault_elsewhere_keeps_nobody_from_the_ledger(write: Write, text: str) -> None:
    assert of_books(write(GOOD + text)).ledger.path == Path("/srv/books.db")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ledger:\n  pth: /srv/books.db\n", "ledger.pth: is not a setting"),
        ("ledger:\n  path: /a.db\nledger:\n  path: /b.db\n", "ledger: stands twice"),
        ("ledger:\n  path: /a.db\n  path: /b.db\n", "ledger.path: stands twice"),
        ("ledgr:\n  path: /srv/books.db\n", "ledgr: is not a setting; did you mean ledger?"),
        ("ledgr:\n  path: [\n", "is not in order"),
        ("ledger:\n  keep_days: 500\nlegder:\n  path: /a.db\n", "legder: is not a setting"),
        ("ledger:\n  path: /a.db\npol: [\nledger:\n  path: /b.db\n", "is not in order"),
        (
            "ledger:\n  keep_days: 500\n<<<<<<< HEAD\n  path: /a.db\n=======\n  path: /b.db\n",
            "is not in order",
        ),
    ],
)
def test_where_the_ledger_is_is_never_guessed(write: Write, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        of_books(write(GOOD + text))
    assert expected in caught.value.message


def test_the_usual_ledger_is_found_beside_a_fault_too(write: Write) -> None:
    path = write(GOOD + "transfers:\n  tries: many\n")
    assert of_books(path).ledger == LedgerSettings()
    assert glimpse(path)


def test_a_variable_says_where_the_ledger_is(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILEFERRY_LEDGER__PATH", "/srv/other.db")
    path = write(GOOD + "ledger:\n  path: /srv/books.db\npol: 1\n")
    assert of_books(path).ledger.path == Path("/srv/other.db")


def test_what_others_may_have_written_is_no_word_on_the_ledger(write: Write) -> None:
    path = write(GOOD + "ledger:\n  path: /srv/books.db\n")
    path.chmod(0o666)
    assert glimpse(path) is None
    with pytest.raises(ConfigError, match="Everybody may write"):
        of_books(path)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no configuration file .*/none\.yaml\."):
        load(tmp_path / "none.yaml")


def test_a_directory_and_a_device_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(ConfigError, match=f"{path} cannot be read"):
            load(path)


def test_a_file_that_everybody_may_write_is_refused(write: Write) -> None:
    path = write(GOOD)
    path.chmod(0o646)
    with pytest.raises(
        ConfigError, match=r"\(mode 0646\) to the configuration file .*fileferry\.yaml"
    ):
        load(path)


def test_the_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate() == DEFAULT
    monkeypatch.setenv("FILEFERRY_CONFIG", "/srv/a.yaml")
    assert locate() == Path("/srv/a.yaml")
    assert locate(Path("b.yaml")) == Path("b.yaml")
