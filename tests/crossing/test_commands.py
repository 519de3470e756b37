"""What the operator types, beside a running daemon and without one."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from daemon.control.client import ask
from daemon.control.words import Words
from tests.crossing.commands import begun, fileferry
from tests.crossing.world import DEADLINE, World
from tests.servers.proxy import Fault, Kind, Proxy
from transfer.model import MIB, Outcome


def test_send_carries_one_object_and_prints_its_receipt(world: World) -> None:
    digest = world.put("März/report.csv", b"a;b\n" * 1000)
    done = fileferry(world, "send", f"s3://{world.bucket}/März/report.csv", "partner:", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["outcome"], told["failure"]) == ("delivered", None)
    [file] = told["files"]
    assert file["receipt"]["sha256"] == digest
    assert world.files() == {"report.csv": b"a;b\n" * 1000}
    # A dry run ends as the real one would: the name is taken now.
    done = fileferry(world, "send", "--dry-run", f"s3://{world.bucket}/März/report.csv", "partner:")
    assert done.returncode == 1
    assert "the name is taken by a file of 4,000 bytes and the delivery would fail" in done.stdout


def test_send_says_why_it_failed_and_exits_1(world: World) -> None:
    done = fileferry(world, "send", f"s3://{world.bucket}/absent", "partner:x")
    assert done.returncode == 1
    assert "source.missing" in done.stdout
    assert world.files() == {}


def test_send_refuses_what_the_configuration_does_not_know(world: World) -> None:
    for target, code in (("nowhere:x", "destination.unknown"), ("partner:../x", "name.refused")):
        done = fileferry(world, "send", f"s3://{world.bucket}/a", target)
        assert done.returncode == 1
        assert code in done.stdout
    assert fileferry(world, "send", "s3://b/a", "no-colon").returncode == 1


def test_send_that_is_interrupted_leaves_nothing(world: World, line: Proxy) -> None:
    """In the middle of a file that goes over two sessions."""
    world.put("large", bytes(256 * MIB))
    root = Path(world.partner.root)
    with begun(world, "send", f"s3://{world.bucket}/large", "partner:large") as sending:
        world.until(lambda: any(path.stat().st_size for path in root.glob(".ff-*")))
        sending.send_signal(signal.SIGINT)
        told, _ = sending.communicate(timeout=DEADLINE)
    assert sending.returncode == 130, told
    assert world.files() == {}


def test_send_ends_though_the_line_is_silent_and_names_what_it_cannot_remove(
    world: World, line: Proxy
) -> None:
    """First only the line that is open, then every new one too."""
    world.put("large", bytes(64 * MIB))
    root = Path(world.partner.root)
    line.slacken(MIB)
    for number, left in ((signal.SIGTERM, False), (signal.SIGINT, True)):
        with begun(world, "send", f"s3://{world.bucket}/large", "partner:large") as sending:
            world.until(lambda: any(path.stat().st_size for path in root.glob(".ff-*")))
            if left:
                line.faults.append(Fault(Kind.HANG, "up", 1, lasting=True))
            line.strike(Kind.HANG)
            sending.send_signal(number)
            told, _ = sending.communicate(timeout=DEADLINE)
        assert sending.returncode == 130, told
        assert "Stopping" in told
        assert [path.name in told for path in root.glob(".ff-*")] == [True] * left
        assert ("may be left at partner" in told) is left
    assert "large" not in world.files()


def test_status_and_show_tell_of_a_transfer(world: World) -> None:
    digest = world.put("a", b"a")
    with world.daemon():
        placed = world.order("a")
        world.ended(placed)
        running = fileferry(world, "status")
    stopped = fileferry(world, "status", "--json")
    told = json.loads(stopped.stdout)
    assert (running.returncode, stopped.returncode) == (0, 1)
    assert "The service is running: well." in running.stdout
    assert placed.number in running.stdout
    assert (told["running"], len(told["transfers"])) == (False, 1)
    shown = fileferry(world, "show", placed.number)
    assert digest in shown.stdout
    assert "delivered" in shown.stdout
    assert fileferry(world, "show", "RITM9999999").returncode == 1


def test_a_running_service_obeys_over_its_socket_and_by_sighup(world: World) -> None:
    world.put("held", b"h")

    def say(verb: str, **more: str) -> Words:
        return ask(world.directory / "ledger.db.socket", {"do": verb, **more}, {os.geteuid()})

    def held() -> bool:
        return any(head["waits"]["code"] == "paused" for head in say("status")["waiting"])

    with world.daemon() as daemon:
        assert fileferry(world, "pause", "partner", "--reason", "new key").returncode == 0
        placed = world.order("held")
        world.until(held)
        world.config["destinations"]["third"] = world.config["destinations"]["vault"]
        world.write_config()
        daemon.send(signal.SIGHUP)
        world.until(lambda: "reloaded" in world.events())
        assert say("pause", destination="third")["changed"], "it is known now"
        (world.directory / "fileferry.yaml").write_text("pol: {}\n")
        daemon.send(signal.SIGHUP)
        world.until(lambda: "reload refused" in world.events())
        assert say("resume", destination="partner")["changed"]
        assert world.ended(placed).transfer.outcome is Outcome.DELIVERED
        answers = json.dumps([say("status"), say("drain")])
        daemon.send(signal.SIGTERM)
        assert daemon.wait(DEADLINE) == 0
    assert not [secret for secret in world.secrets.values() if secret in answers]
