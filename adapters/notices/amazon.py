"""Amazon SNS and SES: one call for each notice, by the credentials of the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from transfer.errors import Code, Permanent
from transfer.telling.notices import Notice

SUBJECT = 99
"""Characters of a subject of SNS, which must be ASCII (SNS API: less than 100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the service is; `timeout` is in seconds."""

    region: str
    endpoint_url: str | None
    profile: str | None
    timeout: float

    def client(self, service: str) -> Any:
        """Never tries again by itself. Raises Permanent `config.invalid`."""
        # Here, for most houses tell nobody by AWS, and this costs them half a second.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        from adapters.aws import client as aws  # noqa: PLC0415

        once = Config(retries={"mode": "standard", "total_max_attempts": 1}, signature_version="v4")
        with aws.settings_checked():
            session: Any = boto3.session.Session(profile_name=self.profile, region_name=self.region)
            config = aws.client_config(self.endpoint_url, self.timeout).merge(once)
            made = session.client(service, endpoint_url=self.endpoint_url, config=config)
            return aws.guarded(made)


class Sns:
    """Publishes to a topic, standard or FIFO; outcome, destination and code for filter policies."""

    def __init__(self, account: Account, topic: str) -> None:
        self._account = account
        self._topic = topic

    def send(self, notice: Notice) -> None:
        told = {each: getattr(notice, each) for each in ("outcome", "destination", "code")}
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in told.items()
            if value
        }
        subject = notice.subject.encode("ascii", "replace").decode()[:SUBJECT]
        # Only FIFO topics take these; they pass over the second of two within five minutes.
        once = {"MessageGroupId": "fileferry", "MessageDeduplicationId": notice.id}
        with _translated("SNS"):
            self._account.client("sns").publish(
                TopicArn=self._topic,
                Subject=subject,
                Message=notice.text(),
                MessageAttributes=attributes,
                **(once if self._topic.endswith(".fifo") else {}),
            )


class Ses:
    """A mail of plain text, by SES version 2."""

    def __init__(self, account: Account, sender: str, to: tuple[str, ...]) -> None:
        self._account = account
        self._sender = sender
        self._to = to

    def send(self, notice: Notice) -> None:
        texts = {"Subject": _utf8(notice.subject), "Body": {"Text": _utf8(notice.text())}}
        with _translated("SES"):
            self._account.client("sesv2").send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": list(self._to)},
                Content={"Simple": texts},
            )


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


@contextmanager
def _translated(service: str) -> Iterator[None]:
    from botocore.exceptions import ClientError  # noqa: PLC0415  as in `client`

    from adapters.aws import client as aws  # noqa: PLC0415

    try:
        with aws.no_answer_translated(service, f"send a notice by {service}"):
            yield
    except ClientError as error:
        why = f"{service} refused it ({aws.code_of(error)}, HTTP {aws.status_of(error)})."
        raise Permanent(Code.NOTICE_FAILED, why) from error
