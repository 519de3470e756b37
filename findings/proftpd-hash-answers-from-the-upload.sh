#!/usr/bin/env bash
# ProFTPD's mod_digest answers HASH from what it computed while the file was uploaded, not from the file.
#
# draft-ietf-ftpext2-hash-03 calls HASH the digest "of the file at the server". Once a session has chosen an algorithm, what
# it stores afterwards is hashed on the way and remembered by path, size and time; HASH then tells of the
# bytes that came over the line, also where the file on the disk has other ones by now (of the same size and
# time). So a client that wants to know that its file was *stored* whole cannot ask in the session that sent it.
# A new session reads the disk.
# Seen: Debian 12's proftpd-core 1.3.8+dfsg-4+deb12u5 with Python's own ftplib.
set -euo pipefail
version='1.3.8+dfsg-4+deb12u5'
work=$(mktemp -d)
trap '[ ! -s "$work/pid" ] || kill "$(cat "$work/pid")" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mkdir deb root
(cd deb
 for package in "proftpd-core=$version" "proftpd-mod-crypto=$version" libhiredis0.14 libmemcached11 \
   libmemcachedutil2 libhashkit2 libpcre2-posix3; do
   apt-get -qq -o APT::Sandbox::User=root download "$package"
 done
 for deb in *.deb; do dpkg -x "$deb" .; done)
LD_LIBRARY_PATH=$(echo "$work"/deb/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH

port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Of the password "password": SHA-512 crypt, with a salt that is public here.
secret=$(python3 -W ignore -c 'import crypt; print(crypt.crypt("password", "$6$finding$"))')
(umask 077; echo "ferry:$secret:$(id -u):$(id -g)::$work/root:/bin/sh" > passwd)
cat > config <<CONFIG
ServerName finding
ServerType standalone
DefaultAddress 127.0.0.1
Port $port
UseIPv6 off
User $(id -un)
Group $(id -gn)
ModulePath $work/deb/usr/lib/proftpd
LoadModule mod_digest.c
ControlsEngine off
PidFile $work/pid
ScoreboardFile none
DelayEngine off
WtmpLog off
UseReverseDNS off
AuthOrder mod_auth_file.c
AuthUserFile $work/passwd
RequireValidShell off
RootLogin on
SystemLog $work/log
CONFIG
deb/usr/sbin/proftpd --nodaemon --config "$work/config" 2>errors &
for _ in $(seq 100); do [ -s pid ] && break; sleep 0.1; done

seen=$(python3 -W ignore - "$port" "$work/root/a.bin" <<'PY'
import ftplib
import hashlib
import io
import os
import re
import sys

SENT, CHANGED = b"stored" * 1000, b"X" + b"stored" * 1000
CHANGED = CHANGED[: len(SENT)]
NAMES = {hashlib.sha256(SENT).hexdigest(): "sent", hashlib.sha256(CHANGED).hexdigest(): "disk"}


def session() -> ftplib.FTP:
    line = ftplib.FTP()
    line.connect("127.0.0.1", int(sys.argv[1]), 30)
    line.login("ferry", "password")
    line.sendcmd("OPTS HASH SHA-256")
    return line


def told(line: ftplib.FTP) -> str:
    answer = line.sendcmd(f"HASH {sys.argv[2]}").lower()
    return NAMES[re.search("[0-9a-f]{64}", answer)[0]]


first = session()
first.storbinary(f"STOR {sys.argv[2]}", io.BytesIO(SENT))
before = os.stat(sys.argv[2])
with open(sys.argv[2], "r+b") as file:
    file.write(CHANGED)
os.utime(sys.argv[2], ns=(before.st_atime_ns, before.st_mtime_ns))
print("the session that sent it:", told(first))
print("a new session:", told(session()))
PY
)
echo "proftpd-core $version: whose bytes HASH tells of, after one byte was changed on the disk:"
echo "$seen"
[ "$seen" = $'the session that sent it: sent\na new session: disk' ]
