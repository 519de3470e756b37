"""Which file system a directory lies on: SQLite's WAL needs one that no other host shares."""

from __future__ import annotations

from pathlib import Path

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"),
        *("lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs"),
        *("fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs", "davfs", "ncpfs"),
    }
)
"""Types of /proc/self/mountinfo. sqlite.org/wal.html: "WAL does not work over a network"."""
MOUNTINFO = Path("/proc/self/mountinfo")


def network_kind(folder: Path) -> str | None:
    """The type of the file system when it is one of the network's, else None."""
    try:
        kind = kind_of(folder.resolve(), MOUNTINFO.read_text())
    except OSError:
        return None
    return kind if kind in NETWORK else None


def kind_of(folder: Path, mountinfo: str) -> str | None:
    """The type of the deepest mount that holds the resolved `folder` (format: proc(5))."""
    found: tuple[int, str | None] = (-1, None)
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        place = Path(_plain(before.split()[4]))
        # A later mount on the same place hides the earlier one.
        if folder.is_relative_to(place) and len(place.parts) >= found[0]:
            found = (len(place.parts), after.split()[0])
    return found[1]


def _plain(text: str) -> str:
    """Mountinfo writes blanks and the like as three octal digits."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
