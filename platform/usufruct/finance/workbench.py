"""The issuer's workbench: a structure with some of its values moved, what it then pays, and two versions compared.

Pure and bounded: a text and its moves in, plain data out. Amounts are whole minor units as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from usufruct.config.tables import parse_document, shape
from usufruct.errors import InputError
from usufruct.finance.numbers import refused
from usufruct.finance.structures.check import check
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.finding import Finding
from usufruct.finance.structures.simulate import Projection, simulate
from usufruct.finance.structures.tables import StructureTable

__all__ = ["Move", "compare", "moved", "played", "require_small"]

NAME: Final = "structure.toml"
"""What errors call the text."""
_MOST_CELLS: Final = 60_000
_PLACE: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_MOST_RECEIPTS: Final = 36
_KNOBS: Final[Mapping[str, tuple[str, ...]]] = {
    "pool": ("receipt", "growth"),
    "tranche": ("notional", "rate"),
    "step": ("amount", "share"),
    "trigger": ("threshold", "cure"),
}
"""Values that the page offers to be moved, by table."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of a structure.

    Attributes:
        key: Dotted key, such as `step.2.amount`, or `step.2` for a place in the order.
        value: What stands there now, None if a place moves.
        to: The new place, None if a value changes.
    """

    key: str
    value: str | None = None
    to: int | None = None


def moved(text: str, moves: Sequence[Move]) -> tuple[StructureTable, dict[str, Any]]:
    """A structure after its moves, and its values as a file would have them.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: The text is not TOML.
        InputError: A move names no value of the file, or the structure is too large to be played with.
    """
    document = parse_document(text, NAME)
    for move in moves:
        _apply(document.raw, move)
    table = shape(document, StructureTable)
    require_small(table)
    return table, document.raw


def require_small(table: StructureTable) -> None:
    """Refuses what would keep a server busy.

    Raises:
        InputError: More cells than are worked out on a page.
    """
    holders = sum(len(each.holders) for each in table.tranche)
    cells = table.periods * (len(table.step) + len(table.trigger) + holders + 1)
    if cells > _MOST_CELLS:
        raise refused(
            "periods",
            cells,
            f"periods × (steps, triggers and holders) is at most {_MOST_CELLS} here",
            "use `usufruct structure simulate` for larger ones",
        )


def played(text: str, moves: Sequence[Move]) -> dict[str, Any]:
    """What a structure pays, with everything that is refused or doubtful in it.

    Raises:
        InputError: As for `moved`.
        ConfigError: The same.
    """
    table, raw = moved(text, moves)
    found = {
        "title": table.title,
        "currency": table.currency.code,
        "decimals": table.currency.decimals,
        "periods": table.periods,
        "knobs": list(_knobs(raw)),
        "steps": [each.label for each in table.step],
        "findings": [_told(each) for each in check(table)],
    }
    try:
        projection = simulate(compile_deal(table))
    except InputError:
        # The findings say why there is nothing to be paid.
        return found | {"receipts": [], "payees": [], "tranches": [], "holders": [], "arrears": []}
    return found | _money(projection)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """How two answers of `played` differ: every payout, and the flags that went and came."""
    old, new = _payouts(before), _payouts(after)
    said = [
        {f"{each['clause']}: {each['words']}" for each in one["findings"]}
        for one in (before, after)
    ]
    return {
        "payouts": [
            _difference(who, old.get(who, ()), new.get(who, ()))
            for who in dict.fromkeys((*new, *old))
        ],
        "flags_gone": sorted(said[0] - said[1]),
        "flags_new": sorted(said[1] - said[0]),
    }


def _told(found: Finding) -> dict[str, str]:
    """A finding in one line, and in its parts for whoever says them in another language."""
    error = found.error
    return {
        "verdict": found.verdict,
        "clause": found.clause,
        "words": found.words,
        "field": error.field or "",
        "value": "" if error.value is None else str(error.value),
        "rule": error.rule or error.message,
        "remedy": error.remedy or "",
    }


def _apply(raw: dict[str, Any], move: Move) -> None:
    *path, last = move.key.split(".")
    place: Any = raw
    for part in path:
        place = _inside(place, part, move.key)
    if move.to is not None:
        index = _index(place, last, move.key)
        if not 0 <= move.to < len(place):
            raise refused("moves", move.to, f"a place from 0 to {len(place) - 1}", "correct it")
        place.insert(move.to, place.pop(index))
        return
    _inside(place, last, move.key)
    if isinstance(place, list):
        place[int(last)] = move.value
    else:
        place[last] = move.value


def _inside(place: Any, part: str, key: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, part, key)]
    if not isinstance(place, dict) or part not in place:
        raise _unknown(key)
    return place[part]


def _index(place: Any, part: str, key: str) -> int:
    if isinstance(place, list) and _PLACE.fullmatch(part) and int(part) < len(place):
        return int(part)
    raise _unknown(key)


def _unknown(key: str) -> InputError:
    return refused(
        "moves", key, "the key of a value of the file", "name a key such as step.2.amount"
    )


def _knobs(raw: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    receipts = raw.get("pool", {}).get("receipts", [])
    for at, value in enumerate(receipts[:_MOST_RECEIPTS]):
        label = f"receipts of period {at + 1}"
        yield {"key": f"pool.receipts.{at}", "label": label, "value": str(value)}
    for name, keys in _KNOBS.items():
        tables = raw.get(name, [])
        for at, table in enumerate([tables] if isinstance(tables, dict) else tables):
            title = table.get("label") or table.get("code") or table.get("name") or name
            place = name if isinstance(tables, dict) else f"{name}.{at}"
            for key in keys:
                if key in table:
                    yield {
                        "key": f"{place}.{key}",
                        "label": f"{title}: {key}" if title != name else key,
                        "value": str(table[key]),
                    }


def _money(projection: Projection) -> dict[str, Any]:
    return {
        "receipts": _texts(projection.receipts),
        "payees": [
            {"name": name, "amounts": _texts(amounts)}
            for name, amounts in projection.payees.items()
        ],
        "tranches": [
            {
                "code": each.code,
                "rank": each.rank,
                "amounts": _texts(projection.tranches[each.code]),
                "coverage_bp": projection.coverage(each.code),
            }
            for each in projection.deal.table.tranche
        ],
        "holders": [
            {"tranche": code, "name": name, "amounts": _texts(amounts), "total": str(sum(amounts))}
            for (code, name), amounts in projection.holders.items()
        ],
        "arrears": [
            str(projection.arrears(period)) for period in range(1, len(projection.receipts) + 1)
        ],
    }


def _texts(amounts: Sequence[int]) -> list[str]:
    return [str(each) for each in amounts]


def _payouts(answer: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    named = [(f"{each['name']}, {each['tranche']}", each["amounts"]) for each in answer["holders"]]
    named += [(each["name"], each["amounts"]) for each in answer["payees"]]
    return {name: tuple(map(int, amounts)) for name, amounts in named}


def _difference(who: str, old: Sequence[int], new: Sequence[int]) -> dict[str, Any]:
    """Totals, and the first period that differs, None if none does."""
    longest = max(len(old), len(new))
    pairs = zip(
        (*old, *(0,) * (longest - len(old))), (*new, *(0,) * (longest - len(new))), strict=True
    )
    first = next((at for at, (a, b) in enumerate(pairs, 1) if a != b), None)
    before, after = sum(old), sum(new)
    return {
        "who": who,
        "before": str(before),
        "after": str(after),
        "change": str(after - before),
        "first_period": first,
    }
