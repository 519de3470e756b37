#!/usr/bin/env bash
# copyparty's SFTP server deletes an existing file that a client opens with SSH_FXF_WRITE and without
# SSH_FXF_CREAT, and answers that there is no such file.
#
# draft-ietf-secsh-filexfer-02, 6.3: without SSH_FXF_CREAT an existing file is opened, or the call
# fails; only SSH_FXF_TRUNC takes its content away. A client that wants to go on with its own upload
# loses what it had sent, by the question alone, with SSH_FXF_READ and without (paramiko's "r+").
# Seen: copyparty 1.20.26, asked by paramiko 5.1.0.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install copyparty==1.20.26 paramiko==5.1.0
free='import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
port=$(v/bin/python -c "$free")
mkdir served
HOME="$work" v/bin/copyparty -q --no-thumb --no-mtag-ff -i 127.0.0.1 -p "$(v/bin/python -c "$free")" -a u:secret \
  -v "$work/served::rwmd,u" --sftp-pw --sftp-hostk "$work" --sftp "$port" >log 2>&1 &
server=$!
for _ in $(seq 200); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.1; done

seen=$(v/bin/python -W ignore - "$port" <<'PY'
import sys

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_OPEN
from paramiko.sftp_attr import SFTPAttributes

line = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
line.connect(username="u", password="secret")
sftp = paramiko.SFTPClient.from_transport(line)
READ, WRITE = 1, 2
for flags in (READ | WRITE, WRITE):
    name = f"/{flags}.bin"
    with sftp.open(name, "wb") as file:
        file.write(b"x" * 1000)
    try:
        _, answer = sftp._request(CMD_OPEN, name, flags, SFTPAttributes())
        sftp._request(CMD_CLOSE, answer.get_binary())
        said = "opened"
    except OSError as error:
        said = type(error).__name__
    print(flags, said, sorted(sftp.listdir("/")))
line.close()
PY
)
echo "copyparty 1.20.26: a file opened for reading and writing (3), another for writing (2), and the files that are there then:"
echo "$seen"
[ "$seen" = '3 FileNotFoundError []
2 FileNotFoundError []' ]
