"""The small files beside a delivered one: what their sections may say."""

from __future__ import annotations

from typing import Any

import pytest

from config.loading import load
from config.values import destinations
from tests.config.conftest import FTP, SFTP, Faults, Write, bank
from transfer.destination import Acknowledgement, Sidecar, Tier


def test_nothing_is_asked_for_unless_it_is_said(write: Write) -> None:
    bare = destinations(load(write(bank(SFTP))))["bank"]
    assert (bare.sidecar, bare.acknowledgement) == (None, None)
    empty = {**SFTP, "sidecar": {}, "acknowledgement": {"name": None}}
    assert destinations(load(write(bank(empty))))["bank"].acknowledgement is None


def test_a_name_is_enough(write: Write) -> None:
    settings = {**SFTP, "sidecar": {"name": "{name}.sum"}, "acknowledgement": {"name": "{name}.ok"}}
    made = destinations(load(write(bank(settings))))["bank"]
    assert made.sidecar == Sidecar(name="{name}.sum", digest="sha256")
    asked = Acknowledgement(name="{name}.ok", within=900.0, digest="", remove=False)
    assert (made.acknowledgement, made.tier) == (asked, None)


def test_all_of_it_arrives(write: Write) -> None:
    word = {"name": "ack/{name}.md5", "within": 60, "digest": "md5", "remove": True}
    settings = {
        **FTP,
        "tier": "T3",
        "sidecar": {"name": "done/{name}", "digest": "none"},
        "acknowledgement": word,
    }
    made = destinations(load(write(bank(settings))))["bank"]
    assert made.sidecar == Sidecar(name="done/{name}", digest="")
    assert made.acknowledgement == Acknowledgement(
        name="ack/{name}.md5", within=60.0, digest="md5", remove=True
    )
    assert made.tier is Tier.ACKNOWLEDGED


LAST = "must have {name}, the delivered file's name, in its last part only"


@pytest.mark.parametrize("section", ["sidecar", "acknowledgement"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("{nam}.ack", LAST),
        ("done.ack", LAST),
        ("{name}/done", LAST),
        ("{name}/{name}", LAST),
        ("{name}.{kind}", "must have no other field than {name}, and no other braces"),
        ("{name}}.ack", "must have no other field than {name}, and no other braces"),
        ("{name}", "must not be {name} alone, which is the delivered file itself"),
        ("/ack/{name}", "is absolute"),
        ("../ack/{name}", "leads out of the destination's root"),
        ("./{name}.ack", "has an empty or “.” component"),
        ("~/{name}", "begins with “~”"),
        ("ack\\\\{name}", "has a backslash"),
        (".ff-{name}", "has a component that begins with “.ff-”"),
        ("{name}.", "has a component that ends with a dot"),
    ],
)
def test_a_name_that_leads_astray_is_refused(
    faults: Faults, section: str, name: str, words: str
) -> None:
    (fault,) = faults(text=bank({**SFTP, section: {"name": name}}))
    assert fault.startswith(f"destinations.bank.{section}.name: {words}")
    assert "(line 14)" in fault


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {**FTP, "private_key": None, "host_keys": None, "tier": "T3", "digests": []},
            "digests: must not be empty: T2 compares digests",
        ),
        ({"tier": "T3"}, "tier: must not be T3 without acknowledgement.name"),
        (
            {"acknowledgement": {"within": 60}},
            "acknowledgement.name: is missing - within is of no use without it",
        ),
        (
            {"acknowledgement": {"remove": True, "name": ""}},
            "acknowledgement.name: is missing - remove is of no use without it",
        ),
        (
            {"sidecar": {"digest": "md5"}},
            "sidecar.name: is missing - digest is of no use without it",
        ),
        (
            {"digests": ["md5"], "sidecar": {"name": "{name}.sum"}},
            "sidecar.digest: must not be sha256, which is missing from digests",
        ),
        (
            {"digests": ["sha256"], "acknowledgement": {"name": "{name}.ok", "digest": "md5"}},
            "acknowledgement.digest: must not be md5, which is missing from digests",
        ),
        (
            {"sidecar": {"name": "{name}.ok"}, "acknowledgement": {"name": "{name}.OK"}},
            "sidecar.name: must not look like an acknowledgement",
        ),
        (
            {"sidecar": {"name": "{name}.s.ok"}, "acknowledgement": {"name": "{name}.ok"}},
            "sidecar.name: must not look like an acknowledgement",
        ),
        ({"sidecar": {"name": "{name}.s", "digest": "sha1"}}, "sidecar.digest: must be 'md5', "),
        ({"sidecar": {"nam": "{name}.s"}}, "sidecar.nam: is not a setting; did you mean name?"),
        ({"sidecar": "{name}.s"}, "sidecar: must be a section of settings"),
        (
            {"acknowledgement": {"name": "{name}.a", "within": 0}},
            "acknowledgement.within: must be more than 0",
        ),
    ],
)
def test_what_cannot_hold_is_refused(faults: Faults, change: dict[str, Any], expected: str) -> None:
    found = faults(text=bank({**SFTP, **change}))
    assert any(fault.startswith(f"destinations.bank.{expected}") for fault in found), found


@pytest.mark.parametrize("digest", ["none", None])
def test_without_a_digest_none_need_be_computed(write: Write, digest: str | None) -> None:
    word = {"name": "{name}.ok"} | ({"digest": digest} if digest else {})
    settings = {**SFTP, "digests": [], "sidecar": {"name": "{name}.d", "digest": "none"}}
    made = load(write(bank({**settings, "acknowledgement": word}))).destinations["bank"]
    assert made.acknowledgement.digest == "none"
