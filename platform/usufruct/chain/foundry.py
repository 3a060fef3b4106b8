"""Finds the native programs of Foundry (forge, anvil, cast) that npm installed.

The launchers in node_modules/.bin are not used: they exit 0 even when tests fail.

    python -m usufruct.chain.foundry forge     prints the path
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

_PLATFORMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class FoundryMissing(RuntimeError):
    """A Foundry program is not installed; the message tells the remedy."""


def binary(tool: str) -> Path:
    """The native program `tool` of this platform.

    Looked for in the folder that the variable USUFRUCT_FOUNDRY names, if set, else in node_modules
    of the working folder and its parents, then of this source tree.
    """
    if folder := os.environ.get("USUFRUCT_FOUNDRY"):
        return _existing(Path(folder) / tool, tool)
    package = f"{tool}-{_target()}"
    here = Path.cwd()
    for root in (here, *here.parents, *Path(__file__).resolve().parents):
        path = root / "node_modules" / "@foundry-rs" / package / "bin" / _program(tool)
        if path.is_file():
            return path
    raise FoundryMissing(
        f"{tool} is not installed: no node_modules/@foundry-rs/{package} here or above. "
        "Run scripts/setup (npm ci), or set USUFRUCT_FOUNDRY to the folder of an installed Foundry."
    )


def _existing(path: Path, tool: str) -> Path:
    if path.is_file():
        return path
    raise FoundryMissing(f"{tool} is not in the folder that USUFRUCT_FOUNDRY names: {path}")


def _target() -> str:
    system, machine = _PLATFORMS.get(sys.platform), _MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise FoundryMissing(f"npm has no Foundry for {sys.platform} on {platform.machine()}")
    return f"{system}-{machine}"


def _program(tool: str) -> str:
    return f"{tool}.exe" if sys.platform == "win32" else tool


if __name__ == "__main__":
    try:
        print(binary(sys.argv[1]))  # noqa: T201  # the program's answer
    except FoundryMissing as error:
        sys.exit(str(error))
