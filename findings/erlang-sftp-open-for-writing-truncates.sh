#!/usr/bin/env bash
# Erlang/OTP's SFTP server empties an existing file when a client opens it with SSH_FXF_WRITE alone.
#
# draft-ietf-secsh-filexfer-02, 6.3: only SSH_FXF_TRUNC forces an existing file to length 0, and only
# together with SSH_FXF_CREAT. A client that goes on with an upload and asks for what it needs, the
# right to write, loses what it had sent; with SSH_FXF_READ as well the bytes stay.
# Seen: Debian 12's erlang-ssh 25.2.3 (OTP 25) with paramiko 5.1.0.
set -euo pipefail
version='1:25.2.3+dfsg-1+deb12u4'
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mkdir erlang served keys
(cd erlang
 for name in base crypto ssh public-key asn1; do apt-get -qq -o APT::Sandbox::User=root download "erlang-$name=$version"; done
 for deb in *.deb; do dpkg -x "$deb" .; done)
python3 -m venv client
client/bin/pip --quiet --disable-pip-version-check install paramiko==5.1.0
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f keys/ssh_host_rsa_key

export ROOTDIR="$work/erlang/usr/lib/erlang" EMU=beam PROGNAME=erl
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
export BINDIR
"$BINDIR/erlexec" -noshell -eval '
  {ok, _} = application:ensure_all_started(ssh),
  {ok, D} = ssh:daemon({127,0,0,1}, 0, [{system_dir, "keys"}, {user_passwords, [{"u", "p"}]},
    {subsystems, [ssh_sftpd:subsystem_spec([{root, "'"$work"'/served"}])]}]),
  {ok, I} = ssh:daemon_info(D),
  io:format("~p~n", [proplists:get_value(port, I)]), timer:sleep(60000), halt().' >port &
server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done

seen=$(client/bin/python -W ignore - "$(cat port)" <<'PY'
import sys

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_OPEN
from paramiko.sftp_attr import SFTPAttributes

line = paramiko.Transport(("127.0.0.1", int(sys.argv[1])))
line.connect(username="u", password="p")
sftp = paramiko.SFTPClient.from_transport(line)
with sftp.open("/a.bin", "wb") as file:
    file.write(b"x" * 1000)
READ, WRITE = 1, 2
for flags in (READ | WRITE, WRITE):
    # The public modes have no WRITE without more, so the request is put together here.
    _, answer = sftp._request(CMD_OPEN, "/a.bin", flags, SFTPAttributes())
    sftp._request(CMD_CLOSE, answer.get_binary())
    print(flags, sftp.stat("/a.bin").st_size)
line.close()
PY
)
echo "erlang-ssh $version: size of a file of 1000 bytes after an open for reading and writing (3), for writing (2):"
echo "$seen"
[ "$seen" = $'3 1000\n2 0' ]
