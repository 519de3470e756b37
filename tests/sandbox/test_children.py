"""The demo's child processes: their answers, their deaths, and what they do not inherit."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from sandbox.children import Child, Unready, clean_environment, surviving


def child(directory: Path, code: str) -> Child:
    return Child("oracle", [sys.executable, "-c", code], directory, clean_environment())


def soon() -> float:
    return time.monotonic() + 60


def test_its_answer_is_awaited_until_whole(tmp_path: Path) -> None:
    code = """if True:
    import sys, time
    sys.stdout.write('{"a": '); sys.stdout.flush(); time.sleep(0.2)
    sys.stdout.write('1}'); sys.stdout.flush(); time.sleep(60)
    """
    with child(tmp_path, code) as oracle:
        assert oracle.answer(soon()) == {"a": 1}


def test_a_death_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    code = "import sys; [print('line', n, file=sys.stderr) for n in range(40)]; sys.exit(3)"
    with (
        child(tmp_path, code) as oracle,
        pytest.raises(Unready, match=r"The oracle ended with exit code 3\.") as caught,
    ):
        oracle.answer(soon())
    assert "line 39" in str(caught.value)
    assert "line 20" not in str(caught.value)


def test_one_that_is_silent_is_late(tmp_path: Path) -> None:
    with (
        child(tmp_path, "import time; time.sleep(60)") as oracle,
        pytest.raises(Unready, match=r"The oracle is not up in time\."),
    ):
        oracle.answer(time.monotonic() + 0.2)


def test_a_fault_is_blamed_on_the_child_that_died(tmp_path: Path) -> None:
    with child(tmp_path, "raise SystemExit(4)") as oracle:
        oracle.wait(60)
        with pytest.raises(Unready, match="exit code 4"), surviving(oracle):
            raise ConnectionError("refused")
    with (
        child(tmp_path, "import time; time.sleep(60)") as oracle,
        pytest.raises(ConnectionError),
        surviving(oracle),
    ):
        raise ConnectionError("refused")


def test_surroundings_do_not_lead_it_astray(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "FILEFERRY_POLL__EVERY", "NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("NO_PROXY", "")
    environment = clean_environment()
    assert "elsewhere" not in environment.values()
    assert environment["NO_PROXY"] == "127.0.0.1,localhost"
    assert "PATH" in environment
