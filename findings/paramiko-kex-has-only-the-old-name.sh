#!/usr/bin/env bash
# paramiko offers X25519 under the name that libssh gave it, not under the one that RFC 8731 registered,
# so it cannot reach a server that allows the standard's name alone.
#
# RFC 8731, 3: curve25519-sha256 is the same exchange as curve25519-sha256@libssh.org. A partner who
# writes `KexAlgorithms curve25519-sha256`, a good setting, is told that his server is too weak.
# Seen: paramiko 5.1.0 with the sshd of the machine (OpenSSH 9.2p1 where it was written).
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install paramiko==5.1.0
ssh-keygen -q -t ed25519 -N '' -f key
mkdir -p /run/sshd

for name in curve25519-sha256 curve25519-sha256@libssh.org; do
  port=$(v/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /dev/null -p "$port" -h "$work/key" \
    -o ListenAddress=127.0.0.1 -o PidFile=none -o "KexAlgorithms=$name" 2>"log.$name" &
  server=$!
  for _ in $(seq 100); do grep -q listening "log.$name" && break; sleep 0.1; done
  v/bin/python -W ignore - "$port" >>seen <<'PY'
import logging
import sys

import paramiko

logging.disable(logging.CRITICAL)
line = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
try:
    line.start_client(timeout=10)
    print("connected")
except paramiko.SSHException as error:
    print(type(error).__name__)
line.close()
PY
  kill "$server"
done
echo "paramiko 5.1.0 and a server with curve25519-sha256 alone, then with the name at libssh.org alone:"
cat seen
[ "$(cat seen)" = $'IncompatiblePeer\nconnected' ]
