"""Servers that several rooms of the tests use."""

from __future__ import annotations

pytest_plugins = ["tests.servers.stores"]
