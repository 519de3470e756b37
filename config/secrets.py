"""Reads secrets from the credentials directory of systemd, else from the environment.

Also checks them, and what else stands outside the file, before a transfer needs them.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from config import files, keys
from config.destination import DestinationSettings
from config.faults import Fault, Place
from config.kinds import NAME
from config.settings import ServiceNowSettings, Settings
from transfer.addresses import is_webhook
from transfer.errors import Code, Permanent

SYSTEMD = Path("/run/credentials")


class Secrets:
    """Called with a name, returns the secret as it was meant, whatever editor it went through.

    Keys and certificates in PEM form have their lines without blanks around them. Anything else is
    one line, without a byte order mark before it and one line ending behind it.

    The place is `$CREDENTIALS_DIRECTORY/<name>`, else `$FILEFERRY_SECRET_<NAME>` (upper case, `-`
    as `_`), else the `vault`. Where nobody has named a directory, as for an operator's commands,
    `beside` comes after the variable: the files that systemd hands over to the service. Raises
    Permanent `secret.missing`, `secret.exposed`, and what the vault raises; no message holds a
    secret.
    """

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        systemd: Path = SYSTEMD,
        vault: Callable[[str], str | None] = lambda _: None,
        beside: Path | None = None,
    ) -> None:
        self._environ = environ
        self._systemd = systemd
        self._vault = vault
        self._beside = beside

    def __repr__(self) -> str:
        return "Secrets()"

    def __call__(self, name: str) -> str:
        if not re.fullmatch(NAME, name):
            raise Permanent(Code.SECRET_MISSING, "A name of a secret is made of a-z, 0-9, - and _.")
        told = self._environ.get("CREDENTIALS_DIRECTORY")
        text = self._from_file(Path(told, name)) if told else None
        if text is None:
            text = self._environ.get(self._variable(name))
        if text is None and self._beside and not told:
            text = self._from_file(self._beside / name)
        if text is None:
            text = self._vault(name)
        if text is None:
            raise self._missing(name, "is in neither of")
        secret = _as_meant(text)
        if not secret:
            raise self._missing(name, "is empty; looked for in")
        if trouble := _trouble(secret):
            raise self._missing(name, f"{trouble}; looked for in")
        return secret

    def _from_file(self, path: Path) -> str | None:
        name = path.name
        trouble, action = "", None
        try:
            data, mode = files.read(path)
            self._refuse_exposed(name, path, mode)
            self._refuse_open(name, path)
            return data.decode("utf-8-sig")  # editors on Windows put a BOM in front
        except FileNotFoundError:
            return None
        except OSError as error:
            trouble = f"cannot be read: {error.strerror}"
            if isinstance(error, PermissionError):
                action = "Run the command as the owner of the file, or as root."
        except UnicodeDecodeError:
            trouble = "is not UTF-8 text"
        # Raised out here, because an error of decoding carries the bytes.
        message = f"The secret {name} in {path} {trouble}."
        raise Permanent(Code.SECRET_MISSING, message, action=action)

    def _refuse_exposed(self, name: str, path: Path, mode: int) -> None:
        # systemd lets the user of the service in by an ACL, whose mask shows as rights of a group.
        ours = path.resolve().is_relative_to(self._systemd.resolve())
        if mode & (0o037 if ours else 0o077):
            raise Permanent(
                Code.SECRET_EXPOSED,
                f"The file {path} of the secret {name} is open to others (mode {mode:04o}).",
                action=f"Take their rights away: chmod 600 {path}",
            )

    def _refuse_open(self, name: str, path: Path) -> None:
        found = files.open_directory(path)
        if found:
            message = f"{found.words} the secret {name}."
            raise Permanent(Code.SECRET_EXPOSED, message, action=found.action)

    def _missing(self, name: str, how: str) -> Permanent:
        told = self._environ.get("CREDENTIALS_DIRECTORY")
        directory = told or self._beside or "$CREDENTIALS_DIRECTORY (not set)"
        places = f"{directory}/{name} and ${self._variable(name)}"
        return Permanent(Code.SECRET_MISSING, f"The secret {name} {how} {places}.")

    @staticmethod
    def _variable(name: str) -> str:
        return "FILEFERRY_SECRET_" + name.upper().replace("-", "_")


def _as_meant(text: str) -> str:
    plain = text.removeprefix("\ufeff")
    if "-----BEGIN " in plain:
        return "\n".join(line.strip() for line in plain.strip().splitlines())
    return plain.removesuffix("\n").removesuffix("\r")


def _trouble(secret: str) -> str | None:
    """What no password, token or certificate of SSH has, and `_as_meant` has left."""
    if any("\ud800" <= character <= "\udfff" for character in secret):
        return "is not UTF-8 text"
    if "-----BEGIN " not in secret and any(unicodedata.category(c) == "Cc" for c in secret):
        return "has more than one line, or a control character, and is no key or certificate"
    return None


def operators(configuration: Path) -> Secrets:
    """Of a command: what the service is handed lies beside its configuration, and is named once."""
    return Secrets(beside=configuration.absolute().parent / "credentials")


def check(settings: Settings, secrets: Secrets, today: date | None = None) -> list[Fault]:
    """What the file alone does not show: secrets and files that cannot be used, expired host keys.

    No fault repeats a secret. `today` is in UTC.
    """
    return [
        *(fault for one in _named(settings) for fault in _checked(one, secrets)),
        *_authorities(settings),
        *_expired(settings, today or datetime.now(UTC).date()),
    ]


@dataclass(frozen=True, slots=True)
class _Named:
    """A secret that the settings name; `trouble` tells why its text is not what it should be."""

    place: Place
    name: str
    trouble: Callable[[str], str | None] = lambda _: None


def _named(settings: Settings) -> Iterator[_Named]:
    yield from _login(settings.servicenow)
    if settings.audit.key:
        yield _Named(("audit", "key"), settings.audit.key, keys.trouble_of_signing_key)
    for name, notice in settings.notices.items():
        if notice.webhook:
            yield _Named(("notices", name, "webhook"), notice.webhook, _trouble_of_webhook)
        if notice.password:
            yield _Named(("notices", name, "password"), notice.password)
    for name, destination in settings.destinations.items():
        for setting, secret, trouble in _of(destination):
            if secret:
                yield _Named(("destinations", name, *setting.split(".")), secret, trouble)


def _trouble_of_webhook(text: str) -> str | None:
    return None if is_webhook(text) else "is no address https://host/path of a webhook"


def names_of_all(settings: Settings) -> Iterator[str]:
    """Every secret, each once, in the order of the file."""
    return iter(dict.fromkeys(one.name for one in _named(settings)))


def names_of_login(settings: Settings) -> Iterator[str]:
    """The secrets by which ServiceNow is asked."""
    return (each.name for each in _login(settings.servicenow))


def names_of_destinations(settings: Settings) -> Iterator[str]:
    """The secrets by which partners are called."""
    for destination in settings.destinations.values():
        yield from (secret for _, secret, _ in _of(destination) if secret)


def names_of_audit(settings: Settings) -> Iterator[str]:
    """The secret by which receipts are signed."""
    yield from filter(None, (settings.audit.key,))


def names_of_notices(settings: Settings) -> Iterator[str]:
    """The secrets by which people are told beside the tickets."""
    for notice in settings.notices.values():
        yield from filter(None, (notice.webhook, notice.password))


def _login(part: ServiceNowSettings) -> Iterator[_Named]:
    if part.auth != "certificate":
        yield _Named(("servicenow", "secret"), part.secret)
    if part.refresh_token:
        yield _Named(("servicenow", "refresh_token"), part.refresh_token)
    if part.jwt.private_key:
        place = ("servicenow", "jwt", "private_key")
        yield _Named(place, part.jwt.private_key, keys.trouble_of_pem_key)
    if part.certificate:
        trouble = keys.trouble_of_client_certificate
        yield _Named(("servicenow", "certificate"), part.certificate, trouble)


def _of(
    destination: DestinationSettings,
) -> Iterator[tuple[str, str | None, Callable[[str], str | None]]]:
    key = partial(keys.trouble_of_key, passphrase=destination.passphrase is not None)
    yield "password", destination.password, lambda _: None
    yield "private_key", destination.private_key, key
    yield "passphrase", destination.passphrase, lambda _: None
    yield "certificate", destination.certificate, keys.trouble_of_ssh_certificate
    yield "tls.certificate", destination.tls.certificate, keys.trouble_of_client_certificate


def _checked(one: _Named, secrets: Secrets) -> Iterator[Fault]:
    try:
        trouble = one.trouble(secrets(one.name))
    except Permanent as error:
        yield Fault(one.place, f"{error.message.removesuffix('.')}. {error.action}")
        return
    if trouble:
        yield Fault(one.place, f"the secret {one.name} {trouble}")


def _authorities(settings: Settings) -> Iterator[Fault]:
    named: dict[Place, Path | None] = {("servicenow", "ca_file"): settings.servicenow.ca_file}
    for name, notice in settings.notices.items():
        named["notices", name, "ca_file"] = notice.ca_file
    for name, destination in settings.destinations.items():
        named["destinations", name, "tls", "ca_file"] = destination.tls.ca_file
    for place, path in named.items():
        try:
            if path:
                files.read(path)
        except OSError as error:
            yield Fault(place, f"{path} cannot be read: {error.strerror}")


def _expired(settings: Settings, today: date) -> Iterator[Fault]:
    for name, destination in settings.destinations.items():
        if destination.host_keys and not any(pin.holds(today) for pin in destination.host_keys):
            yield Fault(
                ("destinations", name, "host_keys"),
                f"none is valid on {today}: ask the partner for the key of today",
            )
