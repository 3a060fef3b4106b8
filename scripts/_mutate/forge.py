"""A copy of the contracts in which one file at a time is changed, compiled and tested."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from usufruct.chain.foundry import binary

_SOLC = Path(__file__).with_name("solc.js")
# What depends on the optimizer, which is off here because it takes most of the time.
_LEFT_OUT = "Gas"
_FAILED = re.compile(r"^(?:\[FAIL.*\])? ((?:test|invariant)\w*)\(", re.MULTILINE)


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "killed by time"
    STILLBORN = "does not compile"
    SURVIVED = "survived"


class Bench:
    """The copy; `verdict` tries one changed file in it."""

    def __init__(self, root: Path, folder: Path, socket: Path, timeout: int) -> None:
        self._timeout = timeout
        self._contracts = folder / "contracts"
        self._environment = {
            **os.environ,
            "FOUNDRY_OPTIMIZER": "false",
            "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
            "FOUNDRY_FUZZ_RUNS": "48",
            "FOUNDRY_INVARIANT_RUNS": "4",
            "FOUNDRY_INVARIANT_DEPTH": "40",
            "FOUNDRY_PROFILE": "default",
            "USUFRUCT_MUTATE_SOCKET": str(socket),
        }
        self._forge = binary("forge")
        self._source = root / "contracts"
        self._lay_out(root, folder)

    def _lay_out(self, root: Path, folder: Path) -> None:
        """Brings the copy up to date, keeping what forge has compiled."""
        (folder / "scripts").mkdir(parents=True, exist_ok=True)
        solc = folder / "scripts" / "solc"
        solc.write_text(f'#!/bin/sh\nexec node {_SOLC} ask "$USUFRUCT_MUTATE_SOCKET" "$@"\n')
        solc.chmod(0o755)
        for name in ("node_modules", "tests"):
            with contextlib.suppress(FileExistsError):
                (folder / name).symlink_to(root / name)
        for name in ("src", "test"):
            shutil.rmtree(self._contracts / name, ignore_errors=True)
            shutil.copytree(self._source / name, self._contracts / name)
        shutil.copy(self._source / "foundry.toml", self._contracts)
        with contextlib.suppress(FileExistsError):
            (self._contracts / "node_modules").symlink_to("../node_modules")

    def verdict(self, file: str, changed: str, tests: tuple[str, ...]) -> tuple[Verdict, str]:
        """What the tests say to the changed file, and the first test that failed."""
        path = self._contracts / file
        original = (self._source / file).read_text("utf-8")
        path.write_text(changed, "utf-8")
        try:
            return self._run(tests)
        finally:
            path.write_text(original, "utf-8")

    def baseline(self, tests: tuple[str, ...]) -> str:
        """Empty if the tests pass with nothing changed, else what went wrong."""
        verdict, which = self._run(tests, patience=20)
        return "" if verdict is Verdict.SURVIVED else f"{verdict}: {which}"

    def _run(self, tests: tuple[str, ...], patience: int = 1) -> tuple[Verdict, str]:
        pattern = tests[0] if len(tests) == 1 else f"{{{','.join(tests)}}}"
        command = [str(self._forge), "test", "--fail-fast", "--match-path", pattern]
        command += ["--no-match-contract", _LEFT_OUT, "--threads", "1"]
        try:
            done = subprocess.run(
                command,
                cwd=self._contracts,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=self._timeout * patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict.TIMEOUT, ""
        if done.returncode == 0:
            return Verdict.SURVIVED, ""
        if "Suite result: FAILED" in done.stdout:
            return Verdict.KILLED, next(iter(_FAILED.findall(done.stdout)), "")
        if "Compiler run failed" in done.stdout + done.stderr:
            return Verdict.STILLBORN, ""
        raise RuntimeError(f"forge failed without a failing test:\n{done.stdout}\n{done.stderr}")


@contextlib.contextmanager
def compiler() -> Iterator[Path]:
    """The resident compiler, for as long as the block runs; its socket."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "solc"
        process = subprocess.Popen(
            ["node", str(_SOLC), "serve", str(socket)],  # noqa: S607  # as in scripts/setup
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                sys.exit("mutate: the resident compiler did not start")
            yield socket
        finally:
            process.terminate()
            process.wait()
