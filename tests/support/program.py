"""The program `usufruct` in this process, where its imports are paid for once: for tests that kill nothing."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest.mock import patch

from usufruct.cli import main


def usufruct(*arguments: str) -> CompletedProcess[str]:
    """What a command prints and how it ends, as subprocess.run tells it."""
    out, errors, code = io.StringIO(), io.StringIO(), 0
    command = ["usufruct", *arguments]
    with redirect_stdout(out), redirect_stderr(errors), patch.object(sys, "argv", command):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return CompletedProcess(command, code, out.getvalue(), errors.getvalue())
