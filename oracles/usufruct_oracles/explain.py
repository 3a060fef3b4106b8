"""What keeps a period from being closed, and what each fix is worth.

For each stream: the days without a file, the coverage that is there and that can still be reached, and the causes by
rule and meter, with the readings they cost, the coverage these are, the money at stake and the remedy; then what counts
all the same and is doubted. Readings of days
that are anchored already can no longer enter a batch; their money can only be adjusted in a later statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, func, select

from usufruct.config import Community, Stream
from usufruct.money import BASIS, Currency, format_amount
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.doubts import doubts
from usufruct_oracles.finding import Finding
from usufruct_oracles.findings import findings
from usufruct_oracles.intervals import days_ending_in
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.erasures import erased_within
from usufruct_oracles.journal.estimates import kept_estimates
from usufruct_oracles.journal.ingest import closed_at, takes_messages
from usufruct_oracles.journal.schema import files, readings
from usufruct_oracles.summary import Coverage, coverage_of, percent, points
from usufruct_oracles.validation.rules import ESTIMATED
from usufruct_oracles.validation.verdicts import DOUBTS, Rule

_COUNTS = DOUBTS | {Rule.DUPLICATE}
"""Rules whose rows count, or stand there twice."""
_NO_INTERVAL_LOST = {
    *_COUNTS,
    *(Rule.CONFLICT, Rule.OVERLAP, Rule.FUTURE, Rule.OUTSIDE_DAY),
    *(Rule.MISSING_PAGES, Rule.PAGE_CLASH),
}
"""Rules whose rows cost no interval: another row stands there, or the interval shows as missing."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why readings do not count, by rule and meter.

    Attributes:
        rule: The rule.
        meter: Code of the meter, "" if unknown.
        days: First and last day, "YYYY-MM-DD".
        count: Rows, intervals or meter-days.
        gain: Intervals (meter-days) that the fix would add to the coverage.
        gain_bp: The same as a share of what the period expects, basis points, rounded down.
        stake: Money at stake, minor units.
        estimated: Whether the money is partly an estimate.
        too_late: Whether all of it lies in days that are anchored.
        detail: What was found first.
        remedy: What to do.
    """

    rule: Rule
    meter: str
    days: tuple[str, str]
    count: int
    gain: int
    gain_bp: int
    stake: int
    estimated: bool
    too_late: bool
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class StreamState:
    """How a stream's period stands.

    Attributes:
        stream: The stream.
        due: Coverage of the days that are over.
        whole: Coverage of the period if nothing of the past is fixed and the future is complete.
        estimated_bp: Estimated share of the quantity so far, rounded up.
        without_file: Days that are over and have no usable file.
        reasons: What blocks the statement; empty if nothing does.
        causes: What does not count, most money first.
        doubts: What counts and is doubted, most money first.
        erased: Households that were erased, whose anchored readings are no longer here.
    """

    stream: Stream
    due: Coverage
    whole: Coverage
    estimated_bp: int
    without_file: tuple[str, ...]
    reasons: tuple[str, ...]
    causes: tuple[Cause, ...]
    doubts: tuple[Cause, ...]
    erased: tuple[str, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the period cannot be stated as things are."""
        return bool(self.reasons)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a period stands.

    Attributes:
        period: Its number.
        month: The month, "YYYY-MM".
        currency: Currency of the stakes.
        streams: The streams, in the order of the community file.
    """

    period: int
    month: str
    currency: Currency
    streams: tuple[StreamState, ...]

    def __str__(self) -> str:
        return "\n".join(_render(self))


def explain(
    database: Database, community: Community, period: int, now: int, stream: str | int | None = None
) -> Explanation:
    """How a period stands at `now`.

    Args:
        database: The journal's database.
        community: The community.
        period: Number of the period, from 1.
        now: Unix time; later days are taken to become complete.
        stream: Code or number of one stream, None for all.

    Raises:
        InputError: No such period or stream.
    """
    catalog = catalog_of(community)
    chosen = community.streams if stream is None else (catalog.stream(stream),)
    with database.read() as connection:
        states = tuple(_state(connection, catalog, each, period, now) for each in chosen)
    return Explanation(period, catalog.period_name(period), community.currency, states)


def _state(
    connection: Connection, catalog: Catalog, stream: Stream, period: int, now: int
) -> StreamState:
    from_, end = catalog.period_bounds(period)
    to = max(from_, min(end, now))
    due = coverage_of(connection, catalog, stream, from_, to)
    all_of_it = coverage_of(connection, catalog, stream, from_, end)
    whole = Coverage(all_of_it.expected, due.covered + all_of_it.expected - due.expected)
    found = findings(connection, catalog, stream, from_, to)
    without_file = _without_file(connection, catalog, stream, from_, to)
    estimated_bp = _estimated_bp(connection, stream, from_, to)
    return StreamState(
        stream=stream,
        due=due,
        whole=whole,
        estimated_bp=estimated_bp,
        without_file=without_file,
        reasons=tuple(_reasons(stream, whole, estimated_bp, without_file, now < end)),
        causes=_causes(catalog, stream, found, whole, closed_at(connection, stream)),
        doubts=_causes(
            catalog,
            stream,
            doubts(connection, catalog, stream, from_, to),
            whole,
            closed_at(connection, stream),
        ),
        erased=tuple(
            f"{meter} was erased on {day} ({reason})"
            for meter, day, reason in erased_within(connection, catalog, stream, (from_, end))
        ),
    )


def _reasons(
    stream: Stream,
    whole: Coverage,
    estimated_bp: int,
    without_file: Sequence[str],
    is_open: bool,
) -> Iterator[str]:
    if is_open:
        yield "the period is not over"
    if without_file:
        yield f"no usable file of {_spans(without_file)}"
    short = whole.short_of(stream.min_coverage_bp)
    if short:
        missing = stream.min_coverage_bp - whole.bp
        yield (
            f"coverage {percent(whole.bp)} is {points(missing)} points ({short} {_unit(stream)}) "
            f"below {percent(stream.min_coverage_bp)}"
        )
    if estimated_bp > stream.max_estimated_bp:
        yield (
            f"{percent(estimated_bp)} of the quantity is estimated, at most "
            f"{percent(stream.max_estimated_bp)} may be"
        )


def _causes(
    catalog: Catalog, stream: Stream, found: Sequence[Finding], whole: Coverage, closed: int
) -> tuple[Cause, ...]:
    def kind(finding: Finding) -> tuple[str, str]:
        return finding.rule, finding.meter

    causes = []
    for _, group in groupby(sorted(found, key=kind), key=kind):
        alike = sorted(group, key=lambda each: (each.day, each.line_number))
        first = alike[0]
        open_ = [each for each in alike if catalog.day(each.day)[1] > closed]
        gain = _gain(stream, open_)
        causes.append(
            Cause(
                rule=first.rule,
                meter=first.meter,
                days=(first.day, alike[-1].day),
                count=sum(each.count for each in alike),
                gain=gain,
                gain_bp=gain * BASIS // whole.expected if whole.expected else 0,
                stake=sum(each.stake.amount for each in alike),
                estimated=any(each.stake.basis.estimated for each in alike),
                too_late=not open_,
                detail=first.detail,
                remedy=first.remedy,
            )
        )
    return tuple(sorted(causes, key=lambda each: (-each.stake, -each.count, each.rule, each.meter)))


def _gain(stream: Stream, found: Sequence[Finding]) -> int:
    """Intervals, or meter-days, that would count if all of it were put right."""
    if stream.measure != "interval":
        lost = (each for each in found if each.rule not in _COUNTS)
        return len({(each.meter, each.day) for each in lost})
    return sum(each.count for each in found if each.rule not in _NO_INTERVAL_LOST)


def _without_file(
    connection: Connection, catalog: Catalog, stream: Stream, from_: int, to: int
) -> tuple[str, ...]:
    if takes_messages(connection, stream):
        return ()  # what is missing shows by its intervals or meter-days
    days = days_ending_in(catalog, from_, to)
    query = select(files.c.day).where(
        files.c.stream == stream.code, files.c.day.in_(days), files.c.rule.is_(None)
    )
    there = {day for (day,) in connection.execute(query)}
    return tuple(day for day in days if day not in there)


def _estimated_bp(connection: Connection, stream: Stream, from_: int, to: int) -> int:
    in_time = (
        readings.c.stream == stream.id,
        readings.c.end > from_,
        readings.c.end <= to,
    )
    total = func.coalesce(func.sum(readings.c.quantity), 0)
    whole = int(connection.execute(select(total).where(*in_time)).scalar_one())
    estimated = kept_estimates(connection, stream, (from_, to))
    own = sum(each.quantity for each in estimated)
    hedged = select(total).where(*in_time, readings.c.quality.in_(sorted(ESTIMATED)))
    part, whole = int(connection.execute(hedged).scalar_one()) + own, whole + own
    return -(-BASIS * part // whole) if whole else 0


def _render(found: Explanation) -> Iterator[str]:
    yield f"Period {found.period} ({found.month})"
    for state in found.streams:
        verdict = "blocked" if state.blocked else "can be closed"
        yield ""
        yield (
            f"{state.stream.code}: {verdict}; {state.due.covered} of {state.due.expected} "
            f"{_unit(state.stream)} so far, {percent(state.whole.bp)} of the period at best "
            f"unless past days are fixed ({percent(state.stream.min_coverage_bp)} required)"
        )
        for reason in state.reasons:
            yield f"  ! {reason}"
        for each in state.erased:
            yield f"  ! the household of meter {each}: its readings are not counted here, anchored batches stand"
        for cause in state.causes:
            yield f"  - {_cause_line(cause, found.currency)}"
            yield f"      {cause.detail}"
            yield f"      → {cause.remedy}"
        for doubt in state.doubts:
            yield f"  ? {_doubt_line(doubt, found.currency)}"
            yield f"      {doubt.detail}"
            yield f"      → {doubt.remedy}"


def _cause_line(cause: Cause, currency: Currency) -> str:
    gain = f"a fix adds {cause.gain} ({points(cause.gain_bp)} points)"
    fix = "too late for the batch" if cause.too_late else gain
    return f"{_head(cause)}: {_worth(cause, currency)} at stake; {fix}"


def _doubt_line(cause: Cause, currency: Currency) -> str:
    fix = "anchored: correct it if it is wrong" if cause.too_late else "counts as it is"
    return f"{_head(cause)}: {_worth(cause, currency)} in doubt; {fix}"


def _head(cause: Cause) -> str:
    first, last = cause.days
    when = first if first == last else f"{first} to {last}"
    return f"{cause.rule} ×{cause.count}, {cause.meter or 'no known meter'}, {when}"


def _worth(cause: Cause, currency: Currency) -> str:
    about = "about " if cause.estimated else ""
    return f"{about}{format_amount(cause.stake, currency)} {currency.code}"


def _unit(stream: Stream) -> str:
    return "intervals" if stream.measure == "interval" else "meter-days"


def _spans(days: Sequence[str]) -> str:
    """Days for people; more than a few as first, last and number."""
    few = 4
    if len(days) <= few:
        return ", ".join(days)
    return f"{len(days)} days from {days[0]} to {days[-1]}"
