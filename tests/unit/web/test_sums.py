"""What the community's page adds up is all that there is, not the newest part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select, update
from tests.support.asking import House

from benches._api.ledger import Size, fill
from usufruct.api.auth.principal import Role
from usufruct.ledger import models as m

_MANY = 260
"""More than a page lists of anything."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(f"sqlite:///{tmp_path_factory.mktemp('sums')}/ledger.db")
    fill(made.database, Size(holders=4, distributions=_MANY, per_series=2, streams=2))
    step = {"kind": "reserve", "to_series": False, "payee": "0x" + "00" * 20}
    line = {"due": "7", "paid": "7", "released": "2", "balance": "0"}
    with made.database.write() as connection:
        connection.execute(m.settlement.delete())
        connection.execute(m.rules.delete())
        connection.execute(
            insert(m.rules).values(
                pos=1, stream=1, version=1, effective_at=0, content=json.dumps({"steps": [step]})
            )
        )
        plain = {"stream": 1, "rules_version": 1, "required": 0, "shortfall": 0}
        rest = {"multiplier_bp": 0, "breached": 0, "lines": json.dumps([line])}
        connection.execute(
            insert(m.settlement),
            [
                {"pos": n, "period": n, "receipts": 1_000_000, **plain, **rest}
                for n in range(1, _MANY + 1)
            ],
        )
    yield made
    made.close()


def shown(house: House) -> str:
    text = house.ask("/", headers={"accept": "text/html"}).text
    return text.replace('<span class="fine">', "").replace("</span>", "")


def test_sums_are_of_everything_and_not_of_the_newest_rows(house: House) -> None:
    with house.database.read() as connection:
        paid = connection.execute(select(func.sum(m.distribution.c.amount))).scalar_one()
    text = shown(house)
    assert f"{_MANY:,}.000000" in text, "income received"
    assert f"{paid // 10**6:,}.{paid % 10**6:06}" in text
    assert f'<td class="right">{_MANY}</td>' in text, "distributions of a series"
    assert f"0.{5 * _MANY:06}" in text, "what the reserve kept, less what it gave back"


def test_what_a_fund_passes_on_is_counted_once(house: House) -> None:
    def total(series: int | None) -> int:
        query = select(func.sum(m.distribution.c.amount))
        if series is not None:
            query = query.where(m.distribution.c.series != series)
        with house.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    everything, fewer = total(None), total(1)
    with house.database.write() as connection:
        connection.execute(update(m.series).where(m.series.c.id == 1).values(stream=None))
        connection.execute(update(m.cursor).values(block=m.cursor.c.block + 1))
    text = shown(house)
    assert f"{fewer // 10**6:,}.{fewer % 10**6:06}" in text
    assert f"{everything // 10**6:,}.{everything % 10**6:06}" not in text


def test_long_lists_are_cut_and_say_so(house: House) -> None:
    assert "The newest 36 periods are drawn; the sums are of all." in shown(house)


def test_the_issuer_s_list_says_where_it_is_cut(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = {**house.key(Role.AUDITOR), "accept": "text/html"}
    count = house.ask("/issuer", headers=html).text.count('href="/issuer/series/')
    assert count > 1
    assert "are shown; all are at" not in house.ask("/issuer", headers=html).text
    monkeypatch.setattr("usufruct.web.facts.MOST", count - 1)
    text = house.ask("/issuer", headers=html).text
    assert text.count('href="/issuer/series/') == count - 1
    assert f"The first {count - 1} are shown; all are at <code>/v1/series</code>" in text
