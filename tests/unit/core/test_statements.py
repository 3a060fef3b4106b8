from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.commitments import INFINITY, N, add_commitments, commit
from usufruct.core.encoding import open_quantity
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.statements import (
    StatementLine,
    build_statement,
    coverage_bp,
    estimated_bp,
    gross,
    kpi_values,
    kpi_vector,
    lines_from_manifests,
    lines_root,
)
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.errors import EvidenceError, InputError

TARIFF = Tariff(
    id="t",
    stream="VPP",
    currency="USDX",
    base_unit="Wh",
    timezone="UTC",
    rows=(PriceRow("peak", 540_000, 1000), PriceRow("flat", 7, 3), PriceRow("low", 0, 1)),
    calendar=(CalendarRule("low"),),
)


def manifest(lines, *, expected=0, covered=0, estimated=0):
    return Manifest(
        stream=1,
        seq=1,
        from_=0,
        to=1,
        first=0,
        count=sum(line.count for line in lines),
        root=bytes(32),
        expected=expected,
        covered=covered,
        quantity=sum(line.quantity for line in lines),
        estimated=estimated,
        lines=tuple(lines),
    )


def manifests_of(readings, *, committed):
    """One manifest a reading: (row, quantity, blinding)."""
    return [
        manifest([ManifestLine(TARIFF.rows[row].id, 1, quantity, r if committed else None)])
        for row, quantity, r in readings
    ]


readings = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2**63 - 1), st.integers(0, N - 1)), max_size=12
)


@given(readings, st.booleans())
def test_lines_are_the_exact_sums_rounded_once(some, committed):
    lines = lines_from_manifests(
        TARIFF, manifests_of(some, committed=committed), committed=committed
    )
    assert [line.row_index for line in lines] == [0, 1, 2]
    assert [line.row for line in lines] == ["peak", "flat", "low"]
    for index, (line, row) in enumerate(zip(lines, TARIFF.rows, strict=True)):
        mine = [each for each in some if each[0] == index]
        assert line.count == len(mine)
        assert (line.blinding is None) == (not committed or not mine)
        assert line.quantity == sum(quantity for _, quantity, _ in mine)
        exact = Fraction(line.quantity * row.price, row.per)
        assert 0 <= exact - line.amount < 1
    assert gross(lines) == sum(line.amount for line in lines)
    assert lines_root(lines) == tree_root([line.leaf() for line in lines])


@given(readings)
def test_the_commitment_of_a_line_is_the_sum_of_its_readings(some):
    lines = lines_from_manifests(TARIFF, manifests_of(some, committed=True), committed=True)
    for index, line in enumerate(lines):
        points = [commit(quantity, r) for row, quantity, r in some if row == index]
        assert line.quantity_field() == add_commitments(points)
        if not points:
            assert line.quantity_field() == open_quantity(0) == INFINITY


def test_fields_of_a_line_stand_where_the_protocol_says():
    leaf = StatementLine(1, "flat", 2, 3, 4, 5, None, 1).leaf()
    assert len(leaf) == 92
    assert leaf[0] == 0
    places = ((1, 3), (3, 19), (19, 27), (27, 43), (43, 59), (60, 92))
    assert [int.from_bytes(leaf[a:b], "big") for a, b in places] == [1, 2, 3, 4, 5, 4]
    assert leaf[59:] == open_quantity(4)
    assert StatementLine(1, "flat", 2, 3, 4, 5, 9, 1).leaf()[59:] == commit(4, 9)


@pytest.mark.parametrize(
    "numbers", [(2**16, 1, 1, 0, 0), (0, 2**128, 1, 0, 0), (0, 1, 2**64, 0, 0), (0, 1, 1, -1, 0)]
)
def test_a_line_that_does_not_fit_is_refused(numbers):
    index, price, per, quantity, amount = numbers
    with pytest.raises(InputError):
        StatementLine(index, "x", price, per, quantity, amount, None, 1).leaf()


def test_privacy_and_blindings_must_agree():
    with pytest.raises(EvidenceError):
        lines_from_manifests(TARIFF, [manifest([ManifestLine("low", 1, 1, None)])], committed=True)
    with pytest.raises(EvidenceError):
        lines_from_manifests(TARIFF, [manifest([ManifestLine("low", 1, 1, 5)])], committed=False)


def test_a_row_the_tariff_has_not_is_refused():
    with pytest.raises(InputError):
        lines_from_manifests(
            TARIFF, [manifest([ManifestLine("night", 1, 1, None)])], committed=False
        )


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), max_size=6))
def test_coverage_rounds_down_and_estimates_up(parts):
    some = [
        manifest(
            [ManifestLine("low", 1, max(pair), None)],
            expected=max(pair),
            covered=min(pair),
            estimated=min(pair),
        )
        for pair in parts
    ]
    whole, part = sum(max(pair) for pair in parts), sum(min(pair) for pair in parts)
    if whole:
        exact = Fraction(10_000 * part, whole)
        assert 0 <= exact - coverage_bp(some) < 1
        assert 0 <= estimated_bp(some) - exact < 1
    else:
        assert (coverage_bp(some), estimated_bp(some)) == (10_000, 0)


@given(st.dictionaries(st.integers(0, 15), st.integers(0, 0xFFFE)))
def test_kpis_survive_their_vector(values):
    vector = kpi_vector(values)
    assert len(vector) == 32
    assert kpi_values(vector) == [values.get(place) for place in range(16)]


@pytest.mark.parametrize("wrong", [{16: 1}, {-1: 1}, {0: 0xFFFF}, {0: -1}])
def test_other_kpis_are_refused(wrong):
    with pytest.raises(InputError):
        kpi_vector(wrong)


def test_a_statement_is_put_together():
    some = [
        manifest([ManifestLine("peak", 2, 9000, None)], expected=3, covered=2, estimated=1),
        manifest([ManifestLine("low", 1, 1000, None)], expected=1, covered=1),
    ]
    lines = lines_from_manifests(TARIFF, some, committed=False)
    statement = build_statement(
        stream=1,
        period=2,
        version=3,
        bounds=(100, 200),
        heads=(b"a" * 32, b"b" * 32),
        tariff=TARIFF,
        lines=lines,
        manifests=some,
        adjustments=-5,
        kpis={1: 42},
    )
    assert (statement.stream, statement.period, statement.version) == (1, 2, 3)
    assert (statement.from_, statement.to) == (100, 200)
    assert (statement.first_head, statement.last_head) == (b"a" * 32, b"b" * 32)
    assert statement.lines_root == lines_root(lines)
    assert statement.gross == 9000 * 540_000 // 1000
    assert statement.adjustments == -5
    assert statement.tariff_hash == TARIFF.hash()
    assert (statement.coverage_bp, statement.estimated_bp) == (7500, 1)
    assert kpi_values(statement.kpis)[:3] == [7500, 42, None]
    assert statement.documents == bytes(32)
