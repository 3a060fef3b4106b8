"""Ledger rows as the API's objects: amounts, times and ids in one form everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.labels import Labels
from usufruct.core.encoding import checksum_address
from usufruct.ledger import ids
from usufruct.ledger.accounts import claimable, earned
from usufruct.ledger.lookthrough import Line
from usufruct.ledger.positions import Position
from usufruct.ledger.reads.holders import holding_of
from usufruct.money import Currency, format_amount

__all__ = ["Json", "Renderer", "account", "hexed", "rfc3339"]

Json = dict[str, Any]
RANKS: Final = ("senior", "mezzanine", "junior", "residual")
CLASSES: Final = ("none", "retail", "professional", "institution")
KINDS: Final = ("NONE", "SUBUNIT", "PARKING", "STORAGE", "VPP", "WATER", "DATA")


@lru_cache(maxsize=1 << 16)
def rfc3339(time: int) -> str:
    """A unix time in UTC, e.g. 2026-10-01T00:00:00Z."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hexed(data: bytes) -> str:
    """Bytes as lower-case hex with 0x."""
    return "0x" + data.hex()


@lru_cache(maxsize=1 << 16)
def account(raw: bytes) -> str:
    """A 20-byte address with its checksum."""
    return checksum_address(raw)


@lru_cache(maxsize=1 << 12)
def _series_ref(
    raw: bytes, slug: str, symbol: str, code: str | None, stream: int | None
) -> Mapping[str, Any]:
    return {
        "id": ids.series_id(slug),
        "symbol": symbol,
        "code": code,
        "address": account(raw),
        "stream": None if stream is None else ids.stream_id(stream),
    }


def stream_of(row: Row[Any] | Position) -> str | None:
    """The stream of a series; None for units of a fund."""
    return None if row.stream is None else ids.stream_id(row.stream)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders rows in one currency with one project's labels."""

    currency: Currency
    labels: Labels

    # --- Small parts ---

    def money(self, minor: int) -> Json:
        """An amount: exact minor units as text, and a form for people."""
        return {
            "amount": str(minor),
            "currency": self.currency.code,
            "decimals": self.currency.decimals,
            "formatted": f"{format_amount(minor, self.currency)} {self.currency.code}",
        }

    def place(self, row: Row[Any], prefix: str = "") -> Json:
        """When and in which transaction it happened."""
        return {
            "block": getattr(row, f"{prefix}block"),
            "time": rfc3339(getattr(row, f"{prefix}time")),
            "transaction": hexed(getattr(row, f"{prefix}tx")),
            "log_index": getattr(row, f"{prefix}log_index"),
        }

    def period(self, number: int, series: Row[Any] | None = None) -> Json:
        """A period: its number, and its month where that is known; funds count months of their own."""
        of_fund = series is not None and series.stream is None
        return {"number": number, "month": None if of_fund else self.labels.period(number)}

    def series_ref(self, row: Row[Any] | Position) -> Json:
        """The series that a row is about."""
        return self._series(row, row.series_address)

    def series_name(self, row: Row[Any]) -> Json:
        """The same of a row that is the series itself."""
        return self._series(row, row.address)

    def _series(self, row: Row[Any] | Position, raw: bytes) -> Json:
        code = self.labels.series.get("0x" + raw.hex())
        return {**_series_ref(raw, row.slug, row.symbol, code, row.stream)}

    def dates(self, row: Row[Any]) -> Json:
        """When it was decided whose income a distribution is, and when the money came."""
        scheduled = row.record_at is not None
        return {
            "record_date": rfc3339(row.record_at if scheduled else row.time),
            "record_date_scheduled": scheduled,
            "payment_date": rfc3339(row.time),
        }

    # --- Income ---

    def payout(self, row: Row[Any]) -> Json:
        """One holder's share of one distribution."""
        paid = row.paid_block is not None
        return {
            "id": ids.payout_id(row.slug, row.number, row.wallet),
            "object": "payout",
            "wallet": account(row.wallet),
            "series": self.series_ref(row),
            "distribution": ids.distribution_id(row.slug, row.number),
            "period": self.period(row.period, row),
            "units": str(row.units),
            "amount": self.money(row.amount),
            **self.dates(row),
            "status": "paid" if paid else "accrued",
            "accrued": self.place(row),
            "paid": self.place(row, "paid_") if paid else None,
        }

    def holding(self, row: Row[Any]) -> Json:
        """One wallet's position in one series."""
        held = holding_of(row)
        acc, supply = row.acc or 0, row.supply or 0
        return {
            "object": "holding",
            "wallet": account(row.wallet),
            "series": self.series_ref(row),
            "units": str(row.units),
            "decimals": row.series_decimals,
            "earned": self.money(earned(held, acc, supply)),
            "paid": self.money(row.paid),
            "claimable": self.money(claimable(held, acc, supply)),
        }

    def position(self, found: Position) -> Json:
        """Where one wallet stands in one series."""
        figures = ("accrued", "paid", "claimable", "withheld", "arrears")
        return {
            "id": ids.position_id(found.series, found.wallet),
            "object": "position",
            "wallet": account(found.wallet),
            "series": self.series_ref(found),
            "units": str(found.units),
            "decimals": found.series_decimals,
            **{name: self.money(getattr(found, name)) for name in figures},
        }

    def look_through(self, line: Line) -> Json:
        """One series behind a holder's units."""
        return {
            "series": self.series_ref(line.row),
            "through": [ids.series_id(slug) for slug in line.through],
            "units": str(line.units),
            "units_outstanding": str(line.issued),
            "share": str(line.share),
        }

    def distribution(self, row: Row[Any]) -> Json:
        """Money that arrived for all holders of a series."""
        return {
            "id": ids.distribution_id(row.slug, row.number),
            "object": "distribution",
            "series": self.series_ref(row),
            "number": row.number,
            "period": self.period(row.period, row),
            "amount": self.money(row.amount),
            **self.dates(row),
            "units_outstanding": str(row.supply),
            "accumulator_before": str(row.acc_before),
            "accumulator_after": str(row.acc_after),
            "settlement": None if row.stream is None else ids.settlement_id(row.stream, row.period),
            "distributed": self.place(row),
        }

    def series(self, row: Row[Any]) -> Json:
        """A series of income rights."""
        contract = account(row.address)
        return {
            "id": ids.series_id(row.slug),
            "object": "series",
            "symbol": row.symbol,
            "name": row.name,
            "code": self.labels.series.get(contract.lower()),
            "address": contract,
            "stream": stream_of(row),
            "rank": RANKS[row.rank],
            "term": {
                "first": self.period(row.term_from, row),
                "last": self.period(row.term_to, row),
            },
            "decimals": row.decimals,
            "allowed_classes": [name for bit, name in enumerate(CLASSES) if row.classes >> bit & 1],
            "allowed_countries": json.loads(row.countries),
            "minimum_ticket": str(row.min_ticket),
            "locked_until": rfc3339(row.locked_until) if row.locked_until else None,
            "holder_cap": row.holder_cap or None,
            "country_cap": row.country_cap or None,
            "transfer_window": {"every_s": row.window_every, "length_s": row.window_length}
            if row.window_every
            else None,
            "tail": row.tail,
            "holders_vote_on_rules": row.consent,
            "units": str(row.issued or 0),
            "units_redeemed": str(row.redeemed or 0),
            "sealed": row.sealed is not None,
            "closed": row.closed is not None,
            "transfers_paused": row.paused == "paused",
            "distributed": self.money(row.acc or 0),
            "distributions": row.distributions or 0,
            "last_period": self.period(row.last_period, row) if row.last_period else None,
            "created": self.place(row),
        }

    def record(self, row: Row[Any], series: Row[Any], now: int) -> Json:
        """A record date; `now` is the chain's time, which decides whether it has passed."""
        if row.distribution is not None:
            status = "paid"
        elif row.at > now:
            status = "announced"
        else:
            over = series.closed is not None or row.period <= (row.last_period or 0)
            status = "without-income" if over else "waiting"
        distribution = ids.distribution_id(series.slug, row.distribution or 0)
        return {
            "id": ids.record_id(series.slug, row.period),
            "object": "record",
            "period": self.period(row.period, series),
            "record_date": rfc3339(row.at),
            "status": status,
            "distribution": distribution if row.distribution is not None else None,
            "announced": self.place(row),
        }

    def settlement(self, row: Row[Any]) -> Json:
        """A period's receipts, step by step."""
        steps = json.loads(row.content)["steps"] if row.content else []
        lines = json.loads(row.lines)
        return {
            "id": ids.settlement_id(row.stream, row.period),
            "object": "settlement",
            "stream": ids.stream_id(row.stream),
            "period": self.period(row.period),
            "rules_version": row.rules_version,
            "required": self.money(row.required),
            "receipts": self.money(row.receipts),
            "shortfall": self.money(row.shortfall),
            "fee_multiplier_bp": row.multiplier_bp,
            "triggers_breached": [bit for bit in range(8) if row.breached >> bit & 1],
            "lines": self.lines(row.stream, steps, lines),
            "settled": self.place(row),
        }

    def lines(self, stream: int, steps: Sequence[Json], lines: Sequence[Json]) -> list[Json]:
        """The waterfall's steps with what each was due, was paid and holds."""
        return [
            {
                "step": place + 1,
                "label": self.labels.step(stream, place, len(lines)),
                "kind": steps[place]["kind"] if place < len(steps) else None,
                "payee": _payee(steps[place]) if place < len(steps) else None,
                "to_series": bool(steps[place]["to_series"]) if place < len(steps) else None,
                **{
                    name: self.money(int(line[name]))
                    for name in ("due", "paid", "released", "balance")
                },
            }
            for place, line in enumerate(lines)
        ]


def _payee(step: Json) -> str | None:
    return None if int(step["payee"], 16) == 0 else str(step["payee"])
