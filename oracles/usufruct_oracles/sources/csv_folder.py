"""The CSV drop folder (protocol §4): `<inbox>/<STREAM CODE>/<YYYY-MM-DD>.csv`, signatures beside it.

Writers put `<day>.sig.json` there first and let the CSV appear by an atomic rename. Hidden and temporary
files are not looked at. A file is delivered once its day is over by the worker's clock, so that every
worker sees the same rows of it, and again whenever it or its signatures change.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from usufruct.clock import Clock, SystemClock
from usufruct.config import Community
from usufruct.core.periods import day_bounds
from usufruct.errors import ConfigError, InputError
from usufruct_oracles.settings import Section
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.opening import Kind, Surroundings
from usufruct_oracles.sources.redaction import redact_folder
from usufruct_oracles.validation.files import MAX_BYTES

SETTLE = 5
"""Seconds for which newer signatures beside an older CSV wait for their CSV."""

_SUFFIX = ".csv"
_NANOSECONDS = 1_000_000_000
_NAME_SHOWN = 64

_State = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Found:
    stream: str
    day: str
    path: Path

    @property
    def signatures(self) -> Path:
        return self.path.with_suffix(".sig.json")


class CsvFolder:
    """A source that reads a drop folder.

    Args:
        inbox: The folder; it may still be missing when nothing has been dropped yet.
        timezone: The project's time zone.
        clock: Says which days are over; the chain's time in a worker.
        wall: The computer's clock, which stamps files.
    """

    def __init__(self, inbox: Path, timezone: str, clock: Clock, wall: Clock | None = None) -> None:
        self.inbox = inbox
        self._timezone = timezone
        self._clock = clock
        self._wall = wall or SystemClock()
        self._seen: dict[Path, _State] = {}

    def poll(self) -> Generator[SourceFile, None, None]:
        """New and changed files of days that are over, by day, then by stream code.

        A file counts as delivered when the next one is asked for: if its ingestion fails it comes again.

        Raises:
            ConfigError: The inbox is not a folder, or a file in it cannot be read.
        """
        for found in sorted(self._files(), key=lambda each: (each.day, each.stream)):
            state = self._state(found)
            if state is None or self._seen.get(found.path) == state or not self._over(found.day):
                continue
            yield SourceFile(
                source=str(found.path),
                stream=found.stream,
                day=found.day,
                csv=_content(found.path) or b"",
                signatures=_content(found.signatures),
            )
            self._seen[found.path] = state

    def pending(self) -> list[Path]:
        """Files of days that are not over yet; they wait."""
        return sorted(each.path for each in self._files() if not self._over(each.day))

    def _files(self) -> Iterator[_Found]:
        if not self.inbox.exists():
            return
        if not self.inbox.is_dir():
            raise _unusable(self.inbox, "a folder with one folder for each stream")
        for folder in self.inbox.iterdir():
            if folder.name.startswith(".") or not folder.is_dir():
                continue
            for path in folder.iterdir():
                if path.suffix == _SUFFIX and path.name[0] not in ".~" and path.is_file():
                    yield _Found(folder.name[:_NAME_SHOWN], path.stem[:_NAME_SHOWN], path)

    def _over(self, day: str) -> bool:
        try:
            return day_bounds(day, self._timezone)[1] <= self._clock.now()
        except InputError:
            return True  # not a day: ingestion rejects the file and says so

    def _state(self, found: _Found) -> _State | None:
        """Times and sizes of both files; None while signatures wait for their CSV."""
        try:
            csv = found.path.stat()
            beside = found.signatures
            signed = beside.stat() if beside.is_file() else None
        except FileNotFoundError:
            return None  # replaced at this moment; the next poll finds it
        except OSError as error:
            raise _unusable(found.path, "readable files") from error
        if signed is None:
            return csv.st_mtime_ns, csv.st_size, 0, 0
        age = self._wall.now() - signed.st_mtime_ns // _NANOSECONDS
        if signed.st_mtime_ns > csv.st_mtime_ns and 0 <= age < SETTLE:
            return None
        return csv.st_mtime_ns, csv.st_size, signed.st_mtime_ns, signed.st_size


def _content(path: Path) -> bytes | None:
    """At most one byte more than is accepted, so that a huge file costs no memory."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, "readable files") from error


def _unusable(path: Path, rule: str) -> ConfigError:
    return ConfigError(
        "the drop folder cannot be read",
        field="source.inbox",
        value=str(path),
        rule=rule,
        remedy="check the path and its permissions",
    )


@dataclass(frozen=True, slots=True)
class CsvSource:
    """Readings from the CSV drop folder `inbox`."""

    inbox: Path

    def open(self, surroundings: Surroundings) -> CsvFolder:
        """The folder as a source."""
        timezone = surroundings.community.project.timezone
        return CsvFolder(self.inbox, timezone, surroundings.clock)

    def erase(self, _: Community, stream: str, meter: str) -> int:
        """Takes a meter's lines out of the files; see `sources.opening.Erasing`."""
        return redact_folder(self.inbox, stream, [meter])

    def shared(self, _: Community, _meter: str) -> list[Path]:
        """None: lines can be taken out of every file."""
        return []


def _read(section: Section) -> CsvSource:
    return CsvSource(section.path("inbox"))


KIND = Kind(keys={"inbox"}, read=_read)
"""`kind = "csv"`."""
