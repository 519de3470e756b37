"""Makes a way of telling from what the settings say of it. Nothing is read or connected to yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.notices.notices import Way


def way(part: Mapping[str, Any], secrets: Callable[[str], str]) -> Way:
    """`part` holds the settings of a notice by their names, and the `profile` of AWS."""
    ca_file = str(part["ca_file"]) if part["ca_file"] else None
    # Each here, for its libraries are slow to load, and few houses tell by all of them.
    if part["kind"] == "smtp":
        from adapters.notices.smtp import Smtp  # noqa: PLC0415

        return Smtp(
            host=part["host"],
            port=part["port"],
            implicit=part["encryption"] == "tls",
            sender=part["sender"],
            to=tuple(part["to"]),
            user=part["user"] or "",
            secret=lambda: secrets(part["password"]),
            timeout=part["timeout"],
            ca_file=ca_file,
        )
    if part["kind"] in ("teams", "slack"):
        from adapters.notices import slack, teams, webhook  # noqa: PLC0415

        hook = webhook.Webhook(
            secret=lambda: secrets(part["webhook"]), timeout=part["timeout"], ca_file=ca_file
        )
        return slack.Slack(hook) if part["kind"] == "slack" else teams.Teams(hook)
    return _amazon(part)


def _amazon(part: Mapping[str, Any]) -> Way:
    from adapters.notices.amazon import Account, Ses, Sns  # noqa: PLC0415

    topic = part["topic"]
    account = Account(
        # The region of a topic stands in its name.
        region=topic.split(":")[3] if topic else part["region"],
        endpoint_url=part["endpoint_url"],
        profile=part["profile"],
        timeout=part["timeout"],
    )
    return Sns(account, topic) if topic else Ses(account, part["sender"], tuple(part["to"]))
