"""The process around a worker: its loop in the main thread, its HTTP interface in another, and signals."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from usufruct.core.signing import address_of
from usufruct_oracles import logs
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.listening import listening, serving
from usufruct_oracles.runtime import lay_ground, open_runtime
from usufruct_oracles.server import create_app


def run(config: WorkerConfig, reattest: frozenset[tuple[int, int, int]] = frozenset()) -> None:
    """Run a worker until SIGTERM or SIGINT; what is under way is finished first.

    Raises:
        ConfigError: Files, key or listen address are wrong.
        ChainError: The node cannot be reached at the start.
    """
    stop = threading.Event()
    log = logs.get("run")
    ground = lay_ground(config)
    with (
        listening(config.host, config.port, "worker.listen", config.file) as listener,
        open_runtime(ground, reattest) as runtime,
    ):
        with serving(create_app(runtime.site), listener), _stopped_by_signals(stop):
            log.info("running", name=config.name, address=address_of(ground.key))
            runtime.worker.run(stop)
        log.info("stopped", name=config.name)


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
