"""The zip: the same bytes wherever it is built, whole, and nothing in it that no function reads."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from cloud.functions import CONFIGURATION, FUNCTIONS
from cloud.package import Package, build
from config import door
from config.loading import load
from config.settings import Settings
from sandbox.tls import make_certificate
from tests.cloud.stack import KEPT
from tests.config.conftest import GOOD
from transfer.errors import Code, Permanent

LARGEST, LARGEST_UNPACKED = 30, 75
"""MiB; AWS takes 250 unpacked."""
FEW = f"requests=={version('requests')}\nidna=={version('idna')}\n"
"""What is enough to see whether two builds are alike."""
BUILD = """
import os, sys
from pathlib import Path
from cloud.package import build
from config.loading import load
os.umask(0o077)
print(build(load(Path(sys.argv[1])), Path(sys.argv[2]), lock=sys.argv[3]).sha256)
"""
START = """
import os, sys
sys.path[:] = [os.getcwd(), *(place for place in sys.path if "site-packages" not in place)]
from importlib.metadata import version
from pathlib import Path
import cloud.handlers
from config import door
from config.loading import load
print(version("fileferry"), door.digest(load(Path("fileferry.yaml"))))
print(*(name for name, module in sys.modules.items() if "typer" in name or "rich" == name))
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    directory = tmp_path_factory.mktemp("configuration")
    authority = make_certificate(directory / "tls").ca_file
    path = directory / "fileferry.yaml"
    text = GOOD.replace("servicenow:\n", f"servicenow:\n  ca_file: {authority}\n", 1)
    path.write_text(f"{text}aws: {{profile: mine}}\n")
    path.chmod(0o644)
    return load(path)


@pytest.fixture(scope="module")
def package(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return build(settings, tmp_path_factory.mktemp("zip") / "functions.zip", kept=KEPT)


@pytest.fixture(scope="module")
def task(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a function finds."""
    directory = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(directory)
    return directory


def test_the_same_bytes_under_another_umask_seed_and_place(
    settings: Settings, tmp_path: Path
) -> None:
    first = build(settings, tmp_path / "first.zip", lock=FEW)
    authority = settings.servicenow.ca_file
    assert authority
    path = authority.parents[1] / "fileferry.yaml"
    done = subprocess.run(
        [sys.executable, "-c", BUILD, path, tmp_path / "again.zip", FEW],
        env=os.environ | {"PYTHONHASHSEED": "7", "TMPDIR": str(tmp_path), "TZ": "Asia/Tokyo"},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == first.sha256
    assert (tmp_path / "again.zip").read_bytes() == first.path.read_bytes()


@pytest.mark.parametrize(
    ("lock", "words"),
    [("requests==0.1\n", "the functions are for 0.1"), ("fileferry-nothing==1.0\n", "lacks")],
)
def test_an_installation_that_is_not_as_the_lock_says_makes_no_zip(
    settings: Settings, tmp_path: Path, lock: str, words: str
) -> None:
    with pytest.raises(Permanent, match=words) as refused:
        build(settings, tmp_path / "no.zip", lock=lock)
    assert refused.value.code is Code.CONFIG_INVALID


def test_it_holds_what_a_function_reads(package: Package) -> None:
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
    names = {entry.filename for entry in entries}
    assert {
        f"{each.handler.rpartition('.')[0].replace('.', '/')}.py" for each in FUNCTIONS
    } <= names
    assert CONFIGURATION in names
    services = {name.split("/")[2] for name in names if name.startswith("botocore/data/")}
    assert {"s3", "dynamodb", "secretsmanager", "endpoints.json"} <= services
    assert not services & {"ec2", "rds", "iam"}
    first = {name.split("/")[0] for name in names}
    assert not first & {"typer", "rich", "apscheduler", "daemon", "sandbox", "hatchling", "pip"}
    assert not [name for name in names if name.endswith(("RECORD", "INSTALLER", "direct_url.json"))]
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}
    assert package.path.stat().st_size < LARGEST << 20
    assert sum(entry.file_size for entry in entries) < LARGEST_UNPACKED << 20


def test_each_source_is_compiled_and_nothing_looks_at_the_source_again(task: Path) -> None:
    sources = list((task / "transfer").rglob("*.py"))
    tag = sys.implementation.cache_tag
    for path in sources:
        compiled = path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc"
        # PEP 552: a hash that is not compared.
        assert compiled.read_bytes()[4:8] == b"\1\0\0\0"
        assert str(task).encode() not in compiled.read_bytes()
    assert sources


def test_the_configuration_says_the_same_and_names_nothing_of_this_host(
    settings: Settings, package: Package, task: Path
) -> None:
    text = (task / CONFIGURATION).read_text()
    assert "ca_file: authorities/" in text
    assert str(settings.servicenow.ca_file) not in text
    assert "profile" not in text
    done = subprocess.run(
        [sys.executable, "-I", "-c", START], cwd=task, check=True, capture_output=True, text=True
    )
    said, loaded = done.stdout.split("\n")[:2]
    assert said.split() == [said.split()[0], package.door]
    assert package.door == door.digest(settings)
    assert loaded == ""
