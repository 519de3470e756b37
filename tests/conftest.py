"""Servers that several rooms of the tests use, and the figures of the sweeps."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests import sweeps

pytest_plugins = ["tests.servers.stores"]

# No test passes or fails by the clock or by chance: an example may be slow on a busy machine, and
# CI tries what was tried at home.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

# Out of the box structlog draws a traceback with every frame's values in boxes: seconds for each.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)


LONGEST = (
    "systemd",
    "torture",
    "cloud",
    "sandbox",
    "crossing",
    "intake",
    "servicenow_app",
    "faults",
    "bench",
    "model",
    "ports",
    "house",
    "transfer",
)
"""The rooms whose files run longest, the longest first: last in line, one of them would run alone
at the end, and systemd's, which waits for its boot more than it computes, did so for a minute.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rooms = Path(__file__).parent
    rank = {room: place for place, room in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(rooms).parts[0], len(rank)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """A command that was called in this process has set the log to its own taste; the next test of
    the worker may want to hear of what that leaves out.
    """
    before = structlog.get_config()
    try:
        return (yield)
    finally:
        structlog.configure(**before)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of a parallel run hands its figures to the process that prints the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = sweeps.figures


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    sweeps.figures.extend(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the sweeps counted stands at the end, also of a run that went well."""
    if sweeps.figures:
        terminalreporter.section("sweeps" if sweeps.PARTS == 1 else "a share of the sweeps")
    for figure in sorted(sweeps.figures):
        terminalreporter.write_line(figure)
