"""What a second look into the ledger finds is of the chain that the answer is stamped with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, update
from tests.support.asking import House, named

from usufruct.api.auth.principal import Role
from usufruct.ledger import models as m
from usufruct.ledger.database import Database


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/wallets/{named(1)}/positions",
        "/v1/series/s1/positions",
        f"/v1/wallets/{named(1)}/look-through",
    ],
)
def test_a_reorganisation_between_two_looks_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    auditor, read = house.key(Role.AUDITOR), Database.read
    assert house.ask(path, headers=auditor).status_code == 200

    @contextmanager
    def reorganised(database: Database) -> Iterator[Connection]:
        with database.write() as connection:
            for table in (m.cursor, m.block, m.header):
                connection.execute(update(table).values(hash=b"\x99" * 32))
        with read(database) as connection:
            yield connection

    monkeypatch.setattr(Database, "read", reorganised)
    answer = house.ask(path, headers=auditor)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "reorganised")
