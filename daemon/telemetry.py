"""Who is told of the service's work by machine: nobody, unless the settings say so."""

from __future__ import annotations

from dataclasses import replace

from adapters.wiring import House


def measured(house: House) -> House:
    """With metrics for the agent of this host."""
    part, tools = house.settings.metrics, house.tools
    if part.agent_port is None:
        return house
    from adapters.telemetry.emf import Emf, to_agent  # noqa: PLC0415  most hosts have no agent

    meter = Emf(to_agent(part.agent_port), tools.destinations, part.log_group)
    return replace(house, tools=replace(tools, meter=meter))


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
