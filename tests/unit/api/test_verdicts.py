"""Reports of the workers come page by page, each once."""

from __future__ import annotations

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


def test_pages_of_reports_put_together_are_all_of_them(house: House) -> None:
    with house.database.write() as connection:
        for stream, period, source in reversed(REPORTS):
            row = {"stream": stream, "period": period, "source": source, "document": "{}"}
            connection.execute(insert(verdict_report).values(row))
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
