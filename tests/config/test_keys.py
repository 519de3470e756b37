"""Pinned host keys, in each form that people have them in, and none that is damaged."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from config.keys import fingerprint
from config.loading import load
from config.settings import Settings
from tests.config.conftest import FINGERPRINT, SFTP, Faults, Write, bank

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPf6S0Hozu/+8rlLuCIGRM6JKn/A5j7dUBA3SPmDLYEz"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBICIPmHoNitIlzyTmsU0"
    "ANupacHvE7j9z30P24z5uUKGqxGEuTjpk4NolRHAqWE1ovahOt63qarOKIwzOCyjAJQ="
)
RSA = "ssh-rsa " + b64encode(b"\0\0\0\x07ssh-rsa\0\0\0\x01\x03\0\0\0\x02\0\xc5").decode()
# As `ssh-keygen -lf` prints them.
PRINTED = {
    ED25519: "SHA256:1HYeXZwI39X25JCNDQUy1xcSy09GBLUTt1DXe300WYA",
    ECDSA: "SHA256:uUB8gvmsT+N3M/Sov/g1RboIqw4AzwVCxfF8PZAyxpM",
}


def pinned(settings: Settings) -> list[str]:
    return [pin.key for pin in settings.destinations["bank"].host_keys]


def keyed(*entries: Any) -> str:
    return bank({**SFTP, "host_keys": list(entries)})


@pytest.mark.parametrize("key", PRINTED)
@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "{} root@bank",
        "bank.example {}",
        "bank.example,10.0.0.7 {} root@bank",
        "[bank.example]:2222 {}",
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {}",
        " bank.example   {} ",
    ],
)
def test_a_line_of_known_hosts_becomes_its_fingerprint(write: Write, key: str, line: str) -> None:
    settings = load(write(keyed(FINGERPRINT, line.format(key), {"key": line.format(RSA)})))
    assert pinned(settings)[:2] == [FINGERPRINT, PRINTED[key]]


@pytest.mark.parametrize(
    "line", ["256 {} bank ({})", "{} ({})", " 3072 {} no comment at all ({}) "]
)
@pytest.mark.parametrize(
    ("name", "kind"), [("ED25519", "ssh-ed25519"), ("ECDSA", "ecdsa"), ("RSA", "ssh-rsa")]
)
def test_a_line_of_ssh_keygen_tells_the_type_as_well(
    write: Write, line: str, name: str, kind: str
) -> None:
    settings = load(write(keyed(line.format(FINGERPRINT, name))))
    [pin] = settings.destinations["bank"].host_keys
    assert (pin.key, fingerprint(line.format(FINGERPRINT, name)).kind) == (FINGERPRINT, kind)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("", "must be a fingerprint (SHA256: and 43 characters), a line of `ssh-keygen -lf`"),
        (FINGERPRINT + "=", "must be a fingerprint"),
        ("MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", "must be a fingerprint"),
        (f"256 {FINGERPRINT} bank", "must be a fingerprint"),
        (f"256 {FINGERPRINT} bank (DSA)", "must be a fingerprint"),
        (f"256 {FINGERPRINT}(RSA)", "must be a fingerprint"),
        ("bank.example ssh-ed25519", "must be a fingerprint"),
        ("bank.example ssh-dss AAAAB3NzaC1kc3M=", "must be a fingerprint"),
        ("ssh-ed25519 AAAA…", "holds a key that is cut off or misspelt; allowed is a fingerprint"),
        (ED25519[:-4], "holds a key that is cut off or misspelt"),
        (ED25519[:-1], "holds a key that is cut off or misspelt"),
        (ED25519 + "AAAA", "holds a key that is cut off or misspelt"),
        (ECDSA.replace("nistp256 ", "nistp384 "), "holds a key of another type than it says"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "holds a key of another type than it says"),
        (f"@cert-authority bank.example {ED25519}", "must not be marked as an authority"),
        (f"@revoked bank.example {ED25519}", "must not be marked as an authority or as revoked"),
        (7, "must be a fingerprint"),
        ([FINGERPRINT], "must be a fingerprint"),
    ],
)
def test_what_is_no_host_key_is_told_what_is_allowed(
    faults: Faults, entry: Any, words: str
) -> None:
    (fault,) = faults(text=keyed(FINGERPRINT, entry))
    assert fault.startswith(f"destinations.bank.host_keys[1]: {words}")
    assert fault.endswith("(line 13)")
    assert "SHA256: and 43 characters" in fault


def test_a_damaged_key_with_dates_is_named_too(faults: Faults) -> None:
    (fault,) = faults(text=keyed({"key": ED25519[:-1], "not_after": "2026-12-31"}))
    assert fault.startswith("destinations.bank.host_keys[0].key: holds a key that is cut off")


@pytest.mark.parametrize("twice", [FINGERPRINT, {"key": FINGERPRINT, "not_after": "2026-12-31"}])
def test_a_key_that_stands_twice_is_refused(faults: Faults, twice: Any) -> None:
    (fault,) = faults(text=keyed(FINGERPRINT, twice))
    assert fault == "destinations.bank.host_keys: must not name the same key twice (line 13)"


def test_days_may_be_plain_or_quoted(write: Write) -> None:
    dated = f'key: "{FINGERPRINT}", not_before: 2026-01-31, not_after: "2026-12-31"'
    text = bank(SFTP).replace(f'["{FINGERPRINT}"]', f"[{{{dated}}}]")
    (pin,) = load(write(text)).destinations["bank"].host_keys
    assert (str(pin.not_before), str(pin.not_after)) == ("2026-01-31", "2026-12-31")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"not_before": "2026-02-30"}, "not_before: must be a day, e.g. 2026-12-31"),
        ({"not_before": "2026-02-03 10:00"}, "not_before: must be a day"),
        ({"not_after": 20261231}, "not_after: must be a day"),
        ({"not_after": True}, "not_after: must be a day"),
        ({"not_before": "2026-02-02", "not_after": "2026-02-01"}, "not_after: must not be before"),
        ({"until": "2026-02-02"}, "until: is not a setting; allowed here: key, not_before, not_a"),
        ({"not_befor": "2026-02-02"}, "not_befor: is not a setting; did you mean not_before?"),
    ],
)
def test_a_wrong_day_is_named(faults: Faults, dates: dict[str, Any], expected: str) -> None:
    (fault,) = faults(text=keyed({"key": FINGERPRINT, **dates}))
    assert fault.startswith(f"destinations.bank.host_keys[0].{expected}")


def test_days_need_a_key(faults: Faults) -> None:
    (fault,) = faults(text=keyed({"not_after": "2026-12-31"}))
    assert fault.startswith("destinations.bank.host_keys[0].key: is missing - Fingerprint or line")


def test_one_day_may_be_first_and_last(write: Write) -> None:
    day = {"not_before": "2026-02-02", "not_after": "2026-02-02"}
    assert pinned(load(write(keyed({"key": FINGERPRINT, **day})))) == [FINGERPRINT]


def test_host_keys_can_come_from_the_environment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILEFERRY_DESTINATIONS__BANK__HOST_KEYS", f'["{ED25519}"]')
    assert pinned(load(write(bank(SFTP)))) == [PRINTED[ED25519]]
