"""Processes of their own, to be killed and started again, that need not import everything first: forks of one that has.

Whatever such a process does it does after the fork: it reads its environment and arguments, opens its files and
databases, and `kill -9` ends it as any other.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240
"""Seconds after which a process is ended."""


def run(
    main: str,
    arguments: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    loaded: Sequence[str] = (),
    folder: Path | None = None,
) -> CompletedProcess[str]:
    """How a process ends that calls a function, and what it says, as subprocess.run tells it.

    Args:
        main: The function, as module:name.
        arguments: The program's name and its arguments.
        environment: Variables beyond those of this process; one that is empty is unset.
        loaded: Modules that are imported before the fork, beyond that of the function.
        folder: Where the process works, if not where this one does.
    """
    parent = _parent((*loaded, main.partition(":")[0]))
    assert parent.stdin is not None
    assert parent.stdout is not None
    with tempfile.TemporaryDirectory() as said:
        out, errors = Path(said, "out"), Path(said, "errors")
        variables = {**os.environ, **(environment or {})}
        job = {
            "main": main,
            "arguments": list(arguments),
            "environment": {name: value for name, value in variables.items() if value},
            "folder": str(folder or Path.cwd()),
            "out": str(out),
            "errors": str(errors),
        }
        parent.stdin.write(json.dumps(job) + "\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        return CompletedProcess(list(arguments), code, out.read_text(), errors.read_text())


@cache
def _parent(modules: Sequence[str]) -> subprocess.Popen[str]:
    """The process that has imported the modules; one for all tests of this process."""
    places = (ROOT, ROOT / "platform", ROOT / "oracles")
    parent = subprocess.Popen(
        [sys.executable, "-c", "from tests.support.forks import serve; serve()", *modules],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_end, parent)
    return parent


def _end(parent: subprocess.Popen[str]) -> None:
    parent.communicate()


def serve() -> None:
    """In the parent: imports what the arguments name, then starts a process for each line of its input."""
    for name in sys.argv[1:]:
        import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        if (child := os.fork()) == 0:
            _become(job)
            return
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(job: dict[str, Any]) -> None:
    signal.alarm(PATIENCE)
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.argv = job["arguments"]
    os.chdir(job["folder"])
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, job["out"], os.O_WRONLY | os.O_CREAT),
        (2, job["errors"], os.O_WRONLY | os.O_CREAT),
    ):
        file = os.open(name, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    module, _, name = job["main"].partition(":")
    getattr(import_module(module), name)()
