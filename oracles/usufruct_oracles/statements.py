"""Building period statements from the manifests of the anchored batches, and saying what is missing."""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.config import Community, Stream
from usufruct.core.encoding import ZERO_HASH
from usufruct.core.manifests import Manifest
from usufruct.core.statements import (
    build_statement as core_statement,
)
from usufruct.core.statements import (
    coverage_bp,
    estimated_bp,
    lines_from_manifests,
)
from usufruct.errors import EvidenceError
from usufruct.money import BASIS
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.corrections import state_corrections
from usufruct_oracles.cuts import Cut
from usufruct_oracles.journal.anchored import manifests_between
from usufruct_oracles.journal.database import Database
from usufruct_oracles.ports import BuiltStatement
from usufruct_oracles.summary import describe_shortfall, percent


def build_statement(
    database: Database,
    community: Community,
    stream: str | int,
    period: int,
    version: int,
    first_head: bytes,
    last_head: bytes,
    *,
    cut: Cut | None = None,
    privacy_secret: bytes | None = None,
    require_quality: bool = True,
) -> BuiltStatement:
    """The statement of a period whose batches are all recorded.

    Args:
        database: The journal's database.
        community: The community.
        stream: Code or number of the stream.
        period: Number of the period, from 1.
        version: Version of the statement, from 1.
        first_head: Anchored head at the period's start.
        last_head: Anchored head at its end.
        cut: Which corrections it takes up, None for none.
        privacy_secret: The secret of the blindings; needed where a committed stream has corrections.
        require_quality: Whether to refuse what the contract would refuse.

    Raises:
        InputError: Unknown stream or period.
        EvidenceError: A batch of the period is not recorded; or, with `require_quality`, too little is
            covered or too much estimated. The message names by how much, which meters, and the money at stake.
    """
    catalog = catalog_of(community)
    which = catalog.stream(stream)
    bounds = catalog.period_bounds(period)
    manifests = manifests_between(database, which, *bounds)
    _require_whole(catalog, which, period, manifests)
    if require_quality:
        _require_quality(database, catalog, which, period, manifests)
    lines = lines_from_manifests(which.tariff, manifests, committed=which.committed)
    corrections = None
    if cut is not None:
        corrections = state_corrections(
            database, catalog, which, period, version, lines, cut, privacy_secret
        )
    statement = core_statement(
        stream=which.id,
        period=period,
        version=version,
        bounds=bounds,
        heads=(first_head, last_head),
        tariff=which.tariff,
        lines=lines,
        manifests=manifests,
        adjustments=0 if corrections is None else corrections.adjustment,
        documents=ZERO_HASH if corrections is None else corrections.hash(),
    )
    return BuiltStatement(statement, lines, which.tariff, corrections)


def _require_whole(
    catalog: Catalog, stream: Stream, period: int, manifests: Sequence[Manifest]
) -> None:
    time, end = catalog.period_bounds(period)
    for manifest in manifests:
        if manifest.from_ != time:
            break
        time = manifest.to
    if time != end:
        raise EvidenceError(
            f"{stream.code} {catalog.period_name(period)}: not all batches are recorded",
            field="batches",
            value=f"complete up to {time}",
            rule=f"the recorded batches reach from the period's start to its end, {end}",
            remedy="wait until the last day is anchored and recorded",
        )


def _require_quality(
    database: Database,
    catalog: Catalog,
    stream: Stream,
    period: int,
    manifests: Sequence[Manifest],
) -> None:
    name = f"{stream.code} {catalog.period_name(period)}"
    if coverage_bp(manifests) < stream.min_coverage_bp:
        raise EvidenceError(
            f"{name}: {describe_shortfall(database, catalog, stream, period, manifests)}",
            field="coverage",
            value=percent(coverage_bp(manifests)),
            rule=f"at least {percent(stream.min_coverage_bp)}",
            remedy="anchored batches stay as they are: supply the readings as an adjustment",
        )
    share = estimated_bp(manifests)
    if share > stream.max_estimated_bp:
        quantity = sum(each.quantity for each in manifests)
        most = stream.max_estimated_bp * quantity // BASIS
        excess = sum(each.estimated for each in manifests) - most
        raise EvidenceError(
            f"{name}: {percent(share)} of the quantity is estimated, {excess} {stream.base_unit} too many",
            field="estimated",
            value=percent(share),
            rule=f"at most {percent(stream.max_estimated_bp)}",
            remedy="have the estimates validated at the source before their day is anchored",
        )
