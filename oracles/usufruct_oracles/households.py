"""What a household may be shown of itself: its readings opened, with their leaves and paths, out of one journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from usufruct.config import Community, Meter, Stream
from usufruct.core.commitments import blinding
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf
from usufruct.core.leaf_proofs import AnchoredLeaves, LeafProof
from usufruct.core.merkle import MerkleTree
from usufruct.core.privacy_keys import meter_secret
from usufruct.core.range_evidence import RangeEvidence, make_range
from usufruct.core.receipts import Opening, Receipt, rows_of
from usufruct.core.typed_data import Batch
from usufruct.errors import EvidenceError, InputError
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.journal.anchored import batch_of
from usufruct_oracles.journal.attested import recorded_statement
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.schema import batches, readings, statements

_METER = slice(90, 98)


@dataclass(frozen=True, slots=True)
class Registers:
    """Where a worker's batches are anchored and its statements attested."""

    chain_id: int
    anchor: str
    book: str


@dataclass(frozen=True, slots=True)
class Household:
    """One meter, as the journal of one worker knows it.

    Args:
        database: The journal's database.
        community: The community.
        registers: The contracts.
        meter: Code of the meter.
        privacy_secret: The secret of the blindings.

    Raises:
        InputError: No such meter.
    """

    database: Database
    community: Community
    registers: Registers
    meter: str
    privacy_secret: bytes

    def receipt(self, period: int) -> Receipt:
        """The receipt of a period whose statement is recorded.

        Raises:
            EvidenceError: It is not, or the household was erased.
            InputError: No such meter or period.
        """
        catalog, meter, stream = self._places()
        bounds = catalog.period_bounds(period)
        with self.database.read() as connection:
            query = select(func.max(statements.c.version)).where(
                statements.c.stream == stream.id, statements.c.period == period
            )
            version = connection.execute(query).scalar_one()
            found = None if version is None else dict(self._opened(connection, bounds))
        if found is None:
            raise _missing(f"the statement of {stream.code} {catalog.period_name(period)}")
        attested = recorded_statement(self.database, stream.id, period, int(version))
        assert attested is not None
        anchored, openings = self._anchored(found)
        tariff = attested.built.tariff
        return Receipt(
            anchored=anchored,
            book=self.registers.book,
            meter=meter.id,
            statement=attested.built.statement,
            tariff=tariff,
            openings=openings,
            rows=rows_of(tariff, anchored, openings),
        )

    def range_evidence(self, first: int, last: int, bits: int) -> RangeEvidence:
        """That the household's readings among those numbered first to last add up to less than 2^bits.

        Raises:
            EvidenceError: None of them is the household's and anchored, or it was erased.
            InputError: They are open, or add up to more.
        """
        _, meter, stream = self._places()
        if not stream.committed:
            raise InputError(
                "open readings need no range proof",
                field="meter",
                value=self.meter,
                rule=f"stream {stream.code} shows its quantities",
                remedy="read them in the leaves",
            )
        with self.database.read() as connection:
            window = _window(connection, stream, first, last)
            found = {
                leaf: opening
                for leaf, opening in self._opened(connection, window)
                if first <= leaf[1].reading.seq <= last
            }
        if not found:
            raise _missing(f"an anchored reading {first} to {last} of {meter.code}")
        anchored, openings = self._anchored(found)
        numbers = [each.reading.seq for each in anchored.leaves]
        pairs = [(each.quantity, each.blinding or 0) for each in openings]
        return make_range(anchored, dict(zip(numbers, pairs, strict=True)), bits)

    def _places(self) -> tuple[Catalog, Meter, Stream]:
        catalog = catalog_of(self.community)
        meter = catalog.meters.get(self.meter)
        if meter is None:
            raise InputError(
                "unknown meter",
                field="METER",
                value=self.meter,
                rule="the code of a meter of the community",
                remedy="use a code of the community file",
            )
        return catalog, meter, catalog.stream(meter.stream)

    def _anchored(
        self, found: Mapping[tuple[Batch, LeafProof], Opening]
    ) -> tuple[AnchoredLeaves, list[Opening]]:
        parts = {batch.seq: batch for batch, _ in found}
        leaves = [leaf for _, leaf in found]
        where = self.registers
        return AnchoredLeaves(where.chain_id, where.anchor, parts, leaves), list(found.values())

    def _opened(
        self, connection: Connection, window: tuple[int, int]
    ) -> Iterator[tuple[tuple[Batch, LeafProof], Opening]]:
        """The household's leaves in the window, each with its opening, checked."""
        _, meter, stream = self._places()
        secret = meter_secret(self.privacy_secret, meter.id) if stream.committed else None
        query = (
            select(batches)
            .where(
                batches.c.stream == stream.id,
                batches.c["from"] >= window[0],
                batches.c.to <= window[1],
            )
            .order_by(batches.c.seq)
        )
        for row in connection.execute(query).mappings():
            batch = batch_of(row)
            quantities = _quantities(connection, stream, batch)
            for leaf in _leaves_of(meter, batch, row["leaves"]):
                reading = leaf.reading
                opening = _opening(secret, reading, quantities.get(reading.seq))
                if opening.field() != reading.quantity:
                    raise EvidenceError(
                        "the journal does not open the anchored leaf",
                        field="reading",
                        value=reading.seq,
                        rule="quantity and blinding open the commitment",
                        remedy="check that this worker has the privacy secret of the others",
                    )
                yield (batch, leaf), opening


def _leaves_of(meter: Meter, batch: Batch, blob: bytes) -> Iterator[LeafProof]:
    leaves = [blob[at : at + LEAF_LENGTH] for at in range(0, len(blob), LEAF_LENGTH)]
    mine = meter.id.to_bytes(8, "big")
    places = [at for at, leaf in enumerate(leaves) if leaf[_METER] == mine]
    tree = MerkleTree(leaves) if places else None
    for at in places:
        if tree is not None:
            yield LeafProof(batch.seq, leaves[at], tuple(tree.path(at)))


def _opening(secret: bytes | None, reading: ReadingLeaf, quantity: int | None) -> Opening:
    if quantity is None:
        raise _missing(f"reading {reading.seq}")
    if secret is None:
        return Opening(quantity, None)
    return Opening(
        quantity,
        blinding(secret, reading.stream, reading.meter, reading.end, reading.duration, reading.rev),
    )


def _quantities(connection: Connection, stream: Stream, batch: Batch) -> dict[int, int]:
    query = select(readings.c.seq, readings.c.quantity).where(
        readings.c.stream == stream.id,
        readings.c.seq >= batch.first,
        readings.c.seq < batch.first + batch.count,
    )
    return {int(seq): int(quantity) for seq, quantity in connection.execute(query)}


def _window(connection: Connection, stream: Stream, first: int, last: int) -> tuple[int, int]:
    """The time of the batches that hold readings of these numbers."""
    query = select(func.min(batches.c["from"]), func.max(batches.c.to)).where(
        batches.c.stream == stream.id,
        batches.c.first <= last,
        batches.c.first + batches.c.count > first,
    )
    found = connection.execute(query).one()
    return (0, 0) if found[0] is None else (int(found[0]), int(found[1]))


def _missing(what: str) -> EvidenceError:
    return EvidenceError(
        f"{what} is not in this worker's journal",
        field="journal",
        value=what,
        rule="only what this worker recorded can be opened",
        remedy="wait until it is anchored and recorded, or ask another worker of the site",
    )
