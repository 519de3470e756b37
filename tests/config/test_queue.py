"""The queue's settings: off by default, and an address that could be one."""

from __future__ import annotations

import pytest

from config.faults import ConfigError
from config.loading import load
from tests.config.conftest import GOOD, Write

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"


def test_there_is_no_queue_unless_one_is_named(write: Write) -> None:
    assert load(write(GOOD)).queue.url is None
    assert load(write(GOOD + "queue:\n  wait: 5\n")).queue.url is None


@pytest.mark.parametrize(
    "url", [URL, URL + ".fifo", "http://127.0.0.1:5000/123456789012/orders", "https://q.example/o"]
)
def test_an_address_of_a_queue_is_taken(write: Write, url: str) -> None:
    assert load(write(f"{GOOD}queue:\n  url: {url}\n")).queue.url == url


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("url: orders", "queue.url: must look like https://sqs."),
        ("url: https://sqs.eu-central-1.amazonaws.com", "queue.url: must look like https://sqs."),
        (f"url: {URL}/", "queue.url: must look like https://sqs."),
        (f"url: {URL}?x=1", "queue.url: must look like https://sqs."),
        ("url: https://me:pw@q.example/orders", "queue.url: must look like https://sqs."),
        ("url: http://q.example/orders", "queue.url: must begin with https://"),
        ("wait: 0", "queue.wait"),
        ("wait: 21", "queue.wait"),
        ("visibility: 5", "queue.visibility"),
        ("visibility: 43201", "queue.visibility"),
        ("secret: x", "queue.secret"),
    ],
)
def test_what_is_no_queue_is_named_with_its_place(write: Write, line: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(f"{GOOD}queue:\n  {line}\n"))
    assert complaint in str(caught.value)
