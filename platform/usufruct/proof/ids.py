"""Identifiers of payouts."""

from __future__ import annotations


def payout_id(symbol: str, number: int, holder: str) -> str:
    """Id of a holder's share of a series' distribution: `po_<symbol>_<number>_<holder hex>`."""
    return f"po_{symbol.lower()}_{number}_{holder.lower().removeprefix('0x')}"
