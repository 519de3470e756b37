"""Who decided, who wrote the terms, and whether it is still for whom it was approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.servicenow import SEEDED
from tests.adapters.servicenow.reading.standing import at
from tests.adapters.servicenow.stage import Stage
from transfer.evidence import Evidence

ANNA, TOM, CARLA = (SEEDED.users[name].sys_id for name in ("anna.berg", "tom.reyes", "carla.moss"))


def acts(stage: Stage, who: str, method: str, path: str, body: dict[str, str]) -> dict[str, str]:
    """What a person does over the Table API, as himself."""
    answer = requests.request(
        method,
        f"{stage.server.url}/api/now/table/{path}",
        json=body,
        auth=(who, SEEDED.users[who].password),
        verify=str(stage.certificate.ca_file),
        timeout=60,
    )
    assert answer.ok, answer.text
    stage.server.site.served.clear()
    done: dict[str, str] = answer.json()["result"]
    return done


def row_of(stage: Stage, item: str) -> str:
    return stage.instance.query("sysapproval_approver", f"sysapproval={item}")[0]["sys_id"]


def ordered(stage: Stage) -> str:
    """An order of two hours ago, whose sys_id it returns."""
    with at(stage.instance, hours=2):
        return stage.order()


def approved(stage: Stage) -> str:
    """One that was approved an hour ago."""
    item = ordered(stage)
    with at(stage.instance, hours=1):
        stage.approve(item)
    return item


def only(stage: Stage) -> Evidence:
    [found] = stage.inbox().fetch()
    return found


def last_call(stage: Stage) -> str:
    return stage.server.site.served[-1].path.rsplit("/", 1)[-1]


def test_the_people_of_an_order_are_named(stage: Stage) -> None:
    stage.task()
    found = only(stage)
    assert (found.requester, found.opener) == ("anna.berg", "anna.berg")
    assert [each.actor for each in found.approvals] == ["carla.moss"]
    assert found.authors == {"anna.berg"}


def test_a_delegate_writes_under_his_own_name(stage: Stage) -> None:
    item = stage.order()
    today = datetime.now(UTC)
    names = {"user": CARLA, "delegate": TOM, "starts": f"{today - timedelta(days=1):%F %T}"}
    names["ends"] = f"{today + timedelta(days=1):%F %T}"
    acts(stage, "carla.moss", "POST", "sys_user_delegate", names)
    row = f"sysapproval_approver/{row_of(stage, item)}"
    acts(stage, "tom.reyes", "PATCH", row, {"state": "approved"})
    [decision] = only(stage).approvals
    assert (decision.approver, decision.actor) == ("carla.moss", "tom.reyes")


def test_an_administrator_writes_under_his_own_name(stage: Stage) -> None:
    item = stage.order()
    row = f"sysapproval_approver/{row_of(stage, item)}"
    acts(stage, "admin", "PATCH", row, {"state": "approved"})
    [decision] = only(stage).approvals
    assert (decision.approver, decision.actor) == ("carla.moss", "admin")


def test_who_wrote_a_variable_last_is_an_author(stage: Stage) -> None:
    item = stage.order()
    [link, *_] = stage.instance.query("sc_item_option_mtom", f"request_item={item}")
    option = f"sc_item_option/{link['sc_item_option']}"
    acts(stage, "carla.moss", "PATCH", option, {"value": "s3://exports/other"})
    stage.approve(item)
    assert only(stage).authors == {"anna.berg", "carla.moss"}


def test_whom_the_whole_order_is_for_is_an_author(stage: Stage) -> None:
    stage.task()
    request = stage.instance.query("sc_request")[0]["sys_id"]
    stage.instance.update("sc_request", request, {"requested_for": TOM})
    assert only(stage).authors == {"anna.berg", "tom.reyes"}


def test_another_value_that_is_tied_to_the_item_is_a_change_of_who_tied_it(stage: Stage) -> None:
    item = approved(stage)
    [link, *_] = stage.instance.query("sc_item_option_mtom", f"request_item={item}")
    old = stage.instance.get("sc_item_option", link["sc_item_option"])
    with at(stage.instance, hours=5):
        fields = {"item_option_new": old["item_option_new"], "value": "s3://exports/other"}
        other = stage.instance.create("sc_item_option", fields)["sys_id"]
    acts(
        stage, "admin", "PATCH", f"sc_item_option_mtom/{link['sys_id']}", {"sc_item_option": other}
    )
    found = only(stage)
    [source] = [each for each in found.variables.values() if each.value == "s3://exports/other"]
    assert source.changed_at > found.approvals[0].decided_at
    assert "admin" in found.authors


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("sc_req_item", "sys_created_by"),
        ("sc_item_option", "sys_updated_by"),
        ("sc_item_option_mtom", "sys_updated_by"),
    ],
)
@pytest.mark.parametrize("shown", ["missing", "empty"])
def test_an_author_who_is_hidden_is_not_nobody(
    stage: Stage, table: str, field: str, shown: str
) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table=table, field=field, shown=shown)
    assert "" in only(stage).authors


def test_who_decided_may_be_hidden(stage: Stage) -> None:
    stage.task()
    stage.server.modes.set("hidden_field", table="sysapproval_approver", field="sys_updated_by")
    assert [each.actor for each in only(stage).approvals] == [""]


def test_an_item_that_nobody_wrote_to_since_needs_no_history(stage: Stage) -> None:
    approved(stage)
    found = only(stage)
    assert last_call(stage) == "batch"
    assert found.asked_since is not None
    assert found.asked_since < found.approvals[0].decided_at


@pytest.mark.parametrize("by", ["system", "carla.moss"])
def test_what_servicenow_writes_right_after_the_approval_is_its_own(stage: Stage, by: str) -> None:
    item = approved(stage)
    with at(stage.instance, hours=1, seconds=-8):
        stage.instance.update("sc_req_item", item, {"short_description": "stage"}, by=by)
    only(stage)
    assert last_call(stage) == "batch"


def changed(stage: Stage, item: str, by: str = "anna.berg", **fields: str) -> None:
    with at(stage.instance, minutes=30):
        stage.instance.update("sc_req_item", item, fields, by=by)


def test_another_field_may_change(stage: Stage) -> None:
    item = approved(stage)
    changed(stage, item, short_description="other words")
    found = only(stage)
    assert last_call(stage) == "sys_audit"
    assert found.asked_since is not None
    assert found.asked_since < found.approvals[0].decided_at


@pytest.mark.parametrize("by", ["anna.berg", "admin", "otto.lind"])
@pytest.mark.parametrize("field", ["requested_for", "opened_by"])
@pytest.mark.parametrize("ago", [{"minutes": 30}, {"hours": 1, "seconds": -5}])
def test_when_it_was_given_to_somebody_else_is_told(
    stage: Stage, field: str, by: str, ago: dict[str, Any]
) -> None:
    item = approved(stage)
    with at(stage.instance, **ago):
        stage.instance.update("sc_req_item", item, {field: TOM}, by=by)
        changed_at = stage.instance.clock()
    found = only(stage)
    assert found.asked_since == changed_at.replace(microsecond=0)
    assert found.asked_since > found.approvals[0].decided_at


def test_older_releases_name_the_requester_on_the_request_whose_history_counts(
    stage: Stage,
) -> None:
    item = approved(stage)
    stage.server.modes.set("hidden_field", table="sc_req_item", field="requested_for")
    assert only(stage).asked_since is not None
    request = stage.instance.get("sc_req_item", item)["request"]
    stage.instance.update("sc_request", request, {"requested_for": TOM}, by="anna.berg")
    found = only(stage)
    assert found.asked_since is not None
    assert found.asked_since > found.approvals[0].decided_at


def test_the_request_may_be_written_to_where_the_item_says_whom_it_is_for(stage: Stage) -> None:
    item = approved(stage)
    request = stage.instance.get("sc_req_item", item)["request"]
    stage.instance.update("sc_request", request, {"description": "other words"}, by="anna.berg")
    assert only(stage).asked_since is not None
    assert last_call(stage) == "batch"


def test_without_a_history_nobody_can_tell(stage: Stage) -> None:
    stage.instance.properties.audited = False
    item = approved(stage)
    changed(stage, item, short_description="other words")
    assert only(stage).asked_since is None


def test_a_history_that_may_not_be_read_refuses_nobody_else(stage: Stage) -> None:
    item = approved(stage)
    changed(stage, item, short_description="other words")
    approved(stage)
    path = "/api/now/table/sys_audit"
    stage.server.modes.set("table_denied", table="sys_audit", path=path)
    first, second = stage.inbox().fetch()
    assert (first.item_id, first.asked_since) == (item, None)
    assert second.asked_since is not None


@pytest.mark.parametrize("field", ["fieldname", "newvalue", "documentkey", "sys_created_on"])
def test_a_history_of_which_a_field_is_hidden_tells_nothing(stage: Stage, field: str) -> None:
    item = approved(stage)
    changed(stage, item, requested_for=TOM)
    stage.server.modes.set("hidden_field", table="sys_audit", field=field)
    assert only(stage).asked_since is None
