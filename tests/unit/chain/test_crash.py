from __future__ import annotations

import os
import signal
import subprocess
import sys

from usufruct.chain import crash

PROGRAM = """
from usufruct.chain import crash
for _ in range(3):
    crash.point("other")
    crash.point("here")
    print("passed", flush=True)
"""


def run(at: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, crash.VARIABLE: at}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_without_the_variable_nothing_happens() -> None:
    assert run("").returncode == 0


def test_the_named_point_kills_at_the_first_pass() -> None:
    done = run("here")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


def test_a_number_counts_passes() -> None:
    done = run("here:3")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "passed\npassed\n")


def test_other_points_are_passed() -> None:
    assert run("nowhere").returncode == 0
