"""What operators have told the service to leave alone: paused destinations, or all work.

A pause survives a restart: it stands in a small file beside the ledger. A drain does not: it is
for the restart itself.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from transfer.errors import Code, Permanent

ALL = ""
"""The name that stands for every destination."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What was paused (a destination, or ALL), by whom, when and why."""

    destination: str
    by: str
    at: datetime
    reason: str

    def document(self) -> dict[str, str]:
        return {
            "destination": self.destination,
            "by": self.by,
            "since": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "reason": self.reason,
        }


class Gate:
    """For all threads. `file` keeps the pauses; without one they end with the process."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._pauses: Mapping[str, Pause] = _read(file) if file else {}
        self._drain: Pause | None = None

    @property
    def pauses(self) -> tuple[Pause, ...]:
        return tuple(self._pauses.values())

    @property
    def drained(self) -> Pause | None:
        return self._drain

    def held(self, destination: str) -> Pause | None:
        """Why nothing may move to it: it stops at the next chunk, and goes on after a resume."""
        pauses = self._pauses
        return pauses.get(ALL) or pauses.get(destination)

    def closed(self) -> Pause | None:
        """Why nothing new is taken in or begun, whatever its destination."""
        return self._pauses.get(ALL) or self._drain

    def pause(self, pause: Pause) -> bool:
        """False when it was paused before. Raises Permanent `control.refused`."""
        with self._lock:
            if pause.destination in self._pauses:
                return False
            self._keep({**self._pauses, pause.destination: pause})
        log.warning(
            "paused", destination=pause.destination or "all", by=pause.by, reason=pause.reason
        )
        return True

    def resume(self, destination: str, by: str) -> bool:
        """ALL ends a drain as well, and leaves pauses of single destinations. False when nothing
        was paused. Raises Permanent `control.refused`.
        """
        with self._lock:
            drained = destination == ALL and self._drain is not None
            paused = destination in self._pauses
            if paused:
                left = {key: pause for key, pause in self._pauses.items() if key != destination}
                self._keep(left)
            if destination == ALL:
                self._drain = None
        if paused or drained:
            log.warning("resumed", destination=destination or "all", by=by)
        return paused or drained

    def drain(self, pause: Pause) -> None:
        """Nothing new is begun; what runs goes on to its end."""
        with self._lock:
            self._drain = self._drain or pause
        log.warning("drained", by=pause.by, reason=pause.reason)

    def _keep(self, pauses: Mapping[str, Pause]) -> None:
        """First on the disk: what is acknowledged holds."""
        if self._file:
            write(self._file, pauses.values())
        self._pauses = pauses


def write(file: Path, pauses: Iterable[Pause]) -> None:
    """All of them or none. Raises Permanent `control.refused`."""
    rows = [asdict(pause) | {"at": pause.at.isoformat()} for pause in pauses]
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            _hand_over(descriptor, file.parent)
            json.dump({"paused": rows}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise Permanent(
            Code.CONTROL_REFUSED,
            f"Nothing was changed, for {file} cannot be written: {error.strerror}.",
            action="Make room and give the service the right to write there, then say it again.",
        ) from error


def _hand_over(descriptor: int, folder: Path) -> None:
    """What the superuser writes while the service is down is for the service to read."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _read(file: Path) -> dict[str, Pause]:
    """A file that cannot be read pauses all: nobody knows what it held back."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["paused"]
        pauses = [Pause(**row | {"at": datetime.fromisoformat(row["at"])}) for row in rows]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.error("pauses unreadable", file=str(file), fault=type(error).__name__)  # noqa: TRY400
        at = datetime.now().astimezone()
        why = f"{file} cannot be read, so nobody knows what was paused"
        return {ALL: Pause(destination=ALL, by="FileFerry", at=at, reason=why)}
    return {pause.destination: pause for pause in pauses}
