"""The steps by which FileFerry's application gets into a real instance, in the settings' values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

PACKAGE = "fileferry-servicenow-{version}.zip"
"""Lies beside the release that it belongs to."""
SCOPE = "x_fferry"
"""Of the application as it is shipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the configuration says, and what the package brings: `expected` are the sys_ids of its
    records, `variables` the further ones of its catalog item. Without a `queue` there are no S3
    events, and no standing approvals.
    """

    version: str
    url: str
    scope: str
    auth: str
    user: str
    destinations: Sequence[str]
    expected: Mapping[str, str]
    variables: Sequence[str]
    queue: bool
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`commands` are typed as they stand."""

    title: str
    text: str
    commands: Sequence[str] = ()


def lines(site: Site) -> Iterator[str]:
    yield f"FileFerry {site.version} on {site.url}, as the application {site.scope}."
    for number, step in enumerate(_steps(site), 1):
        yield ""
        yield f"{number}. {step.title}. {step.text}"
        yield from (f"     {command}" for command in step.commands)


def document(site: Site) -> list[dict[str, object]]:
    return [
        {"title": step.title, "text": step.text, "commands": list(step.commands)}
        for step in _steps(site)
    ]


def _steps(site: Site) -> Iterator[Step]:
    package = PACKAGE.format(version=site.version)
    folder = package.removesuffix(".zip")
    yield Step(
        title="Check the package",
        text="It lies beside the release of FileFerry, with its checksum; take no other version.",
        commands=(f"sha256sum --check {package}.sha256", f"unzip {package}"),
    )
    yield Step(
        title="Install it, as an administrator of the instance",
        text="On any computer with Node 20.18 to 22, on an instance of development first.",
        commands=(
            f"cd {folder}",
            "npm ci --ignore-scripts",
            *_renamed(site.scope),
            f"npx now-sdk auth --add {site.url} --type basic",
            "npx now-sdk install",
        ),
    )
    yield Step(
        title="Look into Flow Designer",
        text="Both flows, “FileFerry: …”, must be published: as drafts they would ask nobody, and "
        "the SDK may say nothing about it.",
    )
    yield from _people(site)
    yield from _bastion(site)


def _bastion(site: Site) -> Iterator[Step]:
    """What is done on FileFerry's own host."""
    yield Step(
        title="Write the settings",
        text="On the bastion; the sys_ids are those of the package.",
        commands=(*_settings(site), f"fileferry config check --config {site.config}"),
    )
    yield Step(
        title="Offer the destinations",
        text=f"Names and descriptions of {', '.join(site.destinations)}; run it again whenever "
        "they change.",
        commands=(f"fileferry servicenow sync --config {site.config}",),
    )
    yield Step(
        title="Have it checked",
        text="The first writes nothing; the second makes two tickets and cancels them.",
        commands=(
            f"fileferry servicenow check --read-only --config {site.config}",
            f"fileferry servicenow check --cleanup --config {site.config}",
        ),
    )
    yield Step(
        title="Order a small transfer",
        text="From the catalog, as somebody with a grant; have it approved by somebody else. Then "
        "look at both tickets, and at “Health” in the menu of FileFerry.",
    )


def _renamed(scope: str) -> Sequence[str]:
    """Where the instance demands a prefix of its own, it is built under that."""
    if scope == SCOPE:
        return ()
    return (
        f"grep -rl {SCOPE} now.config.json src | xargs sed -i 's/{SCOPE}/{scope}/g'",
        "npx now-sdk build --frozenKeys",
    )


def _people(site: Site) -> Iterator[Step]:
    yield Step(
        title="Let the account in",
        text="The package brings the user fileferry without a password. Register an OAuth client "
        f"with it as application user (servicenow.auth is {site.auth}), put the client's id into "
        f"servicenow.user (it is {site.user}), and its secret where the service finds it.",
        commands=("install -m 600 /dev/stdin /etc/fileferry/credentials/servicenow",),
    )
    yield Step(
        title="Put people into the groups",
        text="Approvers into “File transfer approvers”, requesters into “File transfer "
        "requesters”, operators into “FileFerry operators”. The account is in “FileFerry "
        "automation” already, and belongs into no other.",
    )


def _settings(site: Site) -> Iterator[str]:
    known = site.expected
    yield "servicenow:"
    yield f"  application: {site.scope}"
    for setting in ("group", "approver_group"):
        yield f"  {setting}: {known[setting]}"
    yield f"  catalog_items: [{known['catalog_item']}]"
    yield "  variables:"
    yield from (f"    {name}: {name}" for name in site.variables)
    if site.queue:
        yield f"  standing: {{table: {site.scope}_standing_approval}}"
    yield f"  tickets: {{assignment_group: {known['operators']}}}"
