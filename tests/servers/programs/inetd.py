"""An inetd for one program: `python inetd.py HOST PORT PROGRAM [WORD ...]`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

host, port, *command = sys.argv[1:]
# Whoever has ended is nobody's business.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with socket.create_server((host, int(port)), backlog=64) as listening:
    while True:
        connection, _ = listening.accept()
        with connection:
            subprocess.Popen(command, stdin=connection.fileno(), stdout=connection.fileno())
