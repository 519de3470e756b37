#!/usr/bin/env bash
# paramiko tells one of several threads why its channel was refused; the others get a bare SSHException.
#
# `open_channel` hands the reason over in Transport.saved_exception, one place for all threads: of two refusals
# that come together the second overwrites the first, one thread takes it away, and the other finds nothing and
# says "Unable to open channel.", as for a connection that has died. The connection is well. Who opens
# channels from threads on a server with `MaxSessions` sees it.
# Seen: paramiko 5.1.0 on both sides.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install paramiko==5.1.0

v/bin/python -W ignore - <<'PY'
import logging
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import paramiko

logging.disable(logging.CRITICAL)


class Full(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "password"

    def check_auth_password(self, username, password):
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        return paramiko.common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


ours, theirs = socket.socketpair()
server = paramiko.Transport(theirs)
server.add_server_key(paramiko.ECDSAKey.generate())
server.start_server(event=threading.Event(), server=Full())
line = paramiko.Transport(ours)
line.connect(username="ferry", password="word")


def refused(_):
    try:
        line.open_session()
    except paramiko.SSHException as error:
        return f"{type(error).__name__}: {error}"


with ThreadPoolExecutor(8) as pool:
    seen = Counter(pool.map(refused, range(400)))
print(f"paramiko {paramiko.__version__}, 400 channels refused to 8 threads; the connection is well: {line.is_active()}")
for words, times in seen.items():
    print(f"{times:4} {words}")
alike = len(seen) == 1
line.close()
server.close()
raise SystemExit(alike)
PY
