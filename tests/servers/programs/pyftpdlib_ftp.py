"""pyftpdlib as an FTP server."""

from __future__ import annotations

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

home, port, user, password = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, password, f"{home}/files", perm="elradfmwMT")
FTPHandler.authorizer = authorizer
FTPServer(("127.0.0.1", int(port)), FTPHandler).serve_forever()
