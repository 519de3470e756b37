"""Logins of several parts, in the server's order, and what it says when it refuses one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import paramiko
import pytest
from paramiko.common import (
    AUTH_FAILED,
    AUTH_PARTIALLY_SUCCESSFUL,
    AUTH_SUCCESSFUL,
    MSG_USERAUTH_REQUEST,
    cMSG_USERAUTH_INFO_REQUEST,
)
from paramiko.server import InteractiveQuery

from adapters.remotes.dial import without
from sandbox.remotes import Door, SftpServer
from tests.adapters.remotes.ssh.keys import make_key
from tests.ports.partners import ServerPartner, openssh, refused
from tests.servers.openssh import OpenSSH, is_root
from transfer.errors import Code, Permanent

root_only = pytest.mark.skipif(not is_root(), reason="only root can check passwords")


def both(partner: ServerPartner, **secrets: str) -> ServerPartner:
    """With key and password, or what is given for them."""
    names = {"private_key": "key", "password": "password", **secrets}
    partner.destination = replace(partner.destination, **names)  # type: ignore[arg-type]
    return partner


@root_only
@pytest.mark.parametrize("methods", ["publickey,password", "password,publickey"])
def test_key_and_password_in_the_order_of_the_server(methods: str) -> None:
    with openssh(options=[f"AuthenticationMethods {methods}"]) as partner:
        both(partner).connect().close()
        for wrong in ({"password": "mistyped"}, {"private_key": "other key"}):
            one = replace(partner.destination, **wrong)  # type: ignore[arg-type]
            assert refused(partner.remotes.connect, one).code == Code.AUTH_REFUSED
        for missing in ("password", "private_key"):
            one = replace(partner.destination, **{missing: None})  # type: ignore[arg-type]
            error = refused(partner.remotes.connect, one)
            assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
            asked = "publickey" if missing == "private_key" else "password"
            assert f"asks for {asked}" in error.message


class Steps(Door):
    """Wants one method after the other; `order` are their names."""

    order: ClassVar[list[str]]

    def __init__(self, server: SftpServer) -> None:
        super().__init__(server)
        self.left = list(self.order)
        self.heard: list[str] = []

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002  paramiko's signature
        return self.left[0] if self.left else ""

    def _passed(self, name: str, verdict: int) -> int:
        if verdict != AUTH_SUCCESSFUL or self.left[:1] != [name]:
            return AUTH_FAILED
        self.left.pop(0)
        return AUTH_PARTIALLY_SUCCESSFUL if self.left else AUTH_SUCCESSFUL

    def check_auth_password(self, username: str, password: str) -> int:
        return self._passed("password", super().check_auth_password(username, password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._passed("publickey", super().check_auth_publickey(username, key))

    def check_auth_interactive(
        self,
        username: str,  # noqa: ARG002  paramiko's signature
        submethods: str,  # noqa: ARG002
    ) -> int | InteractiveQuery:
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        verdict = super().check_auth_password(self.server.username, responses[0])
        return self._passed("keyboard-interactive", verdict)


@pytest.mark.parametrize(
    "order",
    [
        ["publickey", "keyboard-interactive"],
        ["keyboard-interactive", "publickey"],
        ["password", "publickey"],
        ["publickey", "password"],
        ["keyboard-interactive"],
    ],
)
def test_any_order_of_methods(tmp_path: Path, user_key: tuple[str, str], order: list[str]) -> None:
    class Wanting(Steps):
        pass

    class Server(SftpServer):
        door = Wanting

    Wanting.order = order
    with Server(root=tmp_path, authorized_keys=[user_key[1]]) as server:
        partner = ServerPartner(server, "", tmp_path)
        partner.secrets["key"] = user_key[0]
        both(partner).connect().close()
        error = refused(both(partner, password="mistyped").connect)
        assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)


@pytest.fixture(scope="module")
def user_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_key(tmp_path_factory.mktemp("key"), "-t", "ed25519")


class Expiring(SftpServer):
    """Answers each password with a demand for a new one (RFC 4252, section 8)."""

    words = "Your password\r\n has expired: \x1b[31mchoose another."

    def __init__(self, *, root: Path) -> None:
        super().__init__(root=root)
        self.asked = 0

    def _welcome(self, connection: socket.socket) -> paramiko.Transport:
        transport = paramiko.Transport(connection)

        def demand(_request: paramiko.Message) -> None:
            self.asked += 1
            answer = paramiko.Message()
            answer.add_byte(cMSG_USERAUTH_INFO_REQUEST)
            answer.add_string(self.words.replace("another", f"another than {self.password}"))
            answer.add_string("")
            transport._send_message(answer)  # type: ignore[attr-defined]

        transport._handler_table[MSG_USERAUTH_REQUEST] = demand  # type: ignore[attr-defined]
        transport.add_server_key(self.key)
        transport.start_server(event=threading.Event(), server=Door(self))
        return transport


def test_an_expired_password_is_named_and_shown_once(tmp_path: Path) -> None:
    with Expiring(root=tmp_path) as server:
        error = refused(ServerPartner(server, "", tmp_path).connect)
        assert server.asked == 1
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert "the password has expired" in error.message
    assert "Your password has expired: [31mchoose another than ***." in error.message
    assert server.password not in str(error)


class OutOfDate(OpenSSH):
    """Its account must change the password at the next login."""

    def _write_accounts(self) -> None:
        super()._write_accounts()
        shadow = self._home / "shadow"
        shadow.write_text(shadow.read_text().replace(":19000:0:", ":0:0:"))


@pytest.fixture
def out_of_date(request: pytest.FixtureRequest) -> Iterator[ServerPartner]:
    with OutOfDate(options=request.param) as server:
        yield ServerPartner(server, str(server.root), server.root)


DIALOGUE = ["UsePAM yes", "KbdInteractiveAuthentication yes", "PasswordAuthentication no"]


@root_only
@pytest.mark.parametrize("out_of_date", [DIALOGUE], indirect=True)
def test_a_dialogue_about_a_new_password_is_shown(out_of_date: ServerPartner) -> None:
    error = refused(out_of_date.connect)
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert "change your password" in error.message


@root_only
@pytest.mark.parametrize("out_of_date", [[]], indirect=True)
def test_openssh_says_nothing_of_an_expired_password(out_of_date: ServerPartner) -> None:
    error = refused(out_of_date.connect)
    assert (error.code, type(error)) == (Code.REMOTE_FAILED, Permanent)
    assert "expired" in error.action


def test_a_password_within_a_word_is_not_given_away() -> None:
    assert without("word", "your password, word, is a word") == "your password, ***, is a ***"
    assert without("s+p!", "PASS s+p! is refused") == "PASS *** is refused"
    assert without("", "as it is") == without(None, "as it is") == "as it is"


def test_the_banner_stands_in_the_error(tmp_path: Path) -> None:
    banner = tmp_path / "banner"
    banner.write_text("Logins of robots end on Friday.\n")
    tmp_path.chmod(0o755)
    with openssh(options=[f"Banner {banner}"]) as partner:
        error = refused(partner.remotes.connect, partner.mistyped())
        assert "Logins of robots end on Friday." in error.message
        partner.connect().close()
