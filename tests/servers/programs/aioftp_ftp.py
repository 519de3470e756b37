"""aioftp as an FTP server."""

from __future__ import annotations

import asyncio
import sys

import aioftp

home, port, user, password = sys.argv[1:]
users = [aioftp.User(user, password, base_path=f"{home}/files")]
asyncio.run(aioftp.Server(users).run("127.0.0.1", int(port)))
