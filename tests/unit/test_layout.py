"""The shape of the repository, which Python's own `platform` module depends on."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = [
    *(
        "pyproject.toml",
        "package.json",
        "package-lock.json",
        "requirements.lock",
        "README.md",
        "LICENSE",
    ),
    *("contracts", "platform", "oracles", "tests", "scripts", ".ci/run"),
]


@pytest.mark.parametrize("folder", [".", "platform", "oracles", "scripts", "tests", "contracts"])
def test_platform_is_the_standard_library_from_any_folder(folder: str) -> None:
    assert _platform_file(ROOT / folder) == platform.__file__


def test_platform_is_the_standard_library_from_elsewhere(tmp_path: Path) -> None:
    assert _platform_file(tmp_path) == platform.__file__


def _platform_file(folder: Path) -> str:
    code = "import platform, usufruct; platform.machine(); print(platform.__file__)"
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}:{ROOT / 'oracles'}"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("folder", ["platform", "oracles"])
@pytest.mark.parametrize("name", ["__init__.py", "platform.py"])
def test_nothing_shadows_the_standard_library(folder: str, name: str) -> None:
    assert not (ROOT / folder / name).exists()


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_the_top_level_names_exist(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_programs_can_be_executed() -> None:
    programs = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]
    assert programs
    assert [path.name for path in programs if not path.stat().st_mode & 0o100] == []
