"""Proofs of periods whose statements correct readings, of this period and of the one before."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx
import pytest
from tests.integration.proof.test_proof import (
    RememberingClient,
    checks,
    mutants,
    survives,
)
from tests.support.anvil import Anvil
from tests.support.settled import TARIFF, Settled, settle_periods

from usufruct import proof
from usufruct.api import schemas
from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.chain.client import ChainClient
from usufruct.money import Currency, mul_div_down


@pytest.fixture(scope="module", params=[True, False], ids=["committed", "open"])
def settled(
    request: pytest.FixtureRequest, anvil: Anvil, tmp_path_factory: pytest.TempPathFactory
) -> Settled:
    """Two settled periods with corrections of both."""
    folder = tmp_path_factory.mktemp("corrected")
    return settle_periods(anvil, folder, committed=request.param, corrected=True)


@pytest.fixture(scope="module")
def client(anvil: Anvil, settled: Settled) -> ChainClient:
    """A client for the chain as it is once everything is settled."""
    del settled
    return RememberingClient(anvil.url)


@pytest.mark.parametrize("readings", ["sample", "all"])
def test_a_corrected_payout_holds_down_to_the_readings_of_both_periods(
    settled: Settled, readings: proof.Scope
) -> None:
    for number in (1, 2):
        for holder in settled.holders:
            found = checks(settled, settled.proof(number, holder, readings))
            assert proof.holds(found), [check for check in found if not check.ok]


def test_what_was_stated_and_adjusted_is_what_the_corrected_readings_are_worth(
    settled: Settled,
) -> None:
    files = [json.loads(settled.proof(number, settled.holders[0])) for number in (1, 2)]
    paid = sum(int(f["statement"]["gross"]) + int(f["statement"]["adjustments"]) for f in files)
    now = [{line["row"]: int(line["quantity"]) for line in f["lines"]} for f in files]
    for each in files:
        for part in each["corrections"]["document"]["periods"]:
            for row in part["rows"]:
                now[part["period"] - 1][row["row"]] += int(row["change"])
    worth = [
        mul_div_down(quantities[row.id], row.price, row.per)
        for quantities in now
        for row in TARIFF.rows
    ]
    assert paid == sum(worth)


def test_the_second_period_shows_the_statement_and_the_document_of_the_first(
    settled: Settled,
) -> None:
    given = json.loads(settled.proof(2, settled.holders[0]))["corrections"]
    assert [part["period"] for part in given["document"]["periods"]] == [1, 2]
    assert [each["version"] for each in given["statements"]] == [2]
    assert [each["document"]["period"] for each in given["earlier"]] == [1]
    # Three of its own, two more of the period before; the sixth corrects a correction.
    assert len(given["leaves"]) == 5


def test_every_changed_value_is_refused(settled: Settled, client: ChainClient) -> None:
    """One change at a time, at every place of what the file says of corrections."""
    original = json.loads(settled.proof(2, settled.holders[1], "sample"))
    survivors = [
        where
        for where, mutant in mutants(original["corrections"])
        if survives(settled, {**original, "corrections": mutant}, client)
    ]
    assert survivors == []


def test_a_file_without_its_corrections_is_refused(settled: Settled) -> None:
    original = json.loads(settled.proof(2, settled.holders[0]))
    original["corrections"] = None
    found = checks(settled, json.dumps(original).encode())
    assert [check.name for check in found if check.ok is False] == ["corrections"]


def ask(settled: Settled, path: str) -> Any:
    """What the API answers."""
    service = Service(
        settled.database,
        Renderer(Currency("USDV", 6), Labels()),
        settled.village.client.chain_id,
        settled.village.at,
    )

    async def asked() -> httpx.Response:
        app = create_app(service)
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://api") as http,
        ):
            return await http.get(path)

    answer = anyio.run(asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_api_shows_what_was_corrected_and_answers_as_known_at_a_time(
    settled: Settled,
) -> None:
    now = ask(settled, "/v1/statements/1/1")
    schemas.StatementDetail.model_validate(now)
    assert (now["version"], now["status"], now["supersedes"]) == (2, "settled", ["st_1_1_v1"])
    (part,) = now["corrections"]["periods"]
    assert [each["rev"] for each in part["readings"]] == [1, 1, 1]
    assert now["corrections"]["total"] == now["adjustments"]

    second = int(now["attested"]["block"])
    then = ask(settled, f"/v1/statements/1/1?as_of_block={second - 1}")
    assert (then["version"], then["status"], then["history"]) == (1, "final", [])
    assert (then["corrections"], then["adjustments"]["amount"]) == (None, "0")
    assert then["known_as_of_block"] == second - 1
    when = then["attested"]["time"]
    assert ask(settled, f"/v1/statements/1/1?as_of_date={when}")["version"] == 1

    payout = json.loads(settled.proof(2, settled.holders[0]))["payout"]["id"]
    why = ask(settled, f"/v1/payouts/{payout}")["statement"]["corrections"]
    assert [each["period"]["number"] for each in why["periods"]] == [1, 2]
