"""Tries what the service must not do; prints a line of JSON: what each act was answered with.

Runs in the box, by the Python of the host, as the service is confined.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

STATE = Path(os.environ.get("STATE_DIRECTORY", "/var/lib/probe"))
libc = ctypes.CDLL(None, use_errno=True)


def called(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def executed() -> None:
    program = STATE / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    subprocess.run([program], check=True)


def given_away() -> None:
    file = STATE / "file"
    file.touch()
    file.chmod(0o4755)


def served() -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))


def sent_to_all() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as post:
        post.sendto(b"x", ("224.0.0.1", 9))


def written_and_executed() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def in_real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


ACTS: dict[str, Callable[[], object]] = {
    "write to the configuration": lambda: os.open("/etc/fileferry/fileferry.yaml", os.O_WRONLY),
    "write to its own program": lambda: Path("/opt/fileferry/current/more").write_text("x"),
    "write to the system": lambda: Path("/usr/local/bin/more").write_text("x"),
    "read the secrets' own files": lambda: [*Path("/etc/fileferry/credentials").iterdir()],
    "read a home": lambda: [*Path("/root").iterdir()],
    "see what others run": lambda: Path("/proc/1/status").read_text(),
    "open a device": lambda: os.open("/dev/kmsg", os.O_RDONLY),
    "change the kernel": lambda: Path("/proc/sys/kernel/domainname").write_text("x"),
    "rename the host": lambda: socket.sethostname("x"),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "take a port": served,
    "speak to the kernel's network": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "speak raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "send to a whole network": sent_to_all,
    "write code and run it": written_and_executed,
    "run a program of its state": executed,
    "give a program a user's rights": given_away,
    "run before all others": in_real_time,
    "make a namespace": lambda: called(libc.unshare(0x10000000)),
    "mount": lambda: called(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "become somebody": lambda: os.setuid(0),
}


def answer(act: Callable[[], object]) -> str:
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "refused")
    return ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps({name: answer(act) for name, act in ACTS.items()}) + "\n")
