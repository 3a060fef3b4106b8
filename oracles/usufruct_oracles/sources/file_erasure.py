"""Taking a household out of a drop folder of files that an importer reads, and out of their copies."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from usufruct.errors import ConfigError, InputError
from usufruct_oracles.sources.imports import Importer
from usufruct_oracles.sources.redaction import overwrite


def files_of(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files of a folder that the source reads, whatever they are called."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.suffix in suffixes and each.is_file())


def speakers(path: Path, importer: Importer, meter: str) -> set[str]:
    """Codes of the meters that a file speaks of.

    A file that cannot be read, or a refused row of one, may speak of anybody: it is taken to speak of the meter and of
    another one, "".

    Raises:
        ConfigError: The file cannot be opened.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _locked(path, error) from error
    try:
        found = importer(data)
    except InputError:
        return {meter, ""}
    codes = {each.meter for each in found.cuts}
    return codes | {meter, ""} if found.refused and meter not in codes else codes


def erase_files(
    inbox: Path, kept: Path, suffixes: Collection[str], importer: Importer, meter: str
) -> int:
    """Overwrites and removes what is of the meter alone, and every copy that speaks of it with its report.

    Raises:
        ConfigError: A file cannot be read or written.
    """
    own = [each for each in files_of(inbox, suffixes) if speakers(each, importer, meter) == {meter}]
    copies = [each for each in files_of(kept, suffixes) if meter in speakers(each, importer, meter)]
    reports = [kept / f"{each.stem}.report.json" for each in copies]
    gone = [*own, *(each for each in reports if each.is_file()), *copies]
    for path in gone:
        try:
            overwrite(path)
        except OSError as error:
            raise _locked(path, error) from error
    return len(gone)


def _locked(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the drop folder cannot be cleared: {error.strerror}",
        field="inbox",
        value=str(path),
        rule="must be readable and writable for the erasure",
        remedy="correct the permissions and run the command again",
    )
