"""The verdicts of a period in figures: coverage, counts by rule, money at stake, what a fix is worth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, or_, select

from usufruct.config import Stream
from usufruct.core.manifests import Manifest
from usufruct.core.statements import coverage_bp
from usufruct.money import BASIS, Currency, format_amount, mul_div_down
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.doubts import doubts
from usufruct_oracles.finding import Finding
from usufruct_oracles.findings import findings
from usufruct_oracles.intervals import expected
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.estimates import kept_estimates
from usufruct_oracles.journal.ingest import closed_at
from usufruct_oracles.journal.revisions import ReadingKey
from usufruct_oracles.journal.schema import readings
from usufruct_oracles.journal.telling import told_days

_FEW = 3
_SHARED = 5
_PUBLIC = {"rule", "day", "count"}
_MONEY = {"stake", "estimated"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what there should be counts.

    Attributes:
        expected: Intervals, or meter-days of session streams.
        covered: Those that count.
    """

    expected: int
    covered: int

    @property
    def bp(self) -> int:
        """Covered share, rounded down; 10 000 when nothing was expected."""
        return mul_div_down(self.covered, BASIS, self.expected) if self.expected else BASIS

    def short_of(self, minimum_bp: int) -> int:
        """How many more must count for at least that share; 0 if it is reached."""
        return max(0, -(-minimum_bp * self.expected // BASIS) - self.covered)


def coverage_of(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> Coverage:
    """Coverage of (from_, to] as the journal stands, anchored or not."""
    ids = [meter.id for meter in catalog.meters_of(stream)]
    in_time = (
        readings.c.stream == stream.id,
        readings.c.end > from_,
        readings.c.end <= to,
        readings.c.meter.in_(ids),
        # What came too late for its batch does not count any more.
        or_(readings.c.seq.is_not(None), readings.c.end > closed_at(connection, stream)),
    )
    if stream.measure == "interval":
        covered = int(connection.execute(select(func.count()).where(*in_time)).scalar_one())
        covered += sum(
            each.meter in ids for each in kept_estimates(connection, stream, (from_, to))
        )
    else:
        query = select(readings.c.meter, readings.c.end, readings.c.duration).where(*in_time)
        counting = {ReadingKey(*row) for row in connection.execute(query)}
        covered = len(told_days(connection, catalog, stream, (from_, to), counting))
    return Coverage(expected(catalog, stream, from_, to), covered)


def verdicts(
    database: Database, catalog: Catalog, stream: Stream, period: int, now: int
) -> dict[str, object]:
    """The verdicts of a stream's period up to `now`, as a JSON object.

    `by_rule` counts what is open with the money at stake (`estimated` is the part of it that is an
    estimate); `open` lists it; `flags` lists what counts and is doubted. Money is decimal text in minor units. It tells
    what the journal knows; what others may see of it is `published`.

    Raises:
        InputError: No such period.
    """
    from_, end = catalog.period_bounds(period)
    to = max(from_, min(end, now))
    with database.read() as connection:
        found = findings(connection, catalog, stream, from_, to)
        doubted = doubts(connection, catalog, stream, from_, to)
        coverage = coverage_of(connection, catalog, stream, from_, to)
    currency = catalog.community.currency
    return {
        "stream": stream.id,
        "code": stream.code,
        "committed": stream.committed,
        "period": period,
        "month": catalog.period_name(period),
        "currency": {"code": currency.code, "decimals": currency.decimals},
        "expected": coverage.expected,
        "covered": coverage.covered,
        "coverageBp": coverage.bp,
        "minimumBp": stream.min_coverage_bp,
        "stake": str(sum(each.stake.amount for each in found)),
        "byRule": by_rule(found),
        "open": [_finding_object(each) for each in found],
        "flagsByRule": by_rule(doubted),
        "flags": [_finding_object(each) for each in doubted],
    }


def published(document: Mapping[str, Any]) -> dict[str, object]:
    """What others may see of the verdicts of a stream.

    Of a household's rejected reading neither value nor time, meter or money, which tells the value: of committed
    streams rule, day and count are shown, and money where at least five findings share it.
    """
    if not document["committed"]:
        return dict(document)
    shown = dict(document) | {
        "byRule": [_shared(each, each["count"]) for each in document["byRule"]],
        "open": _unnamed(document["open"]),
        # Doubts are about readings that count, often of one household: their money would tell them.
        "flagsByRule": [_shared(each, 0) for each in document["flagsByRule"]],
        "flags": _unnamed(document["flags"]),
    }
    return _shared(shown, sum(each["count"] for each in document["open"]))


def _unnamed(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**each} | dict.fromkeys(each.keys() - _PUBLIC) for each in entries]


def _shared(entry: dict[str, Any], count: int) -> dict[str, Any]:
    return entry if count >= _SHARED else entry | dict.fromkeys(entry.keys() & _MONEY)


def by_rule(found: Iterable[Finding]) -> list[dict[str, object]]:
    """Counts and money at stake by rule, most money first."""
    counts: Counter[str] = Counter()
    stakes: Counter[str] = Counter()
    estimated: Counter[str] = Counter()
    for each in found:
        counts[each.rule] += each.count
        stakes[each.rule] += each.stake.amount
        if each.stake.basis.estimated:
            estimated[each.rule] += each.stake.amount
    return [
        {
            "rule": rule,
            "count": counts[rule],
            "stake": str(stakes[rule]),
            "estimated": str(estimated[rule]),
        }
        for rule in sorted(counts, key=lambda each: (-stakes[each], each))
    ]


def describe_shortfall(
    database: Database,
    catalog: Catalog,
    stream: Stream,
    period: int,
    manifests: Sequence[Manifest],
) -> str:
    """Why a period's coverage is too low: by how much, which meters, how much money."""
    coverage = Coverage(
        sum(each.expected for each in manifests), sum(each.covered for each in manifests)
    )
    bp = coverage_bp(manifests)
    with database.read() as connection:
        found = findings(connection, catalog, stream, *catalog.period_bounds(period))
    unit = "intervals" if stream.measure == "interval" else "meter-days"
    return (
        f"coverage {percent(bp)} is {points(stream.min_coverage_bp - bp)} points "
        f"({coverage.short_of(stream.min_coverage_bp)} {unit}) below {percent(stream.min_coverage_bp)}; "
        f"missing: {_worst_meters(found)}; money at stake: {money(found, catalog.community.currency)}"
    )


def money(found: Iterable[Finding], currency: Currency) -> str:
    """The money at stake for people, with a word if it holds estimates."""
    stakes = [each.stake for each in found]
    total = format_amount(sum(each.amount for each in stakes), currency)
    hedge = " (estimated)" if any(s.basis.estimated and s.amount for s in stakes) else ""
    return f"{total} {currency.code}{hedge}"


def percent(bp: int) -> str:
    """Basis points as a percentage with two places: "93.10%"."""
    return f"{points(bp)}%"


def points(bp: int) -> str:
    """Basis points as percentage points: "1.90"."""
    return f"{bp // 100}.{bp % 100:02d}"


def _worst_meters(found: Iterable[Finding]) -> str:
    """The meters with most that does not count, and the rules they break most."""
    counts: Counter[str] = Counter()
    rules: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        if each.meter:
            counts[each.meter] += each.count
            rules[each.meter][each.rule] += each.count
    if not counts:
        return "nothing is known of it"
    ranked = sorted(counts, key=lambda meter: (-counts[meter], meter))
    named = [
        f"{meter} {counts[meter]} ({min(rules[meter], key=lambda r: (-rules[meter][r], r))})"
        for meter in ranked[:_FEW]
    ]
    rest = len(ranked) - _FEW
    return ", ".join(named) + (f" and {rest} more meters" if rest > 0 else "")


def _finding_object(found: Finding) -> dict[str, object]:
    return {
        "rule": found.rule,
        "day": found.day,
        "meter": found.meter,
        "count": found.count,
        "end": found.end,
        "lineNumber": found.line_number,
        "line": found.line,
        "detail": found.detail,
        "remedy": found.remedy,
        "stake": str(found.stake.amount),
        "basis": found.stake.basis,
    }
