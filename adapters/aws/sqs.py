"""The queue of hints on Amazon SQS, standard or FIFO; the redrive policy is the queue's own."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import structlog
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from adapters.aws import client as aws
from transfer.errors import Code, FerryError, Permanent, Transient
from transfer.ports import Message

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

log = structlog.get_logger(__name__)

BATCH = 10
"""Messages in one call (SQS API)."""
MAX_HIDDEN = 43_200
"""Seconds for which SQS hides a message, counted from its receipt (SQS API)."""
USUAL_RECEIVES = 5
"""Hand-outs of one message where the queue has no redrive policy."""
MAX_DEAD_BODY = 260_000
"""Bytes of a body that leave room for code and reason in the 256 KiB of any queue."""
MAX_REASON = 500
# fmt: off
BUSY = frozenset({"KmsThrottled", "OverLimit", "RequestThrottled", "ThrottledException"})
NOT_OURS = frozenset({"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"})
"""Codes for a receipt that has run out, a message that is gone or hidden for twelve hours."""
# fmt: on


def make_client(
    region: str,
    endpoint_url: str | None = None,
    profile: str | None = None,
    timeout: float = 30.0,
    wait: int = 20,
) -> SQSClient:
    """`timeout` is in seconds, `wait` those of a long poll. Raises Permanent `config.invalid`.

    It never tries again by itself: whoever reads the queue backs off, and no call is lost by that.
    """
    once = Config(
        retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=timeout + wait
    )
    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        config = aws.client_config(endpoint_url, timeout).merge(once)
        return aws.guarded(session.client("sqs", endpoint_url=endpoint_url, config=config))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the redrive policy says; `dead_letters` is the address of that queue."""

    receives: int
    dead_letters: str | None


class SqsQueue:
    """The Queue at `url`. `wait` and `visibility` are in whole seconds."""

    def __init__(self, client: SQSClient, url: str, wait: int = 20, visibility: int = 120) -> None:
        self._client = client
        self._url = url
        self._wait = wait
        self._visibility = visibility
        self._known: _Terms | None = None
        self._asking = threading.Lock()

    def told(self) -> str:
        """What its attributes say, for people; no message is handed out by that."""
        with self._translated("look at"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["RedrivePolicy", "ApproximateNumberOfMessages"]
            )
        attributes = answer.get("Attributes", {})
        terms, waiting = self._read(attributes), attributes.get("ApproximateNumberOfMessages", "?")
        after = f"after {terms.receives} hand-outs" if terms.dead_letters else "nowhere"
        return f"{waiting} messages wait; dead letters go {after}."

    def receive(self) -> Sequence[Message]:
        terms = self._terms()
        with self._translated("read"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=self._wait,
                VisibilityTimeout=self._visibility,
                MessageSystemAttributeNames=[
                    *("ApproximateReceiveCount", "AWSTraceHeader", "MessageGroupId")
                ],
            )
            return [_message(found, terms) for found in answer.get("Messages", [])]

    def keep(self, seconds: float, *messages: Message) -> None:
        hidden = min(max(math.ceil(seconds), 0), MAX_HIDDEN)
        for entries in _batches(messages):
            timed: list[Any] = [{**entry, "VisibilityTimeout": hidden} for entry in entries]
            with self._translated("hide messages of"):
                answer = self._client.change_message_visibility_batch(
                    QueueUrl=self._url, Entries=timed
                )
            self._pass_over(answer.get("Failed", []), "hide")

    def settle(self, *messages: Message) -> None:
        for entries in _batches(messages):
            with self._translated("delete messages of"):
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            self._pass_over(answer.get("Failed", []), "delete")

    def refuse(self, message: Message, why: FerryError) -> None:
        url = self._terms().dead_letters
        if url is not None:
            with self._translated("write the dead letters of"):
                # The message's own id: sent once more after a lost answer, it stays one letter.
                self._client.send_message(
                    QueueUrl=url,
                    MessageBody=_cut(message.body, MAX_DEAD_BODY),
                    MessageAttributes=_attributes(why),
                    **_fifo(url, message.group or "none", message.id),
                )
        self.settle(message)

    def send(self, body: str, group: str) -> str:
        with self._translated("write to"):
            more = _fifo(self._url, group, uuid4().hex)
            return self._client.send_message(QueueUrl=self._url, MessageBody=body, **more)[
                "MessageId"
            ]

    def _terms(self) -> _Terms:
        with self._asking:
            if self._known is None:
                with self._translated("ask for the redrive policy of"):
                    answer = self._client.get_queue_attributes(
                        QueueUrl=self._url, AttributeNames=["RedrivePolicy"]
                    )
                    self._known = self._read(answer.get("Attributes", {}))
            return self._known

    def _read(self, attributes: Mapping[Any, str]) -> _Terms:
        policy = json.loads(attributes.get("RedrivePolicy", "{}"))
        target = policy.get("deadLetterTargetArn")
        if target is None:
            log.warning("the queue has no dead-letter queue", queue=self._url)
            return _Terms(USUAL_RECEIVES, None)
        # A dead-letter queue is of the same account and region (SQS Developer Guide).
        beside = self._url.rpartition("/")[0]
        return _Terms(int(policy["maxReceiveCount"]), f"{beside}/{target.rpartition(':')[2]}")

    def _pass_over(self, failed: Sequence[Mapping[str, Any]], what: str) -> None:
        codes = [_bare(str(entry.get("Code"))) for entry in failed]
        if codes:
            log.info("messages not ours any more", what=what, codes=codes)
        troubled = [code for code in codes if code not in NOT_OURS]
        if troubled:
            raise Transient(
                Code.QUEUE_UNAVAILABLE,
                f"FileFerry could not {what} {len(troubled)} messages of {self._url} "
                f"({troubled[0]}).",
            )

    @contextmanager
    def _translated(self, errand: str) -> Iterator[None]:
        """`errand` completes "FileFerry could not …" before the queue's address."""
        try:
            yield
        except ClientError as error:
            code, status = _bare(aws.code_of(error)), aws.status_of(error)
            if aws.is_busy(error) or code in BUSY:
                raise self._unavailable(errand, f"{code}, HTTP {status}") from error
            raise self._refused(errand, code) from error
        except (ParamValidationError, *aws.NO_CREDENTIALS) as error:
            raise self._refused(errand, type(error).__name__) from error
        except aws.NO_WHOLE_ANSWER as error:
            raise self._unavailable(errand, type(error).__name__) from error

    def _unavailable(self, errand: str, why: str) -> Transient:
        text = f"FileFerry could not {errand} the queue {self._url}: no answer to use ({why})."
        return Transient(Code.QUEUE_UNAVAILABLE, text)

    def _refused(self, errand: str, why: str) -> Permanent:
        text = f"FileFerry could not {errand} the queue {self._url}: SQS refused it ({why})."
        return Permanent(Code.QUEUE_REFUSED, text)


def _message(found: Mapping[str, Any], terms: _Terms) -> Message:
    attributes = found.get("Attributes", {})
    receives = int(attributes.get("ApproximateReceiveCount", 1))
    return Message(
        id=found["MessageId"],
        body=found["Body"],
        receives=receives,
        last=receives >= terms.receives,
        receipt=found["ReceiptHandle"],
        group=attributes.get("MessageGroupId", ""),
        trace=attributes.get("AWSTraceHeader", ""),
    )


def _batches(messages: Sequence[Message]) -> Iterator[list[Any]]:
    for start in range(0, len(messages), BATCH):
        batch = messages[start : start + BATCH]
        yield [
            {"Id": str(place), "ReceiptHandle": message.receipt}
            for place, message in enumerate(batch)
        ]


def _fifo(url: str, group: str, once: str) -> dict[str, Any]:
    """Only FIFO queues take these; their names end so (SQS API)."""
    if not url.endswith(".fifo"):
        return {}
    return {"MessageGroupId": group, "MessageDeduplicationId": once}


def _attributes(why: FerryError) -> dict[str, Any]:
    reason = f"{why.message} {why.action}"
    told = {"fileferry.code": why.code.value, "fileferry.reason": reason[:MAX_REASON]}
    return {name: {"DataType": "String", "StringValue": text} for name, text in told.items()}


def _cut(body: str, limit: int) -> str:
    return body.encode()[:limit].decode(errors="ignore")


def _bare(code: str) -> str:
    """SQS writes some codes as `AWS.SimpleQueueService.NonExistentQueue`."""
    return code.rpartition(".")[2]
