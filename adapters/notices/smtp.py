"""A mail server, by TLS only: STARTTLS or from the first byte, its certificate checked."""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from transfer.errors import Code, Permanent
from transfer.telling.notices import Notice

_STATUS = re.compile(rb"\d\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """`implicit`: TLS from the first byte; `secret` reads the password of `user`, if there is one.

    `timeout` is in seconds, for the whole dialogue.
    """

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    timeout: float
    implicit: bool = False
    user: str = ""
    secret: Callable[[], str] = str
    ca_file: str | None = None

    def send(self, notice: Notice) -> None:
        password = self.secret() if self.user else ""
        if not f"{self.user}{password}".isascii():
            # smtplib sends no other; RFC 4954 would want them prepared (SASLprep).
            raise Permanent(Code.NOTICE_FAILED, "The login of the mail server is not ASCII.")
        try:
            left_out = self._sent(message(notice, self.sender, self.to), password)
            why = f"{self.host} did not take {left_out} of the recipients." if left_out else ""
        except ssl.SSLError as error:
            why = f"The certificate or TLS of {self.host} is not as it must be ({error.reason})."
        except smtplib.SMTPNotSupportedError:
            why = f"{self.host} does not offer what is needed: STARTTLS, or a login by password."
        except smtplib.SMTPAuthenticationError as error:
            why = f"{self.host} refused the login ({error.smtp_code})."
        except smtplib.SMTPResponseException as error:
            why = f"{self.host} refused it ({_status(error.smtp_code, error.smtp_error)})."
        except smtplib.SMTPRecipientsRefused as error:
            first = next(iter(error.recipients.values()))
            why = f"{self.host} refused all recipients ({_status(*first)})."
        except (OSError, smtplib.SMTPException, ValueError) as error:
            why = f"{self.host} was not reached, or hung up ({type(error).__name__})."
        if why:
            # Out here: what a server says may repeat a login.
            raise Permanent(Code.NOTICE_FAILED, why)

    def _sent(self, mail: EmailMessage, password: str) -> int:
        """Returns how many recipients the server did not take."""
        context = ssl.create_default_context(cafile=self.ca_file)
        with self._line() as sock:
            ready = context.wrap_socket(sock, server_hostname=self.host) if self.implicit else sock
            with contextlib.closing(_Server(ready, self.host, self.port, self.timeout)) as server:
                if not self.implicit:
                    server.starttls(context=context)
                if self.user:
                    server.log_in(self.user, password)
                left_out = server.send_message(mail, self.sender, list(self.to))
                # It has the mail: what it says to a farewell changes nothing.
                with contextlib.suppress(OSError):
                    server.quit()
                return len(left_out)

    @contextlib.contextmanager
    def _line(self) -> Iterator[socket.socket]:
        """A socket that is cut when the time is over, however much the server says."""
        sock = socket.create_connection((self.host, self.port), self.timeout)
        # A socket that is wrapped gives its number away; this one keeps one of its own.
        ours = sock.dup()
        watch = threading.Timer(self.timeout, _hang_up, [ours])
        watch.daemon = True
        watch.start()
        try:
            with sock:
                yield sock
        finally:
            watch.cancel()
            watch.join()
            ours.close()


class _Server(smtplib.SMTP):
    """Over a socket that is connected already."""

    def __init__(self, ready: socket.socket, host: str, port: int, timeout: float) -> None:
        self._ready = ready
        # Else it asks DNS for our own name, without a deadline.
        super().__init__(host, port, local_hostname=socket.gethostname(), timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port, timeout
        return self._ready

    def log_in(self, user: str, password: str) -> None:
        """By one mechanism: `login` tries one after the other, and a wrong password locks out."""
        self.ehlo_or_helo_if_needed()
        offered = self.esmtp_features.get("auth", "").upper().split()
        self.user, self.password = user, password
        if "PLAIN" in offered:
            self.auth("PLAIN", self.auth_plain)
        elif "LOGIN" in offered:
            self.auth("LOGIN", self.auth_login)
        else:
            raise smtplib.SMTPNotSupportedError


def message(notice: Notice, sender: str, to: tuple[str, ...]) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = notice.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    mail.set_content(notice.text(), cte="quoted-printable")
    return mail


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _status(code: int, words: bytes | str) -> str:
    """The numbers alone: the words may hold anything."""
    raw = words if isinstance(words, bytes) else words.encode()
    found = _STATUS.match(raw)
    return f"{code} {found[0].decode()}" if found else str(code)
