"""A structure to begin with: a stream's attested receipts, its series and its waterfall as the chain has them.

The workbench knows fewer kinds of steps than the contracts. A fee by KPIs stands there at a multiplier of one, a
condition is left out; a comment at the top of the file says so, where it is the case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from usufruct.finance.attested import Receipt
from usufruct.money import Currency, format_amount

__all__ = ["SERIES", "starter"]

Json = Mapping[str, Any]
Say = Callable[..., str]
"""A text of the catalogue in the reader's language, by key and values."""

SERIES: Final = 200
"""Series that a structure has at most; one with more says so."""
_NAMED: Final = 3
"""Steps that a payee is called after."""
_PLAIN: Final = (
    "fixed",
    "percent_of_receipts",
    "percent_of_available",
    "reserve",
    "due",
    "residual",
)


def starter(
    stream: str,
    currency: Currency,
    receipts: Sequence[Receipt],
    rules: Json | None,
    labels: Sequence[str],
    series: Sequence[Json],
    t: Say,
) -> str:
    """The structure as TOML, for the workbench or for `usufruct structure`.

    Args:
        stream: Code of the stream.
        currency: Currency of all amounts.
        receipts: Its attested periods, in order; at least one.
        rules: The rules in force, as the ledger has them; None for none.
        labels: What the project calls the steps; empty where it does not.
        series: Series of the stream, as the API shows them; of more than `SERIES` the first.
        t: What comments, the title and names that nobody gave are written with.
    """
    steps = list(rules["steps"]) if rules else []
    shown = series[:SERIES]
    writer = _Writer(currency, steps, labels, {each["address"].lower(): each for each in shown}, t)
    tranches = [_tranche(each, t) for each in shown]
    body = [*_pool(stream, receipts, currency), *tranches, *writer.steps()]
    cut = [t("starter.cut", count=SERIES)] if shown != series else []
    return "\n".join([*_head(stream, receipts, currency, [*cut, *writer.notes], t), *body]) + "\n"


def _head(
    stream: str, receipts: Sequence[Receipt], currency: Currency, notes: Sequence[str], t: Say
) -> Iterator[str]:
    first, last = receipts[0], receipts[-1]
    head = t("starter.head", stream=stream, first=first.period, last=last.period)
    yield f"# {head}"
    for each in notes:
        yield f"# {each}"
    yield "schema = 1"
    yield f"title = {_text(t('starter.title', stream=stream))}"
    yield 'kind = "abs"'
    yield f'currency = {{ code = "{currency.code}", decimals = {currency.decimals} }}'
    yield f'first_period = "{first.month}"'
    yield f"periods = {len(receipts)}"
    yield "per_year = 12"


def _pool(stream: str, receipts: Sequence[Receipt], currency: Currency) -> Iterator[str]:
    amounts = ", ".join(f'"{format_amount(each.distributable, currency)}"' for each in receipts)
    yield f"\n[pool]\nstreams = [{_text(stream)}]\nreceipts = [{amounts}]"


def _tranche(series: Json, t: Say) -> str:
    units = max(1, int(series["units"]) - int(series["units_redeemed"]))
    holders = _text(t("starter.holders", code=_code(series)))
    return (
        f"\n[[tranche]]\ncode = {_text(_code(series))}\nrank = {_text(series['rank'])}\n"
        f"holders = [{{ name = {holders}, units = {units} }}]"
    )


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _code(series: Json) -> str:
    return str(series["code"] or series["symbol"])


def _named(labels: Sequence[str], steps: Sequence[Json]) -> dict[str, str]:
    """What payees are called, by address: after all steps that pay them, so that a sum bears no one step's name."""
    found: dict[str, list[str]] = {}
    for label, step in zip(labels, steps, strict=True):
        found.setdefault(step["payee"].lower(), []).append(label)
    return {
        payee: " + ".join(names[:_NAMED]) + (" + ..." if len(names) > _NAMED else "")
        for payee, names in found.items()
    }


class _Writer:
    """Writes steps, and notes what the workbench does not know of them."""

    def __init__(
        self,
        currency: Currency,
        steps: Sequence[Json],
        labels: Sequence[str],
        series: Mapping[str, Json],
        t: Say,
    ) -> None:
        self.notes: list[str] = []
        self._t = t
        self._currency = currency
        self._steps = steps
        self._series = series
        self._labels = (
            labels
            if len(labels) == len(steps)
            else [t("starter.step", number=n + 1) for n in range(len(steps))]
        )
        self._payees = _named(self._labels, steps)

    def steps(self) -> list[str]:
        """All steps in their order."""
        return [
            text
            for label, step in zip(self._labels, self._steps, strict=True)
            for text in self._step(label, step)
        ]

    def _step(self, label: str, step: Json) -> Iterator[str]:
        if step["when"] != "always":
            self.notes.append(self._t("starter.condition", label=label))
        if step["kind"] in _PLAIN:
            yield self._written(label, step, str(step["kind"]))
            return
        self.notes.append(self._t("starter.kpis", label=label))
        if int(step["amount"]):
            yield self._written(self._t("starter.fixed", label=label), step, "fixed")
        yield self._written(label, step, "percent_of_receipts")

    def _written(self, label: str, step: Json, kind: str) -> str:
        lines = ["\n[[step]]", f"label = {_text(label)}", f'kind = "{kind}"']
        if kind != "reserve":
            lines.append(self._whom(step))
        if kind in ("fixed", "reserve", "due"):
            lines.append(f'amount = "{format_amount(int(step["amount"]), self._currency)}"')
        if kind.startswith("percent"):
            lines.append(f'share = "{format_amount(int(step["bp"]), Currency("", 2))}%"')
        if step["account"] and kind in ("fixed", "reserve", "due"):
            lines.append(f"account = {step['account']}")
        if step["draw_from"]:
            lines.append(f"draws = {step['draw_from']}")
        return "\n".join(lines)

    def _whom(self, step: Json) -> str:
        series = self._series.get(step["payee"].lower())
        if series is not None:
            return f"tranche = {_text(_code(series))}"
        return f"payee = {_text(self._payees[step['payee'].lower()])}"
