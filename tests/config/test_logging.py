"""Whatever is logged becomes one line that can be parsed, and no secret is in it."""

from __future__ import annotations

import io
import json
import logging
import math
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.logging import LIBRARIES, LONGEST, Lines, configure, plain, report_strays
from config.settings import LogSettings
from transfer.model import Request, Transfer

CANARY = "c4n4ry"
Log = Callable[..., io.StringIO]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def log() -> Iterator[Log]:
    """Configures the log to a stream in memory, and takes everything back afterwards."""
    usual = structlog.get_config()
    hooks = sys.excepthook, threading.excepthook
    levels = {name: logging.getLogger(name).level for name in ("", *LIBRARIES)}

    def start(
        form: Literal["auto", "json", "console"] = "json",
        level: Literal["debug", "info", "warning", "error"] = "info",
        stream: io.StringIO | None = None,
    ) -> io.StringIO:
        stream = stream or io.StringIO()
        configure(LogSettings(level=level, format=form), stream)
        return stream

    yield start
    structlog.configure(**usual)
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = hooks
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Lines)]:
        root.removeHandler(handler)


def parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    text = stream.getvalue()
    assert text.isascii()
    return [json.loads(line) for line in text.splitlines()]


def fail_with_a_secret() -> None:
    password = CANARY * 2
    raise ValueError(f"a login of {len(password)} characters failed\nfor \x1b[31m somebody")


def test_a_line_is_an_object_with_utc_time_and_level(log: Log) -> None:
    stream = log()
    structlog.get_logger().info("The poll is over.", found=3)
    (line,) = parsed(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "The poll is over.", "found": 3, "level": "info"}


def test_every_line_about_a_transfer_bears_its_id(log: Log) -> None:
    request = Request(
        id="dev:sc_task:1",
        number="RITM1",
        requester="abel",
        destination="bank",
        sources=(),
        target="",
        fingerprint="",
    )
    stream = log()
    with structlog.contextvars.bound_contextvars(**Transfer(request=request).log_context()):
        structlog.get_logger().info("One.")
        logging.getLogger("paramiko.transport").warning("Two %s.", "too")
    assert [line["transfer"] for line in parsed(stream)] == ["dev:sc_task:1"] * 2
    assert parsed(stream)[1]["logger"] == "paramiko.transport"
    assert parsed(stream)[1]["event"] == "Two too."


def test_libraries_speak_from_warning_upwards(log: Log) -> None:
    stream = log(level="debug")
    structlog.get_logger().debug("ours")
    for name in LIBRARIES:
        logging.getLogger(f"{name}.inner").info("theirs")
        logging.getLogger(name).warning("theirs")
    assert [line["event"] for line in parsed(stream)] == ["ours"] + ["theirs"] * len(LIBRARIES)


def test_the_level_holds(log: Log) -> None:
    stream = log(level="error")
    structlog.get_logger().warning("not this")
    logging.getLogger("urllib3").warning("nor this")
    assert stream.getvalue() == ""


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(event=st.text(), value=st.text(), form=st.sampled_from(["json", "console"]))
def test_any_text_stays_on_its_line(
    log: Log, event: str, value: str, form: Literal["json", "console"]
) -> None:
    stream = log(form)
    structlog.get_logger().info(event, value=value, nested={value: [value]})
    logging.getLogger("botocore").warning(event)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert "\x1b" not in stream.getvalue()
    if form == "json":
        assert parsed(stream)[0]["event"] == event
        assert parsed(stream)[0]["nested"] == {value: [value]}


class Broken:
    def __str__(self) -> str:
        raise RuntimeError(CANARY)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "nan"),
        (10**50, "1" + "0" * 50),
        ({("a", 1): {2}}, {"('a', 1)": [2]}),
        ("\ud800", "\ud800"),
        (Broken(), "<Broken that cannot be printed: RuntimeError>"),
        ("x" * 1_000_000, "x" * LONGEST + "… (1000000 characters)"),
        (None, None),
    ],
    ids=["nan", "integer", "keys", "surrogate", "broken", "long", "none"],
)
def test_any_value_makes_a_line(log: Log, value: object, expected: object) -> None:
    stream = log()
    structlog.get_logger().info("odd", value=value)
    assert parsed(stream)[0]["value"] == expected


def test_an_integer_that_python_refuses_to_print_makes_a_value() -> None:
    assert plain(10**5000) == "<int that cannot be printed: ValueError>"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_local_value(log: Log, form: Literal["json", "console"]) -> None:
    stream = log(form)
    try:
        fail_with_a_secret()
    except ValueError:
        structlog.get_logger().exception("It failed.")
        logging.getLogger("apscheduler").exception("The job failed.")
    assert stream.getvalue().count("fail_with_a_secret") >= 2
    assert CANARY not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_traceback_is_part_of_its_json_line(log: Log) -> None:
    stream = log()
    try:
        fail_with_a_secret()
    except ValueError:
        structlog.get_logger().exception("It failed.")
    (line,) = parsed(stream)
    assert line["exception"][0]["exc_type"] == "ValueError"


def test_the_console_cannot_be_made_to_print_a_false_line(log: Log) -> None:
    stream = log("console")
    forged = "x\n2026-01-01T00:00:00Z [info] All is well."
    structlog.get_logger().info("true", exception=forged, stack=forged, event_=forged)
    try:
        raise ValueError(forged)
    except ValueError:
        structlog.get_logger().exception("true")
    starts = [line for line in stream.getvalue().splitlines() if not line.startswith("    ")]
    assert len(starts) == 2


def test_colours_are_for_terminals(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = log("auto", stream=Terminal())
    structlog.get_logger().info("hello")
    assert "\x1b[" in stream.getvalue()
    stream = log("auto")
    structlog.get_logger().info("hello")
    assert parsed(stream)[0]["event"] == "hello"


def test_strays_become_lines(log: Log) -> None:
    stream = log()
    report_strays()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)
    worker = threading.Thread(target=fail_with_a_secret)
    worker.start()
    worker.join()
    warned, failed = parsed(stream)
    assert "an old way" in warned["event"]
    assert failed["exception"][0]["exc_type"] == "ValueError"


def test_configuring_twice_prints_once(log: Log) -> None:
    log()
    stream = log()
    structlog.get_logger().info("once")
    assert len(parsed(stream)) == 1


def test_a_stream_that_broke_stops_nothing(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log().close()
    structlog.get_logger().info("nobody hears this")
    assert capsys.readouterr().err == ""
