"""CPU and memory of the processes that a bench watches, as /proc tells them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

__all__ = ["cpu", "cpu_with_children", "private_memory", "server_of"]

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = _stat(Path(f"/proc/{pid}"))
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_with_children(pid: int) -> float:
    """CPU seconds of a process, of its children, and of those that have ended."""
    total = sum(int(each) for each in _stat(Path(f"/proc/{pid}"))[11:15]) / _TICKS
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(_stat(folder)[1]) == pid:
                total += cpu(int(folder.name))
        except OSError:  # it has ended meanwhile
            continue
    return total


def private_memory(pid: int) -> float:
    """MiB that a process holds for itself; pages of files that it has mapped are the system's cache."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1_024


def server_of(url: str) -> int:
    """Process of the PostgreSQL server that `running_postgres` started."""
    home = make_url(url).query["host"]
    return int(Path(str(home), "data", "postmaster.pid").read_text(encoding="ascii").split()[0])


def _stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
