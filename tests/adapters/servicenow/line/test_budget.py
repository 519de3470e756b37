"""The hourly budget: our own limit, and the silence that a 429 asks for, for the whole process."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import responses
from structlog.testing import capture_logs

from adapters.servicenow.line.answers import LONGEST_WAIT, Answer, Call
from adapters.servicenow.line.budget import HOUR, Budget, Need
from adapters.servicenow.line.client import Client
from adapters.servicenow.line.credentials import Basic
from adapters.servicenow.line.query import Query
from tests.adapters.servicenow.canned import Canned, answer
from tests.adapters.servicenow.stage import Stage
from transfer.errors import Code, FerryError, Transient

URL = "https://example.service-now.com"
TABLE = f"{URL}/api/now/table/incident"
JSON = "application/json;charset=UTF-8"
LIMIT = {"error": {"message": "Rate limit exceeded", "detail": None}, "status": "failure"}
CALL = Call(host="i", method="GET", table="incident")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=b"")


def refused(budget: Budget) -> float:
    with pytest.raises(Transient) as caught:
        budget.take(CALL)
    assert caught.value.code is Code.SERVICENOW_THROTTLED
    return caught.value.retry_after or 0.0


@pytest.fixture
def client() -> Client:
    return Client(URL, Basic(user="fileferry", password="canary"), timeout=60)


def poll(client: Client) -> object:
    return client.rows("incident", Query(), ("sys_id",), limit=5)


@pytest.mark.parametrize(
    ("headers", "code", "least", "most"),
    [
        ({"Retry-After": "42"}, Code.SERVICENOW_THROTTLED, 42, 42),
        ({"Retry-After": "3600"}, Code.SERVICENOW_THROTTLED, LONGEST_WAIT, LONGEST_WAIT),
        ({"Retry-After": "0"}, Code.SERVICENOW_THROTTLED, 1, 1),
        ({"Retry-After": "999999999999"}, Code.SERVICENOW_THROTTLED, LONGEST_WAIT, LONGEST_WAIT),
        ({"X-RateLimit-Reset": "in 500"}, Code.SERVICENOW_THROTTLED, 300, 500),
        ({"X-RateLimit-Reset": "12"}, Code.SERVICENOW_THROTTLED, 1, 1),
        ({"Retry-After": "soon"}, Code.SERVICENOW_BUSY, 2, 8),
        ({"Retry-After": "-5"}, Code.SERVICENOW_BUSY, 2, 8),
        ({}, Code.SERVICENOW_BUSY, 2, 8),
    ],
)
def test_a_throttled_call_says_how_long_to_wait_and_nobody_else_calls(
    client: Client, headers: dict[str, str], code: Code, least: float, most: float
) -> None:
    at = str(int(time.time()) + 500)
    given = {name: value.replace("in 500", at) for name, value in headers.items()}
    with responses.RequestsMock() as instance:
        instance.get(TABLE, body=json.dumps(LIMIT), status=429, headers=given, content_type=JSON)
        with pytest.raises(Transient) as caught:
            poll(client)
        with pytest.raises(Transient) as silent:
            poll(client)
        assert len(instance.calls) == 1
    assert caught.value.code is code
    assert least <= (caught.value.retry_after or 0) <= most
    assert silent.value.code is Code.SERVICENOW_THROTTLED
    assert 0 < (silent.value.retry_after or 0) <= LONGEST_WAIT


def test_a_silence_of_an_hour_is_kept_for_an_hour_in_waits_of_fifteen_minutes() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    budget.learn(budget.take(CALL), said(429, {"Retry-After": "3600"}))
    for _ in range(4):
        assert refused(budget) == LONGEST_WAIT
        clock.now += LONGEST_WAIT - 1
    clock.now += 5
    budget.take(CALL)
    assert budget.made == 1


def test_an_absurd_time_is_asked_about_after_fifteen_minutes() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    budget.learn(budget.take(CALL), said(429, {"Retry-After": "99999999"}))
    clock.now += LONGEST_WAIT + 1
    budget.take(CALL)


def test_one_call_tries_whether_the_silence_is_over() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    budget.learn(budget.take(CALL), said(429, {"Retry-After": "60"}))
    clock.now += 61
    first = budget.take(CALL)
    assert 0 < refused(budget) <= 30
    budget.learn(first, said())
    budget.take(CALL)


def test_an_answer_from_before_the_silence_does_not_end_it() -> None:
    budget = Budget(clock=Clock())
    early, late = budget.take(CALL), budget.take(CALL)
    budget.learn(late, said(429, {"Retry-After": "60"}))
    budget.learn(early, said())
    assert refused(budget) == 60


@responses.activate
def test_of_many_threads_none_calls_after_the_limit(client: Client) -> None:
    for _ in range(20):
        responses.get(TABLE, body='{"result":[]}', status=200, content_type=JSON)
    responses.get(TABLE, body=json.dumps(LIMIT), status=429, headers={"Retry-After": "600"})

    def attempt(_: int) -> bool:
        try:
            poll(client)
        except FerryError:
            return False
        return True

    assert sum(map(attempt, range(20))) == 20
    with ThreadPoolExecutor(5) as pool:
        assert not any(pool.map(attempt, range(1)))
        assert not any(pool.map(attempt, range(50)))
    assert len(responses.calls) == 21


def test_our_own_limit_holds_for_every_hour_that_one_looks_at() -> None:
    clock = Clock()
    budget = Budget(100, clock)
    for _ in range(100):
        budget.take(CALL)
        clock.now += 10
    assert (budget.made, budget.left) == (100, 0)
    assert refused(budget) == LONGEST_WAIT
    clock.now += HOUR - 1000 - 5
    assert refused(budget) == pytest.approx(5)
    clock.now += 6
    budget.take(CALL)
    refused(budget)


def test_hints_give_way_first_then_words_then_new_work_then_nothing() -> None:
    budget = Budget(100, Clock())
    room = []
    for number in range(1, 101):
        room.append(
            [budget.room(need) for need in (Need.HINTS, Need.WORDS, Need.INTAKE, Need.DUTY)]
        )
        assert budget.take(CALL) == number
    assert [sum(column) for column in zip(*room, strict=True)] == [60, 70, 85, 100]
    with pytest.raises(Transient):
        budget.insist(CALL, Need.INTAKE)


def test_without_a_limit_of_our_own_calls_are_counted_all_the_same() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    for _ in range(5000):
        budget.take(CALL)
    assert (budget.made, budget.left) == (5000, None)
    clock.now += HOUR
    assert budget.made == 0


def test_each_hour_of_work_has_a_line_in_the_log() -> None:
    clock = Clock()
    budget = Budget(200, clock)
    with capture_logs() as logs:
        for _ in range(250):
            budget.take(CALL)
            clock.now += 30
    assert [(line["made"], line["limit"]) for line in logs] == [(121, 200), (120, 200)]


def test_a_second_try_of_a_read_counts() -> None:
    busy = answer(b"<html>", "503 Service Unavailable", b"Content-Type: text/html\r\n")
    with Canned(busy, answer(b'{"result":[]}')) as server:
        client = Client(server.url, Basic(user="u", password="p"), timeout=60)
        poll(client)
    assert client.budget.made == 2


def test_the_poll_waits_where_the_re_check_still_may_ask(stage: Stage) -> None:
    task = stage.task()
    inbox = stage.inbox()
    budget = inbox._client.budget
    budget.per_hour = 100
    for _ in range(86):
        budget.take(CALL)
    with pytest.raises(Transient) as caught:
        inbox.fetch()
    assert caught.value.code is Code.SERVICENOW_THROTTLED
    assert inbox.read(task) is not None


def test_the_rule_of_the_instance_is_remembered(stage: Stage) -> None:
    stage.server.modes.set("throttled", path="/api/now", retry_after=60, limit=250)
    client = stage.client()
    with pytest.raises(Transient):
        poll(client)
    assert client.budget.rule == "250 calls an hour"
