"""Who is told of the service's work by machine: nobody, unless the settings say so."""

from __future__ import annotations

from dataclasses import replace

from adapters.wiring import House


def measured(house: House) -> House:
    part, tools = house.settings.metrics, house.tools
    if part.agent_port is None:
        return house
    from adapters.telemetry.emf import Emf, to_agent  # noqa: PLC0415  most hosts have no agent

    meter = Emf(to_agent(part.agent_port), tools.destinations, part.log_group)
    return replace(house, tools=replace(tools, meter=meter))
