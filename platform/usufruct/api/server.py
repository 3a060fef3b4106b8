"""Runs the platform in one process: index, evidence, API. Ends cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from usufruct.api import logs
from usufruct.api.app import create_app
from usufruct.api.auth.principal import Access
from usufruct.api.auth.secret import load_secret
from usufruct.api.events.deliver import Deliverer
from usufruct.api.events.feed import Feed
from usufruct.api.labels import Labels
from usufruct.api.protocol import MOST_CONNECTIONS, Impatient
from usufruct.api.render import Renderer
from usufruct.api.routes.events import Streams
from usufruct.api.service import Service
from usufruct.chain.client import ChainClient
from usufruct.config import load_community
from usufruct.errors import UsufructError
from usufruct.exports.bank.journal import JOURNAL
from usufruct.index import runner
from usufruct.index.bar import CatchUpBar
from usufruct.index.evidence import EvidenceFetcher
from usufruct.index.heads import Heads
from usufruct.index.indexer import Indexer
from usufruct.index.settings import Settings
from usufruct.index.site import Site, heads_of, open_site
from usufruct.ledger.database import Database
from usufruct.ledger.zone import note_zone
from usufruct.listening import authority, listening
from usufruct.opsport import add_metrics, ops_port

__all__ = ["serve"]

_GRACE_SECONDS: Final = 10
_logger = structlog.get_logger(__name__)


def serve(settings: Settings) -> None:
    """Runs until told to stop.

    Raises:
        UsufructError: The settings, the database or the node do not allow it to start or to go on.
    """
    logs.configure(as_json=settings.log_json)
    site = open_site(settings)
    site.database.migrate()
    labels = _labels(site)
    with site.database.write() as connection:
        note_zone(connection, labels.timezone)
    # Ahead of all threads: whoever finds the port taken has not begun to write.
    listener = listening(settings.host, settings.port, "port")
    where = authority(settings.host, listener.getsockname()[1])
    progress = runner.Progress()
    service = Service(
        database=site.database,
        render=Renderer(site.currency(), labels),
        chain_id=site.client.chain_id,
        contracts=site.deployment.contracts,
        progress=progress,
        ready_lag=settings.ready_lag_blocks,
        chain=ChainClient(settings.rpc),
        access=_access(settings, where),
        reader_rpc=settings.reader_rpc,
        bank_journal=settings.state / JOURNAL,
    )
    app = create_app(service)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            http=Impatient,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    server.streams = app.state.streams

    def watched(ops: FastAPI) -> None:
        add_metrics(ops, lambda: app.state.metrics.registry)

    runners = [
        _index_runner(site, progress, server.fail),
        *_evidence_runner(site, server.fail),
        *_events_runners(site, service, server.fail),
    ]
    for each in runners:
        each.start()
    try:
        with ops_port("Usufruct", watched, settings.ops, "ops"):
            server.run([listener])
    finally:
        for each in runners:
            each.stop()
        site.database.dispose()
        _logger.info("stopped", block=progress.at)
    if server.failure is not None:
        raise server.failure


class _Server(uvicorn.Server):
    """Uvicorn that returns after a signal instead of dying of it, and that a thread can end."""

    failure: BaseException | None = None
    streams: Streams | None = None

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # wider is fine
        """Answers what is under way; streams of events end by themselves, so that nobody waits for them."""
        if self.streams is not None:
            self.streams.closing = True
        await super().shutdown(sockets)  # type: ignore[arg-type]  # passed through

    def fail(self, error: BaseException) -> None:
        """Ends the server because a thread cannot go on."""
        text = error.one_line() if isinstance(error, UsufructError) else repr(error)
        _logger.error(
            "stopping", error=text, exc_info=None if isinstance(error, UsufructError) else error
        )
        self.failure = error
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles SIGTERM and SIGINT while the server runs."""
        before = {
            each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # wider is fine
        """Tells where it listens, as the port may have been chosen by the system."""
        await super().startup(sockets)  # type: ignore[arg-type]  # passed through
        for server in self.servers:
            for opened in server.sockets:
                url = f"http://{authority(*opened.getsockname()[:2])}"
                _logger.info("listening", url=url)


def _access(settings: Settings, where: str) -> Access:
    """Who may see what, as the settings say; `where` is the address that it listens on."""
    return Access(
        public=settings.public,
        origin=settings.origin or f"http://{where}",
        secret=load_secret(settings.secret_file),
        session_seconds=settings.session_seconds,
        requests_per_second=settings.rate,
        loopback_webhooks=settings.loopback_webhooks,
        finality_blocks=settings.finality_blocks,
    )


def _labels(site: Site) -> Labels:
    """Names from the community file, if one was given."""
    community = site.settings.community
    if community is None:
        return Labels()
    return Labels.of(load_community(community), site.deployment.series)


# --- Threads ---


class _IndexWork:
    """Steps the indexer and tells how far it is; a progress bar on a terminal while it catches up."""

    def __init__(
        self,
        make: Callable[[], Indexer],
        progress: runner.Progress,
        pause: Callable[[int], float],
    ) -> None:
        self._make = make
        self._indexer: Indexer | None = None
        self._progress = progress
        self._pause = pause
        self._bar = CatchUpBar()

    def __call__(self) -> float:
        """One step; returns the seconds to wait."""
        if self._indexer is None:
            self._indexer = self._make()
        step = self._indexer.step()
        state = self._progress
        state.at, state.head = step.at, step.head
        state.logs += step.logs
        state.undone += step.undone
        if not state.caught_up:
            self._bar.show(step)
        if step.at < step.head:
            return 0.0
        if not state.caught_up:
            _logger.info("index has caught up", block=step.at, logs=state.logs)
            state.caught_up = True
        return self._pause(step.at)

    def failed(self, text: str | None) -> None:
        """Notes the failure, or that it is over."""
        self._progress.failure = text


def _index_runner(
    site: Site, progress: runner.Progress, fatal: Callable[[BaseException], None]
) -> runner.Runner:
    heads: Heads | None = None

    def pause(at: int) -> float:
        return heads.pause(at) if heads else site.settings.poll_seconds

    work = _IndexWork(site.indexer, progress, pause)
    made = runner.Runner("index", work, fatal, work.failed)
    heads = heads_of(site.settings, made.wake)
    return made


def _evidence_runner(site: Site, fatal: Callable[[BaseException], None]) -> list[runner.Runner]:
    """The thread that fetches evidence, none if no workers are configured."""
    if not site.settings.workers:
        return []
    fetcher = EvidenceFetcher(
        _own(site.database), [site.worker(url) for url in site.settings.workers]
    )

    def work() -> float:
        return 0.0 if fetcher.round() else site.settings.evidence_seconds

    return [runner.Runner("evidence", work, fatal)]


def _events_runners(
    site: Site, service: Service, fatal: Callable[[BaseException], None]
) -> list[runner.Runner]:
    """The threads that tell what is final: into the outbox, and from there to webhooks, which wait for strangers."""
    database = _own(site.database)
    feed = Feed(database, service.render, service.access.finality_blocks)
    deliverer = Deliverer(database, service.access, service.clock)

    def told() -> float:
        return 0.0 if feed.round() else site.settings.poll_seconds

    def delivered() -> float:
        return 0.0 if deliverer.round() else site.settings.poll_seconds

    return [
        runner.Runner("events", told, fatal),
        runner.Runner("webhooks", delivered, fatal),
    ]


def _own(database: Database) -> Database:
    """The same database with connections of its own, so that threads do not wait for each other's pool."""
    return Database(database.url.render_as_string(hide_password=False))
