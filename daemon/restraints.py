"""What its limits hold back of each destination, for `status` and for systemd."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from adapters.running.quota import Quota
from adapters.wiring import House
from daemon.control.words import Words
from transfer.destination import Destination
from transfer.errors import Code, FerryError
from transfer.windows import rate_at


class Restraints:
    """Reads what all doors keep together. For all threads."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rows: list[Words] = []

    def round(self) -> None:
        """Looks anew; while the ledger does not answer, what was seen last holds."""
        try:
            self._rows = self._look()
        except FerryError:
            return

    def rows(self) -> list[Words]:
        """As it is now."""
        self.round()
        return self._rows

    def unwell(self) -> list[Words]:
        """Those of the last look that a person should know of."""
        return [row for row in self._rows if not row["well"]]

    def _look(self) -> list[Words]:
        destinations = sorted(self._house.tools.destinations.items())
        return [row for _, destination in destinations for row in self._of(destination)]

    def _of(self, destination: Destination) -> Iterator[Words]:
        yield from self._login(destination)
        if destination.files_per_hour:
            yield from self._files(destination)
        rate, until = rate_at(
            self._house.tools.clock(), destination.bandwidth, destination.time_zone
        )
        if rate:
            yield {
                "destination": destination.name,
                "held": "bandwidth",
                "bytes_a_second": rate,
                "until": _stamp(until) if until else None,
                "well": True,
            }

    def _files(self, destination: Destination) -> Iterator[Words]:
        quota = self._house.tools.quota
        if not isinstance(quota, Quota):
            return
        taken, wait = quota.look(destination)
        if taken:
            until = datetime.now(UTC) + timedelta(seconds=wait)
            yield {
                "destination": destination.name,
                "held": "quota",
                "code": str(Code.DESTINATION_QUOTA),
                "files": taken,
                "most": destination.files_per_hour,
                "until": _stamp(until) if wait > 0 else None,
                "well": True,
            }

    def _login(self, destination: Destination) -> Iterator[Words]:
        register = self._house.register
        try:
            held = register.held(destination) if register else None
        except FerryError as error:
            if error.code.startswith("ledger."):
                raise
            # Of a secret that cannot be read its transfers tell.
            return
        if held:
            yield {
                "destination": destination.name,
                "held": "resting" if held.until else "refused",
                "code": str(held.code),
                "reason": held.reason,
                "since": _stamp(held.since),
                "until": _stamp(held.until) if held.until else None,
                "failures": held.failures,
                "well": False,
            }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
