"""Whether a valuation is plausible: what it announces and what it comes to, over area, household and month."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from usufruct.finance.numbers import shown
from usufruct.finance.report import Figure, Section
from usufruct.finance.valuation.plausibility import BANDS, Band, Check, Headline, panel
from usufruct.finance.valuation.tables import ValuationTable

__all__ = ["plausibility"]


def plausibility(file: ValuationTable, derived: Mapping[str, tuple[str, Decimal, str]]) -> Section:
    """The panel.

    Args:
        file: The valuation, with its headlines and bands.
        derived: What it came to, by name: the kind of its band, the amount, and what it is divided by.

    Raises:
        InputError: The area is not positive, or a headline is per household and there are none.
    """
    bands = dict(BANDS) | {
        name: Band(each.low, each.high, each.unit, each.source) for name, each in file.band.items()
    }
    headlines = [Headline(each.name, each.amount, each.per) for each in file.headline]
    keys: dict[str, tuple[str, ...]] = {
        each.name: (f"headline.{at}", "unit") for at, each in enumerate(file.headline)
    }
    for name, (kind, amount, per) in derived.items():
        if name not in keys and amount > 0:
            headlines.append(Headline(name, amount, per))
            bands.setdefault(name, bands[kind])
            keys[name] = ("unit",)
    found = panel(headlines, file.unit.area_m2, file.unit.households, bands)
    section = Section(f"Plausibility, over {shown(file.unit.area_m2, 0)} ㎡")
    section.figures += [_figure(file, each, keys[each.headline.name]) for each in found.checks]
    section.flags += found.flags
    if found.cause:
        section.flags.append(f"likely cause: {found.cause}")
    return section


def _figure(file: ValuationTable, check: Check, keys: tuple[str, ...]) -> Figure:
    band = check.band
    unit = band.unit if band else f"{file.currency} per {check.headline.per}"
    usual = f"usual {shown(band.low, 1)}–{shown(band.high, 1)}" if band else "no band"
    note = "implausible" if check.flagged else ""
    return Figure(
        check.headline.name,
        check.value,
        unit,
        f"amount / {check.headline.per}; {usual}",
        note,
        keys,
    )
