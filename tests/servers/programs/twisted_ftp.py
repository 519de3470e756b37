"""Twisted as an FTP server."""

from __future__ import annotations

import sys

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.protocols.ftp import FTPFactory, FTPRealm
from twisted.python.filepath import FilePath

home, port, user, password = sys.argv[1:]


class OneHome(FTPRealm):
    """Everybody's home is the one directory."""

    def getHomeDirectory(self, _name: object) -> FilePath[str]:  # noqa: N802  Twisted's name
        return self.anonymousRoot


checker = InMemoryUsernamePasswordDatabaseDontUse()
checker.users[user] = password
portal = Portal(OneHome(f"{home}/files"), [checker])
reactor.listenTCP(int(port), FTPFactory(portal), interface="127.0.0.1")
reactor.run()
