"""`fileferry submit`: one message into the queue, as any producer may send it."""

from __future__ import annotations

import typer
from pydantic import TypeAdapter, ValidationError

from adapters import wiring
from config.kinds import QueueUrl
from config.settings import Settings
from transfer.errors import Code, Permanent
from transfer.request import hints


def submitted(settings: Settings, record: str, url: str | None) -> str:
    """The id of the message. Raises typer.BadParameter for words that are neither number nor
    address, Permanent `config.invalid` where there is no queue, and what a Queue raises.
    """
    try:
        body = hints.write(record)
        checked = url and TypeAdapter(QueueUrl).validate_python(url)
    except Permanent as error:
        raise typer.BadParameter("must be a number such as RITM0010001, or a sys_id") from error
    except ValidationError as error:
        raise typer.BadParameter(f"{url}: {error.errors()[0]['msg']}") from error
    queue = wiring.queue(settings, checked or None)
    if queue is None:
        raise Permanent(
            Code.CONFIG_INVALID,
            "The configuration names no queue.",
            action="Set queue.url, or name one with --queue.",
        )
    return queue.send(body, group=record)
