"""Reports of the workers come page by page, each once."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from tests.support.asking import House

from usufruct.api.auth.principal import Role
from usufruct.ledger.models import verdict_report

REPORTS = [
    (stream, period, source)
    for stream in (1, 2)
    for period in (3, 2, 1)
    for source in ("https://a.example/x", "https://b.example")
]


def reported(house: House) -> None:
    """Writes the reports, the last first."""
    with house.database.write() as connection:
        for stream, period, source in reversed(REPORTS):
            row = {"stream": stream, "period": period, "source": source, "document": "{}"}
            connection.execute(insert(verdict_report).values(row))


def test_pages_of_reports_put_together_are_all_of_them(house: House) -> None:
    reported(house)
    auditor = house.key(Role.AUDITOR)
    found: list[tuple[str, int, str]] = []
    after: dict[str, str] = {}
    while True:
        page = house.ask("/v1/verdicts", params={"limit": "5", **after}, headers=auditor).json()
        found += [(e["stream"], e["period"]["number"], e["source"]) for e in page["data"]]
        if not page["has_more"]:
            break
        after = {"starting_after": page["next"]}
    assert found == [(f"str_{stream}", period, source) for stream, period, source in REPORTS]
    refused = house.ask("/v1/verdicts?starting_after=x", headers=auditor)
    assert (refused.status_code, refused.json()["field"]) == (422, "starting_after")


@pytest.mark.parametrize(
    ("streams", "query", "seen"),
    [
        ((2,), "", {"str_2"}),
        ((2,), "?stream=str_2", {"str_2"}),
        ((2,), "?stream=str_1", set()),
        ((1, 2), "", {"str_1", "str_2"}),
        ((), "?stream=str_1", {"str_1"}),
    ],
)
def test_an_operator_is_shown_the_reports_on_his_streams(
    house: House, streams: tuple[int, ...], query: str, seen: set[str]
) -> None:
    reported(house)
    answer = house.ask(f"/v1/verdicts{query}", headers=house.key(Role.OPERATOR, streams=streams))
    assert answer.status_code == 200, answer.text
    assert {each["stream"] for each in answer.json()["data"]} == seen


def test_a_holder_is_shown_no_reports(house: House) -> None:
    assert house.ask("/v1/verdicts", headers=house.investor(1)).status_code == 403
