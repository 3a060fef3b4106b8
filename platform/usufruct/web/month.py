"""What a stream's month needs until its holders are paid: a checklist that follows from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from usufruct.api.render import Json

__all__ = ["Item", "checklist", "rejected"]

_MOST_DIGITS = 40
State = Literal["done", "waiting", "blocked"]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist: its text's key, its state, and the time that it waits for, if that is known."""

    key: str
    state: State
    time: str | None = None


def checklist(
    stated: Json | None, settlement: Json | None, distributed: int, due: int
) -> list[Item]:
    """The month-end of one stream.

    Args:
        stated: The newest statement of the stream; None if there is none.
        settlement: The settlement of the same period; None if there is none yet.
        distributed: Series of the stream that got a distribution for the period.
        due: Series that the settlement paid.
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
        Item(
            "settlement",
            "done" if settled else "waiting",
            settlement["settled"]["time"] if settlement else None,
        ),
        Item("distribution", "done" if paid else "waiting"),
    ]


def rejected(reports: list[Json], code: str) -> list[Json]:
    """What workers report as rejected: rules with counts and money at stake, once for all that agree.

    A report is a worker's word: what is not a count or an amount is left out.
    """
    found: list[Json] = []
    for each in reports:
        streams = each.get("streams")
        for part in streams if isinstance(streams, list) else []:
            if isinstance(part, dict) and part.get("code") == code:
                _take_up(found, part)
    return found


def _take_up(found: list[Json], part: Json) -> None:
    rules = part.get("byRule")
    rows = [_rule(row) for row in rules if isinstance(row, dict)] if isinstance(rules, list) else []
    told = {"rules": rows, "stake": _amount(part.get("stake"))}
    for known in found:
        if {"rules": known["rules"], "stake": known["stake"]} == told:
            known["workers"] += 1
            return
    found.append(told | {"workers": 1})


def _rule(row: Json) -> Json:
    count = row.get("count")
    return {
        "rule": str(row.get("rule", ""))[:_MOST_DIGITS],
        "count": count if isinstance(count, int) else None,
        "stake": _amount(row.get("stake")),
    }


def _amount(value: object) -> str | None:
    plain = (
        isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and len(value) <= _MOST_DIGITS
    )
    return str(value) if plain else None
