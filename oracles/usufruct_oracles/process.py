"""The process around a worker: its loop in the main thread, its HTTP interface in another, and signals."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn

from usufruct.core.signing import address_of
from usufruct.errors import ConfigError
from usufruct_oracles import logs
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.runtime import Runtime, lay_ground, open_runtime
from usufruct_oracles.server import create_app

_SHUTDOWN_SECONDS = 5


def run(config: WorkerConfig, reattest: frozenset[tuple[int, int, int]] = frozenset()) -> None:
    """Run a worker until SIGTERM or SIGINT; what is under way is finished first.

    Raises:
        ConfigError: Files, key or listen address are wrong.
        ChainError: The node cannot be reached at the start.
    """
    stop = threading.Event()
    log = logs.get("run")
    ground = lay_ground(config)
    with _listening(config) as listener, open_runtime(ground, reattest) as runtime:
        with _serving(runtime, listener), _stopped_by_signals(stop):
            log.info("running", name=config.name, address=address_of(ground.key))
            runtime.worker.run(stop)
        log.info("stopped", name=config.name)


def _listening(config: WorkerConfig) -> socket.socket:
    try:
        return socket.create_server((config.host, config.port))
    except OSError as error:
        raise ConfigError(
            f"cannot listen: {error.strerror}",
            file=str(config.file),
            field="worker.listen",
            value=f"{config.host}:{config.port}",
            rule="an address of this machine with a free port",
            remedy="choose another port, or stop what listens there",
        ) from error


@contextlib.contextmanager
def _serving(runtime: Runtime, listener: socket.socket) -> Iterator[None]:
    settings = uvicorn.Config(
        create_app(runtime.site),
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,  # who is local is judged by the connection itself
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * _SHUTDOWN_SECONDS)


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """The first signal asks the loop to end; a second one ends the process at once."""

    def ask(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    previous = {each: signal.signal(each, ask) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
