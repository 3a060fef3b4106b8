"""What is simulated is what the contracts pay: a structure exported, applied, attested, funded, settled, claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.finance.mall import DAYS, HOLDERS, STRUCTURE, Mall

from usufruct.contracts import revenue_right
from usufruct.contracts import statement_book as sb
from usufruct.core.waterfall import Line
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.keys import dev_address


@pytest.fixture
def projection(tmp_path: Path) -> Projection:
    path = tmp_path / "structure.toml"
    path.write_text(STRUCTURE, "utf-8")
    return simulate(compile_deal(load_structure(path)))


def test_the_structure_has_a_short_period_with_arrears_and_a_draw(projection: Projection) -> None:
    """What the agreement is to be shown on: without it, the next test would prove little."""
    assert projection.arrears(3) > 0
    assert projection.results[2].lines[3].released > 0
    assert projection.results[3].breached == 1
    assert projection.arrears(6) == 0
    assert projection.results[5].breached == 0
    assert all(sum(amounts) for amounts in projection.tranches.values())
    assert all(sum(amounts) for amounts in projection.payees.values())


def test_the_chain_pays_what_the_simulation_says(mall: Mall, projection: Projection) -> None:
    # The project is a month older than the structure: its first month earns tax and operating cost alone.
    mall.pay(1, 30, 223_936_170)
    for at, (days, receipts) in enumerate(zip(DAYS, projection.receipts, strict=True)):
        before = mall.holdings()
        settled = mall.pay(at + 2, days, receipts)
        result = projection.results[at]
        assert tuple(Line.unpack(word) for word in settled.lines) == result.lines, (
            f"period {at + 1}"
        )
        assert (settled.receipts, settled.breached) == (receipts, result.breached)
        for (code, name), amounts in projection.holders.items():
            holder = dev_address(HOLDERS[name])
            assert mall.ask(code, revenue_right.claimable(holder)) == amounts[at], (at, code, name)
            if amounts[at]:
                mall.claim(code, holder)
        after = mall.holdings()
        expected = dict.fromkeys(before, 0) | {
            name: amounts[at] for name, amounts in projection.payees.items()
        }
        for (_, name), amounts in projection.holders.items():
            expected[name] += amounts[at]
        expected["operator"] -= receipts
        assert {name: after[name] - before[name] for name in after} == expected, f"period {at + 1}"
    assert mall.ask("StatementBook", sb.progress_of(1)).settled == 7
