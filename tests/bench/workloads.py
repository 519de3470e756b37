"""What is carried, by whom, and the figures that are to be reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

from transfer.model import MIB

MB = 10**6

OURS = "fileferry"
ATTESTED = "fileferry, MD5 attested"
"""What is usual over AWS: SHA-256 computed, and the bytes proven by a CRC."""
ATTESTED_ALONE = "fileferry, MD5 attested alone"
"""The same without SHA-256."""
BARE = "fileferry, digests: []"
"""The CRC alone."""
RCLONE = "rclone"
HASHING = "rclone, hash check"
NAIVE = "boto3 + putfo"
CURL = "curl into curl"
CURL_LOCAL = "curl, from a file"
SFTP_LOCAL = "OpenSSH sftp, from a file"
LFTP_LOCAL = "lftp, from a file"
READ_ALONE = "curl > /dev/null"
MD5_ALONE = "openssl md5"
SHA256_ALONE = "openssl sha256"
LOCAL = (CURL_LOCAL, SFTP_LOCAL, LFTP_LOCAL)
"""They read no S3: what reading takes is to be added."""
PARTS = (READ_ALONE, MD5_ALONE, SHA256_ALONE)
"""They deliver nothing."""
PEERS = (CURL, *LOCAL, *PARTS)
CLIENTS = (OURS, ATTESTED, ATTESTED_ALONE, BARE, HASHING, RCLONE, NAIVE, *PEERS)

MAIN = (OURS, ATTESTED, ATTESTED_ALONE, BARE, RCLONE)
"""In every row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`count` files of `size` bytes; `round_trip` in seconds is made by a delaying proxy.
    With `tls` S3 is read over TLS.
    """

    name: str
    title: str
    protocol: str
    count: int
    size: int
    clients: tuple[str, ...]
    round_trip: float = 0.0
    tls: bool = False

    @property
    def small(self) -> bool:
        return self.size <= MIB

    def shrunk(self, divisor: int) -> Self:
        """The same kind of work, `divisor` times less of it."""
        if divisor == 1:
            return self
        fewer = max(1, self.count // divisor) if self.small else self.count
        size = self.size if self.small else max(1, self.size // divisor)
        count = f"{fewer:,} × " if self.small or fewer > 1 else "1 × "
        unit = f"{size // 1024:,} KiB" if size < MIB else f"{size / MIB:g} MiB"
        return replace(self, count=fewer, size=size, title=f"{self._kind} {count}{unit}{self._far}")

    def by(self, clients: Collection[str]) -> Self:
        """The same work, for those of its clients that are named."""
        return replace(self, clients=tuple(each for each in self.clients if each in clients))

    @property
    def _kind(self) -> str:
        return self.protocol.upper()

    @property
    def _far(self) -> str:
        if self.tls:
            return ", S3 over TLS"
        return f", {self.round_trip * 1000:g} ms round trip" if self.round_trip else ""


WORKLOADS = (
    Workload(
        name="sftp-one",
        title="SFTP 1 × 1 GiB",
        protocol="sftp",
        count=1,
        size=1024 * MIB,
        clients=(*MAIN, HASHING, NAIVE, CURL, CURL_LOCAL, SFTP_LOCAL, LFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="sftp-tls",
        title="SFTP 1 × 1 GiB, S3 over TLS",
        protocol="sftp",
        count=1,
        size=1024 * MIB,
        tls=True,
        clients=(*MAIN, NAIVE, CURL, SFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="sftp-five",
        title="SFTP 5 × 256 MiB",
        protocol="sftp",
        count=5,
        size=256 * MIB,
        clients=(*MAIN, HASHING, NAIVE, CURL_LOCAL, SFTP_LOCAL, LFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="sftp-far",
        title="SFTP 1 × 256 MiB, 40 ms round trip",
        protocol="sftp",
        count=1,
        size=256 * MIB,
        round_trip=0.04,
        clients=(*MAIN, NAIVE, SFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="sftp-2000",
        title="SFTP 2,000 × 16 KiB",
        protocol="sftp",
        count=2000,
        size=16 * 1024,
        clients=(*MAIN, NAIVE, SFTP_LOCAL, LFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="sftp-200",
        title="SFTP 200 × 1 MiB",
        protocol="sftp",
        count=200,
        size=MIB,
        clients=(*MAIN, NAIVE, SFTP_LOCAL, LFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="ftp-one",
        title="FTP 1 × 1 GiB",
        protocol="ftp",
        count=1,
        size=1024 * MIB,
        clients=(*MAIN, CURL, CURL_LOCAL, LFTP_LOCAL, *PARTS),
    ),
    Workload(
        name="ftps-one",
        title="FTPS 1 × 1 GiB",
        protocol="ftps",
        count=1,
        size=1024 * MIB,
        clients=(*MAIN, CURL, CURL_LOCAL, LFTP_LOCAL, *PARTS),
    ),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """The most that `ours` may take of the wall time of `peer`, as a ratio within one round.

    `once` is an older figure that was stricter, where there was one; it stays to be seen.
    """

    workload: str
    ours: str
    peer: str
    most: float
    once: float | None = None

    @property
    def goals(self) -> tuple[float, ...]:
        return (self.most,) if self.once is None else (self.most, self.once)


FIGURES = (
    Figure("sftp-one", OURS, HASHING, 0.65),
    Figure("sftp-one", ATTESTED, HASHING, 0.55),
    Figure("sftp-one", OURS, RCLONE, 1.15),
    Figure("sftp-one", ATTESTED, RCLONE, 0.95),
    Figure("sftp-one", ATTESTED_ALONE, RCLONE, 0.85),
    Figure("sftp-one", BARE, RCLONE, 0.85),
    Figure("sftp-five", OURS, HASHING, 0.75),
    Figure("sftp-five", OURS, RCLONE, 1.2, once=1.15),
    Figure("sftp-five", ATTESTED, RCLONE, 1.0),
    Figure("sftp-five", ATTESTED_ALONE, RCLONE, 0.95),
    Figure("sftp-five", BARE, RCLONE, 0.95, once=0.9),
    Figure("sftp-far", OURS, RCLONE, 0.35),
    Figure("sftp-2000", OURS, RCLONE, 0.4),
    Figure("sftp-200", OURS, RCLONE, 0.75, once=0.7),
    Figure("sftp-200", ATTESTED, RCLONE, 0.65),
    Figure("sftp-200", ATTESTED_ALONE, RCLONE, 0.6),
    Figure("sftp-200", BARE, RCLONE, 0.6),
    Figure("ftp-one", OURS, RCLONE, 1.75, once=1.6),
    Figure("ftp-one", ATTESTED, RCLONE, 1.3),
    Figure("ftp-one", ATTESTED_ALONE, RCLONE, 1.0),
    Figure("ftp-one", BARE, RCLONE, 1.0),
    Figure("ftps-one", OURS, RCLONE, 1.4, once=1.2),
    Figure("ftps-one", ATTESTED, RCLONE, 1.15),
    Figure("ftps-one", ATTESTED_ALONE, RCLONE, 1.0),
    Figure("ftps-one", BARE, RCLONE, 1.0),
    *(
        Figure(workload.name, OURS, NAIVE, 0.35)
        for workload in WORKLOADS
        if NAIVE in workload.clients
    ),
)

ONE_FILE_PEAK = 80 * MB
"""Bytes of memory for one file, whatever its size."""
FIVE_FILES_PEAK = 130 * MB
"""Bytes of memory for five files at once, whatever their size."""
FAR_PEAK = 100 * MB
"""Bytes of memory for one file over a long way, which takes several connections."""


def most_memory(workload: Workload) -> int:
    if workload.count > 1:
        return FIVE_FILES_PEAK
    return FAR_PEAK if workload.round_trip else ONE_FILE_PEAK
