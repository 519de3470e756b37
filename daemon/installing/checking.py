"""Whether what was installed will work, and what is left to do for a person."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from daemon.installing.layout import COMMAND, CONFIGURATION, CREDENTIALS, UNIT, Layout, run
from transfer.errors import Code, Permanent

BOOTED = Path("/run/systemd/system")
"""Is there where systemd is PID 1."""


def systemctl(layout: Layout, *words: str) -> bool:
    """Whether it did so; False where this host is not run by systemd, or is another root."""
    if layout.root != Path("/") or not BOOTED.is_dir():
        return False
    return run("systemctl", "--quiet", *words)[0] == 0


def verify(layout: Layout) -> str:
    """What was looked at. Raises Permanent with what systemd has against the unit."""
    program = shutil.which("systemd-analyze")
    if not program:
        return f"{layout.unit} was not verified: systemd-analyze is not there."
    with tempfile.TemporaryDirectory() as folder:
        unit = layout.unit
        if layout.root != Path("/"):
            # The unit names what it will be; here it lies below another root.
            unit = Path(folder) / UNIT
            text = layout.unit.read_text(encoding="utf-8")
            unit.write_text(text.replace(COMMAND, str(layout.place(COMMAND))), encoding="utf-8")
        code, said = run(program, "verify", str(unit))
    # It ends with 0 on keys that it does not know: only silence is consent.
    if said or code:
        raise Permanent(Code.INSTALL_FAILED, f"systemd refuses the unit: {said}")
    return f"{layout.unit} is in order."


def steps(names: list[str], *, running: bool) -> Iterator[str]:
    """What is left, at most five commands; `names` are of the secrets that are not there."""
    if running:
        yield "The service still runs by the version before. To change over:"
        yield "  1. fileferry config check"
        yield "  2. systemctl stop fileferry"
        yield "  3. fileferry ledger migrate"
        yield "  4. systemctl start fileferry"
        return
    yield "To a running service:"
    yield f"  1. ${{EDITOR:-vi}} {CONFIGURATION}"
    yield "  2. fileferry install --credentials"
    for number, name in enumerate(names or ["NAME"]):
        head = "  3." if number == 0 else "    "
        yield f"{head} install -m 600 /dev/stdin {CREDENTIALS}/{name}"
    yield "  4. fileferry config check"
    yield "  5. systemctl enable --now fileferry"
