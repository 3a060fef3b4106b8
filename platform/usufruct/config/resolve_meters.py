"""Meters: groups expanded, keys and units checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from usufruct.config.locate import Path, dotted
from usufruct.config.model import Project
from usufruct.config.model_streams import Meter, Stream
from usufruct.config.problems import Problems
from usufruct.config.references import require_unique, stream_of
from usufruct.config.schema import CommunityTable, MeterGroupTable, MeterTable
from usufruct.config.values import DEV_KEY
from usufruct.core.periods import day_bounds
from usufruct.core.signing import key_xy, public_key
from usufruct.errors import InputError
from usufruct.keys import dev_meter_key

__all__ = ["meters"]

_DAY: Final = 86_400
_MIN_WIDTH: Final = 2


def meters(
    table: CommunityTable, streams: Mapping[str, Stream], project: Project, problems: Problems
) -> tuple[Meter, ...]:
    """The meters of the file, groups first; what is wrong with them is noted in `problems`."""
    found: list[tuple[Path, Meter]] = []
    named: list[tuple[Path, MeterTable | MeterGroupTable]] = [
        *((("meters", index), group) for index, group in enumerate(table.meters)),
        *((("meter", index), single) for index, single in enumerate(table.meter)),
    ]
    for path, each in named:
        stream = stream_of(path, each.stream, streams, problems)
        if stream is None:
            continue
        _check(path, each, stream, project, problems)
        with problems.at((*path, "key"), each.key):
            found += [(path, meter) for meter in _expand(path, each, stream, project)]
    require_unique(((path, meter.id) for path, meter in found), "meter id", problems)
    require_unique(((path, meter.code) for path, meter in found), "meter code", problems)
    return tuple(meter for _, meter in found)


def _check(
    path: Path,
    table: MeterTable | MeterGroupTable,
    stream: Stream,
    project: Project,
    problems: Problems,
) -> None:
    _check_interval(path, table.interval, stream, problems)
    if table.nameplate == 0:
        problems.add(
            (*path, "nameplate"),
            0,
            "most base units in an hour, above 0",
            "read it from the type plate; every reading above 1.2 times of it is refused",
        )
    if _end(table, project) <= project.start:
        problems.add(
            (*path, "calibrated_until"),
            table.calibrated_until,
            f"not before the first period, {project.first_period}",
            "calibrate the meter before its stream begins",
        )
    if isinstance(table, MeterGroupTable) and table.count > 1 and table.key != DEV_KEY:
        problems.add(
            (*path, "key"),
            table.key,
            "every meter has its own key",
            "write a [[meter]] table for each of them",
        )


def _check_interval(path: Path, interval: int | None, stream: Stream, problems: Problems) -> None:
    if stream.measure != "interval":
        if interval is not None:
            rule = f"stream {stream.code} measures {stream.measure}, which has no interval"
            problems.add((*path, "interval"), f"{interval} s", rule, "remove the key")
    elif interval is None:
        rule = f"stream {stream.code} measures intervals"
        problems.add((*path, "interval"), "(missing)", rule, 'add interval = "15m" or another')
    elif _DAY % interval:
        rule = "an interval divides the day"
        problems.add((*path, "interval"), f"{interval} s", rule, "take 15m, 30m, 1h or another")


def _expand(
    path: Path, table: MeterTable | MeterGroupTable, stream: Stream, project: Project
) -> Iterator[Meter]:
    if isinstance(table, MeterTable):
        yield _meter(path, table, table.id, table.code, stream, project)
        return
    width = max(_MIN_WIDTH, len(str(table.count)))
    for number in range(table.count):
        code = f"{table.prefix}-{number + 1:0{width}d}"
        yield _meter(path, table, table.first_id + number, code, stream, project)


def _meter(
    path: Path,
    table: MeterTable | MeterGroupTable,
    number: int,
    code: str,
    stream: Stream,
    project: Project,
) -> Meter:
    dev = table.key == DEV_KEY
    key = public_key(table.scheme, dev_meter_key(code)) if dev else bytes.fromhex(table.key[2:])
    try:
        key_xy(table.scheme, key)
    except InputError as error:
        error.rule = f"a point on the curve of {table.scheme}"
        raise
    return Meter(
        id=number,
        code=code,
        stream=stream.code,
        stream_id=stream.id,
        unit=table.unit,
        multiplier=table.multiplier,
        interval=table.interval,
        nameplate=table.nameplate,
        scheme=table.scheme,
        public_key=key,
        valid_from=project.start,
        calibrated_until=_end(table, project),
        dev=dev,
        place=dotted(path),
    )


def _end(table: MeterTable | MeterGroupTable, project: Project) -> int:
    """The end of the last calibrated day."""
    return day_bounds(table.calibrated_until, project.timezone)[1]
