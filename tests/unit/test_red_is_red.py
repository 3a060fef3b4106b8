"""A failing test must fail the run: the npm launcher of forge once exited 0 on red."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORGE_TEST = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
contract VerdictTest {{ function testVerdict() external pure {{ assert({verdict}); }} }}
"""


@pytest.mark.parametrize(("verdict", "code"), [("true", 0), ("false", 1)])
def test_forge(tmp_path: Path, verdict: str, code: int) -> None:
    settings = f'[profile.default]\nsolc = "{ROOT}/scripts/solc"\noffline = true\nlibs = []\n'
    (tmp_path / "foundry.toml").write_text(settings)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "Verdict.t.sol").write_text(FORGE_TEST.format(verdict=verdict))
    run = _run([ROOT / "scripts/foundry", "forge", "test"], USUFRUCT_FORGE_ROOT=str(tmp_path))
    assert run.returncode == code, run.stdout + run.stderr


@pytest.mark.parametrize(("verdict", "code"), [("True", 0), ("False", 1)])
def test_pytest(tmp_path: Path, verdict: str, code: int) -> None:
    file = tmp_path / "test_verdict.py"
    file.write_text(f"def test_verdict():\n    assert {verdict}\n")
    run = _run([ROOT / "scripts/test", str(file), "-p", "no:cacheprovider"])
    assert run.returncode == code, run.stdout + run.stderr


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("false", 1)])
def test_steps(command: str, code: int) -> None:
    script = f'. "{ROOT}/scripts/_steps.sh"; step one {command}; step two true; finish'
    run = _run(["sh", "-u", "-c", script])
    assert run.returncode == code
    assert ("FAILED" in run.stdout) == bool(code)


def test_a_missing_part_fails_in_ci_and_is_skipped_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    file = tmp_path / "test_part.py"
    file.write_text(
        "from tests.support.parts import part_missing\n"
        "def test_part():\n    part_missing('a broker: install it')\n"
    )
    command = [ROOT / ".venv/bin/python", "-m", "pytest", file, "-p", "no:cacheprovider", "-rs"]
    command += ["--rootdir", str(tmp_path), "--import-mode=importlib"]
    paths = f"{ROOT}:{ROOT / 'platform'}"
    assert _run(command, CI="true", PYTHONPATH=paths).returncode == 1
    elsewhere = _run(command, CI="", PYTHONPATH=paths)
    assert elsewhere.returncode == 0
    assert "a broker: install it" in elsewhere.stdout


def _run(command: list[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
