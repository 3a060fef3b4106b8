"""Tables as texts: CSV and Parquet, strict and bounded. Each row keeps its number; what is no row says why."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from usufruct.errors import ConfigError, InputError

MAX_BYTES = 64 * 1024 * 1024
"""Largest file, and largest Parquet table before compression times four."""
MAX_ROWS = 2_000_000
"""Most rows of a table."""
MAX_COLUMNS = 1024
"""Most columns."""
MAX_LINE = 64 * 1024
"""Longest line of a CSV file, characters."""

_EXPANSION = 4


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: Names of its columns; their numbers from 1 where there is no header.
        rows: Number in the file and texts of each row.
        refused: Number and reason of what is no row.
    """

    columns: tuple[str, ...]
    rows: list[tuple[int, Sequence[str]]] = field(repr=False)
    refused: list[tuple[int, str]]


def read_csv(data: bytes, *, delimiter: str, header: int, encoding: str) -> Table:
    """The table in a CSV file.

    Args:
        data: The file.
        delimiter: Between cells.
        header: Header lines; the last names the columns. 0: columns are called 1, 2, 3 …
        encoding: `utf-8`, `utf-8-sig` or `latin-1`.

    Raises:
        InputError: The file as a whole is no such table: too large, another encoding, unclear columns.
    """
    _require("bytes", len(data), MAX_BYTES)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _bad("encoding", f"byte {error.start}", encoding) from error
    if "\0" in text:
        raise _bad("bytes", "NUL", "text without NUL characters")
    lines = text.splitlines()
    _require("lines", len(lines), MAX_ROWS + header)
    _require("line", max(map(len, lines), default=0), MAX_LINE)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    names: tuple[str, ...] | None = None
    rows: list[tuple[int, Sequence[str]]] = []
    refused: list[tuple[int, str]] = []
    for cells in _cells(reader, refused):
        if reader.line_num <= header:
            names = tuple(each.strip() for each in cells)
        elif not cells:
            refused.append((reader.line_num, "an empty line"))
        else:
            names = names or tuple(map(str, range(1, len(cells) + 1)))
            if len(cells) == len(names):
                rows.append((reader.line_num, cells))
            else:
                refused.append((reader.line_num, f"{len(cells)} cells instead of {len(names)}"))
    return Table(_columns(names), rows, refused)


def _cells(reader: Any, refused: list[tuple[int, str]]) -> Iterator[list[str]]:
    """The rows that can be read; a line with broken quotes is refused and the next one begins anew."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            refused.append((reader.line_num, f"quotes: {error}"))


def read_parquet(data: bytes) -> Table:
    """The table in a Parquet file, its values as exact texts.

    Raises:
        ConfigError: pyarrow is not installed.
        InputError: Not a Parquet file, too large, or with columns that are no plain values.
    """
    try:
        from pyarrow import ArrowException, parquet  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow",
            field="format",
            value="parquet",
            rule="the extra [parquet] is installed",
            remedy="pip install 'usufruct[parquet]', or export the table as CSV",
        ) from error
    _require("bytes", len(data), MAX_BYTES)
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        meta = file.metadata
        size = sum(meta.row_group(each).total_byte_size for each in range(meta.num_row_groups))
        _require("rows", meta.num_rows, MAX_ROWS)
        _require("columns", meta.num_columns, MAX_COLUMNS)
        _require("bytes uncompressed", size, _EXPANSION * MAX_BYTES)
        found = file.read()
    except (ArrowException, OSError, ValueError) as error:
        raise _bad("parquet", str(error)[:80], "a Parquet file") from error
    columns = _columns(tuple(found.column_names))
    texts = [[_text(each, name) for each in found.column(name).to_pylist()] for name in columns]
    rows: list[tuple[int, Sequence[str]]] = list(enumerate(zip(*texts, strict=True), 1))
    return Table(columns, rows, [])


def _text(value: object, column: str) -> str:
    """A value of a Parquet table as a text, exact: floats as the shortest decimal that is the same float."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise _bad(f"column {column}", type(value).__name__, "texts, numbers and times")


def _columns(names: tuple[str, ...] | None) -> tuple[str, ...]:
    if not names:
        raise _bad("columns", "none", "a header line that names them, or rows")
    _require("columns", len(names), MAX_COLUMNS)
    twice = {each for each in names if names.count(each) > 1}
    if twice:
        raise _bad("columns", min(twice), "names that occur once")
    return names


def _require(name: str, found: int, most: int) -> None:
    if found > most:
        raise _bad(name, found, f"at most {most}")


def _bad(field_: str, value: object, rule: str) -> InputError:
    return InputError(
        f"not a table: {field_}",
        field=field_,
        value=value,
        rule=rule,
        remedy="correct the export or its mapping, and drop the file again",
    )
