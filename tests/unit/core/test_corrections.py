"""Corrections: amounts that telescope to the unit, and documents in which every number follows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usufruct.core.commitments import N, blinding, commit, meter_secret
from usufruct.core.correction_sums import (
    Base,
    Opened,
    build_corrections,
    carried_from,
    check_corrections,
    price_change,
)
from usufruct.core.corrections import Corrections, Revision, reason_of
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.errors import EvidenceError, InputError
from usufruct.money import mul_div_down

HOUR = 3_600
SECRET = meter_secret(b"a privacy secret for tests only.", 7)


def tariff(price: int, per: int) -> Tariff:
    return Tariff(
        id="t",
        stream="S",
        currency="USDX",
        base_unit="Wh",
        timezone="Asia/Shanghai",
        rows=(PriceRow("day", price, per), PriceRow("night", price // 2 + 1, per + 1)),
        calendar=(CalendarRule("day", (), (), 480, 1_320), CalendarRule("night", (), (), 0, 1_440)),
    )


@dataclass
class Stream:
    """Periods of a day with hourly readings of one meter, their statements and corrections."""

    prices: Tariff
    committed: bool
    quantities: list[list[int]]
    now: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Quantity and revision of a reading, by number."""

    def __post_init__(self) -> None:
        for seq, quantity in enumerate(q for day in self.quantities for q in day):
            self.now[seq] = quantity, 0

    def leaf(self, seq: int, quantity: int, rev: int) -> bytes:
        end = (seq + 1) * HOUR
        hidden = blinding(SECRET, 1, 7, end, HOUR, rev)
        shown = commit(quantity, hidden) if self.committed else open_quantity(quantity)
        return ReadingLeaf(shown, bytes([rev]) * 32, 1, seq, end, HOUR, 7, 0, 0, rev, 19).encode()

    def correct(self, seq: int, quantity: int) -> Opened:
        """The next revision of a reading."""
        old, rev = self.now[seq]
        self.now[seq] = quantity, rev + 1
        end = (seq + 1) * HOUR
        hidden = [blinding(SECRET, 1, 7, end, HOUR, each) for each in (rev, rev + 1)]
        return Opened(
            Revision(self.leaf(seq, old, rev), self.leaf(seq, quantity, rev + 1), "meter-fault"),
            quantity - old,
            (hidden[1] - hidden[0]) % N if self.committed else None,
        )

    def lines(self, period: int, quantities: list[int]) -> list[StatementLine]:
        sums: defaultdict[int, int] = defaultdict(int)
        first = sum(len(day) for day in self.quantities[: period - 1])
        for at, quantity in enumerate(quantities):
            sums[self.prices.row_index_at((first + at) * HOUR)] += quantity
        return [
            StatementLine(
                index, row.id, row.price, row.per, sums[index],
                mul_div_down(sums[index], row.price, row.per), None, 1,
            )
            for index, row in enumerate(self.prices.rows)
        ]  # fmt: skip

    def gross(self, period: int) -> int:
        return sum(line.amount for line in self.lines(period, self.quantities[period - 1]))

    def worth(self) -> int:
        """What all readings are worth as they count now."""
        total, first = 0, 0
        for period, day in enumerate(self.quantities, 1):
            current = [self.now[first + at][0] for at in range(len(day))]
            total += sum(line.amount for line in self.lines(period, current))
            first += len(day)
        return total

    def base(self, period: int, earlier: list[Corrections]) -> Base:
        touching = [e for e in earlier if any(p.period == period for p in e.periods)]
        return Base(period, self.prices, self.lines(period, self.quantities[period - 1]), touching)

    def state(
        self, period: int, opened: list[Opened], earlier: list[Corrections]
    ) -> Corrections | None:
        by_period: defaultdict[int, list[Opened]] = defaultdict(list)
        for each in opened:
            by_period[self.period_of(ReadingLeaf.decode(each.revision.old).seq)].append(each)
        return build_corrections(
            stream=1,
            period=period,
            version=1,
            gross=self.gross(period),
            carried=carried_from(earlier),
            found=[(self.base(each, earlier), found) for each, found in by_period.items()],
        )

    def period_of(self, seq: int) -> int:
        for period, day in enumerate(self.quantities, 1):
            if seq < len(day):
                return period
            seq -= len(day)
        raise AssertionError

    def check(self, document: Corrections, earlier: list[Corrections]) -> None:
        bases = {each.period: self.base(each.period, earlier) for each in document.periods}
        check_corrections(document, self.gross(document.period), bases, committed=self.committed)


QUANTITY = st.integers(0, 10**7)


@st.composite
def streams(draw: st.DrawFn, *, committed: bool = False) -> Stream:
    days = draw(st.lists(st.lists(QUANTITY, min_size=1, max_size=6), min_size=1, max_size=4))
    prices = tariff(draw(st.integers(0, 10**6)), draw(st.integers(1, 10**4)))
    return Stream(prices, committed, days)


@given(streams(), st.data())
def test_statements_and_adjustments_are_what_the_corrected_readings_are_worth(
    stream: Stream, data: st.DataObject
) -> None:
    """Over all periods, to the unit; what could not be taken from a period is owed by the next."""
    documents: list[Corrections] = []
    for period in range(1, len(stream.quantities) + 1):
        known = sum(len(day) for day in stream.quantities[:period])
        picks = data.draw(st.lists(st.integers(0, known - 1), max_size=4))
        opened = [stream.correct(seq, data.draw(QUANTITY)) for seq in picks]
        found = stream.state(period, opened, documents)
        if found is not None:
            stream.check(found, documents)
            assert Corrections.from_json(found.canonical()) == found
            assert stream.gross(period) + found.adjustment >= 0
            documents.append(found)
    paid = sum(stream.gross(period) for period in range(1, len(stream.quantities) + 1))
    paid += sum(each.adjustment for each in documents)
    assert paid + carried_from(documents) == stream.worth()


@settings(max_examples=20)
@given(streams(committed=True), QUANTITY)
def test_committed_corrections_open_by_row_alone(stream: Stream, quantity: int) -> None:
    first = stream.correct(0, quantity)
    document = stream.state(len(stream.quantities), [first], [])
    assert document is not None
    stream.check(document, [])
    row = document.periods[0].rows[0]
    lie = replace(row, change=row.change + 1)
    broken = replace(document, periods=(replace(document.periods[0], rows=(lie,)),))
    with pytest.raises(EvidenceError):
        stream.check(broken, [])


def document_of(stream: Stream) -> tuple[Corrections, list[Corrections]]:
    """A second document, which corrects a reading that the first had corrected."""
    first = stream.state(1, [stream.correct(0, 50)], [])
    assert first is not None
    second = stream.state(2, [stream.correct(0, 70), stream.correct(3, 5)], [first])
    assert second is not None
    return second, [first]


def test_every_number_of_a_document_is_bound() -> None:
    stream = Stream(tariff(540, 7), committed=False, quantities=[[100, 200], [300, 400]])
    document, earlier = document_of(stream)
    stream.check(document, earlier)
    period, row = document.periods[0], document.periods[0].rows[0]
    reading = period.readings[0]
    forged = ReadingLeaf.decode(reading.new)
    lies: list[Any] = [
        replace(document, adjustment=document.adjustment + 1),
        replace(document, total=document.total + 1, adjustment=document.adjustment + 1),
        *(
            replace(document, periods=(replace(period, **change), *document.periods[1:]))
            for change in (
                {"tariff": bytes(32)},
                {"earlier": ()},
                {"rows": ()},
                *(
                    {"rows": (replace(row, **{name: getattr(row, name) + 1}),)}
                    for name in ("stated", "before", "change", "amount")
                ),
                {"rows": (replace(row, blinding=1),)},
                {"readings": (replace(reading, new=replace(forged, rev=9).encode()),)},
                {"readings": (replace(reading, new=replace(forged, meter=9).encode()),)},
            )
        ),
    ]
    for lie in lies:
        with pytest.raises(EvidenceError):
            stream.check(Corrections.from_json(lie.canonical()), earlier)


def test_a_period_pays_no_less_than_nothing_and_the_next_owes_the_rest() -> None:
    stream = Stream(tariff(1_000, 1), committed=False, quantities=[[100], [30], [400]])
    first = stream.state(2, [stream.correct(0, 0)], [])
    assert first is not None
    assert (first.total, first.adjustment, first.owed) == (-100_000, -30_000, -70_000)
    second = stream.state(3, [], [first])
    assert second is not None
    assert (second.carried, second.total, second.adjustment) == (-70_000, 0, -70_000)
    assert carried_from([first, second]) == 0


def test_nothing_to_correct_needs_no_document() -> None:
    stream = Stream(tariff(1, 1), committed=False, quantities=[[1]])
    assert stream.state(1, [], []) is None


def test_no_row_falls_below_nothing() -> None:
    line = StatementLine(0, "day", 3, 2, 10, 15, None, 1)
    with pytest.raises(EvidenceError, match="more than was measured"):
        price_change(line, 0, -11)


@pytest.mark.parametrize("word", ["", "A", "1st", "two words", "x" * 41, 7])
def test_reasons_are_words(word: object) -> None:
    with pytest.raises(InputError, match="reason"):
        reason_of(word)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"v":1', b'"v":2'),
        lambda text: text.replace(b'"carried":"0"', b'"carried":"-0"'),
        lambda text: text.replace(b'"period":1,', b'"period":3,'),
        lambda text: text.replace(b"meter-fault", b"Meter fault"),
        lambda text: text[:-1],
    ],
)
def test_malformed_documents_are_refused(change: Any) -> None:
    stream = Stream(tariff(540, 7), committed=False, quantities=[[100, 200], [300, 400]])
    document, _ = document_of(stream)
    changed = change(document.canonical())
    assert changed != document.canonical()
    with pytest.raises((InputError, EvidenceError)):
        Corrections.from_json(changed)
