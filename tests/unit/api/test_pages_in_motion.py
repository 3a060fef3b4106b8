"""Lists that go on while the ledger does: nothing that was there from the beginning to the end is left out."""

from __future__ import annotations

import pytest
from tests.support.asking import House

from usufruct.api.auth.principal import Role
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.models import block, cursor, log, statement
from usufruct.ledger.types import position


def restate(house: House, stream: int, period: int) -> None:
    """A second version of a period's statement, in a new block."""
    with house.database.write() as connection:
        here = connection.execute(cursor.select()).one()
        number = here.block + 1
        pos, digest = position(number, 0), bytes([stream, period]) * 16
        old = connection.execute(
            statement.select().where(statement.c.stream == stream, statement.c.period == period)
        ).one()
        fields = {**old._mapping, "pos": pos, "version": 2, "digest": digest}
        insert_rows(connection, block, [(number, digest, here.hash, here.timestamp + 12)])
        insert_rows(connection, log, [(pos, number, 0, 0, digest)])
        insert_rows(connection, statement, [tuple(fields[each.name] for each in statement.c)])
        connection.execute(
            cursor.update().values(block=number, hash=digest, timestamp=here.timestamp + 12)
        )


@pytest.mark.parametrize("sort", ["", "&sort=-time", "&sort=time", "&sort=period"])
def test_a_period_that_is_stated_again_while_pages_are_turned_is_not_missed(
    house: House, sort: str
) -> None:
    headers = house.key(Role.AUDITOR)
    whole = house.ask(f"/v1/statements?limit=100{sort}", headers=headers).json()["data"]
    names = [(each["stream"], each["period"]["number"]) for each in whole]
    assert len(set(names)) == len(names) == 6
    seen, after = [], ""
    while True:
        page = house.ask(f"/v1/statements?limit=2{sort}{after}", headers=headers).json()
        seen += [(each["stream"], each["period"]["number"]) for each in page["data"]]
        if len(seen) == 2:
            restate(house, int(names[3][0].removeprefix("str_")), names[3][1])
            restate(house, int(names[1][0].removeprefix("str_")), names[1][1])
        if not page["has_more"]:
            break
        after = f"&starting_after={page['next']}"
    assert seen == names
