"""`fileferry sandbox order`: a file of this machine, ordered and approved at a running sandbox."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import requests
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from adapters.terminal import Terminal
from config.loading import locate
from sandbox.boto import make_client
from sandbox.configuration import ADDRESSES
from sandbox.demo.orders import Order
from sandbox.demo.visitor import APPROVER, Placed, Visitor
from sandbox.plan import Addresses, Unusable

FAILED = 1


def ordered(  # noqa: PLR0913  each is an option of the command
    file: Path, *, to: str, path: str, requester: str, approve: bool, config: Path | None
) -> int:
    """Returns the exit code; what is wrong goes to standard error, in a sentence."""
    out = Terminal()
    try:
        addresses = _addresses(locate(config))
        _check(addresses, file, to, requester)
        with _answering(addresses), closing(Visitor(addresses)) as visitor:
            out.say(f"{file} is in S3: {_uploaded(addresses, file)}")
            arrives = _furnished(Path(addresses["sftp"]["root"]), to, path, file.name)
            order = Order(
                label="", keys=(file.name,), requester=requester, destination=to, path=path
            )
            placed = visitor.order(order)
            if approve:
                visitor.approve(placed)
    except Unusable as error:
        Terminal(stderr=True).say(f"fileferry: {error}")
        return FAILED
    out.say(*_told(addresses, placed, arrives, approve=approve))
    return 0


def _addresses(configuration: Path) -> Addresses:
    """Of the sandbox that has written it."""
    beside = configuration.with_name(ADDRESSES)
    try:
        found: Addresses = json.loads(beside.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unusable(
            f"{configuration} is not of a sandbox: {beside} cannot be read. Start one with "
            "`fileferry sandbox --write-config try`, and say `. try/env` in this terminal."
        ) from error
    return found


def _check(addresses: Addresses, file: Path, to: str, requester: str) -> None:
    if not file.is_file():
        raise Unusable(f"There is no file {file}.")
    people = addresses["servicenow"]["users"]
    if requester not in people:
        raise Unusable(f"There is no user {requester}; there are {', '.join(people)}.")
    if to not in addresses["destinations"]:
        there = ", ".join(addresses["destinations"])
        raise Unusable(f"There is no destination {to}; there are {there}.")


@contextmanager
def _answering(addresses: Addresses) -> Iterator[None]:
    """Raises Unusable for what the sandbox does not answer, or refuses."""
    page = addresses["servicenow"]["page"]
    try:
        yield
    except requests.HTTPError as error:
        raise Unusable(f"The sandbox refuses: {error}.") from error
    except (requests.RequestException, BotoCoreError, ClientError, Boto3Error) as error:
        raise Unusable(
            f"The sandbox at {page} does not answer: has it ended? Start it again, with "
            "`fileferry sandbox --write-config DIR`."
        ) from error


def _uploaded(addresses: Addresses, file: Path) -> str:
    """Before it is ordered: what is newer than its approval is refused. So what is there already is
    left alone, for an earlier order of it may be under way.
    """
    bucket = addresses["aws"]["bucket"]
    s3 = make_client("s3", addresses["aws"])
    found = s3.list_objects_v2(Bucket=bucket, Prefix=file.name).get("Contents", ())
    digest = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    if (file.name, f'"{digest}"') not in [(each["Key"], each["ETag"]) for each in found]:
        s3.upload_file(str(file), bucket, file.name)
    return f"s3://{bucket}/{file.name}"


def _furnished(root: Path, to: str, path: str, name: str) -> Path | None:
    """Where it should arrive, in a folder that the partner has prepared: FileFerry makes none.

    None for a path that leaves the destination, which FileFerry refuses.
    """
    home = root / to if (root / to).is_dir() else root
    folder, _, last = path.strip("/").rpartition("/") if not path.endswith("/") else (path, "", "")
    place = (home / folder.strip("/")).resolve()
    if not place.is_relative_to(home.resolve()):
        return None
    place.mkdir(parents=True, exist_ok=True)
    return place / (last or name)


def _told(
    addresses: Addresses, placed: Placed, arrives: Path | None, *, approve: bool
) -> list[str]:
    order, page = placed.order, addresses["servicenow"]["page"]
    target = f"{order.destination}:{order.path or order.keys[0]}"
    if approve:
        decided, when = f"{APPROVER} has approved it.", ""
    else:
        decided, when = f"{APPROVER} decides on it, on the page.", ", once it is approved"
    return [
        f"{order.requester} has ordered it to {target}: {placed.number}.",
        decided,
        "",
        f"What becomes of it:  fileferry show {placed.number}{when}",
        f"Its tickets:         {page}",
        f"Where it arrives:    {arrives or 'nowhere: the path leaves the destination'}",
    ]
