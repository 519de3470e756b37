"""Our own small file beside a published one: its digest, or nothing, which says that it is whole.

It belongs to the delivery: the receipt names it once it stands, and until then the file is taken
up again, by the next owner too.
"""

from __future__ import annotations

from dataclasses import replace
from posixpath import basename, dirname

from transfer.crossing import late
from transfer.crossing.crossing import Crossing
from transfer.destination import Destination
from transfer.errors import ClaimLost, Code, FerryError, Permanent, Transient
from transfer.model import Delivery, Receipt
from transfer.request.names import path_beside


def due(delivery: Delivery, destination: Destination) -> bool:
    """Published, and the sidecar still to be written. Beside a collected file nobody needs it."""
    receipt = delivery.receipt
    return bool(receipt and destination.sidecar and not (receipt.sidecar or receipt.collected))


def write_sidecar(delivery: Delivery, crossing: Crossing) -> Delivery:
    """The delivery with its sidecar on the receipt; as it is where none is due.

    Safe to run twice. Raises `sidecar.failed`, as permanent as its cause, and ClaimLost.
    """
    receipt, sidecar = delivery.receipt, crossing.destination.sidecar
    if receipt is None or sidecar is None or not due(delivery, crossing.destination):
        return delivery
    path = path_beside(sidecar.name, receipt.path)
    hidden = crossing.hidden(delivery, crossing.transfer.mark, dirname(path), kind=".side")
    temp = path if crossing.in_place else hidden
    if temp != path:
        # Durable before it exists, so that Cleanup finds it whatever happens.
        older = tuple(dict.fromkeys((*delivery.older, temp)))
        delivery = crossing.save(delivery, older=older)
    try:
        _put(_content(receipt, sidecar.digest), temp, path, crossing)
    except ClaimLost:
        raise
    except FerryError as error:
        raise _failed(path, receipt, error) from error
    written = replace(receipt, sidecar=path)
    older = tuple(name for name in delivery.older if name != temp)
    return crossing.save(delivery, receipt=written, older=older, failure=None)


def _put(content: bytes, temp: str, path: str, crossing: Crossing) -> None:
    """What stood there from an earlier file was removed before the publish; what stands there with
    this size is ours.
    """
    remote = crossing.remote
    if remote.size(path) == len(content):
        return
    crossing.tools.fence()
    remote.remove(temp)
    try:
        _fill(content, temp, crossing)
    except FerryError:
        crossing.drop(temp)
        raise
    if temp != path and not remote.rename(temp, path, replace=False):
        raise _taken(temp)


def _fill(content: bytes, temp: str, crossing: Crossing) -> None:
    upload = crossing.remote.create(temp)
    try:
        if content:
            upload.write(content, 0)
        upload.finish()
    except BaseException:
        upload.abandon()
        raise
    stored = late.stored(crossing.remote, temp, len(content), crossing.tools.pause)
    if stored is None and not (crossing.in_place and crossing.destination.collected):
        raise _taken(temp)
    if stored not in (None, len(content)):
        raise Transient(Code.REMOTE_FAILED, f"The server stored {temp} in another size.")


def _taken(name: str) -> Permanent:
    """It was whole and closed, and is not written again for somebody who takes it away."""
    return Permanent(Code.REMOTE_FAILED, f"{name} was stored, and has gone since.", file=name)


def _content(receipt: Receipt, digest: str) -> bytes:
    """A line of `sha256sum` or `md5sum`, which their `-c` checks."""
    if not digest:
        return b""
    return f"{getattr(receipt, digest)}  {basename(receipt.path)}\n".encode()


def _failed(path: str, receipt: Receipt, error: FerryError) -> FerryError:
    kind = Permanent if error.permanent else Transient
    return kind(
        Code.SIDECAR_FAILED,
        f"{receipt.path} was published at {receipt.published_at:%Y-%m-%d %H:%M:%S} UTC, but "
        f"{path} beside it could not be written: {error.message}",
        file=path,
        retry_after=error.retry_after,
    )
