"""From a file to a Community: TOML, shape, references. Each stage reports everything it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from usufruct.config.locate import Path, dotted
from usufruct.config.model import Community, DevReference
from usufruct.config.problems import Problems
from usufruct.config.resolve import resolve
from usufruct.config.schema import CommunityTable
from usufruct.config.tables import parse_document, read_text, shape
from usufruct.config.values import DEV_ACCOUNT, DEV_KEY

__all__ = ["load_community", "parse_community"]


def load_community(path: str | FilePath) -> Community:
    """The community described by the TOML file at `path`, completely checked.

    Raises:
        ConfigErrors: The file breaks one or more rules; `problems` holds all that were found.
        ConfigError: The file cannot be read or is not TOML.
    """
    text = read_text(path, "check the path; examples/community.toml shows the format")
    return parse_community(text, str(path))


def parse_community(text: str, file: str = "community.toml") -> Community:
    """As `load_community`, for the text of a file."""
    document = parse_document(text, file)
    table = shape(document, CommunityTable)
    named = {dotted(path): line for path, line in document.lines.items()}
    references = _dev_references(document.raw, document.problems)
    return resolve(table, document.problems, references, named, file)


# --- Development accounts ------------------------------------------------------------------------


def _dev_references(raw: object, problems: Problems) -> tuple[DevReference, ...]:
    return tuple(
        DevReference(dotted(path), problems.line(path), value) for path, value in _dev_values(raw)
    )


def _dev_values(raw: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _dev_values(value, (*path, key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _dev_values(value, (*path, index))
    elif isinstance(raw, str):
        is_key = raw == DEV_KEY and path[-1] == "key"
        if is_key or DEV_ACCOUNT.fullmatch(raw):
            yield path, raw
