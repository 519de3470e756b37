"""Each way against a server of its kind: what arrives, and what is said when it does not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from adapters.memory.notify import MemoryNotifier
from adapters.notices import slack, teams
from adapters.notices.amazon import Account, Ses, Sns
from adapters.notices.notices import Notices, Told, Way
from adapters.notices.smtp import Smtp
from adapters.notices.webhook import Webhook
from sandbox.aws import Aws
from tests.servers.certificates import Authority
from tests.servers.mail import Mail, mail_server
from tests.servers.webhooks import Webhooks, webhooks
from tests.transfer.made import request
from transfer.errors import Code, Permanent
from transfer.model import Delivery, Outcome, Source, Stage, Transfer
from transfer.telling.notices import Notice, notice_of, sample

CANARY = "c4n4ry"
EVIL = "<!channel> [x](https://evil.example) *b* & {{DATE(2026-01-01)}} ${x} www.evil.example"
FAILED = Transfer(request=request(), stage=Stage.VALIDATED).failed(
    Permanent(Code.REMOTE_FULL, f"It is full: {EVIL}.\r\nBcc: mallory@evil.example")
)
FILES = [Delivery(number=1, source=Source(bucket="b", key="k"), final=f"/in/{EVIL}\n@here")]
NOTICE = notice_of(FAILED, FILES)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def hook(authority: Authority) -> Iterator[Webhooks]:
    with webhooks(authority.certify("hook")) as made:
        yield made


@pytest.fixture
def post(authority: Authority) -> Iterator[Mail]:
    with mail_server(authority.certify("mail")) as made:
        yield made


def to_hook(hook: Webhooks, timeout: float = 30.0) -> Webhook:
    return Webhook(secret=lambda: hook.url, timeout=timeout, ca_file=str(hook.ca_file))


def to_mail(post: Mail, **changes: object) -> Smtp:
    given: dict[str, object] = {
        "host": "localhost", "port": post.port, "sender": "ferry@example.com",
        "to": ("ops@example.com", "audit@example.com"), "timeout": 30.0,
        "ca_file": str(post.ca_file),
    }  # fmt: skip
    return Smtp(**{**given, **changes})  # type: ignore[arg-type]


def failure(way: Way, notice: Notice = NOTICE) -> str:
    with pytest.raises(Permanent) as caught:
        way.send(notice)
    assert CANARY not in f"{caught.value}{caught.value.__context__}"
    return caught.value.message


def test_slack_is_told_plain_text_alone(hook: Webhooks) -> None:
    slack.Slack(to_hook(hook)).send(NOTICE)
    (told,) = hook.got
    assert [block["text"]["type"] for block in told["blocks"]] == ["plain_text"] * 2
    assert not any(block["text"]["emoji"] for block in told["blocks"])
    assert "<" not in told["text"]
    assert (told["mrkdwn"], told["parse"], told["link_names"]) == (False, "none", False)
    text = told["blocks"][1]["text"]["text"]
    assert "remote.full" in text
    assert "https://" not in text
    assert "www." not in text


def test_a_subject_with_a_mention_is_spelt_for_slack() -> None:
    named = slack.document(notice_of(FAILED.evolve(request=request(destination=EVIL)), ()))
    assert "&lt;!channel&gt;" in named["text"]
    assert "<" not in named["text"]


def test_teams_is_told_runs_of_text_alone(hook: Webhooks) -> None:
    hook.status, hook.body = 202, b""
    teams.Teams(to_hook(hook)).send(NOTICE)
    (told,) = hook.got
    body = told["attachments"][0]["content"]["body"]
    assert {block["type"] for block in body} == {"RichTextBlock"}
    runs = [run for block in body for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    said = json.dumps(runs)
    assert not any(harm in said for harm in ("${", "{{", "https://", "\\n"))


def test_a_mail_has_the_headers_and_recipients_that_were_configured_alone(post: Mail) -> None:
    to_mail(post).send(NOTICE)
    (mail,) = post.got
    assert post.to == [["ops@example.com", "audit@example.com"]]
    assert mail["Subject"] == f"{NOTICE.subject}"
    assert mail["Bcc"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert NOTICE.id in mail["Message-ID"]
    assert isinstance(mail, EmailMessage)
    assert mail.get_content().replace("\r\n", "\n") == NOTICE.text()


@pytest.mark.parametrize("implicit", [True, False])
def test_a_mail_server_may_ask_for_a_login(authority: Authority, implicit: bool) -> None:
    with mail_server(authority.certify("mail"), implicit=implicit, login=True) as post:
        way = to_mail(post, implicit=implicit, user=post.user, secret=lambda: post.password)
        way.send(NOTICE)
        wrong = to_mail(post, implicit=implicit, user=post.user, secret=lambda: "c4n4ry-wrong")
        assert failure(wrong) == "localhost refused the login (535)."
    assert len(post.got) == 1


def test_sns_publishes_what_subscribers_can_filter_by() -> None:
    with Aws() as aws:
        sns, sqs = aws.client("sns"), aws.client("sqs")
        topic = sns.create_topic(Name="endings")["TopicArn"]
        arn = sqs.get_queue_attributes(QueueUrl=aws.queue_url, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        Sns(account(aws), topic).send(NOTICE)
        (message,) = sqs.receive_message(QueueUrl=aws.queue_url)["Messages"]
        missing = failure(Sns(account(aws), f"{topic}-not"))
    told = json.loads(message["Body"])
    assert told["Message"] == NOTICE.text()
    assert told["Subject"] == NOTICE.subject
    assert told["MessageAttributes"]["code"]["Value"] == "remote.full"
    assert missing == "SNS refused it (NotFound, HTTP 404)."


def test_ses_sends_from_an_identity_that_was_verified() -> None:
    with Aws() as aws:
        way = Ses(account(aws), "ferry@example.com", ("ops@example.com",))
        assert "SES refused it (MessageRejected" in failure(way)
        ses = aws.client("ses")
        ses.verify_email_identity(EmailAddress="ferry@example.com")
        before = float(ses.get_send_quota()["SentLast24Hours"])
        way.send(NOTICE)
        assert float(ses.get_send_quota()["SentLast24Hours"]) == before + 1


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def account(aws: Aws) -> Account:
    return Account(region=aws.region, endpoint_url=aws.endpoint_url, profile=None, timeout=30.0)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, b"invalid_token", "localhost refused it (HTTP 403, invalid_token)."),
        (500, b"<html>/services/T000/c4n4ry</html>", "localhost refused it (HTTP 500)."),
        (302, b"", "localhost wants FileFerry to go elsewhere (HTTP 302), which it does not."),
        (200, b"<html>c4n4ry</html>", "The answer is not"),
    ],
)
@pytest.mark.parametrize("kind", [slack.Slack, teams.Teams])
def test_a_webhook_that_does_not_take_it(
    hook: Webhooks, kind: type[slack.Slack | teams.Teams], status: int, body: bytes, said: str
) -> None:
    hook.status, hook.body = status, body
    hook.headers = {"Location": hook.url}
    assert failure(kind(to_hook(hook))).startswith(said)
    assert len(hook.got) == 1


def test_a_webhook_that_is_down_or_not_trusted_or_none(hook: Webhooks) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"https://127.0.0.1:{listener.getsockname()[1]}/services/c4n4ry"
    for url, said in [
        (closed, "127.0.0.1 was not reached"),
        (hook.url, "The certificate of localhost is not trusted."),
        (hook.url.replace("https", "http"), "The secret is no address"),
        (hook.url.replace("localhost", "me:c4n4ry@localhost"), "The secret is no address"),
    ]:
        way = slack.Slack(Webhook(secret=lambda url=url: url, timeout=30.0))  # type: ignore[misc]
        assert failure(way).startswith(said)
    assert hook.got == []


def test_a_mail_server_without_tls_is_told_nothing(authority: Authority) -> None:
    with mail_server(authority.certify("mail"), starttls=False) as post:
        assert "does not offer what is needed" in failure(to_mail(post))
    assert post.got == []


def test_a_mail_server_that_is_not_trusted_is_told_nothing(post: Mail) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in failure(to_mail(post, ca_file=None))
    assert post.got == []


def test_recipients_that_are_refused_are_counted(post: Mail) -> None:
    post.refused = frozenset({"audit@example.com"})
    assert failure(to_mail(post)) == "localhost did not take 1 of the recipients."
    post.refused |= {"ops@example.com"}
    assert failure(to_mail(post)) == "localhost refused all recipients (550 5.1.1)."


def told(name: str, way: Way, **changes: object) -> Told:
    given: dict[str, object] = {"outcomes": frozenset({Outcome.FAILED}), "timeout": 60.0}
    return Told(name=name, way=way, **{**given, **changes})  # type: ignore[arg-type]


def test_one_that_is_silent_or_broken_keeps_nobody_else_from_hearing(
    hook: Webhooks, post: Mail
) -> None:
    class Broken:
        def send(self, notice: Notice) -> None:
            raise ValueError(CANARY, notice)

    hook.silent = True
    beside = MemoryNotifier()
    silent = told("chat", slack.Slack(to_hook(hook)), timeout=0.5)
    ways = [silent, told("broken", Broken()), told("mail", to_mail(post))]
    with pytest.raises(Permanent) as caught:
        Notices(ways, beside).tell(FAILED, FILES)
    assert caught.value.code is Code.NOTICE_FAILED
    assert caught.value.message == (
        "The notice chat failed: It was not done within 0.5 s. "
        "The notice broken failed: FileFerry stumbled over a ValueError."
    )
    assert len(post.got) == len(beside.told) == 1


def test_a_way_is_told_of_its_outcomes_and_destinations_alone(post: Mail) -> None:
    ways = [
        told("delivered", to_mail(post), outcomes=frozenset({Outcome.DELIVERED})),
        told("elsewhere", to_mail(post), destinations=frozenset({"elsewhere"})),
        told("here", to_mail(post), destinations=frozenset({FAILED.request.destination})),
    ]
    Notices(ways, MemoryNotifier()).tell(FAILED, FILES)
    assert len(post.got) == 1


def test_a_way_that_hangs_for_ever_gets_no_more_threads_than_it_may() -> None:
    way = told("chat", MemoryWay())
    while way.threads.acquire(blocking=False):
        pass
    with pytest.raises(Permanent, match="before it hang there still"):
        Notices([way], MemoryNotifier()).tell(FAILED, FILES)


class MemoryWay:
    def send(self, notice: Notice) -> None:
        raise AssertionError(notice)


def test_a_sample_says_that_it_is_one(post: Mail, tmp_path: Path) -> None:
    to_mail(post).send(sample("operators"))
    assert "This is a test." in str(post.got[0].get_content())
