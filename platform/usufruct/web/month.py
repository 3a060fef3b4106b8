"""What a stream's month needs until its holders are paid: a checklist that follows from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from usufruct.api.render import Json

__all__ = ["Item", "checklist", "rejected"]

_MOST_DIGITS = 40
_MOST_TEXT = 200
_MOST_ITEMS = 25
State = Literal["done", "waiting", "blocked"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: its text's key, its state, and the time that it waits for, if that is known."""

    key: str
    state: State
    time: str | None = None


def checklist(
    stated: Json | None, settlement: Json | None, distributed: int, due: int, escrow: int = 0
) -> list[Item]:
    """The month-end of one stream.

    Args:
        stated: The newest statement of the stream; None if there is none.
        settlement: The settlement of the same period; None if there is none yet.
        distributed: Series of the stream that got a distribution for the period.
        due: Series that the settlement paid.
        escrow: What lies in escrow for the stream, minor units.
    """
    if stated is None:
        return [Item("statement", "waiting")]
    status = stated["status"]
    settled = settlement is not None
    blocked: State = "blocked" if status in ("disputed", "voided") else "done"
    window: State = "waiting" if status == "attested" else blocked
    paid = settled and distributed >= due
    return [
        Item("evidence", "done" if stated["evidence"] == "checked" else "waiting"),
        Item("statement", "done", stated["attested"]["time"]),
        Item("dispute", blocked),
        Item("window", window, stated["final_at"]),
        Item("funding", "done" if settled or escrow >= _due(stated) else "waiting"),
        Item(
            "settlement",
            "done" if settled else "waiting",
            settlement["settled"]["time"] if settlement else None,
        ),
        Item("distribution", "done" if paid else "waiting"),
    ]


def _due(stated: Json) -> int:
    return int(stated["distributable"]["amount"])


def rejected(reports: list[Json], code: str) -> list[Json]:
    """What workers report of a stream: coverage, rules with counts, money at stake; once for all that agree.

    A report is a worker's word: what is not a count, an amount or a short text is left out.
    """
    found: list[Json] = []
    for each in reports:
        streams = each.get("streams")
        for part in streams if isinstance(streams, list) else []:
            if isinstance(part, dict) and part.get("code") == code:
                _take_up(found, part)
    return found


def _take_up(found: list[Json], part: Json) -> None:
    told = {
        "rules": [_rule(row) for row in _rows(part.get("byRule"))],
        "stake": _amount(part.get("stake")),
        "expected": _count(part.get("expected")),
        "covered": _count(part.get("covered")),
        "coverage_bp": _count(part.get("coverageBp")),
        "items": [_item(row) for row in _rows(part.get("open"))[:_MOST_ITEMS]],
    }
    for known in found:
        if {name: known[name] for name in told} == told:
            known["workers"] += 1
            return
    found.append(told | {"workers": 1})


def _rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _rule(row: Json) -> Json:
    return {
        "rule": _text(row.get("rule")),
        "count": _count(row.get("count")),
        "stake": _amount(row.get("stake")),
    }


def _item(row: Json) -> Json:
    """One gap: where, which rule, what it costs, and what closes it."""
    texts = {name: _text(row.get(name)) for name in ("day", "meter", "rule", "detail", "remedy")}
    return texts | {"stake": _amount(row.get("stake"))}


def _text(value: object) -> str:
    return value[:_MOST_TEXT] if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _amount(value: object) -> str | None:
    plain = (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) <= _MOST_DIGITS
    )
    return str(value) if plain else None
