"""Tables cut into records of cells, as their mapping says (protocol §4e)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from usufruct.config import Meter
from usufruct.core.periods import zone
from usufruct.errors import InputError
from usufruct_oracles.sources.imports import Cut, Imported, Refusal, by_day, in_records
from usufruct_oracles.sources.table_cells import FORM, How, read_cells, table_record
from usufruct_oracles.sources.table_mapping import TableMapping
from usufruct_oracles.sources.tables import Table, read_csv, read_parquet
from usufruct_oracles.validation.verdicts import shown

_WATT_PER_KW = 1000


@dataclass(frozen=True, slots=True)
class TableImporter:
    """Imports tables of one mapping. An `Importer`.

    Attributes:
        mapping: The mapping.
        meters: The meters that it may name, by code.
    """

    mapping: TableMapping
    meters: Mapping[str, Meter]

    def __call__(self, data: bytes) -> Imported:
        """The records in a table.

        Raises:
            InputError: The file is no table, or lacks columns of the mapping.
            ConfigError: Parquet is not installed.
        """
        table = self._read(data)
        missing = self.mapping.columns - set(table.columns)
        if missing:
            raise InputError(
                "the table lacks columns of its mapping",
                field="columns",
                value=", ".join(sorted(missing)),
                rule=f"columns {', '.join(table.columns)[:200]}",
                remedy="correct the mapping, or export the table with its header",
            )
        refused = [Refusal(*each) for each in table.refused]
        cells: dict[str, list[Sequence[str]]] = defaultdict(list)
        passed_over = self._sort(table, cells, refused)
        cuts = [cut for code in cells for cut in self._cut(self.meters[code], cells[code])]
        return Imported(FORM, tuple(cuts), tuple(refused), passed_over)

    def _read(self, data: bytes) -> Table:
        mapping = self.mapping
        if mapping.format == "parquet":
            return read_parquet(data)
        return read_csv(
            data, delimiter=mapping.delimiter, header=mapping.header, encoding=mapping.encoding
        )

    def _sort(
        self, table: Table, cells: dict[str, list[Sequence[str]]], refused: list[Refusal]
    ) -> int:
        """Puts the cells of each row to its meter; returns how many rows the mapping does not want."""
        at = {name: place for place, name in enumerate(table.columns)}
        passed_over = 0
        for number, row in table.rows:
            if any(row[at[name]] not in wanted for name, wanted in self.mapping.rows.items()):
                passed_over += 1
                continue
            for source, code, column in self._readings(row, at):
                if code not in self.meters:
                    reason = f"unknown meter {shown(source)}; map it, or register the meter first"
                    refused.append(Refusal(number, reason))
                    continue
                cells[code].append(self._cells(row, at, column))
        return passed_over

    def _readings(
        self, row: Sequence[str], at: Mapping[str, int]
    ) -> Iterator[tuple[str, str, str]]:
        """What the table calls the meter, its code, and the column of its value, for each reading of a row."""
        mapping = self.mapping
        if mapping.is_wide:
            for column, code in mapping.meters.items():
                yield column, code, column
        elif mapping.meter:
            yield mapping.meter, mapping.meter, mapping.value_column
        else:
            name = row[at[mapping.meter_column]]
            code = mapping.meters.get(name, "") if mapping.meters else name
            yield name, code, mapping.value_column

    def _cells(self, row: Sequence[str], at: Mapping[str, int], column: str) -> list[str]:
        mapping = self.mapping
        names = (
            mapping.start[0] if mapping.start else "",
            mapping.end[0] if mapping.end else "",
            mapping.duration_column,
            column,
            mapping.quality_column,
        )
        return [row[at[name]] if name else "" for name in names]

    def _cut(self, meter: Meter, cells: Sequence[Sequence[str]]) -> Iterator[Cut]:
        how = self._how(meter)
        rows = read_cells(how, meter, [""] * len(cells), cells)
        stamp = how.end or how.start
        place = zone((stamp.zone if stamp else "") or "UTC")
        for record in in_records(by_day(rows, cells, place), partial(table_record, how)):
            yield Cut(meter.code, record)

    def _how(self, meter: Meter) -> How:
        mapping = self.mapping
        scale = mapping.scale
        if mapping.per_kw:
            scale *= Fraction(meter.nameplate, _WATT_PER_KW)
        return How(
            start=mapping.start[1] if mapping.start else None,
            end=mapping.end[1] if mapping.end else None,
            duration=mapping.duration,
            unit=mapping.unit,
            scale=scale,
            decimal=mapping.decimal,
            places=mapping.places,
            qualities=mapping.qualities,
        )
