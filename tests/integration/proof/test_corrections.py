"""Proofs of periods whose statements correct readings, of this period and of the one before."""

from __future__ import annotations

import json

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
from usufruct.chain.client import ChainClient
from usufruct.money import mul_div_down


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
