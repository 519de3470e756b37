#!/usr/bin/env bash
# paramiko refuses a server with which it shares an AES-GCM cipher, when the two share no MAC.
#
# RFC 5647 gave AES-GCM names as a MAC of its own; OpenSSH's aes256-gcm@openssh.com (its PROTOCOL, 1.6)
# takes the MAC list out of the negotiation instead: with such a cipher the MAC that was named is
# ignored. So a server that allows GCM only, and names a MAC that paramiko lacks, is reached by every
# other client and is told "no acceptable macs" here.
# Seen: paramiko 5.1.0 with the sshd of the machine (OpenSSH 9.2p1 where it was written).
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install paramiko==5.1.0
ssh-keygen -q -t ed25519 -N '' -f key
mkdir -p /run/sshd

for mac in umac-128-etm@openssh.com hmac-sha2-256; do
  port=$(v/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /dev/null -p "$port" -h "$work/key" \
    -o ListenAddress=127.0.0.1 -o PidFile=none -o Ciphers=aes256-gcm@openssh.com -o "MACs=$mac" 2>"log.$mac" &
  server=$!
  for _ in $(seq 100); do grep -q listening "log.$mac" && break; sleep 0.1; done
  v/bin/python -W ignore - "$port" >>seen <<'PY'
import logging
import sys

import paramiko

logging.disable(logging.CRITICAL)
line = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
try:
    line.start_client(timeout=10)
    print("connected, cipher", line.remote_cipher)
except paramiko.SSHException as error:
    print(f"{type(error).__name__}: {error}".partition("[")[0].strip())
line.close()
PY
  # OpenSSH's own client reaches both: it stops at the host key, which it does not know.
  { ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/dev/null \
    -p "$port" nobody@127.0.0.1 true 2>&1 || true; } | grep -o 'Host key verification failed' >>seen
  kill "$server"
done
echo "a server with aes256-gcm@openssh.com and umac-128-etm@openssh.com, then with hmac-sha2-256:"
cat seen
[ "$(grep -c 'Host key verification failed' seen)" = 2 ]
[ "$(head -n 1 seen)" = 'IncompatiblePeer: Incompatible ssh server (no acceptable macs)' ]
[ "$(sed -n 3p seen)" = 'connected, cipher aes256-gcm@openssh.com' ]
