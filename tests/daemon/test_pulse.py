"""When the instance hears how the service fares, and what becomes of it when it cannot."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import cast

from structlog.testing import capture_logs

from daemon.outlook import Outlook
from daemon.pulse import EVERY, PRESSING, Pulse
from transfer.errors import Code, FerryError, Permanent, Transient

REFUSED = Permanent(Code.APPLICATION_MISSING, "There is no application.")


class Patient:
    """Says that it is as `state` has it."""

    def __init__(self) -> None:
        self.state = ("well", "")

    def health(self) -> tuple[str, str]:
        return self.state

    def vitals(self) -> dict[str, str]:
        return {"health": self.state[0], "code": self.state[1], "sentence": "", "running": "0"}


class Ward:
    """A pulse with a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.patient = Patient()
        self.refusal: FerryError | None = None
        self.heard: list[tuple[str, bool]] = []
        self.tries = 0
        self.hold = threading.Event()
        self.hold.set()
        outlook = cast("Outlook", self.patient)
        self.pulse = Pulse(outlook, self._write, lambda: self.now)

    def _write(self, vitals: Mapping[str, str], pressing: bool) -> None:
        self.tries += 1
        self.hold.wait(60)
        if self.refusal:
            raise self.refusal
        self.heard.append((vitals["health"], pressing))

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.pulse.round()


def test_it_speaks_at_once_and_then_once_a_minute() -> None:
    ward = Ward()
    for _ in range(25):
        ward.after(5.0)
    assert len(ward.heard) == 3


def test_a_change_is_told_soon_and_a_health_that_flaps_costs_few_calls() -> None:
    ward = Ward()
    ward.after(0.0)
    ward.patient.state = ("troubled", "servicenow.auth")
    ward.after(15.0)
    assert ward.heard == [("well", False), ("troubled", False)]
    for turn in range(60):
        ward.patient.state = ("troubled", f"code.{turn}")
        ward.after(1.0)
    assert len(ward.heard) <= 2 + 60 / 10


def test_scarce_calls_are_spared_until_the_silence_would_alarm_somebody() -> None:
    ward = Ward()
    ward.refusal = Transient(Code.SERVICENOW_THROTTLED, "No room.", retry_after=20.0)
    with capture_logs() as logs:
        while ward.now < PRESSING:
            ward.after(5.0)
    assert logs == []
    ward.refusal = None
    ward.after(EVERY)
    assert ward.heard == [("well", True)]


def test_a_failure_is_said_once_and_tried_less_and_less() -> None:
    ward = Ward()
    ward.refusal = REFUSED
    with capture_logs() as logs:
        for _ in range(720):
            ward.after(5.0)
    assert [(each["event"], each["code"]) for each in logs] == [("trouble", "application.missing")]
    assert ward.tries <= 8
    ward.refusal = None
    ward.after(900.0)
    assert [health for health, _ in ward.heard] == ["well"]


def test_a_stop_on_purpose_is_the_last_word() -> None:
    ward = Ward()
    ward.after(0.0)
    ward.pulse.farewell()
    assert ward.heard[-1] == ("stopped", True)


def test_a_stop_waits_a_while_and_no_longer() -> None:
    held, ward = threading.Event(), Ward()
    ward.after(0.0)
    ward.hold = held
    ward.pulse.farewell(seconds=0.05)
    assert [health for health, _ in ward.heard] == ["well"]
    held.set()


def test_a_stop_does_not_wait_for_an_instance_that_did_not_answer() -> None:
    silent = Ward()
    silent.after(0.0)
    silent.refusal = REFUSED
    silent.after(EVERY)
    never = Ward()
    for ward, tries in ((silent, 2), (never, 0)):
        ward.pulse.farewell()
        assert ward.tries == tries
