"""The demo's month, run as anybody runs it: everything in it is paid, proven, and told as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.parts import part_missing

from usufruct.chain.foundry import FoundryMissing, binary

ROOT = Path(__file__).parents[3]
_PATIENCE = 900


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The summary of one month."""
    try:
        binary("anvil")
    except FoundryMissing as missing:
        part_missing(str(missing))
    folder = tmp_path_factory.mktemp("demo")
    places = (ROOT / "scripts", os.environ.get("PYTHONPATH", ""))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "demonstrate"),
            *("--state", str(folder / "state"), "--json", str(folder / "summary.json")),
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(str(each) for each in places if each)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found


def test_every_payout_is_paid_and_the_proofs_hold(facts: dict[str, Any]) -> None:
    assert facts["ok"] is True
    assert {each["status"] for each in facts["payouts"]} == {"paid"}
    assert len(facts["proofs"]) == 4
    assert all(each["ok"] for each in facts["proofs"])


def test_who_sold_after_the_record_date_was_paid_for_the_month(facts: dict[str, Any]) -> None:
    sale = facts["events"]["sale"]
    assert sale["sold_at"] > sale["record_date"]
    ids = {each["id"]: each for each in facts["payouts"]}
    sold = [each for key, each in ids.items() if key.startswith(f"po_{sale['series'].lower()}_")]
    by_wallet = {each["wallet"]: int(each["units"]) for each in sold}
    assert by_wallet[sale["seller"]] == sale["units_sold"] + sale["units_left"]
    assert sale["buyer"] not in by_wallet
    assert all(each["record_date"] < each["payment_date"] for each in sold)


def test_a_transfer_was_refused_with_its_reason_and_the_date_it_lifts(
    facts: dict[str, Any],
) -> None:
    refused = facts["events"]["refused"]
    assert refused["reason"] == "series-locked"
    assert refused["lifts"] == "2028-08-31"


def test_a_wrong_statement_was_voided_by_proof_and_its_successor_paid(
    facts: dict[str, Any],
) -> None:
    dispute = facts["events"]["dispute"]
    (stream,) = [each for each in facts["streams"] if each["stream"] == dispute["stream"]]
    assert (dispute["fault"], dispute["version"]) == ("wrong-total", 1)
    assert int(dispute["stated"]) > int(dispute["sum_of_lines"]) == int(stream["gross"])
    assert int(dispute["reward"]) > 0
    (paid,) = [each for each in facts["waterfalls"] if each["stream"] == dispute["stream"]]
    assert paid["receipts"] == dispute["sum_of_lines"]


def test_the_pool_fund_passed_its_income_on(facts: dict[str, Any]) -> None:
    fund = facts["events"]["fund"]
    got = [int(each["amount"]) for each in facts["payouts"] if each["wallet"] == fund["fund"]]
    given = [int(each["amount"]) for each in facts["payouts"] if each["id"].startswith("po_lpool_")]
    assert sum(got) == int(fund["passed_on"]) >= sum(given) > sum(got) - len(given)


def test_the_offering_was_allotted_and_delivered_to_the_unit(facts: dict[str, Any]) -> None:
    offering = facts["events"]["offering"]
    assert (offering["status"], offering["placed"]) == ("complete", 1_000)
    assert offering["subscribed"] == 1_500
    assert int(offering["raised"]) == 1_000 * 20_000_000


def test_the_operators_fee_followed_its_kpi(facts: dict[str, Any]) -> None:
    (settled,) = [each for each in facts["waterfalls"] if each["stream"] == "VPP"]
    fee = next(line for line in settled["lines"] if line["kind"] == "kpi_fee")
    pool = int(settled["receipts"]) * 300 // 10_000
    assert int(fee["due"]["amount"]) == (40_000_000 + pool * settled["fee_multiplier_bp"] // 10_000)
