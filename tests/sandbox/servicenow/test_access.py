"""Who gets in, by which proof, and what he may do there."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from sandbox.servicenow import SEEDED, ServiceNow
from tests.sandbox.servicenow.clients import Api, error

INCIDENT = "/api/now/table/incident"
CLIENT = {"client_id": SEEDED.client_id, "client_secret": SEEDED.client_secret}
MACHINE = {"grant_type": "client_credentials", **CLIENT}
PERSON = {
    "grant_type": "password", **CLIENT, "username": "carla.moss",
    "password": SEEDED.users["carla.moss"].password,
}  # fmt: skip
ANSWERS = {"source": "s3://a/1", "destination": "acme"}
DENIED = (403, "Operation Failed", "ACL Exception Update Failed due to security constraints")


@pytest.fixture
def nobody(servicenow: ServiceNow) -> Any:
    with Api(servicenow) as api:
        yield api


def token(api: Api, form: dict[str, str]) -> requests.Response:
    return api.call("POST", "/oauth_token.do", data=form)


def bearer(api: Api, value: str) -> requests.Response:
    return api.call("GET", INCIDENT, headers={"Authorization": f"Bearer {value}"})


def test_nobody_is_let_in(nobody: Api, servicenow: ServiceNow) -> None:
    answer = nobody.get(INCIDENT)
    said = (401, "User is not authenticated", "Required to provide Auth information")
    assert error(answer) == said
    assert answer.headers["WWW-Authenticate"] == 'BASIC realm="Service-now"'
    assert answer.headers["Connection"] == "close"
    assert "X-Is-Logged-In" not in answer.headers
    servicenow.instance.properties.old_401_text = True
    assert error(nobody.get(INCIDENT))[1] == "User Not Authenticated"


@pytest.mark.parametrize("login", [("fileferry", "wrong"), ("nobody", "sandbox"), ("", "")])
def test_a_wrong_login_is_refused(nobody: Api, login: tuple[str, str]) -> None:
    nobody.session.auth = login
    assert nobody.get(INCIDENT).status_code == 401


def test_locked_users_and_basic_auth_switched_off(ferry: Api, servicenow: ServiceNow) -> None:
    assert ferry.get(INCIDENT).status_code == 200
    servicenow.instance.properties.basic_auth = False
    assert ferry.get(INCIDENT).status_code == 401
    servicenow.instance.properties.basic_auth = True
    user = SEEDED.users["fileferry"].sys_id
    servicenow.instance.update("sys_user", user, {"locked_out": "true"})
    assert ferry.get(INCIDENT).status_code == 401


def test_the_same_live_token_is_given_on_repeat(nobody: Api) -> None:
    first, second = token(nobody, MACHINE).json(), token(nobody, MACHINE).json()
    assert first["access_token"] == second["access_token"]
    assert (first["token_type"], first["scope"]) == ("Bearer", "useraccount")
    assert 1790 <= second["expires_in"] <= 1800
    assert "refresh_token" not in first
    assert bearer(nobody, first["access_token"]).status_code == 200


def test_a_dead_token_is_refused_and_the_next_is_another(
    nobody: Api, servicenow: ServiceNow
) -> None:
    servicenow.instance.properties.token_lifetime = 0.2
    first = token(nobody, MACHINE).json()["access_token"]
    deadline = time.monotonic() + 60
    while bearer(nobody, first).status_code == 200:
        assert time.monotonic() < deadline
    second = token(nobody, MACHINE).json()["access_token"]
    assert second != first
    nobody.call("POST", "/oauth_revoke_token.do", data={"token": second})
    assert bearer(nobody, second).status_code == 401


def test_a_person_gets_a_refresh_token(nobody: Api, servicenow: ServiceNow) -> None:
    refresh = token(nobody, PERSON).json()["refresh_token"]
    servicenow.site.tokens.expire()
    again = token(nobody, {"grant_type": "refresh_token", **CLIENT, "refresh_token": refresh})
    assert bearer(nobody, again.json()["access_token"]).status_code == 200
    assert servicenow.site.served[-1].user == "carla.moss"


@pytest.mark.parametrize(
    "options",
    [
        {"data": {**MACHINE, "client_secret": "wrong"}},
        {"data": {**PERSON, "password": "wrong"}},
        {"data": {**MACHINE, "grant_type": "implicit"}},
        {"json": MACHINE},
        {"params": MACHINE},
    ],
)
def test_every_refusal_of_a_token_looks_alike(nobody: Api, options: Any) -> None:
    answer = nobody.call("POST", "/oauth_token.do", **options)
    assert answer.status_code == 401
    assert answer.json() == {"error_description": "access_denied", "error": "server_error"}


def test_only_the_approver_decides(servicenow: ServiceNow, ferry: Api) -> None:
    servicenow.instance.order(ANSWERS, by="anna.berg")
    (row,) = servicenow.instance.query("sysapproval_approver")
    assert (
        error(ferry.patch("sysapproval_approver", row["sys_id"], {"state": "approved"})) == DENIED
    )
    with Api(servicenow, "otto.lind") as otto:
        assert otto.patch("sysapproval_approver", row["sys_id"], {}).status_code == 404
        assert otto.rows("sysapproval_approver") == []
    with Api(servicenow, "carla.moss") as carla:
        assert carla.patch("sysapproval_approver", row["sys_id"], {"state": "approved"}).ok


def test_a_requester_sees_his_own_and_the_approver_what_he_decides(servicenow: ServiceNow) -> None:
    servicenow.instance.order(ANSWERS, by="anna.berg")
    servicenow.instance.order(ANSWERS, by="tom.reyes")
    seen = {}
    for name in ("anna.berg", "carla.moss", "otto.lind"):
        with Api(servicenow, name) as api:
            seen[name] = len(api.rows("sc_req_item", "", "variables.source"))
    assert seen == {"anna.berg": 1, "carla.moss": 2, "otto.lind": 0}


def test_the_integration_user_may_neither_delete_nor_touch_people(
    ferry: Api, servicenow: ServiceNow
) -> None:
    record = ferry.post("incident", {}).json()["result"]
    assert "Delete" in str(error(ferry.call("DELETE", f"{INCIDENT}/{record['sys_id']}"))[2])
    assert (
        error(ferry.patch("sys_user", SEEDED.users["otto.lind"].sys_id, {"roles": "x"})) == DENIED
    )
    group = {"user": SEEDED.users["fileferry"].sys_id, "group": SEEDED.approver_group}
    assert "Insert" in str(error(ferry.post("sys_user_grmember", group))[2])
    servicenow.instance.order(ANSWERS, by="anna.berg")
    (option, *_) = servicenow.instance.query("sc_item_option")
    assert error(ferry.patch("sc_item_option", option["sys_id"], {"value": "x"})) == DENIED


def test_a_password_written_through_the_table_api_never_matches(
    admin: Api, servicenow: ServiceNow
) -> None:
    admin.post("sys_user", {"user_name": "eve", "name": "Eve", "user_password": "pw"})
    with Api(servicenow) as eve:
        eve.session.auth = ("eve", "pw")
        assert eve.get(INCIDENT).status_code == 401
