"""Which of the records that peers lend are taken over (decision 0024).

A valid signature says that somebody had the meter's key, and workers may have the keys of the gateways that sign
for their meters. So what is lent must not count only because it is signed: before its day is anchored, one liar
among the lenders must not be able to bring a worker to sign what nobody else has received.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Final

from usufruct.config import Meter, Stream
from usufruct_oracles.catalog import Catalog, amount_of
from usufruct_oracles.journal.lending import DAY_FILE, LentRecord, Place
from usufruct_oracles.sources.corrections import FORM as CORRECTIONS
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Decoders, Message
from usufruct_oracles.validation.messages import contents_of
from usufruct_oracles.validation.rows import Row, parse_row
from usufruct_oracles.validation.verdicts import Verdict

_GATEWAY: Final = "gateway-"
_HEADING: Final = 4
"""Lines before the meter's own in the payload of a meter-day."""


@dataclass(slots=True)
class Offers:
    """What peers have lent of one day.

    Attributes:
        records: The records by digest; each is signed as it must be.
        lenders: Names of the peers that have lent each.
        silent: Names of the peers that have not told all they have.
    """

    records: dict[bytes, LentRecord] = field(default_factory=dict)
    lenders: dict[bytes, set[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def add(self, peer: str, record: LentRecord) -> None:
        """A peer lends a record."""
        digest = record.sha256
        self.records.setdefault(digest, record)
        self.lenders.setdefault(digest, set()).add(peer)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides about one day.

    Attributes:
        vouchers: So many peers cannot all be liars.
        anchored: Whether a quorum has anchored the day: the chain has decided what counts.
        waited: Whether what the own source was to deliver of the day should be here by now.
    """

    vouchers: int
    anchored: bool
    waited: bool


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two records of one meter, both signed with its key, that cannot both be true.

    Attributes:
        meter: Number of the meter.
        one: Digest of the one that is known here, or of the smaller digest of two that were lent.
        other: Digest of one that was lent.
        lenders: Names of the peers that have lent the other.
        stake: Money between them, minor units.
    """

    meter: int
    one: bytes
    other: bytes
    lenders: tuple[str, ...]
    stake: int


@dataclass(frozen=True, slots=True)
class _Said:
    """A reading in a record: start, end, quantity, quality."""

    start: int
    end: int
    quantity: int
    quality: int


def chosen(
    offers: Offers, rules: Rules, disputed: Collection[bytes]
) -> dict[str, list[LentRecord]]:
    """The records that are taken over, by the peer that has lent them.

    Args:
        offers: What was lent.
        rules: What decides.
        disputed: Digests of records that another one contradicts.
    """
    taken: dict[str, list[LentRecord]] = {}
    for digest, record in sorted(offers.records.items()):
        lenders = offers.lenders[digest]
        of_device = not record.scheme.startswith(_GATEWAY)
        vouched = len(lenders) >= rules.vouchers
        if of_device or vouched or (digest not in disputed and _will_do(record, offers, rules)):
            taken.setdefault(min(lenders), []).append(record)
    return taken


def _will_do(record: LentRecord, offers: Offers, rules: Rules) -> bool:
    """Whether a gateway's record is taken over that too few have lent and nothing contradicts."""
    if rules.anchored:
        return True
    return rules.waited and not offers.silent and record.form != CORRECTIONS


def contradictions(
    catalog: Catalog,
    place: Place,
    offers: Offers,
    known: Iterable[LentRecord],
    decoders: Decoders = DECODERS,
) -> list[Contradiction]:
    """What of the offers contradicts what is known, or another offer; each record against each other one once.

    Args:
        catalog: The community.
        place: Stream and day.
        offers: What was lent.
        known: Records of the day that were received.
        decoders: Decoders of messages by form.
    """
    here = {each.sha256: each for each in known}
    every = here | offers.records
    found = []
    for meter in sorted({each.meter for each in offers.records.values()}):
        # What is known here first: it is what the others contradict.
        digests = sorted(
            (digest for digest, each in every.items() if each.meter == meter),
            key=lambda digest: (digest not in here, digest),
        )
        which = catalog.meters_by_id[meter]
        said = {digest: _said(which, every[digest], decoders) for digest in digests}
        for one, other in combinations(digests, 2):
            stake = None if other in here else _between(place.stream, said[one], said[other])
            if stake is not None:
                lenders = tuple(sorted(offers.lenders[other]))
                found.append(Contradiction(meter, one, other, lenders, stake))
    return found


def _said(meter: Meter, record: LentRecord, decoders: Decoders) -> dict[tuple[int, int], _Said]:
    """What a record says, by start and end."""
    found: dict[tuple[int, int], _Said] = {}
    for row in _rows(meter, record, decoders):
        if row.start is None or row.end is None or row.value is None or row.fault is not None:
            continue
        said = _Said(row.start, row.end, row.value.quantity(meter.multiplier), row.quality)
        found.setdefault((row.start, row.end), said)
    return found


def _rows(meter: Meter, record: LentRecord, decoders: Decoders) -> Sequence[Row]:
    if record.form == DAY_FILE:
        lines = record.payload.decode().split("\n")[_HEADING:-1]
        return [parse_row(at, line, line.count(",") + 1) for at, line in enumerate(lines, 2)]
    message = Message(
        "", meter.stream, meter.code, record.form, record.payload, record.scheme, record.signature
    )
    contents = contents_of(message)
    return () if isinstance(contents, Verdict) else decoders[record.form](contents, meter)


def _between(
    stream: Stream, one: Mapping[tuple[int, int], _Said], other: Mapping[tuple[int, int], _Said]
) -> int | None:
    """Money between two records that contradict each other, None if they do not."""
    pairs = [(one[key], other[key]) for key in one.keys() & other.keys()]
    clashes = [(a, b) for a, b in pairs if a != b]
    if stream.measure != "money":
        clashes += _crossing(one, other)
    if not clashes:
        return None
    worth = [
        sum(amount_of(stream, each.start, each.quantity) for each in side)
        for side in zip(*clashes, strict=True)
    ]
    return abs(worth[0] - worth[1])


def _crossing(
    one: Mapping[tuple[int, int], _Said], other: Mapping[tuple[int, int], _Said]
) -> list[tuple[_Said, _Said]]:
    """Readings of two records that share time without being of the same time; at least one pair if there is any."""
    alone = [(*key, 0) for key in one.keys() - other.keys()]
    alone += [(*key, 1) for key in other.keys() - one.keys()]
    found = []
    for (start, end, side), (later, until, another) in pairwise(sorted(alone)):
        if side != another and later < end:
            first, second = (start, end), (later, until)
            mine, theirs = (second, first) if side else (first, second)
            found.append((one[mine], other[theirs]))
    return found
