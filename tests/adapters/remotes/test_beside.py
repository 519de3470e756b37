"""Sidecar and acknowledgement with real servers, and a thread that plays the partner's software."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.tls import Certificate, make_certificate
from tests.ports.ftp_partners import FtpPartner, ftp_partner
from tests.ports.partners import ServerPartner, openssh, proftpd
from tests.servers.ftp_server import FtpServer
from tests.transfer.bench import Bench
from tests.transfer.partner import DATA, tried
from tests.transfer.test_journey import SOURCE
from transfer.destination import Acknowledgement, Conflict, Mode, Sidecar
from transfer.errors import Code, Waiting
from transfer.journey import travel
from transfer.model import Outcome, Receipt, Transfer

Partner = ServerPartner | FtpPartner[FtpServer]

DEADLINE = 120.0
KINDS = ["openssh", "proftpd", "vsftpd-ftp", "vsftpd-ftps", "proftpd-ftps", "pureftpd-ftp"]
SUM = Sidecar(name="{name}.sha256")
ACK = Acknowledgement(name="{name}.ack", digest="sha256")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=KINDS)
def partner(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[Partner]:
    if "-" in request.param:
        with ftp_partner(request.param, certificate) as found:
            yield found
    else:
        with openssh() if request.param == "openssh" else proftpd() as server:
            yield server


@contextmanager
def software(partner: Partner, says: Callable[[bytes], bytes]) -> Iterator[None]:
    """Acknowledges the file, once its sidecar says that it is whole and what is in it."""
    directory, over = Path(partner.server.root), threading.Event()
    path = directory / "pay.csv"

    def run() -> None:
        while not over.wait(0.01):
            # What stood there may go while we look.
            with suppress(FileNotFoundError):
                content = path.read_bytes()
                if (directory / "pay.csv.sha256").read_text() == f"{_sha256(content)}  pay.csv\n":
                    half = directory / "pay.csv.writing"
                    half.write_bytes(says(content))
                    half.chmod(0o644)
                    half.rename(directory / "pay.csv.ack")
                    return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def good(content: bytes) -> bytes:
    return f"SHA256 (pay.csv) = {_sha256(content)}\r\n".encode()


def carried(partner: Partner, bench: Bench, **settings: Any) -> Transfer:
    bench.objects.put(SOURCE, DATA)
    fields = {"sidecar": SUM, "acknowledgement": ACK, **settings}
    tools = replace(
        bench.tools(),
        remotes=partner.remotes,
        destinations={"partner": replace(partner.destination, **fields)},
        clock=lambda: datetime.now(UTC),
    )
    deadline = time.monotonic() + DEADLINE
    transfer = bench.received(target="pay.csv")
    while time.monotonic() < deadline:
        try:
            return travel(transfer, tools, tried)
        except Waiting:
            time.sleep(0.05)
            transfer = bench.record().transfer
    raise AssertionError("It did not end.")


def receipt_of(bench: Bench) -> Receipt:
    [delivery] = bench.record().deliveries
    assert delivery.receipt
    return delivery.receipt


def names(partner: Partner) -> set[str]:
    return {path.name for path in Path(partner.server.root).iterdir() if path.is_file()}


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.DIRECT])
def test_the_partner_reads_our_word_and_says_its_own(partner: Partner, mode: Mode) -> None:
    bench = Bench()
    with software(partner, good):
        done = carried(partner, bench, mode=mode)
    assert done.outcome is Outcome.DELIVERED, done.failure
    assert receipt_of(bench).tier == "T3"
    assert names(partner) == {"pay.csv", "pay.csv.sha256", "pay.csv.ack"}


def test_what_stands_there_of_an_older_file_counts_for_nothing(partner: Partner) -> None:
    for name in ("pay.csv", "pay.csv.sha256", "pay.csv.ack"):
        path = Path(partner.server.root) / name
        path.write_bytes(b"0" * 64)
        path.chmod(0o666)
    bench = Bench()
    asked = replace(ACK, remove=True)
    with software(partner, good):
        done = carried(partner, bench, on_conflict=Conflict.REPLACE, acknowledgement=asked)
    assert done.outcome is Outcome.DELIVERED, done.failure
    assert names(partner) == {"pay.csv", "pay.csv.sha256"}


def test_another_digest_is_told(partner: Partner) -> None:
    bench = Bench()
    with software(partner, lambda _content: b"0" * 64):
        done = carried(partner, bench)
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISMATCH


def test_a_partner_who_is_silent_is_named(partner: Partner) -> None:
    bench = Bench()
    done = carried(partner, bench, acknowledgement=replace(ACK, within=0.2))
    assert done.failure
    assert done.failure.code == Code.ACKNOWLEDGEMENT_MISSING
    assert (Path(partner.server.root) / "pay.csv").read_bytes() == DATA
    assert receipt_of(bench).tier in ("T0", "T1", "T2")
