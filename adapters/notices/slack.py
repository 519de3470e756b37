"""Slack, by an incoming webhook: blocks of plain text, of which Slack makes nothing."""

from __future__ import annotations

from typing import Any

from adapters.notices.webhook import Webhook, failed
from transfer.telling.notices import Notice

HEADER = 150
SECTION = 3000
"""Characters that Slack takes of such a block (Block Kit reference)."""


class Slack:
    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def send(self, notice: Notice) -> None:
        _, body = self._webhook.post(document(notice))
        if body != "ok":
            raise failed("The answer is not Slack's: a page or a proxy stands in its place.")


def document(notice: Notice) -> dict[str, Any]:
    # `text` is what a phone shows; & < > are Slack's own there (mentions, links), so it is spelt.
    spelt = notice.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    header = {"type": "header", "text": _plain(notice.subject, HEADER)}
    section = {"type": "section", "text": _plain(notice.text(), SECTION)}
    quiet = {"mrkdwn": False, "parse": "none", "link_names": False}
    unfurled = {"unfurl_links": False, "unfurl_media": False}
    return {"text": spelt, "blocks": [header, section], **quiet, **unfurled}


def _plain(text: str, longest: int) -> dict[str, Any]:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}
