"""Runs a command and prints what it took as JSON: wall and CPU seconds, peak memory, exit status.

A program of its own, and a small one: the kernel counts the memory of whoever starts a process as
the process's own, up to the moment at which it becomes another program.
"""

import contextlib
import ctypes
import json
import os
import sys
import time

KIB = 1024
PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(2, 1)  # the numbers have standard output to themselves
        os.execvp(command[0], command)  # noqa: S606  the commands are those of the bench
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - begun
    taken = {
        "wall": wall,
        # wait4 adds up the whole tree, as far as the client has waited for its own children.
        "cpu": used.ru_utime + used.ru_stime + left_behind(),
        "peak": used.ru_maxrss * KIB,
        "status": os.waitstatus_to_exitcode(status),
    }
    sys.stdout.write(json.dumps(taken))


def left_behind() -> float:
    """CPU seconds of those for whom the client did not wait, such as lftp's ssh."""
    seconds = 0.0
    with contextlib.suppress(ChildProcessError):
        while True:
            _, _, used = os.wait4(-1, 0)
            seconds += used.ru_utime + used.ru_stime
    return seconds


if __name__ == "__main__":
    main(sys.argv[1:])
