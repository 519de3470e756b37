#!/usr/bin/env bash
# aioftp's server answers LIST with the name of a file by an empty list, as if the file were not
# there, and has neither SIZE nor FEAT; MLST, which no FEAT announces, knows the file and its size.
#
# RFC 959, 4.1.3: for a pathname that is a file the server sends the current information on it.
# RFC 3659, 7.8: a server with MLST says so in FEAT. A client that believes the two takes a file
# that it has just stored for lost.
# Seen: aioftp 0.28.3, asked by Python's ftplib.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install aioftp==0.28.3

seen=$(v/bin/python - <<'PY'
import asyncio
import ftplib
import pathlib
import threading

import aioftp

root = pathlib.Path("served")
root.mkdir()
(root / "a.csv").write_bytes(b"x" * 1000)
ports, up = [], threading.Event()


async def serve():
    server = aioftp.Server([aioftp.User("u", "p", base_path=root)])
    await server.start("127.0.0.1", 0)
    ports.append(server.server_port)
    up.set()
    await asyncio.sleep(30)


threading.Thread(target=asyncio.run, args=(serve(),), daemon=True).start()
up.wait(10)
ftp = ftplib.FTP()
ftp.connect("127.0.0.1", ports[0])
ftp.login("u", "p")
for command in ("FEAT", "SIZE a.csv"):
    try:
        print(command, ftp.sendcmd(command)[:3])
    except ftplib.error_perm as error:
        print(command, str(error)[:3])
lines = []
ftp.retrlines("LIST a.csv", lines.append)
print("LIST", lines)
print("MLST", "Size=1000" in ftp.sendcmd("MLST a.csv"))
PY
)
echo "aioftp 0.28.3, a file of 1000 bytes:"
echo "$seen"
[ "$seen" = $'FEAT 502\nSIZE a.csv 502\nLIST []\nMLST True' ]
