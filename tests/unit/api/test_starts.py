"""Where a page begins is one rule for every list of the OpenAPI document, so that a new list has it too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert
from tests.support.asking import House, filled, named, payout
from tests.unit.api.test_walk import DOCUMENT

from benches._api.ledger import wallet
from usufruct.api.auth.principal import Role
from usufruct.ledger.models import registration, verdict_report


def parameters(path: str) -> dict[str, Any]:
    return {each["name"]: each for each in DOCUMENT["paths"][path]["get"].get("parameters", ())}


LISTS = sorted(
    path
    for path, each in DOCUMENT["paths"].items()
    if "get" in each and "starting_after" in parameters(path)
)
SORTED = [path for path in LISTS if "sort" in parameters(path)]
PLACES = {
    "address": named(1),
    "series_id": "s1",
    "distribution_id": "dist_s1_1",
    "participant": "1",
    "offering_id": "off_1",
}
NOTHING = {
    "/v1/access-log": ["999999999"],
    "/v1/batches": ["bat_1_999", "bat_9_1"],
    "/v1/distributions": ["dist_s1_999", "dist_s9_1"],
    "/v1/distributions/{distribution_id}/payouts": [payout(1, 2, 1), payout(1, 1, 3)],
    "/v1/events": ["999999999", "0"],
    "/v1/offerings": ["off_999"],
    "/v1/offerings/{offering_id}/subscriptions": [
        *(f"sub_{number}_{wallet(holder).hex()}" for number, holder in ((1, 99), (9, 1))),
    ],
    "/v1/participants/{participant}/positions": [
        *(f"pos_{slug}_{wallet(holder).hex()}" for slug, holder in (("s9", 1), ("s1", 2))),
    ],
    "/v1/series": ["ser_s9"],
    "/v1/series/{series_id}/holders": [named(3), named(99)],
    "/v1/series/{series_id}/positions": [
        *(f"pos_{slug}_{wallet(holder).hex()}" for slug, holder in (("s1", 3), ("s3", 1))),
    ],
    "/v1/series/{series_id}/records": ["rec_s1_999", "rec_s3_1"],
    "/v1/settlements": ["set_1_999", "set_9_1"],
    "/v1/statements": ["st_1_1_v9", "st_9_1_v1"],
    "/v1/verdicts": ["str_1/1/https://nobody.example", "str_9/1/https://a.example"],
    "/v1/wallets/{address}/holdings": ["ser_s2", "ser_s9"],
    "/v1/wallets/{address}/payouts": [payout(1, 999, 1), payout(1, 1, 2)],
    "/v1/wallets/{address}/positions": [
        *(f"pos_{slug}_{wallet(holder).hex()}" for slug, holder in (("s2", 1), ("s1", 2))),
    ],
    "/v1/wallets/{address}/subscriptions": [
        *(f"sub_{number}_{wallet(holder).hex()}" for number, holder in ((9, 1), (1, 2))),
    ],
}
"""Ids that are well formed and name nothing on the list, or what is on another one."""
ALWAYS_SORTED = {"/v1/disputes"}
"""Have no order of their own: their pages go on after marks alone."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = filled(tmp_path_factory.mktemp("starts"), public="all")
    with made.database.write() as connection:
        row = {"stream": 1, "period": 1, "source": "https://a.example", "document": "{}"}
        connection.execute(insert(verdict_report).values(row))
        one = connection.execute(registration.select()).first()
        assert one is not None
    yield made
    made.close()


@pytest.fixture(scope="module")
def auditor(house: House) -> dict[str, str]:
    return house.key(Role.AUDITOR)


def asked(house: House, path: str, auditor: dict[str, str], **params: str) -> Any:
    return house.ask(path.format_map(PLACES), params=params, headers=auditor)


def test_every_list_says_here_what_names_nothing_on_it() -> None:
    assert sorted(NOTHING.keys() | ALWAYS_SORTED) == LISTS


@pytest.mark.parametrize(
    ("path", "after"), [(path, after) for path, each in NOTHING.items() for after in each]
)
def test_a_page_after_what_is_not_on_the_list_is_not_found(
    path: str, after: str, house: House, auditor: dict[str, str]
) -> None:
    answer = asked(house, path, auditor, starting_after=after)
    assert answer.status_code == 404, answer.text
    told = answer.json()
    assert told["type"].endswith("/not-found")
    assert (told["field"], told["value"]) == ("starting_after", after)
    assert told["remedy"] == "begin again without starting_after"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("after", ["x", "ser_", "s1", "bat_1_x", "%", "-1"])
def test_a_page_after_what_is_no_id_of_the_list_is_refused(
    path: str, after: str, house: House, auditor: dict[str, str]
) -> None:
    answer = asked(house, path, auditor, starting_after=after)
    assert (answer.status_code, answer.json()["field"]) == (422, "starting_after")
    assert answer.json()["rule"]
    assert answer.json()["remedy"]


@pytest.mark.parametrize("path", SORTED)
def test_a_sorted_page_goes_on_after_a_mark_and_nothing_else(
    path: str, house: House, auditor: dict[str, str]
) -> None:
    schema = parameters(path)["sort"]["schema"]
    names = schema.get("enum") or schema["anyOf"][0]["enum"]
    for sort in names:
        for after in NOTHING.get(path, ["dis_1_1_v1_1"]):
            answer = asked(house, path, auditor, sort=sort, starting_after=after)
            assert (answer.status_code, answer.json()["field"]) == (422, "starting_after")


@pytest.mark.parametrize("path", LISTS)
def test_pages_of_one_put_together_are_the_list_in_every_order(
    path: str, house: House, auditor: dict[str, str]
) -> None:
    schema = parameters(path).get("sort", {}).get("schema", {})
    names = schema.get("enum") or schema.get("anyOf", [{"enum": []}])[0]["enum"]
    for sort in ({}, *({"sort": name} for name in names)):
        whole = asked(house, path, auditor, limit="200", **sort).json()["data"]
        found: list[Any] = []
        after: dict[str, str] = {}
        while len(found) <= len(whole):
            page = asked(house, path, auditor, limit="2", **sort, **after).json()
            found += page["data"]
            if not page["has_more"]:
                break
            after = {"starting_after": page["next"]}
        assert found[-len(whole) :] == whole if path == "/v1/access-log" else found == whole


@pytest.mark.parametrize(
    ("path", "when"),
    [
        ("/v1/distributions", "distributed"),
        ("/v1/settlements", "settled"),
        ("/v1/statements", "attested"),
        ("/v1/batches", "anchored"),
        ("/v1/wallets/{address}/payouts", "accrued"),
    ],
)
def test_what_was_not_there_yet_is_no_place_to_begin_as_of_then(
    path: str, when: str, house: House, auditor: dict[str, str]
) -> None:
    newest = asked(house, path, auditor, limit="1").json()["data"][0]
    before = str(newest[when]["block"] - 1)
    answer = asked(house, path, auditor, as_of_block=before, starting_after=newest["id"])
    assert (answer.status_code, answer.json()["field"]) == (404, "starting_after"), answer.text
