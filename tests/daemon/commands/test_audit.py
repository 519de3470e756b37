"""`fileferry audit`: whole ledgers, directories and single receipts, proven or named."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from adapters.audit.keys import KeySigner, pem_of
from adapters.ledger.codec import POST
from adapters.ledger.sqlite.books import over
from adapters.ledger.sqlite.database import Database
from adapters.ledger.sqlite.rows import SEALED
from adapters.ledger.sqlite.seal import seal
from daemon.commands.root import app
from tests.transfer.bench import Bench
from tests.transfer.made import NOON, request
from transfer.audit.chain import KEPT, Link, Signature, Signer
from transfer.books import Books, Record
from transfer.errors import Code, Transient
from transfer.journey import travel
from transfer.model import Transfer
from transfer.telling.document import document
from transfer.tickets import Post, PostAction

EXAMPLE = Path(__file__).parents[3] / "config" / "fileferry.example.yaml"
INSTANCE = "example.service-now.com"
COUNT = 3
KEY = ed25519.Ed25519PrivateKey.generate()


def private(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass(frozen=True, slots=True)
class Place:
    """A ledger with COUNT transfers that were reported, and their receipts beside it."""

    folder: Path

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def receipts(self) -> Path:
        return self.folder / "receipts"

    def receipt(self, number: int) -> Path:
        return self.receipts / f"{number}.json"

    def carry(self, number: int, signer: Signer | None = None, at: datetime = NOON) -> None:
        with closing(Database(self.ledger)) as database:
            record = carried(over(database, "one"), number, signer, at)
        self.receipts.mkdir(exist_ok=True)
        [post] = [each for each in posts(self.ledger, record.transfer.id) if _attaches(each)]
        content = document(post.text, record.transfer, record.deliveries)
        self.receipt(number).write_bytes(content)

    def hash(self, number: int) -> str:
        chain: dict[str, Any] = json.loads(self.receipt(number).read_bytes())["chain"]
        return str(chain["hash"])


def carried(books: Books, number: int, signer: Signer | None = None, at: datetime = NOON) -> Record:
    """A transfer from its admission to its end, at one instant."""
    bench = Bench()
    bench.objects.put("s3://exports/payroll/nov.csv", b"name;pay\n")
    tools = replace(
        bench.tools(),
        ledger=books.ledger,
        locks=books.locks,
        chain=books.chain,
        signer=signer,
        clock=lambda: at,
    )
    asked = request(id=f"{INSTANCE}:sc_task:{number:032}", item_id=f"{number:032x}")
    books.ledger.admit(Transfer(request=asked, received_at=at))
    claimed = books.ledger.claim(asked.id)
    assert claimed
    travel(claimed, tools)
    [record] = books.archive.search(asked.id)
    return record


def _attaches(post: Post) -> bool:
    return post.action is PostAction.ATTACH


def posts(path: Path, transfer_id: str) -> list[Post]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT document FROM posts WHERE transfer_id = ?", [transfer_id]
        )
        return [POST.validate_json(text) for (text,) in found]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    for number in range(1, COUNT + 1):
        made.carry(number, KeySigner(lambda: private(KEY)))
    monkeypatch.setenv("FILEFERRY_CONFIG", str(EXAMPLE))
    monkeypatch.setenv("FILEFERRY_LEDGER__PATH", str(made.ledger))
    return made


def audit(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def told(*words: str | Path) -> dict[str, Any]:
    done = audit(*words, "--json")
    [chain] = json.loads(done.stdout)["chains"]
    assert (done.exit_code == 0) == chain["holds"]
    return dict(chain)


def broken(*words: str | Path) -> tuple[str, int]:
    found = told(*words)["broken"]
    assert found["means"].endswith(".")
    return found["fault"], found["number"]


def public(place: Place, key: Any = KEY) -> Path:
    file = place.folder / "audit.pem"
    file.write_text(pem_of(key.public_key()))
    return file


def test_the_ledger_holds(place: Place) -> None:
    done = audit("verify", "--head", place.hash(COUNT), "--key", public(place))
    assert done.exit_code == 0, done.output
    assert f"The chain {INSTANCE}/" in done.stdout
    assert " holds." in done.stdout
    assert "Links: 3, from 1 (2026-11-23 12:00:00 UTC) to 3" in done.stdout
    assert "Receipts compared with what they told: 3." in done.stdout
    assert "Signatures: 3; they vouch for all up to number 3." in done.stdout
    assert place.hash(COUNT) in done.stdout


def test_the_audit_ticket_names_the_head(place: Place) -> None:
    for number in (1, 2):
        found = posts(place.ledger, f"{INSTANCE}:sc_task:{number:032}")
        [close] = [each for each in found if each.key.endswith("audit:close")]
        chain = json.loads(place.receipt(number).read_bytes())["chain"]
        name = f"{INSTANCE}/{chain['ledger']}"
        assert f"Chain of receipts: {name}, number {number}, hash {chain['hash']}" in close.text
        before = chain["previous"] if number > 1 else "nothing, it is the first"
        assert f"After: {before}" in close.text
        assert f"public key SHA-256 {chain['signature']['key']}" in close.text
        # A ticket's field is short.
        assert close.text.index(chain["hash"]) < 1000


def test_receipts_hold_without_ledger_and_configuration(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILEFERRY_CONFIG", str(place.folder / "none.yaml"))
    place.ledger.unlink()
    (place.receipts / "again.json").write_bytes(place.receipt(2).read_bytes())
    (place.receipts / "notes.json").write_text("{}")
    # Nobody writes into it.
    os.mkfifo(place.receipts / "pipe.json")
    whole = told("verify", place.receipts, "--head", place.hash(2), "--key", public(place))
    assert (whole["links"], whole["contents"], whole["signatures"]) == (3, 3, 3)
    one = told("verify", place.receipt(2), "--head", place.hash(2).upper(), "--key", public(place))
    assert (one["links"], one["first"]["number"]) == (1, 2)
    assert "notes.json is no receipt" in audit("verify", place.receipts).stdout


def alter(place: Place, table: str, where: str, old: str, new: str) -> None:
    """As somebody would who may write the ledger, and knows how its rows are sealed."""
    with closing(sqlite3.connect(place.ledger)) as connection, connection:
        [values] = connection.execute(
            f"SELECT {', '.join(SEALED[table])} FROM {table} WHERE {where}"  # noqa: S608 of this test
        )
        row = dict(zip(SEALED[table], values, strict=True))
        assert old in row["document"]
        row["document"] = row["document"].replace(old, new)
        connection.execute(
            f"UPDATE {table} SET document = ?, seal = ? WHERE {where}",  # noqa: S608 likewise
            (row["document"], seal(tuple(row.values()))),
        )


def test_an_altered_delivery_is_named(place: Place) -> None:
    second = f"transfer_id = '{INSTANCE}:sc_task:{2:032}'"
    alter(place, "deliveries", second, "/inbox/pay/nov.csv", "/inbox/pay/dec.csv")
    assert broken("verify") == ("content", 2)
    done = audit("verify")
    assert "[audit.broken] The receipt of link 2 is not the one that was reported." in done.output
    assert f"Does not hold: {INSTANCE}:sc_task:{2:032}" in done.stdout
    assert "Up to there it holds. Links: 1," in done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome":"delivered"', '"outcome":"failed"'),
        ('"generation":1', '"generation":2'),
        (f"{2:032}", f"{7:032}"),
    ],
)
def test_an_altered_head_is_named(place: Place, old: str, new: str) -> None:
    alter(place, "transfers", f"id = '{INSTANCE}:sc_task:{2:032}'", old, new)
    assert broken("verify") == ("content", 2)


def test_what_the_receipt_is_made_from_cannot_be_taken_away_unseen(place: Place) -> None:
    with closing(sqlite3.connect(place.ledger)) as connection, connection:
        connection.execute("DELETE FROM endings WHERE number = 1")
    assert broken("verify") == ("content", 1)
    done = audit("verify")
    assert "No link of it was found" not in done.stdout
    assert f"Does not hold: {INSTANCE}:sc_task:{1:032}" in done.stdout


def test_a_hash_that_a_script_has_not_filled_in_is_refused(place: Place) -> None:
    for head in ("", " ", place.hash(3)[:16]):
        done = audit("verify", place.receipts, "--head", head)
        assert (done.exit_code, "the whole hash of a ticket" in done.output) == (2, True)
    alone = audit("verify", place.receipt(2)).stdout
    assert "could have made all of it" in alone
    shown = audit("verify", place.receipt(2), "--head", place.hash(2)).stdout
    assert "The hash that --head names is among them." in shown
    assert "could have made all of it" not in shown


def test_a_receipt_that_was_spoilt_is_no_file_of_somebody_else(place: Place) -> None:
    file = place.receipt(3)
    file.rename(file.with_name("3.JSON"))
    file = file.with_name("3.JSON")
    (place.receipts / "notes.json").write_text('{"a":1.5}')
    assert told("verify", place.receipts)["links"] == 3
    file.write_bytes(file.read_bytes().replace(b'"number":1,', b'"number":1.0,'))
    done = audit("verify", place.receipts)
    assert done.exit_code == 1
    assert f"Not proven: The file {file} is no receipt that can be verified" in done.stdout
    assert "notes.json" in done.stdout


def test_an_altered_link_is_named(place: Place) -> None:
    alter(place, "links", "number = 1", "12:00:00", "13:00:00")
    assert broken("verify") == ("altered", 1)


def test_a_link_that_was_taken_out_is_missed_and_so_is_an_end_that_was_cut_off(
    place: Place,
) -> None:
    with closing(sqlite3.connect(place.ledger)) as connection, connection:
        connection.execute("DELETE FROM links WHERE number = 3")
    # Nothing in the ledger shows it. The ticket does.
    assert told("verify")["holds"]
    assert broken("verify", "--head", place.hash(3)) == ("head", 2)
    with closing(sqlite3.connect(place.ledger)) as connection, connection:
        connection.execute("DELETE FROM links WHERE number = 1")
    assert broken("verify") == ("missing", 1)


@pytest.mark.parametrize(
    ("old", "new"), [(b"/inbox/pay/nov.csv", b"/inbox/pay/dec.csv"), (b'"number":2', b'"number":1')]
)
def test_an_altered_receipt_is_named(place: Place, old: bytes, new: bytes) -> None:
    file = place.receipt(2)
    assert old in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(old, new))
    assert told("verify", file)["broken"]["fault"] in ("content", "altered")
    assert not told("verify", place.receipts)["holds"]


def test_a_receipt_that_is_missing_or_of_another_ticket_is_named(place: Place) -> None:
    place.receipt(2).unlink()
    assert broken("verify", place.receipts) == ("missing", 2)
    assert broken("verify", place.receipt(1), "--head", place.hash(3)) == ("head", 1)


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format":"fileferry-receipt/1"}', '{"a":1,"a":1}', '{"a":1.5}', "[" * 10_000],
)
def test_what_is_no_receipt_is_refused_in_one_sentence(place: Place, text: str) -> None:
    file = place.receipt(1)
    file.write_text(text)
    done = audit("verify", file)
    assert done.exit_code == 1
    assert f"[audit.broken] The file {file} is no receipt that can be verified" in done.output
    assert "Traceback" not in done.output


def test_a_signature_of_another_key_is_named(place: Place) -> None:
    other = public(place, ed25519.Ed25519PrivateKey.generate())
    assert broken("verify", "--key", other) == ("signature", 1)
    curve = public(place, ec.generate_private_key(ec.SECP256R1()))
    assert broken("verify", place.receipts, "--key", curve) == ("signature", 1)


def test_a_signature_that_was_moved_fits_nothing(place: Place) -> None:
    one, two = (json.loads(place.receipt(number).read_bytes()) for number in (1, 2))
    two["chain"]["signature"] = one["chain"]["signature"]
    place.receipt(2).write_text(json.dumps(two))
    assert broken("verify", place.receipts, "--key", public(place)) == ("signature", 2)


class Unreachable:
    """A Signer whose key cannot be had."""

    def sign(self, link: Link) -> Signature:
        raise Transient(Code.SECRET_MISSING, f"There is no key for link {link.number}.")


def test_tickets_do_not_wait_for_a_key_and_a_later_signature_vouches(place: Place) -> None:
    place.carry(4, Unreachable())
    receipt = json.loads(place.receipt(4).read_bytes())
    assert [end["code"] for end in receipt["loose_ends"]] == ["audit.unsigned"]
    assert "signature" not in receipt["chain"]
    assert broken("verify", "--key", public(place)) == ("unsigned", 4)
    place.carry(5, KeySigner(lambda: private(KEY)))
    found = told("verify", "--key", public(place))
    assert (found["holds"], found["signatures"], found["signed_to"]) == (True, 4, 5)


def test_what_the_ledger_has_forgotten_is_proven_by_its_hashes(place: Place) -> None:
    old = datetime.now(UTC) - KEPT - timedelta(days=1)
    place.carry(4, KeySigner(lambda: private(KEY)), old)
    with closing(Database(place.ledger)) as database:
        assert over(database, "one").keeper.forget(old + timedelta(hours=1)) == 1
    found = told("verify", "--head", place.hash(1), "--key", public(place))
    assert (found["holds"], found["links"], found["contents"]) == (True, 4, 3)
    assert found["forgotten"] == 1
    # And so are the receipts on the tickets.
    assert told("verify", place.receipts, "--head", found["last"]["hash"])["contents"] == 4


def test_the_public_key_is_printed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = audit("key")
    assert (refused.exit_code, "config.invalid" in refused.output) == (3, True)
    monkeypatch.setenv("FILEFERRY_AUDIT__KEY", "audit")
    monkeypatch.setenv("FILEFERRY_SECRET_AUDIT", private(KEY))
    done = audit("key")
    assert (done.exit_code, done.stdout) == (0, pem_of(KEY.public_key()))
    monkeypatch.setenv("FILEFERRY_SECRET_AUDIT", private(ec.generate_private_key(ec.SECP256R1())))
    wrong = audit("key")
    assert "[audit.unsigned] The secret that audit.key names is no Ed25519 key" in wrong.output


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_a_file_that_is_no_public_key_is_refused(place: Place, text: str) -> None:
    file = place.folder / "bad.pem"
    file.write_text(text)
    done = audit("verify", "--key", file)
    assert (done.exit_code, "config.invalid" in done.output) == (3, True)
