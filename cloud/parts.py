"""Builds what `fileferry deploy` works with from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.aws.control import Control, Place
from adapters.aws.stacks import Stacks
from adapters.ledger.dynamo.books import dynamodb_shelf, make_client
from adapters.ledger.shelf import Shelf
from cloud.deploy import Deployment, Order, Watcher
from cloud.looking import Looking
from cloud.package import Package
from cloud.template import STACK, Zip, template
from config.settings import Settings
from transfer.errors import Code, Permanent


@dataclass(frozen=True, slots=True)
class Parts:
    deployment: Deployment
    looking: Looking
    shelf: Shelf


def parts(
    settings: Settings,
    watch: Watcher,
    sure: Callable[[Sequence[str]], bool],
    pause: Callable[[], object],
) -> Parts:
    """Raises Permanent `config.invalid`."""
    ready(settings)
    aws, endpoint = settings.aws, settings.cloud.endpoint_url
    place = Place(aws.region, aws.profile, aws.timeout)
    control = Control(
        place.client("sts", aws.sts_endpoint_url or aws.endpoint_url),
        place.client("s3", aws.endpoint_url),
        place.client("lambda", endpoint),
        place.client("iam", endpoint),
        place.client("stepfunctions", endpoint),
    )
    stacks = Stacks(place.client("cloudformation", endpoint), STACK)
    shelf = _shelf(settings)
    deployment = Deployment(
        settings, control, stacks, furnish=shelf.init, watch=watch, sure=sure, pause=pause
    )
    looking = Looking(settings, deployment, control, stacks, pause)
    return Parts(deployment, looking, shelf)


def ready(settings: Settings) -> None:
    """Raises Permanent `config.invalid` where something is not set that deploying needs."""
    part = settings.cloud.deploy
    needed = {"cloud.deploy.account": part.account, "cloud.deploy.bucket": part.bucket}
    missing = [name for name, value in needed.items() if not value]
    if settings.ledger.kind != "dynamodb":
        missing.append("ledger.kind: dynamodb")
    if missing:
        raise Permanent(
            Code.CONFIG_INVALID, f"For deploying, the configuration lacks {', '.join(missing)}."
        )


def order(settings: Settings, package: Package) -> Order:
    """What is to stand, of this configuration and that zip."""
    part, key = settings.cloud.deploy, f"fileferry/{package.sha256}.zip"
    zip_ = Zip(
        bucket=part.bucket or "",
        key=key,
        runtime=package.runtime,
        architecture=package.architecture,
    )
    return Order(
        template=template(settings, zip_),
        bucket=zip_.bucket,
        key=key,
        zip=Path(package.path),
        sha256=package.sha256,
        role=part.cloudformation_role,
    )


def _shelf(settings: Settings) -> Shelf:
    part, aws = settings.ledger, settings.aws
    client = make_client(part.region or aws.region, part.endpoint_url, aws.profile, aws.timeout)
    return dynamodb_shelf(client, part.table)
