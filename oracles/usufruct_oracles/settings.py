"""Reads TOML tables strictly: every key is known, every value has its type, every error its line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from usufruct.config.locate import Path as Place
from usufruct.config.locate import dotted, locate
from usufruct.errors import ConfigError

T = TypeVar("T", str, int, bool)

_CREDENTIALS = "$CREDENTIALS_DIRECTORY/"
_DURATION = re.compile(r"([1-9][0-9]{0,8}|0)(ms|s|m|h|d)", re.ASCII)
_PORTS = 1 << 16
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TYPES: Mapping[type, str] = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    dict: 'a table such as { env = "NAME" }',
}


def read_document(path: Path) -> Document:
    """The TOML file at `path`; ConfigError if it cannot be read or parsed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}",
            file=str(path),
            rule="a readable UTF-8 file",
            remedy="check the path and its permissions",
        ) from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        raise ConfigError(
            f"not TOML: {error}",
            file=str(path),
            line=int(found[1]) if found else None,
            remedy="correct the line",
        ) from error
    return Document(path, locate(text), values)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file that still knows on which line a value stands."""

    path: Path
    lines: Mapping[Place, int]
    values: Mapping[str, object]

    def section(self, name: str, known: Collection[str]) -> Section:
        """The table `[name]`; ConfigError if it is missing or holds an unknown key."""
        found = self.values.get(name)
        if not isinstance(found, dict):
            raise ConfigError(
                f"the table [{name}] is missing",
                file=str(self.path),
                field=name,
                value="nothing",
                rule=f"a table headed [{name}] is required",
                remedy="add it",
            )
        return _checked(Section(self, (name,), found), known)

    def sections(self, place: Place, known: Collection[str]) -> list[Section]:
        """The tables `[[place]]` in file order, none if there are none."""
        found: object = self.values
        for key in place:
            found = found.get(str(key), []) if isinstance(found, dict) else []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise ConfigError(
                f"{dotted(place)} is not a list of tables",
                file=str(self.path),
                line=self.lines.get(place),
                field=dotted(place),
                value=found,
                rule=f"tables headed [[{dotted(place)}]]",
                remedy="write one such table for each",
            )
        return [_checked(Section(self, (*place, at), each), known) for at, each in enumerate(found)]

    def one_or_more(self, name: str) -> list[Section]:
        """The table `[name]`, or the tables `[[name]]`; their keys are still to be checked by `Section.only`.

        Raises:
            ConfigError: There is none.
        """
        found = self.values.get(name)
        if isinstance(found, list) and found:
            return self.sections(
                (name,), set().union(*(each for each in found if isinstance(each, dict)))
            )
        return [self.section(name, found if isinstance(found, dict) else ())]


def _checked(section: Section, known: Collection[str]) -> Section:
    for key, value in section.values.items():
        if key not in known:
            rule = f"one of {', '.join(sorted(known))}"
            raise section.error(key, value, rule, "remove or rename the key")
    return section


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a document, and the place where it stands."""

    document: Document
    place: Place
    values: Mapping[str, object]

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of `key`, which must be of type `kind`; required unless there is a default."""
        value = self.values.get(key, default)
        if value is None:
            rule = f"required, {_TYPES[kind]}"
            raise self.error(key, "nothing", rule, f"add it to [{dotted(self.place)}]")
        if type(value) is not kind:
            raise self.error(key, value, _TYPES[kind], "correct the value")
        return value

    def only(self, known: Collection[str]) -> Section:
        """This table; ConfigError if it holds another key than those."""
        return _checked(self, known)

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty if the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.error(key, value, "a list of texts", "correct the value")
        return value

    def table(self, key: str) -> Mapping[str, object]:
        """An inline table, required."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            # The value is not shown: somebody may have written the secret itself.
            raise self.error(key, "…", _TYPES[dict], "correct the value")
        return value

    def inner(self, key: str, known: Collection[str]) -> Section:
        """A table within this one, which must hold no unknown key."""
        return _checked(Section(self.document, (*self.place, key), dict(self.table(key))), known)

    def seconds(self, key: str, default: str) -> float:
        """A duration such as "500ms", "5s", "15m", "6h" or "2d", in seconds."""
        text = self.get(key, str, default)
        found = _DURATION.fullmatch(text)
        if found is None:
            raise self.error(key, text, 'a duration such as "5s" or "6h"', "correct the value")
        return int(found[1]) * _MILLISECONDS[found[2]] / 1_000

    def path(self, key: str) -> Path:
        """A path; a relative one starts at the folder of the configuration file."""
        return self.resolved(key, self.get(key, str))

    def resolved(self, key: str, text: str) -> Path:
        """The path that `text` in `key` means.

        `$CREDENTIALS_DIRECTORY/` at its start is the folder in which systemd shows a unit its own secrets.
        """
        if text.startswith(_CREDENTIALS):
            folder = os.environ.get(_CREDENTIALS[1:-1])
            if not folder:
                rule = "systemd sets it for units with LoadCredential="
                raise self.error(
                    key, text, rule, "start the worker as a unit, or write the path out"
                )
            return Path(folder) / text[len(_CREDENTIALS) :]
        return (self.document.path.parent / Path(text).expanduser()).resolve()

    def address(self, key: str) -> tuple[str, int]:
        """Host and port of an address such as "127.0.0.1:7001" or "[::1]:7001", required."""
        text = self.get(key, str)
        host, _, port = text.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < _PORTS:
            raise self.error(key, text, "host:port, port 1 to 65535", "correct the value")
        return host.strip("[]"), int(port)

    def error(self, key: str, value: object, rule: str, remedy: str) -> ConfigError:
        """The error for a value of this table, with file and line."""
        place: Place = (*self.place, key)
        lines = self.document.lines
        return ConfigError(
            f"{dotted(place)} is not valid",
            file=str(self.document.path),
            line=lines.get(place, lines.get(self.place)),
            field=dotted(place),
            value=value,
            rule=rule,
            remedy=remedy,
        )
