"""Servers that several rooms of the tests use, and the figures of the sweeps."""

from __future__ import annotations

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


LONGEST = ("torture", "crossing", "faults", "sandbox", "model", "ports")
"""The rooms whose files run longest: last in line, one of them would run alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rooms = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(rooms).parts[0] not in LONGEST)


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
        terminalreporter.section("sweeps" if sweeps.WHOLE else "a share of the sweeps")
    for figure in sorted(sweeps.figures):
        terminalreporter.write_line(figure)
