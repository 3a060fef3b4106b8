"""Sorting and filters, positions, and what an explanation names as its evidence, on a real chain's ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from subprocess import CompletedProcess
from typing import Any

import pytest
from tests.integration.platform.kit import HOLDERS, OPERATOR, STREAM, deployed
from tests.integration.platform.test_api import World
from tests.support.anvil import running_anvil
from tests.support.program import usufruct

from usufruct.api import schemas
from usufruct.chain.client import ChainClient
from usufruct.contracts import revenue_right, statement_book, waterfall

ADAM, BARB, CARL, DAVE, EVE = HOLDERS


class Disputed(World):
    """The world of the API's tests, with a fourth period that was disputed, voided, stated again and settled."""

    def _history(self) -> None:
        super()._history()
        kit = self.kit
        evidence = kit.evidence[-1]
        for call in (
            statement_book.dispute(STREAM, 4, b"\1" * 32),
            statement_book.dismiss(STREAM, 4, b"\2" * 32),
            statement_book.dispute(STREAM, 4, b"\3" * 32),
        ):
            kit.act("StatementBook", call)
        self.while_open = kit.client.block_number()
        kit.act("StatementBook", statement_book.void_statement(STREAM, 4, b"\4" * 32))
        kit.restate(evidence, 2)
        kit.finish()
        required = sum(line.amount for line in evidence.lines)
        kit.act("Waterfall", waterfall.fund(STREAM, required), OPERATOR)
        kit.act("Waterfall", waterfall.settle(STREAM, 4))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disputed]:
    folder = tmp_path_factory.mktemp("lists")
    with running_anvil(folder) as anvil:
        made = Disputed(deployed(anvil), folder)
        yield made
        made.database.dispose()


# --- Sorting and filters ---------------------------------------------------------------------------

SORTED = {
    "/v1/distributions": {
        "amount": lambda each: int(each["amount"]["amount"]),
        "period": lambda each: each["period"]["number"],
        "time": lambda each: (each["distributed"]["block"], each["distributed"]["log_index"]),
    },
    "/v1/settlements": {
        "receipts": lambda each: int(each["receipts"]["amount"]),
        "shortfall": lambda each: int(each["shortfall"]["amount"]),
    },
    "/v1/statements": {"distributable": lambda each: int(each["distributable"]["amount"])},
    "/v1/batches": {"seq": lambda each: each["seq"], "from": lambda each: each["from"]},
    "/v1/series": {"rank": lambda each: ("senior", "mezzanine", "junior").index(each["rank"])},
    "/v1/series/LVPPS/holders": {"units": lambda each: int(each["units"])},
    f"/v1/wallets/{CARL}/holdings": {"units": lambda each: int(each["units"])},
    f"/v1/wallets/{CARL}/payouts": {
        "amount": lambda each: int(each["amount"]["amount"]),
        "units": lambda each: int(each["units"]),
        "period": lambda each: each["period"]["number"],
    },
    "/v1/distributions/dist_lvppj_2/payouts": {
        "amount": lambda each: int(each["amount"]["amount"])
    },
    "/v1/disputes": {"time": lambda each: each["opened"]["block"]},
    **{
        path: {
            "units": lambda each: int(each["units"]),
            "paid": lambda each: int(each["paid"]["amount"]),
        }
        for path in (
            f"/v1/wallets/{CARL}/positions",
            "/v1/participants/3/positions",
            "/v1/series/LVPPS/positions",
        )
    },
}


@pytest.mark.parametrize(
    ("path", "name"), [(path, name) for path, names in SORTED.items() for name in names]
)
def test_a_list_is_in_the_order_that_was_asked_for_page_by_page(
    world: Disputed, path: str, name: str
) -> None:
    key = SORTED[path][name]
    plain = world.get(path)["data"]
    for sign in ("", "-"):
        found: list[Any] = []
        after = ""
        while True:
            page = world.get(f"{path}?sort={sign}{name}&limit=2{after}")
            found += page["data"]
            if not page["has_more"]:
                break
            after = f"&starting_after={page['next']}"
        values = [key(each) for each in found]
        assert values == sorted(values, reverse=bool(sign))
        assert len(values) > 1
        assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, plain))


def test_a_page_goes_on_only_in_the_list_that_it_is_of(world: Disputed) -> None:
    path = f"/v1/wallets/{CARL}/payouts"
    mark = world.get(f"{path}?sort=amount&limit=1")["next"]
    assert world.answer(f"{path}?sort=amount&limit=3&starting_after={mark}").status_code == 200
    block = world.kit.client.block_number() - 1
    for query in (
        "sort=-amount",
        "sort=units",
        "sort=amount&status=paid",
        "sort=amount&series=LVPPJ",
        f"sort=amount&as_of_block={block}",
        "limit=1",
        "status=paid",
    ):
        answer = world.answer(f"{path}?{query}&starting_after={mark}")
        assert (answer.status_code, answer.json()["field"]) == (422, "starting_after"), query
        assert "sort, filters" in answer.json()["rule"]
    other = f"/v1/wallets/{EVE}/payouts?sort=amount&starting_after={mark}"
    assert world.answer(other).status_code == 422
    plain = world.get(f"{path}?limit=1")["next"]
    assert world.answer(f"{path}?sort=amount&starting_after={plain}").status_code == 422
    for forged in ("s_", f"{mark}0" * 4, mark[:15] + "9" * 19 + "_1", mark.upper(), "s_x_1_1"):
        assert world.answer(f"{path}?sort=amount&starting_after={forged}").status_code == 422
    assert world.answer(f"{path}?sort=colour").status_code == 422


FILTERED = [
    ("/v1/series", "status=sealed", lambda each: each["sealed"]),
    ("/v1/series", "stream=VPP", lambda each: each["stream"] == "str_1"),
    ("/v1/settlements", "status=short", lambda each: each["shortfall"]["amount"] != "0"),
    ("/v1/settlements", "status=full", lambda each: each["shortfall"]["amount"] == "0"),
    ("/v1/settlements", "stream=1&period=2", lambda each: each["period"]["number"] == 2),
    ("/v1/statements", "status=settled", lambda each: each["status"] == "settled"),
    ("/v1/batches", "status=checked", lambda each: each["evidence"] == "checked"),
    ("/v1/batches", "status=missing", lambda each: each["evidence"] == "missing"),
    ("/v1/disputes", "status=upheld", lambda each: each["status"] == "upheld"),
    ("/v1/disputes", "status=dismissed", lambda each: each["status"] == "dismissed"),
    ("/v1/disputes", "status=open", lambda each: each["status"] == "open"),
    (
        f"/v1/wallets/{CARL}/holdings",
        "series=LVPPJ",
        lambda each: each["series"]["id"] == "ser_lvppj",
    ),
    (f"/v1/wallets/{CARL}/payouts", "status=paid", lambda each: each["status"] == "paid"),
    ("/v1/series/LVPPS/records", "period=2", lambda each: each["period"]["number"] == 2),
]


@pytest.mark.parametrize(("path", "query", "fits"), FILTERED)
def test_filters_leave_what_fits_and_nothing_else(
    world: Disputed, path: str, query: str, fits: Any
) -> None:
    whole = world.get(f"{path}?limit=200")["data"]
    assert world.get(f"{path}?{query}")["data"] == [each for each in whole if fits(each)]


# --- Disputes and evidence -------------------------------------------------------------------------


def test_disputes_tell_what_was_decided_and_what_it_does_to_the_money(world: Disputed) -> None:
    answer = world.answer("/v1/disputes?sort=time")
    schemas.Disputes.model_validate_json(answer.content, strict=True)
    first, second = answer.json()["data"]
    assert (first["id"], first["status"], first["effect"]) == (
        *("dis_1_4_v1_1", "dismissed", "statement-stands"),
    )
    assert (first["evidence"], first["reason"]) == ("0x" + "01" * 32, "0x" + "02" * 32)
    assert (second["id"], second["status"], second["effect"]) == (
        *("dis_1_4_v1_2", "upheld", "statement-replaced"),
    )
    assert second["successor"]["id"] == "st_1_4_v2"
    assert first["decided"]["block"] < second["opened"]["block"] < second["decided"]["block"]
    (_, then) = world.get(f"/v1/disputes?sort=time&as_of_block={world.while_open}")["data"]
    assert (then["status"], then["effect"], then["decided"]) == ("open", "payment-blocked", None)
    assert then["successor"] is None


def test_a_payout_s_explanation_names_the_log_behind_every_figure(world: Disputed) -> None:
    payout = world.get(f"/v1/payouts/{world.payout(ADAM, 3)}")
    schemas.PayoutDetail.model_validate(payout)
    assert [each["id"] for each in payout["versions"]] == ["st_1_4_v2", "st_1_4_v1"]
    assert [each["status"] for each in payout["versions"]] == ["settled", "superseded"]
    assert [each["status"] for each in payout["disputes"]] == ["dismissed", "upheld"]
    assert [each["event"] for each in payout["history"]] == [
        *("disputed", "dismissed", "disputed", "voided", "settled"),
    ]
    assert payout["tariff"]["hash"] == payout["statement"]["tariff_hash"]
    assert payout["rules"]["version"] == payout["settlement"]["rules_version"]
    assert payout["coverage"]["coverage_bp"] == payout["statement"]["coverage_bp"] == 10_000
    assert (payout["coverage"]["expected"], payout["coverage"]["covered"]) == ("3", "3")
    assert payout["arithmetic"]["rate"].split("/") == [
        payout["arithmetic"]["distributed"],
        payout["arithmetic"]["supply"],
    ]
    node = world.kit.client
    places = list(_places(payout))
    assert len(places) > 12
    for place in places:
        assert _is_on_chain(node, place), place


def test_the_units_that_counted_are_traced_to_the_transfer_that_left_them(world: Disputed) -> None:
    early = world.get(f"/v1/payouts/{world.payout(ADAM, 1)}")
    late = world.get(f"/v1/payouts/{world.payout(ADAM, 2)}")
    assert (early["units"], late["units"]) == ("600000", "400000")
    assert early["units_since"]["block"] < late["units_since"]["block"] < late["accrued"]["block"]
    assert late["record"]["id"] == "rec_lvpps_2"
    assert late["record"]["announced"]["block"] < late["units_since"]["block"]
    assert early["record"] is None
    same = world.get(f"/v1/payouts/{world.payout(BARB, 2)}")
    assert same["units_since"] == world.get(f"/v1/payouts/{world.payout(BARB, 1)}")["units_since"]


def _places(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if {"block", "transaction", "log_index"} <= value.keys():
            yield value
        for each in value.values():
            yield from _places(each)
    elif isinstance(value, list):
        for each in value:
            yield from _places(each)


def _is_on_chain(node: ChainClient, place: dict[str, Any]) -> bool:
    receipt = node.receipt(bytes.fromhex(place["transaction"][2:]))
    assert receipt is not None
    logs = {log.log_index for log in receipt.logs}
    return receipt.block_number == place["block"] and place["log_index"] in logs


# --- Positions -------------------------------------------------------------------------------------


def test_positions_are_the_contracts_own_figures_by_wallet_participant_and_series(
    world: Disputed,
) -> None:
    for number, holder in enumerate(HOLDERS, 1):
        told = world.answer(f"/v1/wallets/{holder}/positions")
        schemas.Positions.model_validate_json(told.content, strict=True)
        mine = told.json()["data"]
        assert world.get(f"/v1/participants/{number}/positions")["data"] == mine
        for each in mine:
            code = {"LVPPS": "SR", "LVPPJ": "JR"}[each["series"]["symbol"]]
            chain = world.kit.ask(code, revenue_right.claimable(holder))
            assert each["claimable"]["amount"] == str(chain)
            listed = world.get(f"/v1/series/{each['series']['id']}/positions")["data"]
            assert (each in listed) == (each["units"] != "0")
    carl = world.get(f"/v1/wallets/{CARL}/positions")["data"]
    assert [each["withheld"] for each in carl] == [each["claimable"] for each in carl]
    assert int(carl[0]["withheld"]["amount"]) > 0


@pytest.mark.parametrize(
    "path",
    [f"/v1/wallets/{CARL}/positions", "/v1/participants/3/positions", "/v1/series/LVPPS/positions"],
)
def test_pages_of_positions_put_together_are_all_of_them(world: Disputed, path: str) -> None:
    whole = world.get(path)["data"]
    page = world.get(f"{path}?limit=1")
    found = page["data"]
    while page["has_more"]:
        page = world.get(f"{path}?limit=1&starting_after={page['next']}")
        found += page["data"]
    assert found == whole
    assert len(whole) > 1
    assert world.answer(f"{path}?starting_after=x").status_code == 422


def test_the_command_shows_the_same_positions_now_and_then(world: Disputed) -> None:
    url = world.database.url.render_as_string()

    def told(*given: str) -> CompletedProcess[str]:
        return usufruct("positions", *given, "--db", url)

    def listed(*given: str) -> Any:
        answer = told(*given, "--json")
        assert answer.returncode == 0, answer.stderr
        return [
            {**each, "series": each["series"]["id"], **{n: each[n]["amount"] for n in FIGURES}}
            for each in json.loads(answer.stdout)
        ]

    def from_api(path: str) -> Any:
        return [
            {**each, "series": each["series"]["id"], **{n: each[n]["amount"] for n in FIGURES}}
            for each in world.get(path)["data"]
        ]

    block = world.after_first.number
    assert listed(CARL) == from_api(f"/v1/wallets/{CARL}/positions")
    assert listed("--participant", "3") == listed(CARL)
    assert listed("--series", "LVPPS", "--as-of-block", str(block)) == from_api(
        f"/v1/series/LVPPS/positions?as_of_block={block}"
    )
    assert "LVPPS" in told(CARL).stdout
    for wrong in ((), (CARL, "--participant", "3"), ("--series", "NONE"), ("--participant", "99")):
        answer = told(*wrong)
        assert answer.returncode == 2
        assert len(answer.stderr.splitlines()) == 1
    assert told(CARL, "--as-of-block", "999999").returncode == 2


FIGURES = ("accrued", "paid", "claimable", "withheld", "arrears")
