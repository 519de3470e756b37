"""A host of its own: systemd as PID 1 in new namespaces, over the files of this one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.servers import absent, need

ENTER = Path(__file__).with_name("enter.sh")
DEADLINE = 300.0
NEW = "--mount --pid --ipc --uts --cgroup --fork --kill-child"


class Box:
    """A context manager; what is written in it is gone with it. The network is this host's.

    `folder` is seen inside as /srv.
    """

    def __init__(self, folder: Path) -> None:
        self._top = folder / "top"
        self.folder = folder / "shared"
        self._log = folder / "systemd.log"

    def __enter__(self) -> Self:
        for program in ("unshare", "nsenter", "systemctl", "setpriv"):
            need(program)
        if os.geteuid() != 0:
            absent("A systemd in namespaces, for which one has to be root,")
        self._top.mkdir()
        self.folder.mkdir()
        self._group = _cgroups() / f"fileferry-{os.getpid()}"
        self._group.mkdir()
        joined, place = self._group / "cgroup.procs", (ENTER, self._top, self.folder)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # First into the group, so that it is the root of the new cgroup namespace.
                # Whatever ends us ends the box.
                [
                    "sh",
                    "-c",
                    f'echo $$ >"$0" && exec setpriv --pdeathsig KILL unshare {NEW} bash "$@"',
                    joined,
                    *place,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.until(self._booted)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        # SIGTERM is ignored; with `unshare` its child dies, and with PID 1 everything in the box.
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.until(self._emptied)

    def run(self, *words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        """As root of the box, with nothing of our environment; both streams in `stdout`."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        return subprocess.run(
            ["nsenter", "-t", str(self._first()), "-a", "env", "-i", f"PATH={path}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=typed,
            text=True,
            check=False,
            timeout=DEADLINE,
        )

    def must(self, *words: str | Path, typed: str = "") -> str:
        done = self.run(*words, typed=typed)
        assert done.returncode == 0, f"{words}: {done.stdout}"
        return done.stdout

    def shown(self, *names: str, unit: str = "fileferry") -> list[str]:
        """Properties of the unit, as systemd holds them."""
        said = self.must("systemctl", "show", unit, *(f"--property={name}" for name in names))
        found = dict(line.split("=", 1) for line in said.splitlines())
        return [found[name] for name in names]

    def journal(self, unit: str = "fileferry") -> str:
        return self.must("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def inside(self, path: str) -> Path:
        """A file of the box, seen from outside."""
        return Path(f"/proc/{self._first()}/root{path}")

    def drop_in(self, name: str, text: str | None) -> None:
        """Changes the unit as `systemctl edit` would; None takes the change away."""
        file = self.inside(f"/etc/systemd/system/fileferry.service.d/{name}.conf")
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        self.must("systemctl", "daemon-reload")

    def until(self, happened: Callable[[], object], seconds: float = DEADLINE) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not happen in {seconds} s.\n{self._told()}")
            # Each look starts two programs.
            time.sleep(0.4)

    def _told(self) -> str:
        journal = self.journal()[-6000:] if self._process.poll() is None else ""
        return f"{self._log.read_text()[-2000:]}\n{journal}"

    def _first(self) -> int:
        """PID 1 of the box, by its number here."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def _booted(self) -> bool:
        if self._process.poll() is not None:
            absent(f"A systemd in namespaces ({self._log.read_text()[-500:].strip()})")
        if not self._first() or not (self.inside("/run/systemd/private")).exists():
            return False
        return self.run("systemctl", "is-system-running").stdout.strip() == "running"

    def _emptied(self) -> bool:
        """Whether its group of processes is gone, with all below it."""
        try:
            for group in sorted(self._group.rglob("*/"), reverse=True):
                if group.is_dir():
                    group.rmdir()
            self._group.rmdir()
        except OSError:
            return not self._group.exists()
        return True


def _cgroups() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    absent("A cgroup2")
    raise AssertionError
