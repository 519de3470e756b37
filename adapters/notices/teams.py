"""Microsoft Teams, by the webhook of a workflow: an Adaptive Card of runs of text.

A TextBlock of a card knows Markdown and dates in braces, a TextRun does not (its schema).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from adapters.notices.webhook import Webhook, failed
from transfer.telling.notices import FOOT, Notice


class Teams:
    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def send(self, notice: Notice) -> None:
        status, body = self._webhook.post(document(notice))
        # A workflow accepts with 202. The older connectors said 200 and `1`; to a card that was
        # thrown away they said 200 too, and why.
        if status != HTTPStatus.ACCEPTED and body not in ("", "1"):
            raise failed("The answer is not that of a workflow: the card was not taken.")


def document(notice: Notice) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _runs(notice.subject, weight="Bolder", size="Medium"),
            _runs(notice.summary),
            *(_runs(f"{name}: {value}") for name, value in notice.facts),
            *map(_runs, notice.files),
            _runs(FOOT, isSubtle=True),
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _runs(text: str, **form: Any) -> dict[str, Any]:
    # Templates of cards are filled in where `${` stands, in any kind of text.
    apart = text.replace("${", "$ {").replace("{{", "{ {")
    run = {"type": "TextRun", "text": apart, **form}
    return {"type": "RichTextBlock", "inlines": [run]}
