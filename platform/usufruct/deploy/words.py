"""Times and addresses as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["day", "moment", "percentage", "shortened", "span"]

_UNITS: Final = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{40}\b")
_DAY: Final = 86_400


def span(seconds: int) -> str:
    """A duration as the file writes it: `3d`, `15m`, `90s`; weeks only from two on."""
    for size, unit in _UNITS:
        if seconds and not seconds % size and (unit != "w" or seconds > size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def day(days: int) -> str:
    """The date of a number of days since 1970-01-01."""
    return datetime.fromtimestamp(days * _DAY, UTC).date().isoformat()


def moment(time: int) -> str:
    """A unix time to the minute, in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def percentage(points: int) -> str:
    """Basis points as the file writes them: `95%`, `12.5%`."""
    return f"{points // 100}.{points % 100:02d}".rstrip("0").rstrip(".") + "%"


def shortened(text: str) -> str:
    """`text` with every address in it cut to its first and last digits."""
    return _ADDRESS.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", text)
