"""Readings audited a second: the sums of their commitments, against opening every reading one by one.

scripts/bench audit [number of readings, by default 100 000]

The auditor has leaves, manifests and prices, and checks roots, sums and money (`usufruct.audit.links`, all that does
not ask the chain). The baseline has every quantity and blinding, which no auditor should have, and recomputes every
commitment; it is measured on OPENED readings and scaled up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benches._report import Row, at_least, report
from usufruct.audit import links
from usufruct.audit.evidence import Audited
from usufruct.chain.client import ChainClient
from usufruct.core.commitments import N, blinding, commit, meter_secret
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.statements import build_statement, lines_from_manifests
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.core.typed_data import Batch
from usufruct.disputes.evidence import AnchoredBatch, PeriodEvidence

READINGS = 100_000
OPENED = 5_000
METERS = 100
HOUR = 3_600
START = 1_790_006_400
LEAST_RATIO = 2.0
SECRET = b"the secret of the bench's meters"
TARIFF = Tariff(
    id="bench",
    stream="VPP",
    currency="USDX",
    base_unit="Wh",
    timezone="Asia/Shanghai",
    rows=(PriceRow("peak", 540_000, 1000), PriceRow("valley", 210_000, 1000)),
    calendar=(CalendarRule("peak", (), (), 840, 1020), CalendarRule("valley")),
)

Opened = tuple[int, int, bytes]


def make(count: int) -> tuple[Audited, list[Opened]]:
    """A statement over hourly readings, a batch for each day, and the opening of every reading."""
    secrets = {meter: meter_secret(SECRET, meter) for meter in range(1, METERS + 1)}
    batches: list[AnchoredBatch] = []
    opened: list[Opened] = []
    time_, first = START, 0
    while first < count:
        size = min(count - first, 24 * METERS)
        leaves, sums = [], {0: [0, 0, 0], 1: [0, 0, 0]}
        for at in range(size):
            end, meter = time_ + HOUR * (at // METERS + 1), at % METERS + 1
            value, r = (end + meter * 37) % 4000, blinding(secrets[meter], 1, meter, end, HOUR, 0)
            field = commit(value, r)
            leaf = ReadingLeaf(field, bytes(32), 1, first + at, end, HOUR, meter, 0, 0, 0, 19)
            leaves.append(leaf.encode())
            opened.append((value, r, field))
            total = sums[TARIFF.row_index_at(end - HOUR)]
            total[:] = total[0] + 1, total[1] + value, total[2] + r
        batches.append(_batch(len(batches) + 1, time_, first, leaves, sums))
        time_, first = time_ + 86_400, first + size
    return _statement(batches), opened


def _batch(
    seq: int, start: int, first: int, leaves: list[bytes], sums: dict[int, list[int]]
) -> AnchoredBatch:
    lines = tuple(
        ManifestLine(TARIFF.rows[index].id, n, value, r % N)
        for index, (n, value, r) in sums.items()
        if n
    )
    root, count = tree_root(leaves), len(leaves)
    total = sum(line.quantity for line in lines)
    manifest = Manifest(
        1, seq, start, start + 86_400, first, count, root, count, count, total, 0, lines
    )
    batch = Batch(
        1, seq, bytes(32), start, start + 86_400, first, count, False, root, manifest.content()
    )
    return AnchoredBatch(batch, tuple(leaves), manifest)


def _statement(batches: list[AnchoredBatch]) -> Audited:
    manifests = [each.manifest for each in batches if each.manifest is not None]
    lines = lines_from_manifests(TARIFF, manifests, committed=True)
    statement = build_statement(
        stream=1,
        period=1,
        version=1,
        bounds=(START, batches[-1].batch.to),
        heads=(bytes(32), bytes(32)),
        tariff=TARIFF,
        lines=lines,
        manifests=manifests,
    )
    evidence = PeriodEvidence(statement, tuple(batches), tuple(lines), TARIFF, True)
    return Audited(31_337, "", "", evidence)


def seconds(work: Callable[[], object]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def audit(audited: Audited) -> None:
    """Every link that does not ask the chain."""
    context = links.Context(audited, ChainClient("http://127.0.0.1:1"))
    for link in (links.leaves, links.sums, links.money):
        link(context)


def open_all(opened: list[Opened]) -> None:
    """Recomputes every commitment from its opening."""
    for value, r, field in opened:
        if commit(value, r) != field:
            message = "a reading does not open"
            raise AssertionError(message)


def main() -> int:
    """Measures and reports; 1 if a target is missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else READINGS
    audited, opened = make(count)
    audit(audited)
    mine = min(seconds(lambda: audit(audited)) for _ in range(3)) / count
    some = opened[:OPENED]
    other = min(seconds(lambda: open_all(some)) for _ in range(2)) / len(some)
    figures = [
        Row(
            f"readings audited a second, {count:,} in {len(audited.evidence.batches)} batches",
            1 / mine,
            "1/s",
        ),
        Row("time for one reading", mine * 1e6, "µs"),
        Row("baseline: every reading opened one by one, and shown", 1 / other, "1/s"),
        at_least("ratio to the baseline", other / mine, "×", LEAST_RATIO),
    ]
    report("audit", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
