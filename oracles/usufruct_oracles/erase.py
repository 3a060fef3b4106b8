"""Erasing one household here: journal rows, meter secret, drop folder, free pages, in an order that survives a kill.

The order is recorded with the rows' removal in one transaction; every later step can be done again, and is, until the
erasure is marked as finished. The meter's secret is destroyed by replacing the privacy key with one that has forgotten
the meter, which leads all workers with the same key to the same new key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from usufruct.chain import crash
from usufruct.config import Community, Meter, Stream
from usufruct.core.privacy_keys import PrivacyKey
from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.erasure_orders import ErasureOrder
from usufruct_oracles.journal.anchored import recorded_heads
from usufruct_oracles.journal.compacting import objects_of, purge, write_index
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.erasures import Erased, erase_rows, mark_finished
from usufruct_oracles.sources.csv_folder import CsvSource
from usufruct_oracles.sources.opening import Erasing
from usufruct_oracles.sources.redaction import replace_file


@dataclass(frozen=True, slots=True)
class Places:
    """Where the household's data are.

    Attributes:
        secret: File of the privacy key.
        journal: SQLAlchemy URL of this worker's journal.
        sources: Sources that keep files of their own, and copies of drop folders.
        copies: Copies of the journal.
        archive: Folder of the journal's archived records, None if there is none.
    """

    secret: Path
    journal: str
    sources: Sequence[Erasing] = field(default=())
    copies: Sequence[str] = field(default=())
    archive: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an erasure did here: the record of it, and the number of files of drop folders that it changed."""

    erased: Erased
    files: int


def places_of(
    config: WorkerConfig,
    copies: Sequence[Path] = (),
    folders: Sequence[Path] = (),
    archive: Path | None = None,
) -> Places:
    """The places that a worker's configuration names, and copies of them.

    Raises:
        ConfigError: The privacy secret is not in a file, so that it cannot be destroyed.
    """
    if config.privacy_file is None:
        raise ConfigError(
            "the privacy secret cannot be destroyed",
            file=str(config.file),
            field="worker.privacy_secret",
            value="{ env = … }",
            rule="a household can be erased only where the secret is in a file of its own",
            remedy="write the secret to a file that only the worker can read, and { file = PATH } here",
        )
    own = [each for each in config.sources if isinstance(each, Erasing)]
    for each in copies:
        if not each.is_file():
            raise InputError(
                "no such journal",
                field="--copy",
                value=str(each),
                rule="the file of an SQLite journal",
                remedy="correct the path",
            )
    journals = [f"sqlite:///{each.resolve()}" for each in copies]
    return Places(
        config.privacy_file, config.journal, [*own, *map(CsvSource, folders)], journals, archive
    )


def not_cleared(config: WorkerConfig, community: Community, meter: Meter) -> list[Path]:
    """Files that speak of others, too, and files and folders of sources that cannot take a household out."""
    found: list[Path] = []
    for source in config.sources:
        if isinstance(source, Erasing):
            found += source.shared(community, meter.code)
            continue
        values = (getattr(source, name) for name in getattr(source, "__dataclass_fields__", ()))
        found += [each for each in values if isinstance(each, Path)]
    return found


def meter_named(community: Community, name: str) -> tuple[Meter, Stream]:
    """The meter with that code or number, and its stream, whose readings must be committed.

    Raises:
        InputError: There is none, or its readings are public.
    """
    catalog = catalog_of(community)
    found = [each for each in catalog.meters.values() if name in {each.code, str(each.id)}]
    stream = catalog.streams.get(found[0].stream) if found else None
    if len(found) != 1 or stream is None:
        raise InputError(
            "unknown meter",
            field="METER",
            value=name,
            rule="code or number of a meter of the community",
            remedy="use the community file that the readings were taken in with",
        )
    if not stream.committed:
        raise InputError(
            "the readings are public",
            field="METER",
            value=name,
            rule=f"stream {stream.code} shows its quantities in the anchored leaves, which nobody can take back",
            remedy="nothing; only streams with privacy = committed hold what can be erased",
        )
    return found[0], stream


def require_caught_up(database: Database, stream: int, anchored: int) -> None:
    """Refuses to erase before every anchored batch is recorded here: afterwards it could not be recomputed.

    Raises:
        EvidenceError: Some are not.
    """
    recorded = len(recorded_heads(database, stream))
    if recorded < anchored:
        raise EvidenceError(
            "this worker is behind the chain",
            field="batches",
            value=f"{recorded} of {anchored} recorded",
            rule="all anchored batches are recorded before a household is erased",
            remedy="let the worker catch up, stop it, and run the command again",
        )


def erase(
    community: Community, places: Places, order: ErasureOrder, meter: Meter, stream: Stream
) -> Outcome:
    """Carries out an order here; safe to repeat after a kill at any moment.

    Raises:
        ConfigError: A file or database cannot be changed.
    """
    with _open((places.journal, *places.copies)) as journals:
        _require_archive(journals[0], stream, places.archive)
        rows = [
            erase_rows(each, stream, meter, order.written(), order.at, order.reason)
            for each in journals
        ]
        if places.archive is not None:
            purge(journals[0], stream, places.archive)
            write_index(journals[0], stream, places.archive)
        _forget(places.secret, meter)
        crash.point("erasure.secret_gone")
        changed = sum(each.erase(community, stream.code, meter.code) for each in places.sources)
        crash.point("erasure.inbox_clear")
        for each in journals:
            each.scrub()
            mark_finished(each, meter.id)
    return Outcome(rows[0], changed)


@contextlib.contextmanager
def _open(urls: Iterable[str]) -> Iterator[list[Database]]:
    with contextlib.ExitStack() as stack:
        journals = []
        for url in urls:
            journals.append(Database(url))
            stack.callback(journals[-1].close)
        yield journals


def _require_archive(database: Database, stream: Stream, archive: Path | None) -> None:
    if archive is None and objects_of(database, stream):
        raise InputError(
            "records of the stream are in an archive",
            field="--archive",
            value="nothing",
            rule="the archive is cleared of the household with the journal",
            remedy="name the archive's folder; copies of it are yours to replace",
        )


def _forget(path: Path, meter: Meter) -> None:
    """Replaces the key in the file by one that has forgotten the meter."""
    try:
        before = path.read_bytes().strip()
        after = PrivacyKey.parse(before).without(meter.id).written()
        if after != before:
            replace_file(path, after)
    except OSError as error:
        raise ConfigError(
            f"the privacy key cannot be replaced: {error.strerror}",
            field="worker.privacy_secret",
            value=str(path),
            rule="the file must be writable while a household is erased",
            remedy="correct the permissions and run the command again",
        ) from error
