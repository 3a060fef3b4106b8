"""How real worker processes reach each other: TLS, a shared PostgreSQL; and what they lend each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from tests.integration.oracles.village import (
    EV,
    NAMES,
    VPP,
    WATER,
    Process,
    Village,
    village,
    wait_until,
)
from tests.support.certificates import Issued, bundle, self_signed
from tests.support.communities import MONTH
from tests.support.ports import free_port
from tests.support.postgres import fresh_postgres

from usufruct.keys import dev_address
from usufruct_oracles.journal.database import Database
from usufruct_oracles.pledges import Pledges

pytestmark = pytest.mark.chain

STREAMS = (WATER, EV, VPP)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


def recorded(status: dict[str, Any]) -> list[int]:
    by = {each["stream"]: each["recorded"] for each in status["streams"]}
    return [by[each] for each in STREAMS]


def on_chain(place: Village) -> list[bytes]:
    return [place.head(each) for each in STREAMS]


# --- Lending ---


def test_a_message_that_reached_one_worker_only_does_not_stop_the_quorum(place: Village) -> None:
    """Gamma's inbox lacks a day; alpha's has it. With beta down both are needed."""
    alpha, _, gamma = place.workers
    lacking = place.folder / "lacking"
    shutil.copytree(place.inbox, lacking)
    for path in (lacking / "WATER").glob(f"{MONTH}-02.*"):
        path.unlink()
    alpha.write_config()
    gamma.write_config(inbox=str(lacking), grace='"1s"')
    for worker in (alpha, gamma):
        worker.start()
    for worker in (alpha, gamma):
        wait_until(worker.name, worker.is_up)
    place.move_to(place.end_of(3) + 60)
    wait_until("three days", lambda: recorded(gamma.get("/v1/status").json()) == [3, 3, 3])
    assert '"event": "records taken over"' in gamma.log
    metrics = gamma.get("/metrics").text
    assert 'usufruct_oracle_fetched_records_total{outcome="judged"} 1.0' in metrics


# --- TLS ---


def with_tls(text: str, issued: Sequence[Issued], own: int) -> str:
    """The configuration with a certificate of its own, and the peers' certificates pinned."""
    text = text.replace('url = "http:', 'url = "https:')
    for at, name in enumerate(NAMES):
        pinned = f'name = "{name}"\ncert = "{issued[at].cert}"\n'
        text = text if at == own else text.replace(f'name = "{name}"\n', pinned)
    ca = bundle(issued[own].cert.with_suffix(".ca"), *issued)
    mine = f'tls = {{ cert = "{issued[own].cert}", key = "{issued[own].key}", ca = "{ca}" }}\n'
    return text.replace("[worker]\n", "[worker]\n" + mine)


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def status(port: int) -> dict[str, Any]:
    answer = httpx.get(f"http://127.0.0.1:{port}/v1/status", trust_env=False)
    found: dict[str, Any] = answer.json()
    return found


def test_workers_speak_tls_and_know_each_other_by_their_certificates(
    place: Village, tmp_path: Path
) -> None:
    issued = [self_signed(tmp_path, name) for name in NAMES]
    ops = [free_port() for _ in NAMES]
    for worker in place.workers:
        path = worker.write_config(ops=f'"127.0.0.1:{ops[worker.index]}"')
        path.write_text(with_tls(path.read_text(), issued, worker.index))
        worker.start()
    for port in ops:
        wait_until("readiness", lambda port=port: is_ready(port))
    place.move_to(place.end_of(2))
    for port in ops:
        wait_until("two days", lambda port=port: recorded(status(port)) == [2, 2, 2])
    url = f"https://127.0.0.1:{place.ports[0]}/healthz"
    with pytest.raises(httpx.HTTPError):
        httpx.get(url, trust_env=False, verify=False)  # noqa: S501  # even then it wants a certificate
    evidence = httpx.get(f"http://127.0.0.1:{ops[0]}/v1/batches/{WATER}/1", trust_env=False)
    assert evidence.status_code == 404


# --- A shared PostgreSQL ---


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fresh_postgres() as url:
        yield url


def without_peers(worker: Process, **changes: str) -> None:
    path = worker.write_config(**changes)
    head, _, _ = path.read_text().partition("[[worker.peers]]")
    path.write_text(f'{head}[source]\nkind = "csv"\ninbox = "{worker.village.inbox}"\n')


def test_workers_find_each_other_in_a_shared_database_and_may_share_a_journal(
    place: Village, postgres: str
) -> None:
    """Exchange, journal, pledges and outbox of three workers in one PostgreSQL; one worker is killed twice."""
    for worker in place.workers:
        without_peers(worker, exchange=f'"{postgres}"', journal=f'"{postgres}"')
        worker.start()
    for worker in place.workers:
        wait_until(worker.name, worker.is_up)
    for day, victim in ((4, 1), (8, 2)):
        place.move_to(place.end_of(day))
        place.workers[victim].kill()
        place.workers[victim].start()
        for worker in place.workers:
            wait_until(f"day {day}", lambda w=worker, d=day: w.is_up() and _is_at(w, d), 120)
    heads = on_chain(place)
    database = Database(postgres)
    try:
        signed = [Pledges(database, dev_address(4 + at)).all() for at in range(3)]
        with database.read() as connection:
            senders = set(
                connection.execute(
                    sa.select(sa.column("sender")).select_from(sa.table("outbox_transactions"))
                ).scalars()
            )
    finally:
        database.close()
    by_place = {}
    for pledges in signed:
        for where, digest in pledges:
            assert by_place.setdefault(str(where), digest) == digest
    assert len(by_place) == 3 * 8
    assert all(len(each) > 0 for each in signed)
    assert len(senders) > 1
    for worker in place.workers:
        # What a sister recorded in the common journal is there before one's own next look at the chain.
        wait_until("the heads", lambda w=worker: _heads(w.get("/v1/status").json()) == heads, 60)
        found = worker.get("/v1/status").json()
        assert (found["alerts"], found["error"]) == ([], "")


def _is_at(worker: Process, day: int) -> bool:
    return recorded(worker.get("/v1/status").json()) == [day] * 3


def _heads(status: dict[str, Any]) -> list[bytes]:
    by = {each["stream"]: each["head"] for each in status["streams"]}
    return [bytes.fromhex(by[each][2:]) for each in STREAMS]
