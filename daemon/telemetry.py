"""Who is told of the service's work by machine: nobody, unless the settings say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from adapters.running.trouble import Board, Trouble
from adapters.telemetry.figures import Meters
from adapters.telemetry.silence import Silence
from adapters.wiring import House
from config.settings import Settings
from transfer.errors import Code, Transient
from transfer.ports import Meter, Standing


class Unwritten(Silence):
    """Of the text file `status` tells as well: its disk is this host's."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__("metrics")
        self._trouble = trouble

    def heard(self) -> None:
        self._trouble.over()

    def unheard(self, **why: Any) -> None:
        words = "The metrics file {file} cannot be written: {reason}.".format(**why)
        self._trouble.say(Transient(Code.METRICS_UNWRITTEN, words))


def measured(house: House, board: Board) -> House:
    """With metrics for whoever the settings name; the last are told before the house is closed."""
    meters, endings = _meters(house, board)
    if not meters:
        return house

    def close() -> None:
        for end in endings:
            end()
        house.close()

    meter = meters[0] if len(meters) == 1 else Meters(*meters)
    return replace(house, tools=replace(house.tools, meter=meter), close=close)


def _meters(house: House, board: Board) -> tuple[list[Meter], list[Callable[[], None]]]:
    part, destinations = house.settings.metrics, house.tools.destinations
    meters: list[Meter] = []
    endings: list[Callable[[], None]] = []
    # Each within, for it costs time and memory that others need not pay.
    if part.agent_port is not None:
        from adapters.telemetry.emf import Emf, to_agent  # noqa: PLC0415

        meters.append(Emf(to_agent(part.agent_port), destinations, part.log_group))
    if part.textfile is not None:
        from adapters.telemetry.textfile import TextFile  # noqa: PLC0415

        unwritten = Unwritten(board.trouble("metrics"))
        meters.append(TextFile(part.textfile, destinations, version("fileferry"), unwritten))
    if part.endpoint is not None:
        from adapters.telemetry.otlp import OtelMeter  # noqa: PLC0415

        otel = OtelMeter(part.endpoint, destinations, part.timeout)
        meters.append(otel)
        endings.append(otel.close)
    return meters, endings


def standing(house: House, held: int) -> Standing:
    """How the service stands now; so many destinations are held. Raises what the ledger does."""
    left = house.books.archive.unfinished()
    received = min((one.received_at for one in left if one.received_at), default=None)
    now = house.tools.clock()
    return Standing(
        unfinished=len(left),
        oldest=max((now - received).total_seconds(), 0.0) if received else 0.0,
        calls_left=house.calls_left(),
        ledger_bytes=_ledger_bytes(house.settings),
        held=held,
    )


def traced(house: House) -> House:
    """With traces for a collector; they are told before the house is closed."""
    part, tools = house.settings.traces, house.tools
    if part.endpoint is None:
        return house
    # Here, for OpenTelemetry costs time and memory that others need not pay.
    from adapters.telemetry.traces import OtelTracer, TracedAuthority  # noqa: PLC0415

    tracer = OtelTracer(part.endpoint, tools.destinations, part.timeout)

    def close() -> None:
        tracer.close()
        house.close()

    authority = TracedAuthority(tools.authority, tracer)
    return replace(house, tools=replace(tools, tracer=tracer, authority=authority), close=close)


def _ledger_bytes(settings: Settings) -> int | None:
    """Of the ledger's files; None where it is not on this host."""
    part = settings.ledger
    if part.kind != "sqlite":
        return None
    beside = (part.path.with_name(part.path.name + end) for end in ("", "-wal"))
    return sum(file.stat().st_size for file in beside if file.exists())
