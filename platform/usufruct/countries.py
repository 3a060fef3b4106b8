"""Countries as people read them: the chain has the numbers of ISO 3166-1."""

from __future__ import annotations

import iso3166

__all__ = ["country_code"]


def country_code(number: int) -> str:
    """The two letters of a country; its three digits where ISO 3166-1 gives the number to none."""
    found = iso3166.countries_by_numeric.get(f"{number:03}")
    return f"{number:03}" if found is None else str(found.alpha2)
