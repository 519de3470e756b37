"""The doors beside the poll that are configured, each read by a loop of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

from adapters.running.alarm import LedgerAlarm
from adapters.running.gate import Gate
from adapters.running.trouble import Board
from adapters.servicenow.line.wire import instance_name
from adapters.wiring import House
from daemon.hints import Hints
from daemon.intake import Carrier, Intake
from daemon.lookup import Ended, Lookup, no_execution
from daemon.standing import StandingDoor
from transfer.request import parameters


def doors(  # noqa: PLR0913 what meets here
    house: House,
    intake: Intake,
    carrier: Carrier,
    stop: threading.Event,
    alarm: LedgerAlarm,
    *,
    ended: Ended | None = None,
    board: Board | None = None,
    gate: Gate | None = None,
) -> Iterator[Hints]:
    """SQS, whose S3 events standing approvals judge, and ServiceNow's ECC queue.

    `ended` is told of executions.
    """
    settings = house.settings
    instance, patience = instance_name(settings.servicenow.url), settings.poll.max_backoff
    hints = partial(Hints, stop=stop, alarm=alarm, patience=patience, board=board, gate=gate)
    if house.queue is not None:
        lookup = Lookup(
            house.inbox,
            intake,
            instance,
            _standing(house, carrier),
            ended=ended or no_execution,
        )
        seconds = settings.queue.visibility
        yield hints(house.queue, lookup, visibility=seconds, tracer=house.tools.tracer)
    if house.ecc is not None:
        lookup = Lookup(house.inbox, intake, instance, read=parameters.read)
        yield hints(house.ecc, lookup, name="ecc")


def _standing(house: House, carrier: Carrier) -> StandingDoor:
    tools = house.tools
    return StandingDoor(
        inbox=house.inbox,
        ledger=house.books.ledger,
        carrier=carrier,
        rules=tools.rules,
        destinations=tools.destinations,
        clock=tools.clock,
        tracer=tools.tracer,
    )
