"""SQS when it refuses, throttles or is silent: each has its code, and nothing is tried twice."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from structlog.testing import capture_logs

from adapters.aws.sqs import SqsQueue, make_client
from tests.servers.ports import nobody
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Message

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"
DEAD = "arn:aws:sqs:eu-central-1:123456789012:orders-dead"
POLICY = {
    "Attributes": {"RedrivePolicy": json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 3})}
}
MESSAGE = Message(id="m", body="{}", receipt="r")
WHY = Permanent(Code.HINT_UNKNOWN, "Nobody\nknows it.")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(make_client("eu-central-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def queue(stub: Stubber, url: str = URL) -> SqsQueue:
    client: Any = stub.client
    return SqsQueue(client, url)


def raised(call: Callable[[], object]) -> FerryError:
    with pytest.raises(FerryError) as caught:
        call()
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalError", 500),
        ("ServiceUnavailable", 503),
        ("RequestThrottled", 403),
        ("ThrottlingException", 400),
        ("AWS.SimpleQueueService.OverLimit", 403),
        ("KmsThrottled", 400),
    ],
)
def test_what_may_pass_is_transient(stub: Stubber, code: str, status: int) -> None:
    stub.add_response("get_queue_attributes", POLICY)
    stub.add_client_error("receive_message", code, http_status_code=status)
    error = raised(queue(stub).receive)
    assert isinstance(error, Transient)
    assert error.code is Code.QUEUE_UNAVAILABLE
    assert URL in error.message


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", 400),
        ("QueueDoesNotExist", 400),
        ("AccessDenied", 403),
        ("InvalidClientTokenId", 403),
        ("KmsAccessDenied", 400),
    ],
)
def test_what_a_person_has_to_mend_is_permanent(stub: Stubber, code: str, status: int) -> None:
    stub.add_response("get_queue_attributes", POLICY)
    stub.add_client_error("receive_message", code, http_status_code=status)
    error = raised(queue(stub).receive)
    assert isinstance(error, Permanent)
    assert error.code is Code.QUEUE_REFUSED
    assert code.rpartition(".")[2] in error.message


@pytest.mark.parametrize("policy", ["not json", '{"deadLetterTargetArn": "x"}'])
def test_an_odd_redrive_policy_is_no_crash(stub: Stubber, policy: str) -> None:
    stub.add_response("get_queue_attributes", {"Attributes": {"RedrivePolicy": policy}})
    assert raised(queue(stub).receive).code is Code.QUEUE_UNAVAILABLE


def test_the_redrive_policy_is_asked_for_once_and_told_on_each_message(stub: Stubber) -> None:
    def received(count: str) -> dict[str, Any]:
        attributes = {"ApproximateReceiveCount": count, "MessageGroupId": "g"}
        found = {"MessageId": "m", "ReceiptHandle": "r", "Body": "{}", "Attributes": attributes}
        return {"Messages": [found]}

    wanted = {
        "QueueUrl": URL,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 20,
        "VisibilityTimeout": 120,
        "MessageSystemAttributeNames": [
            "ApproximateReceiveCount",
            "AWSTraceHeader",
            "MessageGroupId",
        ],
    }
    stub.add_response("get_queue_attributes", POLICY)
    for count in ("2", "3", "4"):
        stub.add_response("receive_message", received(count), wanted)
    port = queue(stub)
    told = [[(each.receives, each.last, each.group) for each in port.receive()] for _ in range(3)]
    assert told == [[(2, False, "g")], [(3, True, "g")], [(4, True, "g")]]


def test_a_queue_without_dead_letters_says_so_once_and_deletes_what_is_refused(
    stub: Stubber,
) -> None:
    stub.add_response("get_queue_attributes", {})
    stub.add_response("delete_message_batch", {"Successful": [{"Id": "0"}], "Failed": []})
    with capture_logs() as logs:
        queue(stub).refuse(MESSAGE, WHY)
    assert [line["event"] for line in logs] == ["the queue has no dead-letter queue"]


def test_a_dead_letter_of_a_fifo_queue_keeps_its_group_and_stays_one(stub: Stubber) -> None:
    url, policy = (
        f"{URL}.fifo",
        POLICY["Attributes"]["RedrivePolicy"].replace("-dead", "-dead.fifo"),
    )
    stub.add_response("get_queue_attributes", {"Attributes": {"RedrivePolicy": policy}})
    wanted = {
        "QueueUrl": f"{URL}-dead.fifo",
        "MessageBody": "{}",
        "MessageAttributes": ANY,
        "MessageGroupId": "g",
        "MessageDeduplicationId": "m",
    }
    stub.add_response("send_message", {"MessageId": "n"}, wanted)
    stub.add_response("delete_message_batch", {"Successful": [], "Failed": []})
    queue(stub, url).refuse(Message(id="m", body="{}", receipt="r", group="g"), WHY)


def test_the_reason_is_one_line(stub: Stubber) -> None:
    attributes = {
        "fileferry.code": {"DataType": "String", "StringValue": "hint.unknown"},
        "fileferry.reason": {"DataType": "String", "StringValue": f"Nobody knows it. {WHY.action}"},
    }
    wanted = {"QueueUrl": ANY, "MessageBody": "{}", "MessageAttributes": attributes}
    stub.add_response("get_queue_attributes", POLICY)
    stub.add_response("send_message", {"MessageId": "n"}, wanted)
    stub.add_response("delete_message_batch", {"Successful": [], "Failed": []})
    queue(stub).refuse(MESSAGE, WHY)


def test_a_message_whose_dead_letter_cannot_be_written_is_not_deleted(stub: Stubber) -> None:
    stub.add_response("get_queue_attributes", POLICY)
    stub.add_client_error("send_message", "AccessDenied", http_status_code=403)
    assert raised(lambda: queue(stub).refuse(MESSAGE, WHY)).code is Code.QUEUE_REFUSED


@pytest.mark.parametrize("verb", ["settle", "keep"])
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("ReceiptHandleIsInvalid", None),
        ("AWS.SimpleQueueService.MessageNotInflight", None),
        ("InvalidParameterValue", None),
        ("InternalError", Code.QUEUE_UNAVAILABLE),
    ],
)
def test_one_that_fails_of_a_batch_is_passed_over_or_told(
    stub: Stubber, verb: str, code: str, fault: Code | None
) -> None:
    call = "delete_message_batch" if verb == "settle" else "change_message_visibility_batch"
    failed = [{"Id": "1", "SenderFault": fault is None, "Code": code}]
    stub.add_response(call, {"Successful": [{"Id": "0"}], "Failed": failed})
    port, two = queue(stub), (MESSAGE, Message(id="n", body="", receipt="s"))
    done: dict[str, Callable[[], None]] = {
        "settle": lambda: port.settle(*two),
        "keep": lambda: port.keep(5, *two),
    }
    if fault is None:
        done[verb]()
    else:
        assert raised(done[verb]).code is fault


@pytest.mark.parametrize(
    ("seconds", "sent"), [(0, 0), (0.2, 1), (29.5, 30), (1e9, 43_200), (-1, 0)]
)
def test_seconds_are_whole_and_within_twelve_hours(
    stub: Stubber, seconds: float, sent: int
) -> None:
    entry = {"Id": "0", "ReceiptHandle": "r", "VisibilityTimeout": sent}
    wanted = {"QueueUrl": URL, "Entries": [entry]}
    stub.add_response("change_message_visibility_batch", {"Successful": [], "Failed": []}, wanted)
    queue(stub).keep(seconds, MESSAGE)


def test_nobody_at_that_port_is_transient_and_tried_once() -> None:
    with nobody() as port:
        address = f"http://127.0.0.1:{port}"
        client = make_client("eu-central-1", address, timeout=30)
        error = raised(SqsQueue(client, f"{address}/1/q").receive)
    assert error.code is Code.QUEUE_UNAVAILABLE
    told: Any = client.meta.config
    assert told.retries["total_max_attempts"] == 1


def test_a_silent_server_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = make_client("eu-central-1", address, timeout=0.2, wait=0)
        error = raised(SqsQueue(client, f"{address}/1/q").receive)
    assert error.code is Code.QUEUE_UNAVAILABLE


def test_no_credentials_are_permanent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    error = raised(SqsQueue(make_client("eu-central-1", "http://127.0.0.1:9"), URL).receive)
    assert error.code is Code.QUEUE_REFUSED


def test_the_trace_of_who_sent_it_comes_along(stub: Stubber) -> None:
    header = "Root=1-6563c0de-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
    found = {
        "MessageId": "m",
        "Body": "{}",
        "ReceiptHandle": "r",
        "Attributes": {"AWSTraceHeader": header},
    }
    stub.add_response("get_queue_attributes", POLICY)
    stub.add_response("receive_message", {"Messages": [found]})
    [message] = queue(stub).receive()
    assert message.trace == header
