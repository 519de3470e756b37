"""The settings of a partner endpoint."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from config.keys import ALLOWED, fingerprint
from config.kinds import (
    Algorithm,
    Count,
    Day,
    Host,
    HostKeyText,
    Once,
    Reason,
    Root,
    Seconds,
    SecretName,
    Text,
)
from config.part import Part
from transfer.destination import Mode, Tier

Digest = Literal["md5", "sha256"]
PORTS = {"sftp": 22, "ftp": 21, "ftps": 21, "ftps-implicit": 990}


class HostKeySettings(Part):
    """A host key and the days on which it is valid."""

    key: HostKeyText = Field(description="Fingerprint or line of known_hosts.")
    not_before: Day | None = Field(None, description="First day (UTC).")
    not_after: Day | None = Field(None, description="Last day (UTC).")

    @field_validator("not_after")
    @classmethod
    def _in_order(cls, day: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("not_before")
        if day and first and day < first:
            raise ValueError("must not be before not_before")
        return day

    def holds(self, today: date) -> bool:
        """Whether the key may be shown on that day (UTC)."""
        began = self.not_before is None or self.not_before <= today
        return began and (self.not_after is None or today <= self.not_after)


def _host_key(entry: object) -> object:
    if isinstance(entry, str):
        # Made here and not by the section, so that a fault stands at the entry itself.
        return HostKeySettings.model_construct(key=fingerprint(entry))
    if not isinstance(entry, dict | HostKeySettings):
        raise ValueError(f"must be {ALLOWED}")  # noqa: TRY004 - pydantic collects ValueError only
    return entry


class TlsSettings(Part):
    """FTPS only: whom to trust, and who we are."""

    ca_file: Path | None = Field(
        None, description="PEM file of a private certificate authority; null is the system's."
    )
    certificate: SecretName | None = Field(
        None, description="Name of the secret: client certificate and its key, in one PEM text."
    )


def _all_digests() -> list[Digest]:
    return ["md5", "sha256"]


class DestinationSettings(Part):
    """A partner endpoint. Requests name it; they never carry a host or a password."""

    protocol: Literal["sftp", "ftp", "ftps", "ftps-implicit"] = Field(
        "sftp", description="How to speak to it; ftps-implicit is TLS from the first byte."
    )
    host: Host = Field(description="Host name or address.", examples=["sftp.bank.example"])
    port: Count | None = Field(
        None,
        ge=1,
        le=65535,
        description="TCP port; null is the protocol's own: sftp 22, ftp and ftps 21, "
        "ftps-implicit 990.",
    )
    username: Text = Field(description="Login name.", examples=["fileferry"])
    password: SecretName | None = Field(
        None, description="Name of the secret: password. sftp needs it or private_key."
    )
    private_key: SecretName | None = Field(
        None,
        description="sftp only. Name of the secret: private key in OpenSSH or PEM form.",
        examples=["bank-key"],
    )
    passphrase: SecretName | None = Field(
        None, description="Name of the secret: passphrase of an encrypted private_key."
    )
    certificate: SecretName | None = Field(
        None, description="Name of the secret: OpenSSH user certificate of private_key."
    )
    host_keys: list[Annotated[HostKeySettings, BeforeValidator(_host_key)]] = Field(
        default_factory=list,
        description="sftp only, and needed there: fingerprints as `ssh-keygen -lf` prints them, or "
        "lines as `ssh-keyscan` prints them. {key: …, not_before: 2026-01-31, not_after: "
        "2027-01-31} limits one to its days.",
        examples=[["SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"]],
    )
    algorithms: Annotated[list[Algorithm], Once] = Field(
        default_factory=list,
        description="sftp only. Weak SSH algorithms that are allowed here, by name.",
    )
    tls: TlsSettings = Field(default_factory=TlsSettings)
    clear_text: Reason | None = Field(
        None,
        description="ftp only, and needed there: why plain FTP is acceptable here, and who "
        "decided it.",
    )
    root: Root = Field("/", description="Everything is delivered below this directory.")
    replace: bool = Field(False, description="Replace a file that is already there.")
    mode: Mode = Field(
        Mode.AUTO,
        description="How a file gets its final name: posix-rename, rename (never replaces), swap "
        "(old file aside first), direct (in place, where nothing may be renamed); auto: the best.",
    )
    tier: Tier | None = Field(
        None,
        description="Least proof of a delivery: T0 size, T1 the server's own hash, T2 read back; "
        "null is T2 for ftp and T0 elsewhere.",
    )
    digests: Annotated[list[Digest], Once] = Field(
        default_factory=_all_digests,
        description="Digests computed while sending; [] saves their CPU, and needs tier T0.",
    )
    connections: Count = Field(4, ge=1, le=16, description="Connections at the same time.")
    connect_timeout: Seconds = Field(15.0, description="Seconds to connect and log in.")
    timeout: Seconds = Field(30.0, description="Seconds without progress before giving up.")

    @field_validator("host_keys")
    @classmethod
    def _distinct(cls, keys: list[HostKeySettings]) -> list[HostKeySettings]:
        if len({one.key for one in keys}) < len(keys):
            raise ValueError("must not name the same key twice")
        return keys
