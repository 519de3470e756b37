"""The zip of the functions: our code, what it needs, the configuration, the authorities it trusts.

The libraries are those of this installation, file by file as the lock names them and as their own
records attest them: no index is asked, and what was tried here is what runs there. So it is for
this Python and this kind of processor.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath
from pathlib import Path
from typing import Any

import yaml

from cloud.functions import CONFIGURATION
from config import door
from config.settings import Settings
from transfer.errors import Code, Permanent

LOCKS = (
    Path(__file__).with_name("requirements.lock"),
    Path(__file__).parents[1] / "requirements" / "cloud.lock",
)
"""Where the lock is in an installation, and in a checkout."""
PINNED = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)( ;)?", re.MULTILINE)
NEVER = re.compile(
    r"(^|/)(__pycache__|tests?|examples)/|\.(pyc|pyi|pxd|pyx|h|c)$|^\.\./|^boto3/data/"
)
"""Files that no function reads."""
INFO = re.compile(r"\.dist-info/(?!(METADATA|entry_points\.txt)$)")
"""Papers of a distribution that nobody asks for, or that say who installed it, and where."""
SERVICES = frozenset(
    {"dynamodb", "s3", "secretsmanager", "ses", "sesv2", "sns", "sqs", "sso", "sso-oidc", "sts"}
)
"""The descriptions of services that botocore keeps: all of them together are 20 MB."""
SERVICE = re.compile(r"^botocore/data/([^/]+)/")
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip knows."""
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`sha256` (hex) is of the file, `door` is what its functions go by. The rest is AWS's word for
    what it runs on.
    """

    path: Path
    sha256: str
    door: str
    runtime: str
    architecture: str


def build(
    settings: Settings, path: Path, *, lock: str | None = None, kept: Path | None = None
) -> Package:
    """Write the zip. Raises Permanent `config.invalid` where this installation makes none.

    `lock` is of other libraries than the usual ones. In `kept` the libraries stay as they are
    compiled, which takes the longest, for the next build.
    """
    with tempfile.TemporaryDirectory(prefix="fileferry-zip-") as scratch:
        libraries = _libraries(_lock() if lock is None else lock, kept or Path(scratch, "kept"))
        ours = _written(Path(scratch, "ours"), _ours(settings))
        _zip((libraries, ours), path)
    return Package(
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        door=door.digest(settings),
        runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        architecture=_architecture(),
    )


def _libraries(lock: str, kept: Path) -> Path:
    """The directory with all of them, compiled."""
    name = hashlib.sha256(f"{sys.version}\n{lock}".encode()).hexdigest()[:16]
    place = kept / name
    if not place.exists():
        kept.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=kept))
        _written(fresh, _locked(lock))
        try:
            fresh.rename(place)
        except OSError:  # another build was quicker
            shutil.rmtree(fresh)
    return place


def _locked(lock: str) -> Iterator[tuple[str, bytes]]:
    for name, version, conditional in PINNED.findall(lock):
        yield from _library(name, version, needed=not conditional)


def _ours(settings: Settings) -> Iterator[tuple[str, bytes]]:
    yield from door.sources()
    yield from _papers()
    authorities = door.authorities(settings)
    for path, digest in authorities.items():
        yield _place(digest), path.read_bytes()
    yield CONFIGURATION, _configuration(settings, authorities).encode()


def _written(top: Path, content: Iterator[tuple[str, bytes]]) -> Path:
    for name, data in content:
        place = top / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    _compile(top)
    return top


def _configuration(settings: Settings, authorities: dict[Path, str]) -> str:
    """What holds here, variables included, with the authorities where they are there."""
    places = {str(path): _place(digest) for path, digest in authorities.items()}

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: places.get(each, each) if name == "ca_file" else moved(each)
                for name, each in value.items()
            }
        return value

    data = settings.model_dump(mode="json", exclude_unset=True, exclude={"aws": {"profile"}})
    return yaml.safe_dump(moved(data), allow_unicode=True)


def _place(digest: str) -> str:
    return f"authorities/{digest[:16]}.pem"


def _papers() -> Iterator[tuple[str, bytes]]:
    """Who asks for our version finds it."""
    version = importlib.metadata.version("fileferry")
    text = f"Metadata-Version: 2.1\nName: fileferry\nVersion: {version}\n"
    yield f"fileferry-{version}.dist-info/METADATA", text.encode()


def _lock() -> str:
    found = next((path for path in LOCKS if path.exists()), None)
    if found is None:
        raise _unfit("has no list of what the functions need (cloud/requirements.lock)")
    return found.read_text("utf-8")


def _library(name: str, version: str, *, needed: bool) -> Iterator[tuple[str, bytes]]:
    try:
        installed = importlib.metadata.distribution(name)
    except PackageNotFoundError:
        if needed:
            raise _unfit(f"lacks {name} {version}") from None
        return
    if installed.version != version:
        raise _unfit(f"has {name} {installed.version}, and the functions are for {version}")
    for file in installed.files or ():
        if _is_wanted(str(file)):
            yield file.as_posix(), _attested(installed, file)


def _is_wanted(name: str) -> bool:
    service = SERVICE.match(name)
    if service and service[1] not in SERVICES:
        return False
    return not (NEVER.search(name) or INFO.search(name))


def _attested(installed: Distribution, file: PackagePath) -> bytes:
    data = Path(str(installed.locate_file(file))).read_bytes()
    if file.hash:
        found = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, data).digest())
        if found.decode().rstrip("=") != file.hash.value:
            raise _unfit(f"has another {file} than {installed.name} {installed.version} brought")
    return data


def _compile(top: Path) -> None:
    """Beside each source, for a function's disk cannot be written to. Nothing of this machine gets
    into it: neither a path, nor a time, nor the seed of the hashes.
    """
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(top)]
    subprocess.run(  # noqa: S603  our own interpreter
        [*command, "--invalidation-mode", "unchecked-hash", str(top)],
        env={"PYTHONHASHSEED": "0"},
        check=False,  # a library may ship a template that is no Python
    )


def _zip(trees: Sequence[Path], path: Path) -> None:
    files = {
        file.relative_to(top).as_posix(): file
        for top in trees
        for file in top.rglob("*")
        if file.is_file()
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes())


def _architecture() -> str:
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise _unfit(f"runs on {machine}, which AWS Lambda does not have")
    return ARCHITECTURES[machine]


def _unfit(how: str) -> Permanent:
    return Permanent(
        Code.CONFIG_INVALID,
        f"This installation {how}.",
        action="Install FileFerry anew from its lock, requirements/run.lock, and build again.",
    )
