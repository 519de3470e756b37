"""The name of an execution, and the door that is chosen."""

from __future__ import annotations

import re

from tests.transfer.made import request
from transfer.model import Transfer
from transfer.routing import execution_name, owner_of


def test_the_same_run_has_the_same_name_and_every_other_another() -> None:
    first = Transfer(request=request(), epoch=1)
    others = (
        first.evolve(epoch=2),
        first.evolve(generation=2),
        first.evolve(request=request(id="other:sc_task:1")),
    )
    names = [execution_name(each) for each in (first, *others)]
    assert execution_name(first.evolve(claims=3, door="d")) == names[0]
    assert len(set(names)) == 4
    assert names[0] == f"ff-{first.request.number}-{first.request.token}-g1-e1"


def test_a_name_is_one_that_aws_takes_whatever_the_number_is() -> None:
    for number in ("", "RITM0010028", "RITM 1/2*3", "Ä" * 50, "R" * 300):
        asked = Transfer(request=request(number=number), generation=10**6, epoch=10**9)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", execution_name(asked))


def test_no_execution_is_taken_for_the_beginning_of_another() -> None:
    first = Transfer(request=request(), epoch=1)
    twelfth = owner_of(execution_name(first.evolve(epoch=12)))
    assert not twelfth.startswith(owner_of(execution_name(first)))
