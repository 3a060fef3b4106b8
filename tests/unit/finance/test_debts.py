"""Measures of debt and of dated flows in a valuation file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from usufruct.errors import InputError
from usufruct.finance.valuation.study import load_valuation, study

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "debt.toml"


def figures(path: Path) -> dict[str, Decimal]:
    report = study(load_valuation(path))
    found = [each for section in report.sections for each in section.figures]
    return {each.label: Decimal(each.value) for each in found if not isinstance(each.value, str)}


def test_covers_leverage_and_returns_of_the_example() -> None:
    found = figures(EXAMPLE)
    assert round(found["DSCR, least"], 4) == Decimal("1.0842")  # 1300 / (399 + 800)
    assert round(found["ICR, least"], 4) == Decimal("3.7594")  # 1500 / 399
    assert found["years with ICR ≥ 4"] == 4
    assert found["LTV"] == Decimal("0.4")
    assert found["weighted average life"] == 3
    assert found["modified duration"] < found["duration"] < 3
    assert float(found["XIRR"]) == pytest.approx(0.373362535, abs=1e-8)
    assert float(found["XNPV"]) == pytest.approx(2086.647602, abs=1e-5)


def test_a_missing_year_and_a_day_count_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "value.toml"
    path.write_text(text.replace('["1300万", ', "["), encoding="utf-8")
    with pytest.raises(InputError, match="none is missing"):
        figures(path)
    path.write_text(text.replace("ACT/365F", "ACT/364"), encoding="utf-8")
    with pytest.raises(InputError, match="day_count"):
        figures(path)
