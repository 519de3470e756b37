"""Reads secrets from the credentials directory of systemd, else from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from config import files
from config.faults import Fault, Place
from config.kinds import NAME
from config.settings import Settings
from transfer.errors import Code, Permanent

SYSTEMD = Path("/run/credentials")
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----")


class Secrets:
    """Called with a name, returns the secret without the newline at its end.

    The place is `$CREDENTIALS_DIRECTORY/<name>`, else `$FILEFERRY_SECRET_<NAME>` (upper case, `-`
    as `_`). Raises Permanent `secret.missing`, `secret.exposed`; no message holds a secret.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ, systemd: Path = SYSTEMD) -> None:
        self._environ = environ
        self._systemd = systemd

    def __repr__(self) -> str:
        return "Secrets()"

    def __call__(self, name: str) -> str:
        if not re.fullmatch(NAME, name):
            raise Permanent(Code.SECRET_MISSING, "A name of a secret is made of a-z, 0-9, - and _.")
        text = self._from_file(name)
        if text is None:
            text = self._environ.get(self._variable(name))
        if text is None:
            raise self._missing(name, "is in neither of")
        secret = text.removesuffix("\n").removesuffix("\r")
        if not secret:
            raise self._missing(name, "is empty; looked for in")
        return secret

    def _from_file(self, name: str) -> str | None:
        directory = self._environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            return None
        path = Path(directory, name)
        trouble = ""
        try:
            data, mode = files.read(path)
            self._refuse_exposed(name, path, mode)
            return data.decode()
        except FileNotFoundError:
            return None
        except OSError as error:
            trouble = f"cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            trouble = "is not UTF-8 text"
        # Raised out here, because an error of decoding carries the bytes.
        raise Permanent(Code.SECRET_MISSING, f"The secret {name} in {path} {trouble}.")

    def _refuse_exposed(self, name: str, path: Path, mode: int) -> None:
        # systemd lets the user of the service in by an ACL, whose mask shows as rights of a group.
        ours = path.resolve().is_relative_to(self._systemd.resolve())
        if mode & (0o037 if ours else 0o077):
            raise Permanent(
                Code.SECRET_EXPOSED,
                f"The file {path} of the secret {name} is open to others (mode {mode:04o}).",
                action=f"Take their rights away: chmod 600 {path}",
            )

    def _missing(self, name: str, how: str) -> Permanent:
        directory = self._environ.get("CREDENTIALS_DIRECTORY") or "$CREDENTIALS_DIRECTORY (not set)"
        places = f"{directory}/{name} and ${self._variable(name)}"
        return Permanent(Code.SECRET_MISSING, f"The secret {name} {how} {places}.")

    @staticmethod
    def _variable(name: str) -> str:
        return "FILEFERRY_SECRET_" + name.upper().replace("-", "_")


def check(settings: Settings, secrets: Secrets) -> list[Fault]:
    """Every secret that the settings name and that cannot be used, without repeating any."""
    return [fault for place, name in _named(settings) for fault in _checked(place, name, secrets)]


def _named(settings: Settings) -> Iterator[tuple[Place, str]]:
    yield ("servicenow", "secret"), settings.servicenow.secret
    for name, destination in settings.destinations.items():
        for field in ("password", "private_key"):
            secret = getattr(destination, field)
            if secret:
                yield ("destinations", name, field), secret


def _checked(place: Place, name: str, secrets: Secrets) -> Iterator[Fault]:
    try:
        text = secrets(name)
    except Permanent as error:
        yield Fault(place, f"{error.message.removesuffix('.')}. {error.action}")
        return
    if place[-1] == "private_key" and not _PRIVATE_KEY.match(text.lstrip()):
        yield Fault(place, f"the secret {name} is not a private key in OpenSSH or PEM form")
