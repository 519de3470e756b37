"""The promises of the Notifier port and of what tells by it, kept by each of the five ways.

What arrives says all that counts; a way that is down or silent holds nobody up, and tells nobody
its secrets. That a notice fails no transfer: tests/transfer/test_journey.py.
"""

from __future__ import annotations

import gc
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory.notify import MemoryNotifier
from adapters.notices import slack, teams
from adapters.notices.amazon import Account, Ses, Sns
from adapters.notices.notices import Notices, Told, Way
from adapters.notices.smtp import Smtp
from adapters.notices.webhook import Webhook
from tests.servers.certificates import Authority
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.mail import Mail, mail_server
from tests.servers.ports import nobody
from tests.servers.webhooks import PATH, Webhooks, webhooks
from tests.transfer.made import NOON, request
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Outcome, Source, Stage, Transfer
from transfer.telling.notices import Notice, notice_of, sample

SENDER, TO = "ferry@example.com", ("ops@example.com", "audit@example.com")
LOGIN = ("ferry", "password-c4n4ry")
SECRETS = ("c4n4ry", "open-sesame-42")
FAILED = Transfer(request=request(), stage=Stage.VALIDATED).failed(
    Permanent(Code.REMOTE_FULL, "The partner's disk is full, says März & Söhne <ops>.")
)
FILES = [Delivery(number=1, source=Source(bucket="exports", key="a"), final="/in/März 1.csv")]
ENDINGS = [
    FAILED,
    *(
        Transfer(request=request(), stage=Stage.REPORTED, outcome=each, received_at=NOON)
        for each in (Outcome.DELIVERED, Outcome.REHEARSED, Outcome.UNKNOWN)
    ),
]


@dataclass
class Channel:
    """One way: `at` makes it for a port of this host, `heard` is what has arrived, as text."""

    at: Callable[[int], Way]
    port: int
    heard: Callable[[], list[str]]

    def notices(self, port: int | None = None, timeout: float = 120.0) -> Notices:
        way = self.at(self.port if port is None else port)
        told = Told(name="ops", way=way, outcomes=frozenset(Outcome), timeout=timeout)
        return Notices([told], MemoryNotifier())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as server, pytest.MonkeyPatch.context() as own:
        own.setenv("AWS_ACCESS_KEY_ID", server.access_key)
        own.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
        server.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield server


@pytest.fixture(scope="module")
def hook(authority: Authority) -> Iterator[Webhooks]:
    with webhooks(authority.certify("hook")) as made:
        yield made


@pytest.fixture(scope="module")
def post(authority: Authority) -> Iterator[Mail]:
    with mail_server(authority.certify("mail"), login=True) as made:
        yield made


def by_hook(hook: Webhooks, kind: type[slack.Slack | teams.Teams]) -> Channel:
    hook.got.clear()
    hook.status, hook.body = (200, b"ok") if kind is slack.Slack else (202, b"")

    def at(port: int) -> Way:
        url = f"https://localhost:{port}{PATH}"
        return kind(Webhook(secret=lambda: url, timeout=120.0, ca_file=str(hook.ca_file)))

    port = int(hook.url.split(":")[2].partition("/")[0])
    return Channel(at, port, lambda: [json.dumps(each, ensure_ascii=False) for each in hook.got])


def by_mail(post: Mail) -> Channel:
    post.got.clear()

    def at(port: int) -> Way:
        user, secret = LOGIN
        return Smtp(
            host="localhost",
            port=port,
            sender=SENDER,
            to=TO,
            user=user,
            secret=lambda: secret,
            timeout=120.0,
            ca_file=str(post.ca_file),
        )

    def heard() -> list[str]:
        return [f"{each['Subject']}\n{each.get_content()}" for each in post.got]

    return Channel(at, post.port, heard)


def account(aws: EmbeddedAws, port: int) -> Account:
    endpoint = f"http://127.0.0.1:{port}"
    return Account(region=aws.region, endpoint_url=endpoint, profile=None, timeout=120.0)


def mails(aws: EmbeddedAws) -> list[dict[str, Any]]:
    """What SES was given to send, as the embedded AWS keeps it."""
    line = HTTPConnection("127.0.0.1", aws.port, timeout=60)
    line.request("GET", f"/_ministack/ses/messages?account={aws.account}")
    found = json.loads(line.getresponse().read())
    line.close()
    return [each for one in _lists(found) for each in one]


def _lists(value: object) -> Iterator[list[dict[str, Any]]]:
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _lists(each)


def by_ses(aws: EmbeddedAws) -> Channel:
    before = len(mails(aws))

    def heard() -> list[str]:
        return [f"{each['Subject']}\n{each['BodyText']}" for each in mails(aws)[before:]]

    return Channel(lambda port: Ses(account(aws, port), SENDER, TO), aws.port, heard)


def by_sns(aws: EmbeddedAws) -> Channel:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="endings")["TopicArn"]
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    queue = arn["Attributes"]["QueueArn"]
    sending: dict[str, Any] = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    sending["Principal"] = {"Service": "sns.amazonaws.com"}
    may = json.dumps({"Version": "2012-10-17", "Statement": [sending]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": may})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    sqs.purge_queue(QueueUrl=url)
    kept: list[str] = []

    def heard() -> list[str]:
        while found := sqs.receive_message(QueueUrl=url).get("Messages"):
            for each in found:
                told = json.loads(each["Body"])
                kept.append(f"{told['Subject']}\n{told['Message']}")
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return kept

    return Channel(lambda port: Sns(account(aws, port), topic), aws.port, heard)


@pytest.fixture(params=["smtp", "ses", "sns", "teams", "slack"])
def channel(request: pytest.FixtureRequest) -> Channel:
    if request.param == "smtp":
        return by_mail(request.getfixturevalue("post"))
    if request.param in ("ses", "sns"):
        made = by_ses if request.param == "ses" else by_sns
        return made(request.getfixturevalue("aws"))
    kind = slack.Slack if request.param == "slack" else teams.Teams
    return by_hook(request.getfixturevalue("hook"), kind)


def test_every_ending_arrives_once_with_what_counts(channel: Channel) -> None:
    for ending in ENDINGS:
        channel.notices().tell(ending, FILES)
    heard = arrived(channel, len(ENDINGS))
    for ending, said in zip(ENDINGS, sorted(heard, key=_order), strict=True):
        assert notice_of(ending, FILES).subject in said
        assert "/in/März 1.csv" in said
        assert not any(secret in said for secret in SECRETS)
    assert "remote.full" in "".join(heard)


def arrived(channel: Channel, count: int) -> list[str]:
    """All of them: a queue may be a little late."""
    until = time.monotonic() + 120.0
    while len(heard := channel.heard()) < count and time.monotonic() < until:
        time.sleep(0.05)
    assert len(heard) == count
    return heard


def _order(said: str) -> int:
    subjects = [notice_of(each, FILES).subject for each in ENDINGS]
    return next(place for place, subject in enumerate(subjects) if subject in said)


def test_one_that_is_down_is_named_and_tells_no_secret(channel: Channel) -> None:
    with nobody() as port, capture_logs() as logs, pytest.raises(Permanent) as caught:
        channel.notices(port).tell(FAILED, FILES)
    assert caught.value.code is Code.NOTICE_FAILED
    assert caught.value.message.startswith("The notice ops failed: ")
    said = f"{caught.value!r} {caught.value.__context__!r} {logs}"
    assert not any(secret in said for secret in SECRETS)
    assert channel.heard() == []


def test_one_that_never_answers_holds_nobody_up(channel: Channel) -> None:
    """Its time is over long before the library's own would be."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Permanent) as caught:
        channel.notices(silent.getsockname()[1], timeout=0.2).tell(FAILED, FILES)
    assert caught.value.message == "The notice ops failed: It was not done within 0.2 s."
    # The line is cut now, and the thread ends before another test begins.
    for thread in threading.enumerate():
        if thread.name == "notice ops":
            thread.join(120.0)
    gc.collect()


TEXT_RUN: dict[str, Any] = {
    "type": {"TextRun"},
    "text": str,
    "weight": {"default", "lighter", "bolder"},
    "size": {"default", "small", "medium", "large", "extralarge"},
    "isSubtle": bool,
}
"""What the published schema (adaptivecards.io/schemas/adaptive-card.json, 1.4) lets a TextRun have,
of what we use. It knows no other properties, and takes words of an enumeration in any case.
"""
LARGEST_CARD = 28_000
"""Bytes of a message that Teams takes (Microsoft: limits and specifications, 28 KB)."""


def fits(run: dict[str, Any]) -> bool:
    def right(name: str, value: object) -> bool:
        rule = TEXT_RUN.get(name)
        if isinstance(rule, type):
            return isinstance(value, rule)
        words = {each.lower() for each in rule or ()}
        return isinstance(value, str) and value.lower() in words

    return "text" in run and all(right(name, value) for name, value in run.items())


def many() -> Sequence[Delivery]:
    source = Source(bucket="exports", key="k" * 900)
    return [Delivery(number=n, source=source, final=f"/in/{'f' * 900}{n}") for n in range(1000)]


@pytest.mark.parametrize(
    "notice",
    [notice_of(FAILED, FILES), notice_of(FAILED, many()), sample("x")],
    ids=["failed", "many failed", "sample"],
)
def test_a_card_is_as_the_schema_of_adaptive_cards_says(notice: Notice) -> None:
    message = teams.document(notice)
    (attachment,) = message["attachments"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert set(card) <= {"$schema", "type", "version", "body", "msteams"}
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    for block in card["body"]:
        assert set(block) == {"type", "inlines"}
        assert block["type"] == "RichTextBlock"
        assert [run for run in block["inlines"] if not fits(run)] == []
    assert len(json.dumps(message).encode()) < LARGEST_CARD
