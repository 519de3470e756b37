"""No line that others can hear, and no file of ours that others can replace."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config.faults import ConfigError
from config.loading import load
from config.secrets import Secrets
from tests.config.conftest import FTPS, GOOD, Write, bank
from transfer.addresses import is_guarded
from transfer.errors import Code, Permanent

ENDPOINTS = (
    "aws.endpoint_url",
    "aws.sts_endpoint_url",
    "queue.endpoint_url",
    "ledger.endpoint_url",
    "notices.mail.endpoint_url",
    "cloud.endpoint_url",
    "audit.endpoint_url",
)


def with_endpoint(setting: str, url: str) -> str:
    if setting.startswith("notices."):
        needed = "kind: ses, sender: a@b.example, to: [a@b.example]"
        return f"{GOOD}notices:\n  mail: {{{needed}, endpoint_url: '{url}'}}\n"
    section, _, name = setting.partition(".")
    return f"{GOOD}{section}:\n  {name}: {url}\n"


@pytest.mark.parametrize("setting", ENDPOINTS)
def test_each_address_is_encrypted_or_on_the_loopback(write: Write, setting: str) -> None:
    for url in ("https://store.lan:9000", "http://127.0.0.1:9000", "http://[::1]:9000"):
        load(write(with_endpoint(setting, url)))
    for url in ("http://store.lan:9000", "http://10.0.0.1", "http://localhost.lan"):
        with pytest.raises(ConfigError, match=f"{setting}: must begin with https://"):
            load(write(with_endpoint(setting, url)))


def test_every_setting_that_is_an_address_is_among_them() -> None:
    text = Path(__file__).parents[2].joinpath("config/fileferry.example.yaml").read_text("utf-8")
    named = [line.strip(" #").partition(":")[0] for line in text.splitlines()]
    assert sum(name.endswith("endpoint_url") for name in named) == len(ENDPOINTS)


@pytest.mark.parametrize(
    ("url", "guarded"),
    [
        ("https://a.example/x", True),
        ("HTTPS://a.example", True),
        ("http://localhost", True),
        ("http://LOCALHOST:1/q", True),
        ("http://127.9.9.9:80", True),
        ("http://[::1]", True),
        ("http://a.example", False),
        ("http://127.0.0.1.a.example", False),
        ("http://127.0.0.1@a.example", False),
        ("http://127.0.0.1\\@a.example", False),
        ("http://127.0.0.1#@a.example", False),
        ("http://a.example/127.0.0.1", False),
        ("http://[::ffff:10.0.0.1]", False),
        ("http://0.0.0.0", False),
        ("ftp://127.0.0.1", False),
        ("", False),
    ],
)
def test_what_counts_as_guarded(url: str, guarded: bool) -> None:
    assert is_guarded(url) is guarded


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620, 0o777])
def test_a_configuration_that_others_may_write_is_refused(write: Write, mode: int) -> None:
    path = write(GOOD)
    path.chmod(mode)
    with pytest.raises(
        ConfigError, match=rf"\(mode {mode:04o}\) to the configuration file"
    ) as refused:
        load(path)
    assert refused.value.action == f"Take that right away: chmod go-w {path}"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444])
def test_one_that_others_may_only_read_is_taken(write: Write, mode: int) -> None:
    path = write(GOOD)
    path.chmod(mode)
    assert load(path).destinations


def shared(directory: Path, mode: int = 0o777) -> Path:
    directory.mkdir(exist_ok=True)
    directory.chmod(mode)
    assert stat.S_IMODE(directory.stat().st_mode) == mode
    return directory


def test_a_directory_in_which_everybody_may_replace_it_is_refused(tmp_path: Path) -> None:
    below = shared(tmp_path / "open") / "etc"
    below.mkdir()
    (below / "fileferry.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"/open \(mode 0777\)") as refused:
        load(below / "fileferry.yaml")
    assert refused.value.action.endswith(f"chmod o-w {tmp_path}/open")
    shared(tmp_path / "open", 0o1777)
    assert load(below / "fileferry.yaml").destinations, (
        "the sticky bit keeps others' files where they are"
    )


def test_a_link_is_no_way_around(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "fileferry.yaml").write_text(GOOD)
    (shared(tmp_path / "open") / "link.yaml").symlink_to(kept / "fileferry.yaml")
    with pytest.raises(ConfigError, match=r"/open \(mode 0777\)"):
        load(tmp_path / "open" / "link.yaml")


def test_a_ledger_in_a_directory_of_everybody_is_refused(write: Write, tmp_path: Path) -> None:
    place = shared(tmp_path / "open")
    text = f"{GOOD}ledger:\n  path: {place}/ledger.db\n"
    with pytest.raises(ConfigError, match=r"/open \(mode 0777\), and so replace the ledger"):
        load(write(text))
    assert load(write(text + "  kind: dynamodb\n")).ledger.kind == "dynamodb"


@pytest.mark.parametrize("setting", ["servicenow.ca_file", "destinations.bank.tls.ca_file"])
def test_an_authority_that_others_may_write_is_refused(
    write: Write, tmp_path: Path, setting: str
) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("made up")
    authority.chmod(0o664)
    line = f"  ca_file: {authority}\n"
    at = "destinations:\n" if setting.startswith("servicenow") else "grants:\n"
    line = line if setting.startswith("servicenow") else f"    tls:\n    {line}"
    text = bank(FTPS) if "tls" in setting else GOOD
    with pytest.raises(ConfigError, match=r"\(mode 0664\) to the certificate authority"):
        load(write(text.replace(at, f"{line}{at}")))
    authority.chmod(0o644)
    assert load(write(text.replace(at, f"{line}{at}"))).destinations


def test_secrets_in_a_directory_of_everybody_are_refused(tmp_path: Path) -> None:
    place = shared(tmp_path / "open")
    (place / "bank").write_text("secret")
    (place / "bank").chmod(0o600)
    with pytest.raises(Permanent, match=r"/open \(mode 0777\)") as refused:
        Secrets({"CREDENTIALS_DIRECTORY": str(place)})("bank")
    assert refused.value.code is Code.SECRET_EXPOSED
