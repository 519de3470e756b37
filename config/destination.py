"""The settings of a partner endpoint."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationInfo, field_validator

from config.keys import ALLOWED, fingerprint
from config.kinds import (
    Algorithm,
    BandwidthText,
    Beside,
    Count,
    Day,
    Encoding,
    Folder,
    Host,
    HostKeyText,
    Hours,
    NamePart,
    Once,
    Phrase,
    Reason,
    Root,
    Seconds,
    SecondsOrZero,
    SecretName,
    Text,
    ZoneName,
)
from config.part import Part, absent
from transfer.destination import Conflict, Mode, Tier

Digest = Literal["md5", "sha256"]
From = Literal["compute", "attest", "none"]
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


class SidecarSettings(Part):
    """A small file of ours beside each delivered one: its digest, or empty, as a done-marker."""

    name: Beside | None = Field(
        None,
        description="From the file's directory, e.g. '{name}.sha256' or 'done/{name}'; null: none.",
    )
    digest: Literal["md5", "sha256", "none"] = Field(
        "sha256", description="What stands in it, as sha256sum and md5sum write it; none: nothing."
    )


class AcknowledgementSettings(Part):
    """A small file that the partner writes when a file has arrived there: tier T3."""

    name: Beside | None = Field(
        None,
        description="From the file's directory, e.g. '{name}.ack' or 'ack/{name}'; null: none is "
        "waited for.",
    )
    within: Seconds = Field(
        900.0, description="Seconds after the publish; then the transfer has failed."
    )
    digest: Literal["md5", "sha256", "none"] = Field(
        "none", description="What must stand in it, and be ours; none: that it is there is enough."
    )
    remove: bool = Field(False, description="Take it away afterwards.")


class TempSettings(Part):
    """What a file is called while it is under way, for servers that prohibit the usual names."""

    prefix: NamePart = Field(
        ".ff-", description="What the name begins with; '' for nothing, beside a suffix."
    )
    suffix: NamePart = Field(".part", description="What it ends with; '' for nothing.")
    folder: Folder = Field(
        "",
        description="Directory below root, on the same file system, for all of them; '' is the "
        "directory of the final name.",
    )


class DigestsSettings(Part):
    """What stands on the receipt beside the size. A list of names, `[md5, sha256]`, computes those
    and leaves the others out.
    """

    md5: From = Field(
        "attest",
        description="attest: taken from S3 where AWS vouches for it and a checksum proves the "
        "bytes, else computed; compute: always computed; none: left out.",
    )
    sha256: From = Field("compute", description="The same for SHA-256.")


def _listed(value: object) -> object:
    """The form that it had first."""
    if not isinstance(value, list):
        return value
    names: list[Digest] = TypeAdapter(Annotated[list[Digest], Once]).validate_python(value)
    return {name: "compute" if name in names else "none" for name in get_args(Digest)}


class DestinationSettings(Part):
    """A partner endpoint. Requests name it; they never carry a host or a password."""

    description: Phrase = Field(
        "", description="What requesters read of it in ServiceNow's catalog; never a host."
    )
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
    tls: TlsSettings = absent()
    clear_text: Reason | None = Field(
        None,
        description="ftp only, and needed there: why plain FTP is acceptable here, and who "
        "decided it.",
    )
    names: Encoding | None = Field(
        None,
        description="ftp and ftps only. How names are encoded there: utf-8, latin-1, cp1252, …; "
        "null is UTF-8 where the server says that it knows it, else ASCII only.",
    )
    root: Root = Field("/", description="Everything is delivered below this directory.")
    on_conflict: Conflict = Field(
        Conflict.FAIL,
        description="When the name is taken: fail, replace the old file, or version the new name "
        "(pay.csv becomes pay.2.csv).",
    )
    collected: bool = Field(
        False, description="The partner takes files away at once: an absent file has arrived."
    )
    mode: Mode = Field(
        Mode.AUTO,
        description="How a file gets its final name: posix-rename, rename (never replaces), swap "
        "(old file aside first), direct (in place, where nothing may be renamed); auto: the best.",
    )
    temp: TempSettings = absent()
    tier: Tier | None = Field(
        None,
        description="Least proof of a delivery: T0 size, T1 the server's own hash, T2 read back, "
        "T3 the partner's acknowledgement; null is T2 for ftp and T0 elsewhere.",
    )
    digests: Annotated[DigestsSettings, BeforeValidator(_listed)] = absent(
        "The two below, or a list such as [md5, sha256]: those are computed, and nothing else."
    )
    sidecar: SidecarSettings = absent()
    acknowledgement: AcknowledgementSettings = absent()
    connections: Count = Field(4, ge=1, le=16, description="Connections at the same time.")
    connections_per_file: Count = Field(
        4,
        ge=1,
        le=16,
        description="sftp only. Most connections that write one large file together; 1 for servers "
        "that cannot write a file out of order.",
    )
    keep_idle: SecondsOrZero = Field(
        30.0,
        le=600,
        description="Seconds for which an idle connection is kept for the next request; 0: none.",
    )
    fast_ssh: bool = Field(
        True,
        description="sftp only. FileFerry's own path for large SSH packets; false is paramiko's, "
        "for servers that break off or report corrupted packets.",
    )
    blackouts: list[Hours] = Field(
        default_factory=list,
        description="Hours in which no file is begun, e.g. 'Mon-Fri 08:00-18:00'.",
    )
    time_zone: ZoneName = Field("UTC", description="Zone of all hours here, e.g. Europe/Berlin.")
    connect_timeout: Seconds = Field(15.0, description="Seconds to connect and log in.")
    timeout: Seconds = Field(30.0, description="Seconds without progress before giving up.")
    min_rate: Count = Field(
        256,
        ge=0,
        description="Bytes a second below which a transfer is broken off after timeout seconds, so "
        "that others get its place, and continued later; 0: never.",
    )
    bandwidth: list[BandwidthText] = Field(
        default_factory=list,
        description="Most bytes a second that all hosts together send, e.g. '10 MB/s' or 'Mon-Fri "
        "08:00-18:00 2 MB/s'; of several that hold at one time the least.",
    )
    files_per_hour: Count | None = Field(
        None,
        ge=1,
        description="Most files that are begun there in an hour, by all hosts together; null: any "
        "number.",
        examples=[240],
    )
    rest_after: Count = Field(
        3,
        ge=0,
        le=100,
        description="Connections in a row that failed after which nobody tries for a while, and "
        "transfers wait; 0: never. With more than transfers.tries the first ones fail.",
    )
    rest: Seconds = Field(
        60.0,
        le=900,
        description="Seconds of the first such rest; each further one is twice as long, to 900.",
    )
    route: Literal["in_process", "step_functions", "auto"] = Field(
        "in_process",
        description="Who carries its files: this host, AWS (cloud.state_machine), or auto: AWS "
        "what is more than 10 GiB or 1,000 files.",
    )

    @field_validator("host_keys")
    @classmethod
    def _distinct(cls, keys: list[HostKeySettings]) -> list[HostKeySettings]:
        if len({one.key for one in keys}) < len(keys):
            raise ValueError("must not name the same key twice")
        return keys
