"""The destinations that the catalog offers: each FileFerry alters its own, and deletes none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from adapters.servicenow.application.offer import FIELDS, Act, Offer
from adapters.servicenow.application.tables import Application
from adapters.servicenow.line.client import Client
from sandbox.servicenow import ServiceNow
from sandbox.servicenow.installed import setup_of
from sandbox.servicenow.package.reading import read
from tests.adapters.servicenow.stage import BASIC, Stage
from transfer.errors import Code, FerryError

TABLE = "x_fferry_destination"
ONE, TWO = (Application(scope="x_fferry", known_as=name) for name in ("one", "two"))


def sync(stage: Stage, wanted: Mapping[str, str], of: Application = ONE) -> dict[str, Act]:
    offer = Offer(stage.client(), of, wanted)
    changes = offer.changes()
    for change in changes:
        offer.make(change)
    return {change.name: change.act for change in changes}


@pytest.fixture
def offered(stage: Stage) -> Stage:
    stage.instance.store.open(TABLE)
    stage.instance.store.widen(TABLE, FIELDS)
    return stage


def rows(stage: Stage) -> dict[str, tuple[str, str, str]]:
    return {
        each["name"]: (each["instance"], each["active"], each["description"])
        for each in stage.instance.query(TABLE)
    }


def test_rows_are_created_updated_and_deactivated_and_none_is_deleted(offered: Stage) -> None:
    assert sync(offered, {"bank": "Clearing", "tax": ""}) == {
        "bank": Act.CREATE,
        "tax": Act.CREATE,
    }
    assert sync(offered, {"bank": "The clearing bank"}) == {
        "bank": Act.UPDATE,
        "tax": Act.DEACTIVATE,
    }
    assert rows(offered) == {
        "bank": ("one", "true", "The clearing bank"),
        "tax": ("one", "false", ""),
    }
    assert sync(offered, {"bank": "The clearing bank", "tax": ""})["tax"] is Act.UPDATE
    assert rows(offered)["tax"] == ("one", "true", "")
    assert "DELETE" not in offered.served(TABLE)


def test_it_is_safe_to_run_again_and_then_writes_nothing(offered: Stage) -> None:
    sync(offered, {"bank": "Clearing"})
    offered.server.site.served.clear()
    assert sync(offered, {"bank": "Clearing"}) == {"bank": Act.KEPT}
    assert set(offered.served(TABLE)) == {"GET"}


def test_two_bastions_do_not_fight(offered: Stage) -> None:
    sync(offered, {"bank": "By one", "mine": ""}, ONE)
    for _ in range(2):
        assert sync(offered, {"bank": "By two", "yours": ""}, TWO)["bank"] is Act.LEFT
        assert sync(offered, {"bank": "By one", "mine": ""}, ONE)["bank"] is Act.KEPT
    assert rows(offered) == {
        "bank": ("one", "true", "By one"),
        "mine": ("one", "true", ""),
        "yours": ("two", "true", ""),
    }


def test_what_one_gives_up_the_other_takes_over(offered: Stage) -> None:
    sync(offered, {"bank": "By one"}, ONE)
    sync(offered, {"bank": "By two"}, TWO)
    sync(offered, {"tax": ""}, ONE)
    assert rows(offered)["bank"] == ("one", "false", "By one")
    assert sync(offered, {"bank": "By two"}, TWO) == {"bank": Act.TAKE_OVER}
    assert rows(offered)["bank"] == ("two", "true", "By two")
    assert sync(offered, {"bank": "By one", "tax": ""}, ONE)["bank"] is Act.LEFT


def test_a_name_that_stands_there_twice_is_offered_once(offered: Stage) -> None:
    for _ in range(2):
        offered.instance.create(TABLE, {"name": "bank", "instance": "one", "active": "true"})
    sync(offered, {"bank": ""})
    active = [each["active"] for each in offered.instance.query(TABLE)]
    assert sorted(active) == ["false", "true"]


def test_what_somebody_else_put_there_is_nobody_s_to_take_away(offered: Stage) -> None:
    offered.instance.create(TABLE, {"name": "by^hand", "instance": "", "active": "true"})
    assert "by^hand" not in sync(offered, {"bank": ""})
    assert rows(offered)["by^hand"][1] == "true"


def test_with_the_rights_of_the_package_the_second_of_two_leaves_the_name_to_the_first() -> None:
    with ServiceNow(setup=setup_of(read())) as server:
        client = Client(server.url, BASIC, timeout=60)
        one, two = (Offer(client, each, {"bank": "", "tax": ""}) for each in (ONE, TWO))
        planned = two.changes()
        assert [one.make(each).act for each in one.changes()] == [Act.CREATE, Act.CREATE]
        assert [two.make(each).act for each in planned] == [Act.LEFT, Act.LEFT]
        rows = server.instance.query(TABLE)
    assert {(each["name"], each["instance"]) for each in rows} == {("bank", "one"), ("tax", "one")}


def test_an_application_that_is_not_there_says_so(stage: Stage) -> None:
    with pytest.raises(FerryError) as caught:
        sync(stage, {"bank": ""})
    assert caught.value.code is Code.APPLICATION_MISSING


def test_a_write_that_was_not_kept_is_named(offered: Stage) -> None:
    offered.server.modes.set("read_only_field", table=TABLE, field="instance")
    with pytest.raises(FerryError) as caught:
        sync(offered, {"bank": ""})
    assert caught.value.code is Code.SERVICENOW_DENIED
    assert f"did not keep instance of {TABLE}" in caught.value.message
