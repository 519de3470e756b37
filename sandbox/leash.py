"""Runs a program that ends when its starter does, even when that is killed: `python -m
sandbox.leash PROGRAM ARGUMENT…`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for a SIGTERM at the starter's death (prctl(2), Linux only), then exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # The starter may have died before the request: then nobody is left to send the signal.
    if os.getppid() != int(os.environ.pop("SANDBOX_STARTER", os.getppid())):
        sys.exit(1)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606  its whole purpose


if __name__ == "__main__":
    main()
