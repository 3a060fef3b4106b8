"""A real MQTT broker for tests, mosquitto, that can be killed and started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.parts import part_missing

_MOSQUITTO = shutil.which("mosquitto") or shutil.which(
    "mosquitto", path="/usr/sbin:/usr/local/sbin"
)
_PATIENCE = 20.0


class RunningBroker:
    """A broker on a port of its own, with a folder for its sessions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def has_saved(self, client: str) -> bool:
        """Whether a client's session is in the file from which sessions are restored."""
        saved = self._folder / "mosquitto.db"
        return saved.exists() and client.encode() in saved.read_bytes()

    def _command(self) -> list[str]:
        assert _MOSQUITTO is not None
        config = self._folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\nuser root\n"
            f"persistence_location {self._folder}/\nautosave_interval 1\nautosave_on_changes true\n"
        )
        return [_MOSQUITTO, "-c", str(config)]


@contextmanager
def running_broker(folder: Path) -> Iterator[RunningBroker]:
    """A broker that is stopped in the end; skips where mosquitto is not installed."""
    if _MOSQUITTO is None:
        part_missing("mosquitto: apt-get install mosquitto")
    broker = RunningBroker(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
