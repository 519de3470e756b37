"""Messages as AWS wraps them, and thousands of wrong ones, the same ones for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]


def sns(content: Json) -> Json:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:orders",
        "Message": json.dumps(content),
        "Timestamp": "2026-11-23T12:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.example.com/key.pem",
        "UnsubscribeURL": "https://sns.example.com/?Action=Unsubscribe",
    }


def eventbridge(detail: Json) -> Json:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Order approved",
        "source": "com.example.orders",
        "account": "123456789012",
        "time": "2026-11-23T12:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    }


def s3_record(key: str, bucket: str = "exports", **more: Any) -> Json:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1, **more}},
    }


def cloudtrail(name: str, key: str, **more: Any) -> Json:
    """A call of S3's API as a rule of EventBridge gets it from CloudTrail."""
    detail = {
        "eventVersion": "1.09",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "readOnly": False,
        "requestParameters": {"bucketName": "exports", "key": key},
        "responseElements": {"x-amz-version-id": "v3"},
        "eventID": "f8a6e4a4-7f0b-4dd1-a3b6-0c6a6f7f9a11",
        "eventCategory": "Data",
    }
    kind = {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail"}
    return eventbridge(detail | more) | kind


def wrong(count: int, seed: int) -> Iterator[str]:
    """So many bodies, nearly all of them malformed, as SQS could hand them out (no NUL)."""
    dice = random.Random(seed)  # noqa: S311
    kinds: list[Callable[[random.Random], str]] = [_noise, _cut, _flipped, _bomb, _wrong_value]
    for _ in range(count):
        yield dice.choice(kinds)(dice)


def _good(dice: random.Random) -> str:
    own = {"version": 1, "request": f"RITM{dice.randrange(10**7):07}", "approved": True}
    wrapped = dice.choice([own, sns(own), eventbridge(own), {"Records": [s3_record("a+b.csv")]}])
    return json.dumps(wrapped)


def _noise(dice: random.Random) -> str:
    alphabet = '{}[]",:0123456789.eE+-truefalsn \\u\n\té\u2028😀RITM'
    return "".join(dice.choices(alphabet, k=dice.randrange(1, 200)))


def _cut(dice: random.Random) -> str:
    body = _good(dice)
    return body[: dice.randrange(1, len(body))]


def _flipped(dice: random.Random) -> str:
    body = list(_good(dice))
    for _ in range(dice.randrange(1, 4)):
        body[dice.randrange(len(body))] = chr(dice.choice([*range(32, 127), 0xE9, 0x202E]))
    return "".join(body)


def _bomb(dice: random.Random) -> str:
    size = dice.randrange(1, 2_000)
    return dice.choice(
        [
            "[" * size,
            '{"a":' * size + "1" + "}" * size,
            '{"version":1,"request":' + "9" * size + "}",
            '{"version":1,"version":1,"request":"RITM0010001"}',
            '{"version":NaN,"request":"RITM0010001"}',
            '{"version":1,"request":"\\ud83d"}',
            '\ufeff{"version":1}',
            "9" * size,
        ]
    )


def _wrong_value(dice: random.Random) -> str:
    values: list[Any] = [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "INC0010001",
        "RITM0010001^NQactive=true",
        [],
        {},
        "é",
    ]
    fields = ["version", "request", "task", "Type", "Message", "Records", "detail", "detail-type"]
    chosen = dice.sample(fields, dice.randrange(1, 4))
    return json.dumps({field: dice.choice([*values, 1]) for field in chosen})
