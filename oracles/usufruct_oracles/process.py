"""The process around a worker: its loop in the main thread, what serves it in others, and signals.

When the signer table begins to name the worker's next key, the worker is taken apart after its present step and put
together again with that key, within the same process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from usufruct.core.signing import address_of
from usufruct.listening import listening, serving
from usufruct_oracles import logs
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.runtime import Ground, Runtime, lay_ground, open_runtime
from usufruct_oracles.server import create_app, create_ops_app
from usufruct_oracles.tls import server_context

_PATIENCE = 10
"""Seconds that a thread is waited for at the end."""
_ENDED_LATE = 75
"""Exit code of a worker that did not drain in time (EX_TEMPFAIL): start it again, nothing is lost."""


def run(config: WorkerConfig, reattest: frozenset[tuple[int, int, int]] = frozenset()) -> None:
    """Run a worker until SIGTERM or SIGINT; what is under way is finished first, within the drain time.

    Raises:
        ConfigError: Files, key, certificate or listen address are wrong.
        ChainError: The node cannot be reached at the start.
    """
    stop = threading.Event()
    ground = lay_ground(config)
    with _stopped_by_signals(stop, config.drain):
        while not stop.is_set():
            ground = replace(ground, key=ground.preferred_key())
            _run_with(ground, reattest, stop)
    logs.get("run").info("stopped", name=config.name)


def _run_with(
    ground: Ground, reattest: frozenset[tuple[int, int, int]], stop: threading.Event
) -> None:
    """Run until `stop` is set, or until the signer table names the other key."""
    log, config = logs.get("run"), ground.config
    with contextlib.ExitStack() as stack:
        listener = listening(config.host, config.port, "worker.listen", config.file)
        ops = None if config.ops is None else listening(*config.ops, "worker.ops", config.file)
        tls = None if config.tls is None else server_context(config.tls)
        runtime = stack.enter_context(open_runtime(ground, reattest))
        stack.enter_context(serving(create_app(runtime.site), listener, tls))
        if ops is not None:
            stack.enter_context(serving(create_ops_app(runtime.site), ops))
        stack.enter_context(_beside(runtime))
        log.info("running", name=config.name, address=address_of(ground.key))
        runtime.hear()
        runtime.worker.run(stop, ground.is_outdated)
        runtime.site.metrics.draining.set(1)
    if not stop.is_set():
        log.info("key changes", name=config.name, address=address_of(ground.preferred_key()))


@contextlib.contextmanager
def _beside(runtime: Runtime) -> Iterator[None]:
    """The chores, and the answers through a shared database, each in a thread of its own."""
    end = threading.Event()
    tasks: list[Callable[[], None]] = [lambda: runtime.chores.run(end)]
    if (mailbox := runtime.mailbox) is not None:
        tasks.append(lambda: mailbox.serve(runtime.site.routes(), end))
    threads = [threading.Thread(target=task, name="beside", daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join(_PATIENCE)


@contextlib.contextmanager
def _stopped_by_signals(stop: threading.Event, drain: float) -> Iterator[None]:
    """The first signal asks the loop to end; a second one, or the drain time, ends the process at once."""

    def give_up() -> None:
        logs.get("run").warning("did not drain in time; the next start goes on from the journal")
        os._exit(_ENDED_LATE)

    timer = threading.Timer(drain, give_up)
    timer.daemon = True

    def ask(number: int, _: object) -> None:
        if not stop.is_set():
            timer.start()
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    previous = {each: signal.signal(each, ask) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        timer.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)
