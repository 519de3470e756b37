"""Servers that ask for the password in a dialogue, as PAM does: one hidden question is answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL
from paramiko.server import InteractiveQuery

from sandbox.remotes import PASSWORD, Door, SftpServer
from tests.ports.partners import ServerPartner, refused
from transfer.errors import Code, Permanent

Question = tuple[str, bool]
HIDDEN: Question = ("Password: ", False)
SHOWN: Question = ("Password: ", True)
CODE: Question = ("Verification code: ", False)


class Questions(Door):
    """Asks `rounds` of questions one after the other, and knows no other way in."""

    rounds: Sequence[Sequence[Question]] = ()
    heard: Sequence[list[str]] = ()

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002  paramiko's signature
        return "keyboard-interactive"

    def check_auth_password(self, username: str, password: str) -> int:  # noqa: ARG002  paramiko's
        return AUTH_FAILED

    def check_auth_interactive(self, *_asked: str) -> InteractiveQuery:
        self.said: list[list[str]] = []
        Questions.heard = self.said
        return self._query()

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        self.said.append(responses)
        if len(self.said) < len(self.rounds):
            return self._query()
        return AUTH_SUCCESSFUL if [PASSWORD] in self.said else AUTH_FAILED

    def _query(self) -> InteractiveQuery:
        return InteractiveQuery("Sandbox", "Speak.", *self.rounds[len(self.said)])


class Asking(SftpServer):
    door = Questions


@pytest.fixture
def partner(tmp_path: Path) -> Iterator[ServerPartner]:
    with Asking(root=tmp_path) as server:
        yield ServerPartner(server, "", tmp_path)


@pytest.mark.parametrize("rounds", [[[HIDDEN]], [[], [HIDDEN]], [[HIDDEN], []]])
def test_one_hidden_question_is_answered_with_the_password(
    partner: ServerPartner, rounds: list[list[Question]]
) -> None:
    Questions.rounds = rounds
    remote = partner.connect()
    assert remote.size("/") is not None
    remote.close()


@pytest.mark.parametrize(
    "rounds", [[[SHOWN]], [[HIDDEN, CODE]], [[HIDDEN], [HIDDEN]], [[HIDDEN], [CODE]], [[CODE] * 3]]
)
def test_more_than_a_password_is_not_answered(
    partner: ServerPartner, rounds: list[list[Question]]
) -> None:
    Questions.rounds = rounds
    error = refused(partner.connect)
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert "more than a password" in error.message
    said = [answer for answers in Questions.heard for answer in answers]
    assert said in ([], [PASSWORD]), "the password is said once, to a hidden question"
    assert len(said) == len(rounds) - 1


def test_a_wrong_password_is_said_once(partner: ServerPartner) -> None:
    Questions.rounds = [[HIDDEN]]
    error = refused(partner.remotes.connect, partner.mistyped())
    assert (error.code, type(error)) == (Code.AUTH_REFUSED, Permanent)
    assert Questions.heard == [["wrong"]]
