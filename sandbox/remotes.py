"""A partner's SFTP server that needs nothing installed: paramiko in server mode, with the semantics
of OpenSSH. A server that misbehaves is a subclass with one verb changed.
"""

from __future__ import annotations

import io
import logging
import secrets
import socket
import struct
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_UNKNOWN_CHANNEL_TYPE,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import (
    CMD_EXTENDED,
    CMD_EXTENDED_REPLY,
    CMD_INIT,
    CMD_VERSION,
    SFTP_BAD_MESSAGE,
    SFTPError,
)

from sandbox.sftp_files import File, Files

LONGEST_PACKET = 256 * 1024
"""Bytes; a longer one ends the session, as OpenSSH's SFTP_MAX_MSG_LENGTH does."""
LONGEST_DATA = LONGEST_PACKET - 1024
PASSWORD = "sandbox-ferry"
LOG = "sandbox.sftp"
logging.getLogger(LOG).addHandler(logging.NullHandler())


def make_host_key() -> paramiko.Ed25519Key:
    """A fresh ed25519 key; paramiko itself can only load one."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return paramiko.Ed25519Key(file_obj=io.StringIO(pem.decode()))


class Door(paramiko.ServerInterface):
    """Who comes in: one user, by password or by a known key, to the SFTP subsystem only."""

    def __init__(self, server: SftpServer) -> None:
        self.server = server

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002  paramiko's signature
        return "publickey,password"

    def check_auth_password(self, username: str, password: str) -> int:
        right = secrets.compare_digest(password.encode(), self.server.password.encode())
        return self._verdict(username, right=right)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._verdict(username, right=key.get_base64() in self.server.authorized_keys)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002  paramiko's
        known = kind == "session"
        return OPEN_SUCCEEDED if known else OPEN_FAILED_UNKNOWN_CHANNEL_TYPE

    def _verdict(self, username: str, *, right: bool) -> int:
        right = right and username == self.server.username
        return AUTH_SUCCESSFUL if right else AUTH_FAILED


class SftpSession(paramiko.SFTPServer):
    """paramiko's subsystem, with the extensions of OpenSSH in place of `check-file`."""

    extensions = (
        ("posix-rename@openssh.com", "1"),
        ("fsync@openssh.com", "1"),
        ("limits@openssh.com", "1"),
    )

    if TYPE_CHECKING:  # types-paramiko leaves them out

        def _send_packet(self, kind: int, message: paramiko.Message) -> None: ...
        def _send_status(self, number: int, code: int) -> None: ...

    def _send_server_version(self) -> int:
        kind, data = self._read_packet()
        if kind != CMD_INIT:
            raise SFTPError("The client does not begin with INIT.")
        version = paramiko.Message()
        version.add_int(3)
        for name, value in self.extensions:
            version.add_string(name)
            version.add_string(value)
        self._send_packet(CMD_VERSION, version)
        return int.from_bytes(data[:4], "big")

    def _read_packet(self) -> tuple[int, bytes]:
        kind, data = super()._read_packet()  # type: ignore[misc]
        if len(data) >= LONGEST_PACKET:
            raise SFTPError(f"The client sent a packet of {len(data) + 1} bytes.")
        return kind, data

    def _process(self, kind: int, number: int, message: paramiko.Message) -> None:
        tag = message.get_text() if kind == CMD_EXTENDED else ""
        offered = tag in dict(self.extensions)
        if offered and tag == "fsync@openssh.com":
            self._fsync(number, message.get_binary())
        elif offered and tag == "limits@openssh.com":
            self._limits(number)
        else:
            message.rewind()
            message.get_int()
            super()._process(kind, number, message)  # type: ignore[misc]

    def _fsync(self, number: int, handle: bytes) -> None:
        file = self.file_table.get(handle)
        status = file.fsync() if isinstance(file, File) else SFTP_BAD_MESSAGE
        self._send_status(number, status)

    def _limits(self, number: int) -> None:
        reply = paramiko.Message()
        reply.add_int(number)
        reply.add_bytes(struct.pack(">QQQQ", LONGEST_PACKET, LONGEST_DATA, LONGEST_DATA, 1000))
        self._send_packet(CMD_EXTENDED_REPLY, reply)


class SftpServer:
    """Serves `root`, which need not exist yet, to one user on any number of connections.

    `authorized_keys` are lines as in OpenSSH's file of that name. `host_key` is the SHA256
    fingerprint as `ssh-keygen -lf` prints it; the key is new with each server. A subclass changes
    `door` (login), `session` (protocol), `files` (verbs by path) or `files.file` (open files).
    `start` raises OSError when the port is taken.
    """

    door: type[Door] = Door
    session: type[SftpSession] = SftpSession
    files: type[Files] = Files

    def __init__(  # noqa: PLR0913  each is a knob of the server
        self,
        *,
        root: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str = "ferry",
        password: str = PASSWORD,
        authorized_keys: Iterable[str] = (),
    ) -> None:
        self.root, self.host, self.port = root, host, port
        self.username, self.password = username, password
        self.authorized_keys = frozenset(line.split()[1] for line in authorized_keys)
        self.key: paramiko.PKey = make_host_key()
        self._stopped = threading.Event()
        self._transports: list[paramiko.Transport] = []
        self._listener: socket.socket | None = None

    @property
    def host_key(self) -> str:
        return str(self.key.fingerprint)

    def start(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        self._listener = listener = socket.create_server((self.host, self.port))
        listener.settimeout(0.1)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hang up on everyone and close the port; twice is fine."""
        if self._listener is None:
            return
        self._stopped.set()
        self._thread.join()
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            self._transports = [old for old in self._transports if old.is_active()]
            self._transports.append(self._welcome(connection))

    def _welcome(self, connection: socket.socket) -> paramiko.Transport:
        transport = paramiko.Transport(connection)
        transport.set_log_channel(LOG)
        transport.local_version = "SSH-2.0-FileFerrySandbox"
        transport.add_server_key(self.key)
        transport.set_subsystem_handler("sftp", self.session, self.files, self.root)
        transport.start_server(event=threading.Event(), server=self.door(self))
        return transport
