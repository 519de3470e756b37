"""The settings as the values that the rest of the house works with: Destination, Rules."""

from __future__ import annotations

from dataclasses import replace

from config.destination import (
    PORTS,
    AcknowledgementSettings,
    DestinationSettings,
    HostKeySettings,
    SidecarSettings,
    TlsSettings,
)
from config.doors import StandingSettings
from config.settings import Settings
from transfer.destination import Acknowledgement, Destination, HostKey, Sidecar, TempNames, Tls
from transfer.request.options import NAMES as OPTIONS
from transfer.rules import Grant, Rules, Standing
from transfer.windows import parse_bandwidth, parse_blackout


def rules(settings: Settings) -> Rules:
    names = settings.servicenow.variables
    return Rules(
        catalog_items=frozenset(settings.servicenow.catalog_items),
        variables=(names.source, names.destination, names.path),
        as_found=frozenset(settings.servicenow.content_as_found),
        standing=_standing(settings.servicenow.standing),
        actor=settings.approvals.actor,
        accounts=frozenset(settings.approvals.accounts),
        options={
            option: name for option in OPTIONS if (name := getattr(names, option)) is not None
        },
        grants=tuple(
            Grant(
                requesters=frozenset(grant.requesters),
                sources=tuple(grant.sources),
                destinations=frozenset(grant.destinations),
                items=frozenset(grant.items),
            )
            for grant in settings.grants
        ),
    )


def _standing(part: StandingSettings) -> Standing | None:
    if part.table is None:
        return None
    return Standing(
        table=part.table,
        prefix=part.prefix,
        destination=part.destination,
        until=part.until,
        path=part.path or "",
    )


def destinations(settings: Settings) -> dict[str, Destination]:
    return {
        name: _limited(_partner(name, part), part) for name, part in settings.destinations.items()
    }


def _partner(name: str, part: DestinationSettings) -> Destination:
    return Destination(
        name=name,
        protocol=part.protocol,
        host=part.host,
        port=part.port or PORTS[part.protocol],
        username=part.username,
        root=part.root,
        password=part.password,
        private_key=part.private_key,
        passphrase=part.passphrase,
        certificate=part.certificate,
        host_keys=tuple(_host_key(pin) for pin in part.host_keys),
        algorithms=frozenset(part.algorithms),
        tls=_tls(part.tls),
        clear_text=part.clear_text or "",
        names=part.names or "",
        on_conflict=part.on_conflict,
        collected=part.collected,
        mode=part.mode,
        temp=TempNames(prefix=part.temp.prefix, suffix=part.temp.suffix, folder=part.temp.folder),
        tier=part.tier,
        digests=tuple(name for name, way in part.digests if way != "none"),
        attest=tuple(name for name, way in part.digests if way == "attest"),
        sidecar=_sidecar(part.sidecar),
        acknowledgement=_acknowledgement(part.acknowledgement),
        fast_ssh=part.fast_ssh,
        time_zone=part.time_zone,
        route=part.route,
    )


def _limited(partner: Destination, part: DestinationSettings) -> Destination:
    return replace(
        partner,
        connections=part.connections,
        connections_per_file=part.connections_per_file,
        keep_idle=part.keep_idle,
        blackouts=tuple(map(parse_blackout, part.blackouts)),
        connect_timeout=part.connect_timeout,
        timeout=part.timeout,
        min_rate=part.min_rate,
        bandwidth=tuple(map(parse_bandwidth, part.bandwidth)),
        files_per_hour=part.files_per_hour or 0,
        rest_after=part.rest_after,
        rest=part.rest,
    )


def _host_key(pin: HostKeySettings) -> HostKey:
    return HostKey(fingerprint=pin.key, not_before=pin.not_before, not_after=pin.not_after)


def _sidecar(part: SidecarSettings) -> Sidecar | None:
    return Sidecar(name=part.name, digest=_digest(part.digest)) if part.name else None


def _acknowledgement(part: AcknowledgementSettings) -> Acknowledgement | None:
    if not part.name:
        return None
    return Acknowledgement(
        name=part.name, within=part.within, digest=_digest(part.digest), remove=part.remove
    )


def _digest(name: str) -> str:
    return "" if name == "none" else name


def _tls(part: TlsSettings) -> Tls:
    return Tls(ca_file=str(part.ca_file) if part.ca_file else None, certificate=part.certificate)
