"""Twisted Conch as an SFTP server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from twisted.conch.avatar import ConchUser
from twisted.conch.ssh import factory, filetransfer, keys, session
from twisted.conch.unix import SFTPServerForUnixConchUser
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.python import components
from twisted.python.filepath import FilePath

home, port, user, password = sys.argv[1:]


class Avatar(ConchUser):
    """Our own user, without the change of rights that a login would bring."""

    def __init__(self) -> None:
        super().__init__()
        self.channelLookup[b"session"] = session.SSHSession
        self.subsystemLookup[b"sftp"] = filetransfer.FileTransferServer

    def getUserGroupId(self) -> tuple[int, int]:  # noqa: N802  Twisted's name
        return os.getuid(), os.getgid()

    def getHomeDir(self) -> FilePath[str]:  # noqa: N802
        return FilePath(f"{home}/files")

    def _runAsUser(self, call: Any, *words: Any, **named: Any) -> Any:  # noqa: N802
        """One call, or a list of them with their arguments; the last one's result."""
        result = None
        for function, rest, more in _calls(call, words, named):
            result = function(*rest, **more)
        return result


def _calls(call: Any, words: Any, named: Any) -> list[tuple[Any, Any, Any]]:
    if callable(call):
        return [(call, words, named)]
    return [(one[0], (*one[1:2], ())[0], (*one[2:3], {})[0]) for one in call]


class Realm:
    def requestAvatar(  # noqa: N802
        self, _name: bytes, _mind: object, *interfaces: type
    ) -> tuple[type, Avatar, Callable[[], None]]:
        return interfaces[0], Avatar(), lambda: None


components.registerAdapter(SFTPServerForUnixConchUser, Avatar, filetransfer.ISFTPServer)
ssh = factory.SSHFactory()
key = keys.Key.fromFile(f"{home}/host")
ssh.publicKeys = {key.sshType(): key.public()}
ssh.privateKeys = {key.sshType(): key}
checker = InMemoryUsernamePasswordDatabaseDontUse()
checker.users[user.encode()] = password.encode()
ssh.portal = Portal(Realm(), [checker])
reactor.listenTCP(int(port), ssh, interface="127.0.0.1")
reactor.run()
