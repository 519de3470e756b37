"""Opening SFTP on a line that is logged in: a channel, the subsystem on it, the greeting."""

from __future__ import annotations

import re

from paramiko import Channel
from paramiko.ssh_exception import ChannelException, SSHException

from adapters.remotes.dial import name_of, plain
from adapters.remotes.sftp.wire import Wire
from adapters.remotes.ssh.line import GarbledError, Line
from transfer.errors import Code, Permanent

EXPIRED = re.compile(
    r"(password|account).{0,40}expired|password change required|change your password", re.IGNORECASE
)
STATUS = "its program ended with status {}"
MUTE = "Ask the partner whether the password has expired, else what the server's log says of it."
"""OpenSSH lets an expired password in and ends the subsystem at once, with status 1 and no word."""
WORDS = 1000
"""Bytes of a program's complaint that are read."""


def open_wire(line: Line, pace: float) -> Wire:
    """`pace` is what the line is known to carry, in bytes a second.

    Raises Permanent `remote.failed` when the server lets us in, but not to SFTP.

    What the server said before the end decides, and not who noticed the end first: it refused the
    channel or the subsystem, it answered something else, or its program ended with a status. A
    program that was killed and a line that broke have said nothing: that is a broken line.
    """
    try:
        line.watchdog.demand()
        line.session = channel = _open_channel(line)
        _ask_for_sftp(line, channel)
        return _greet(line, channel, pace)
    except (ChannelException, GarbledError) as error:
        where, user, why = name_of(line.destination), line.destination.username, plain(str(error))
        if EXPIRED.search(why):
            message = f"The server of {where} refused the login of {user}: {why}."
            raise Permanent(Code.AUTH_REFUSED, message) from error
        message = f"The server of {where} offers no SFTP to {user}: {why}."
        action = MUTE if line.destination.password and why.endswith(STATUS.format(1)) else None
        raise Permanent(Code.REMOTE_FAILED, message, action=action) from error


def _open_channel(line: Line) -> Channel:
    """Of several that are refused at once paramiko tells one only why: it has one place for that,
    for all threads.
    """
    try:
        return line.transport.open_session()
    except SSHException as error:
        if isinstance(error, ChannelException) or not line.transport.is_active():
            raise
        raise GarbledError("it opens no channel") from error


def _ask_for_sftp(line: Line, channel: Channel) -> None:
    line.watchdog.demand()
    try:
        channel.invoke_subsystem("sftp")
    except (EOFError, OSError, SSHException) as error:
        # paramiko ends a channel with an EOF of its own only when the server refused or closed it.
        if channel.eof_sent:
            raise GarbledError("it has no such subsystem") from error
        raise


def _greet(line: Line, channel: Channel, pace: float) -> Wire:
    try:
        return Wire(channel, line.watchdog, pace, line.destination.timeout)
    except (EOFError, OSError) as error:
        line.watchdog.demand()
        # Comes before the channel's end, and is -1 where there was none.
        if (status := channel.recv_exit_status()) >= 0:
            words = channel.recv_stderr(WORDS) if channel.recv_stderr_ready() else b""
            said = f" and said {plain(words.decode(errors='replace'))!r}" if words else ""
            raise GarbledError(f"{STATUS.format(status)}{said}") from error
        raise
