"""Replaying settled periods out of the ledger: the chain's figures to the unit, and what a change moves."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods
from typer.testing import CliRunner, Result

from usufruct.cli import build
from usufruct.errors import EvidenceError
from usufruct.ledger import models as m
from usufruct.replay.ledger_facts import period_from_ledger
from usufruct.replay.model import Asked, Change
from usufruct.replay.report import Report, report_of


@pytest.fixture(scope="module")
def settled(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Settled:
    """Two open periods with corrections."""
    folder = tmp_path_factory.mktemp("replay")
    return settle_periods(anvil, folder, committed=False, corrected=True)


def report(settled: Settled, period: int, asked: Asked | None = None) -> Report:
    with settled.database.read() as connection:
        found = period_from_ledger(connection, 1, period)
    return report_of("S1", found, asked or Asked())


@pytest.mark.parametrize("period", [1, 2])
def test_without_a_change_every_figure_of_the_chain_is_reproduced(
    settled: Settled, period: int
) -> None:
    found = report(settled, period)
    assert found.differences == []
    assert found.period.settled is not None
    assert sum(len(each.holders) for each in found.period.settled.series) == 3
    assert len(found.period.readings) == 96


def test_a_changed_reading_moves_its_line_and_all_that_hangs_on_it(settled: Settled) -> None:
    period = report(settled, 1).period
    reading = period.readings[7]
    assert reading.quantity is not None
    change = Change(reading.meter, reading.seq, reading.quantity + 500)
    found = report(settled, 1, Asked([change]))
    row = period.lines[reading.row]
    moves = {(each.part, each.field): each for each in found.moved}
    assert moves["line", "quantity"].would_be == row.quantity + 500
    gross = moves["statement", "gross"]
    assert gross.would_be - gross.was == (row.quantity + 500) * row.price // row.per - row.amount
    assert moves["settlement", "receipts"].was == moves["statement", "distributable"].was
    paid = moves["series", "distribution"]
    shares = [each for each in found.moved if each.part == "payout"]
    assert len(shares) == 3
    total = sum(each.would_be - each.was for each in shares)
    assert abs(total - (paid.would_be - paid.was)) < 3


def test_a_change_to_the_same_value_moves_nothing(settled: Settled) -> None:
    reading = report(settled, 2).period.readings[0]
    same = Asked([Change(reading.meter, reading.seq, reading.quantity)])
    assert report(settled, 2, same).moved == []


def run(settled: Settled, *arguments: str) -> Result:
    url = f"sqlite:///{settled.database.url.database}"
    return CliRunner().invoke(build("replay"), ["replay", *arguments, "--database", url])


def test_the_command_shows_what_moves(settled: Settled) -> None:
    reading = report(settled, 1).period.readings[3]
    changed = run(settled, "1", "--set", f"{reading.meter}/{reading.seq}=0", "--json")
    dropped = run(settled, "1", "--drop", f"{reading.meter}/{reading.seq}", "--json")
    assert changed.exit_code == 0, changed.output
    document = json.loads(changed.output)
    assert document["reproduced"] is True
    assert document["moved"] == json.loads(dropped.output)["moved"] != []
    text = run(settled, "1", "--price", "peak=1").output
    assert "S1 period 1 (version 2): reproduced to the unit" in text
    assert "payout VIL 0x" in text


def test_a_period_or_stream_that_is_not_stated_is_named(settled: Settled) -> None:
    for arguments in (("9",), ("1", "--stream", "S2")):
        refused = run(settled, *arguments)
        assert "statement of the period must be named" in str(refused.exception)


def test_a_ledger_that_says_something_else_is_found_out(settled: Settled) -> None:
    with settled.database.write() as connection:
        connection.execute(update(m.payout).values(amount=m.payout.c.amount + 1))
    try:
        found = report(settled, 1)
        assert {each.part for each in found.differences} == {"payout"}
        assert run(settled, "1").exit_code == 1
    finally:
        with settled.database.write() as connection:
            connection.execute(update(m.payout).values(amount=m.payout.c.amount - 1))


def test_changed_leaves_do_not_lead_to_the_statement(settled: Settled) -> None:
    table = m.batch_evidence
    with settled.database.write() as connection:
        kept = connection.execute(table.select()).mappings().all()
        connection.execute(update(table).values(leaves=bytes(kept[0]["leaves"])[::-1]))
    try:
        with pytest.raises(EvidenceError, match="does not lead"):
            report(settled, 1)
    finally:
        with settled.database.write() as connection:
            for row in kept:
                connection.execute(
                    update(table).where(table.c.head == row["head"]).values(leaves=row["leaves"])
                )
