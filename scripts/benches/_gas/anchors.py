"""Gas of anchoring and attesting, by the size of the quorum."""

from __future__ import annotations

from tests.support.village import Village

from benches._gas.world import DAY, TARIFF, statement_of
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.core.keccak import keccak256


def rows(url: str) -> list[Row]:
    """Batches and statements."""
    figures = []
    for threshold, oracles in ((2, 3), (3, 7)):
        village = Village(ChainClient(url), threshold, oracles)
        start = village.now()
        village.open_stream(1, start, TARIFF)
        village.move_to(start + 10 * DAY)
        used = [_batch(village, start + day * DAY, day, closes=False) for day in (1, 2)]
        figures.append(
            at_most(f"anchor a batch, {threshold} of {oracles}", used[-1], "gas", 55_000)
        )
        closing = _batch(village, start + 3 * DAY, 3, closes=True)
        figures.append(
            at_most(f"anchor a closing batch, {threshold} of {oracles}", closing, "gas", 78_000)
        )
        statement = statement_of(village, 1, 1, start, start + 3 * DAY)
        used_here = village.attest(statement).gas_used
        figures.append(
            at_most(f"attest a statement, {threshold} of {oracles}", used_here, "gas", 180_000)
        )
    return figures


def _batch(village: Village, to: int, salt: int, *, closes: bool) -> int:
    root, content = keccak256(b"root%d" % salt), keccak256(b"content%d" % salt)
    return village.anchor(1, to, 408, root, content, closes=closes).gas_used
