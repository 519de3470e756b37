"""AsyncSSH as an SFTP server, one directory, one password; further words are its key exchanges."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

import asyncssh

home, port, user, password, *exchanges = sys.argv[1:]


class Login(asyncssh.SSHServer):
    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (user, sys.argv[4])


async def serve() -> None:
    await asyncssh.listen(
        "127.0.0.1",
        int(port),
        server_factory=Login,
        server_host_keys=[f"{home}/host"],
        kex_algs=exchanges or (),
        sftp_factory=partial(asyncssh.SFTPServer, chroot=f"{home}/files".encode()),
    )
    await asyncio.Event().wait()


asyncio.run(serve())
