"""Servers that several rooms of the tests use, and the figures of the sweeps."""

from __future__ import annotations

import pytest

from tests import sweeps

pytest_plugins = ["tests.servers.stores"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the sweeps counted stands at the end, also of a run that went well."""
    if sweeps.figures:
        terminalreporter.section("sweeps" if sweeps.WHOLE else "a share of the sweeps")
    for figure in sweeps.figures:
        terminalreporter.write_line(figure)
