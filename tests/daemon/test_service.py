"""The service tells how it fares and obeys: everything around it in memory, its socket real."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from adapters.memory.keeper import MemoryKeeper
from adapters.running.alarm import LedgerAlarm
from daemon.control.client import Refused
from tests.daemon.conftest import CANARY
from tests.daemon.ferry import until
from tests.daemon.served import Served
from tests.transfer.bench import FINAL
from tests.transfer.made import evidence, request
from tests.transfer.test_journey import SOURCE
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.model import CHUNK, Stage, Transfer

REFUSED = Permanent(Code.SERVICENOW_AUTH, "ServiceNow refuses the login.")
AWAY = Transient(Code.SERVICENOW_UNREACHABLE, "ServiceNow does not answer.")


def ready(served: Served) -> Callable[[], bool]:
    return lambda: served.status()["state"] != "starting"


def admitted(served: Served, chunks: int = 3) -> Transfer:
    served.bench.objects.put(SOURCE, b"x" * (chunks * CHUNK))
    return served.bench.ledger.admit(Transfer(request=request()))


def arrived(served: Served) -> Callable[[], bool]:
    return lambda: FINAL in served.bench.remotes.files


def test_it_is_not_ready_while_the_login_is_refused(served: Served) -> None:
    served.inbox.failure = REFUSED
    with served.running() as service:
        until(lambda: served.status()["troubles"])
        service.readiness.longer_at = 0.0
        until(lambda: any("EXTEND_TIMEOUT_USEC=60000000" in it for it in served.told.heard))
        told = served.status()
        assert (told["state"], told["well"], served.told.ready_times()) == ("starting", False, 0)
        [trouble] = told["troubles"]
        assert (trouble["what"], trouble["code"]) == ("ServiceNow", "servicenow.auth")
        assert trouble["failures"] >= 1
        said = [word for words in served.told.heard for word in words if "STATUS" in word]
        assert any("waits for ServiceNow's login" in it and REFUSED.code in it for it in said)
        served.inbox.failure = None
        until(ready(served))
        until(lambda: served.status()["well"])
        assert served.told.ready_times() == 1


def test_the_instance_hears_how_it_fares_and_that_it_was_stopped_on_purpose(
    served: Served,
) -> None:
    served.inbox.failure = REFUSED
    with served.running():
        until(lambda: served.vitals)
    first, last = served.vitals[0], served.vitals[-1]
    assert first["health"] == "starting"
    assert (first["running"], first["waiting"]) == ("0", "0")
    assert (last["health"], last["code"]) == ("stopped", "")
    assert last["sentence"] == "It was stopped on purpose."


def test_a_stop_ends_it_before_it_is_ready(served: Served) -> None:
    served.inbox.failure = REFUSED
    with served.running():
        until(lambda: served.status()["troubles"])
    assert served.told.heard[-1] != ("READY=1",)
    assert ("STOPPING=1",) in served.told.heard
    assert not served.socket.exists()


def test_a_servicenow_that_is_away_keeps_it_from_nothing(served: Served) -> None:
    served.inbox.failure = AWAY
    transfer = admitted(served)
    with served.running():
        until(ready(served))
        until(arrived(served))
        assert served.status()["state"] == "troubled"
    assert served.bench.record().transfer.id == transfer.id


def test_what_runs_is_told_with_its_bytes(served: Served) -> None:
    go_on = threading.Event()
    served.bench.watcher.then = lambda: go_on.wait(60)
    admitted(served)
    with served.running():
        until(lambda: served.bench.watcher.seen)
        [head] = served.status()["running"]
        [file] = head["files"]
        assert (file["target"], file["size"]) == (FINAL, 3 * CHUNK)
        assert 0 < file["moved"] <= 3 * CHUNK
        assert head["request"] == request().number
        go_on.set()
        until(arrived(served))
        until(lambda: served.status()["running_count"] == 0)


def test_a_pause_stops_at_the_next_chunk_and_survives_a_restart(served: Served) -> None:
    transfer = admitted(served)
    held = threading.Event()

    def pause_once() -> None:
        if not held.is_set():
            assert served.say("pause", destination="partner", reason="new key")["changed"]
            held.set()

    served.bench.watcher.then = pause_once
    with served.running():
        until(held.is_set)
        until(lambda: served.status()["running_count"] == 0)
        assert not served.say("pause", destination="partner")["changed"], "it is already"
    with served.running():
        until(lambda: served.status()["waiting_count"])
        told = served.status()
        [pause] = told["paused"]
        assert (pause["destination"], pause["reason"]) == ("partner", "new key")
        assert told["waiting"][0]["waits"]["code"] == "paused"
        assert "new key" in told["waiting"][0]["waits"]["reason"]
        assert not arrived(served)()
        assert served.say("resume", destination="partner")["changed"]
        until(arrived(served))
    assert served.bench.remotes.files[FINAL] == b"x" * (3 * CHUNK)
    assert served.bench.record().transfer.id == transfer.id
    with served.running():
        assert served.status()["paused"] == []


def test_a_pause_of_all_takes_nothing_in(served: Served) -> None:
    with served.running():
        until(ready(served))
        served.say("pause", reason="the auditors are here")
        served.inbox.put(evidence())
        assert served.status()["paused"][0]["destination"] == ""
    with served.running():
        until(ready(served))
        assert served.bench.store.rows == {}
        assert served.say("resume")["changed"]
        until(lambda: served.bench.store.rows)


def test_a_drain_finishes_what_runs_and_begins_nothing(served: Served) -> None:
    go_on = threading.Event()
    served.bench.watcher.then = lambda: go_on.wait(60)
    admitted(served)
    with served.running():
        until(lambda: served.bench.watcher.seen)
        assert served.say("drain", reason="upgrade")["running"] == 1
        other = request(id="i:sc_task:" + "9" * 32, target="other.csv")
        served.bench.ledger.admit(Transfer(request=other))
        go_on.set()
        until(arrived(served))
        until(lambda: served.status()["running_count"] == 0)
        told = served.status()
        assert (told["drained"]["reason"], told["waiting_count"]) == ("upgrade", 1)
    with served.running():
        until(lambda: served.bench.store.rows[other.id].transfer.stage is Stage.CLOSED)
        assert served.status()["drained"] is None, "a start takes work again"


def test_what_makes_no_sense_changes_nothing(served: Served) -> None:
    with served.running():
        for verb, more, code in (
            ("pause", {"destination": "nowhere"}, Code.DESTINATION_UNKNOWN),
            ("pause", {"destination": ["partner"]}, Code.CONTROL_REFUSED),
            ("pause", {"destination": "partner", "reason": "x" * 501}, Code.CONTROL_REFUSED),
            ("dance", {}, Code.CONTROL_REFUSED),
        ):
            with pytest.raises(Refused) as caught:
                served.say(verb, **more)
            assert caught.value.code is code
        assert not served.say("resume", destination="partner")["changed"]
        assert served.say("cancel", id="x")["ok"]
        assert served.status()["paused"] == []


def test_a_pause_that_cannot_be_kept_is_none(served: Served) -> None:
    with served.running() as service:
        (served.directory / "ledger.db.paused").mkdir()
        with pytest.raises(Refused) as caught:
            served.say("pause", destination="partner")
        assert caught.value.code is Code.CONTROL_REFUSED
        assert served.status()["paused"] == []
        assert service._gate.held("partner") is None


def test_a_reload_takes_destinations_grants_and_limits(served: Served) -> None:
    text = served.config.read_text()
    with served.running() as service:
        until(ready(served))
        tools = service._house.tools
        served.config.write_text(
            text.replace("sftp.partner.example", "new.partner.example")
            .replace("payroll/", "other/")
            .replace("every: 0.05", "every: 0.06")
            + "transfers: {max_parallel: 7, tries: 4}\n"
        )
        answer = served.say("reload")
        assert sorted(answer["changed"]) == [
            "destinations.partner",
            "grants",
            "transfers.max_parallel",
        ]
        assert answer["needs_restart"] == ["poll.every", "transfers.tries"]
        assert tools.destinations["partner"].host == "new.partner.example"
        assert tools.rules.grants[0].sources == ("s3://exports/other/",)
        assert tools.slots.total == 7
        words = [word for said in served.told.heard for word in said]
        assert words.index("RELOADING=1") < len(words) - words[::-1].index("READY=1")
        assert served.say("reload")["needs_restart"] == ["poll.every", "transfers.tries"]


def test_a_reload_names_the_secrets_that_are_others(served: Served) -> None:
    with served.running():
        until(ready(served))
        (served.directory / "credentials" / "partner").write_text("another")
        for changed in (["secret partner"], []):
            answer = served.say("reload")
            assert (answer["changed"], answer["needs_restart"]) == (changed, [])
        # The login at ServiceNow was read at the start, and is told until then.
        (served.directory / "credentials" / "servicenow").write_text("another")
        for _ in range(2):
            answer = served.say("reload")
            assert (answer["changed"], answer["needs_restart"]) == ([], ["secret servicenow"])
        (served.directory / "credentials" / "servicenow").write_text(CANARY)
        assert served.say("reload")["needs_restart"] == []


def test_a_reload_by_sighup_with_a_faulty_file_changes_nothing(served: Served) -> None:
    with served.running() as service:
        until(ready(served))
        before = service._house.tools.destinations["partner"]
        faulty = served.config.read_text().replace("poll:", "pol:").replace("host:", "hst:")
        served.config.write_text(faulty + CANARY + ": 1\n")
        served.hangup.set()
        until(lambda: served.told.ready_times() == 2)
        assert not served.hangup.is_set()
        with pytest.raises(Refused) as caught:
            served.say("reload")
        assert caught.value.code is Code.CONFIG_INVALID
        places = [fault.partition(":")[0] for fault in caught.value.faults]
        assert "pol" in places
        assert any("destinations.partner" in place for place in places)
        assert service._house.tools.destinations["partner"] == before
        assert served.status()["well"]


def test_no_answer_holds_a_secret(served: Served) -> None:
    served.inbox.failure = AWAY
    admitted(served)
    with served.running():
        until(arrived(served))
        answers = [served.status(), served.say("reload"), served.say("drain")]
        (served.directory / "credentials" / "partner").chmod(0o644)
        with pytest.raises(Refused) as caught:
            served.say("reload")
        answers += [{"refused": str(caught.value), "faults": caught.value.faults}]
        assert caught.value.faults
    assert CANARY not in json.dumps(answers)
    assert CANARY not in json.dumps(served.told.heard)


def test_a_disk_that_gets_full_is_told_before_it_is(served: Served) -> None:
    with served.running() as service:
        until(lambda: served.status()["disk_free"])
        outlook = service._outlook
        outlook.least_free = 1 << 62
        outlook.look_at_disk()
        [trouble] = served.status()["troubles"]
        assert (trouble["what"], trouble["code"]) == ("disk", "ledger.full")
        outlook.least_free = 0
        outlook.look_at_disk()
        assert served.status()["troubles"] == []


def test_a_word_to_cancel_finds_at_once_what_was_taken_away(served: Served) -> None:
    go_on = threading.Event()
    served.bench.watcher.then = lambda: go_on.wait(60)
    transfer = admitted(served)
    with served.running() as service:
        until(lambda: served.bench.watcher.seen)
        [hold] = service._heart._holds
        MemoryKeeper(served.bench.store).evict(transfer.id)
        served.say("cancel", id=transfer.id)
        until(lambda: hold.lost)
        go_on.set()


def test_the_rest_of_the_ledger_is_looked_over_beside_the_work(served: Served) -> None:
    go_on, harm, ruin = threading.Event(), threading.Event(), list[FerryError]()

    def look(over: Callable[[], bool]) -> None:
        until(lambda: go_on.is_set() or over())
        if harm.is_set():
            raise Permanent(Code.LEDGER_UNUSABLE, "A page is damaged.")

    served.look_over = look
    with served.running() as service:
        until(lambda: served.status()["state"] == "well")
        assert served.status()["ledger_checked"] is False
        go_on.set()
        until(lambda: served.status()["ledger_checked"])
        harm.set()
        service._outlook.look_over(LedgerAlarm(ruin.append), served.stop)
        until(lambda: ruin)
        assert served.status()["ledger_checked"] is False
