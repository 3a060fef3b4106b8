"""Pages hold no reader of the ledger while they wait for the node or compute: there are eight for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.asking import House, filled, named

from usufruct.contracts import series_extension as se
from usufruct.errors import EvidenceError
from usufruct.ledger.database import Database
from usufruct.ledger.reader import AsyncReader

HTML = {"accept": "text/html"}
ASK = f"/issuer/series/ser_s1?sender={named(1)}&recipient={named(2)}&units="


class Held:
    """How many readers are held, now and when something slow was asked."""

    def __init__(self) -> None:
        self.now = 0
        self.seen: list[int] = []

    def slow(self, answer: Any) -> Any:
        """The answer to something slow."""
        self.seen.append(self.now)
        return answer


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Counts the readers that are held."""
    count, real = Held(), Database.read_async

    @asynccontextmanager
    async def counted(self: Database) -> AsyncIterator[AsyncReader]:
        async with real(self) as reader:
            count.now += 1
            try:
                yield reader
            finally:
                count.now -= 1

    monkeypatch.setattr(Database, "read_async", counted)
    return count


@pytest.fixture
def house(tmp_path: Path, held: Held) -> Iterator[House]:
    """The application with a node that refuses no transfer."""
    made = filled(tmp_path, public="all")
    good = se.ExplainTransferResult(se.Refusal.NONE, 0, bytes(32), 0, 0)
    node: Any = SimpleNamespace(call=lambda *_: held.slow(good))
    made.app.state.service = replace(made.service, chain=node)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("path", "slow"), [("/issuer", 0), ("/issuer/series/ser_s1", 0), (ASK + "1", 1)]
)
def test_no_reader_is_held_while_the_node_is_asked(
    house: House, held: Held, path: str, slow: int
) -> None:
    answer = house.ask(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    assert held.seen == [0] * slow


def test_no_reader_is_held_while_a_period_is_replayed(
    house: House, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def facts(*_: object) -> object:
        held.slow(None)
        raise EvidenceError("there is none", field="period", value="1", rule="one", remedy="none")

    monkeypatch.setattr("usufruct.web.routes.audit.period_from_ledger", facts)
    answer = house.ask("/audit/replay?what=STREAM1/1", headers=HTML)
    assert (answer.status_code, held.seen) == (200, [0])
    assert "there is none" in answer.text.lower()
