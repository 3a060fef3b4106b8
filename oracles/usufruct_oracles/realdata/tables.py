"""Reading the data folder: gzipped CSV, exact decimals, local times made explicit.

Naive times are taken to be the project's local time. Where the clock is put forward some do not exist and are left
out; where it is put back the first of the two is meant, and the second hour has no data.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from usufruct.errors import InputError

_PLACES = Decimal("0.000000001")


def read_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a CSV file, gzipped or not, with its first line.

    Raises:
        InputError: The file cannot be read.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.reader(file)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} cannot be read: {error}",
            field="data",
            value=str(path),
            rule="a CSV file of the data set",
            remedy="set USUFRUCT_DATA to the folder of the data sets",
        ) from error


def number(text: str, path: Path) -> Decimal:
    """An exact decimal.

    Raises:
        InputError: Not a finite number.
    """
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise InputError(
            f"not a number in {path.name}",
            field="value",
            value=text,
            rule="a decimal number",
            remedy="get the data set again",
        )
    return found


def decimal_text(value: Decimal) -> str:
    """Plain decimal with at most nine places and no trailing zeros, cut, never rounded up."""
    cut = value.quantize(_PLACES, rounding="ROUND_DOWN")
    text = f"{cut:f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def local_time(naive: datetime, place: ZoneInfo) -> datetime | None:
    """The moment a naive time means, None if the clock skips it."""
    moment = naive.replace(tzinfo=place)
    back = datetime.fromtimestamp(moment.timestamp(), place)
    return moment if back.replace(tzinfo=None) == naive else None


def iso(moment: float, place: ZoneInfo) -> str:
    """RFC 3339 of unix seconds in a zone."""
    return datetime.fromtimestamp(moment, place).isoformat()
