"""Starts the demo's processes and makes sure that none outlives it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ProcessFailed(RuntimeError):
    """A process of the demo ended or did not come up; the message holds the end of its log."""


def free_port() -> int:
    """A TCP port on loopback that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    # Linux only: if the demo itself is killed with -9, its children get SIGTERM.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Stack:
    """Processes started in order and stopped in reverse."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._commands: dict[str, tuple[Sequence[str], Mapping[str, str] | None]] = {}

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start `argv` with its output in `<logs>/<name>.log`."""
        log = (self._logs / f"{name}.log").open("ab")
        process = subprocess.Popen(
            list(argv),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})},
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - single-threaded at this point
            start_new_session=True,
        )
        log.close()
        self._running.append((name, process))
        self._commands[name] = argv, env

    def restart(self, name: str) -> None:
        """kill -9, and start anew."""
        for entry in [each for each in self._running if each[0] == name]:
            entry[1].kill()
            entry[1].wait()
            self._running.remove(entry)
        self.start(name, *self._commands[name])

    def freeze(self, names: Collection[str], *, frozen: bool) -> None:
        """Hold processes still, or let them go on."""
        for name, process in self._running:
            if name in names:
                process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def check(self) -> None:
        """Raise ProcessFailed if a process has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                raise ProcessFailed(
                    f"{name} ended with code {process.returncode}:\n{self._tail(name)}"
                )

    def wait_until(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        """Poll `ready` until it is true; a dead process or the time limit raises ProcessFailed."""
        limit = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > limit:
                tails = "\n".join(f"--- {name}\n{self._tail(name)}" for name, _ in self._running)
                raise ProcessFailed(f"timed out after {seconds:.0f} s waiting for {what}\n{tails}")
            time.sleep(0.1)

    def stop(self, name: str | None = None) -> None:
        """Stop one process, or all in reverse order: SIGTERM first, SIGKILL after 20 seconds."""
        chosen = [entry for entry in self._running if name is None or entry[0] == name]
        for entry in reversed(chosen):
            process = entry[1]
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            self._running.remove(entry)

    def _tail(self, name: str, lines: int = 15) -> str:
        log = self._logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


@contextlib.contextmanager
def stack(logs: Path) -> Iterator[Stack]:
    """A stack that is stopped whatever happens, also on SIGTERM and SIGINT."""
    logs.mkdir(parents=True, exist_ok=True)
    processes = Stack(logs)

    def interrupted(signum: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(signum).name)

    previous = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield processes
    finally:
        signal.signal(signal.SIGTERM, previous)
        processes.stop()
