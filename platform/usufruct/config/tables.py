"""Reading a TOML file into a checked table: every problem found, each with the line of its value."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from usufruct.config.locate import Path, locate
from usufruct.config.problems import Problems
from usufruct.errors import ConfigError

__all__ = ["Document", "parse_document", "read_text", "shape"]

_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_SECRETS: Final = ("salt",)
_MAX_LINE: Final = 4096
_MAX_BYTES: Final = 64 * 1024 * 1024

TableT = TypeVar("TableT", bound=BaseModel)


class Document:
    """A TOML text that was read, not yet checked.

    Attributes:
        raw: Its values.
        lines: Where each of them stands.
        problems: What is found to be wrong.
    """

    def __init__(self, raw: dict[str, Any], lines: dict[Path, int], file: str) -> None:
        self.raw = raw
        self.lines = lines
        self.problems = Problems(file, lines)


def read_text(path: str | FilePath, remedy: str) -> str:
    """The text of the file at `path`.

    Raises:
        ConfigError: It cannot be read; `remedy` says what to do about it.
    """
    file = FilePath(path)
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise _unreadable(file, "it is larger than 64 MiB", remedy)
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _unreadable(file, "it is not UTF-8", remedy) from None
    except OSError as error:
        raise _unreadable(file, error.strerror or "unknown reason", remedy) from None


def parse_document(text: str, file: str) -> Document:
    """The values of a TOML text, with their places.

    Raises:
        ConfigError: It is not TOML, or a line is too long.
    """
    text = text.replace("\r\n", "\n")
    _require_short_lines(text, file)
    return Document(_toml(text, file), locate(text), file)


def _unreadable(file: FilePath, why: str, remedy: str) -> ConfigError:
    return ConfigError(
        f"{file} cannot be read: {why}",
        field="FILE",
        value=str(file),
        rule=f"a readable file is needed ({why})",
        remedy=remedy,
    )


def _require_short_lines(text: str, file: str) -> None:
    """Parsing takes the square of a line's length where keys are chained."""
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _MAX_LINE:
            raise ConfigError(
                f"line {number} is too long",
                field="syntax",
                value=line,
                rule=f"a line has at most {_MAX_LINE} characters",
                remedy="break it into several lines",
                file=file,
                line=number,
            )


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        rule = _PLACE.sub("", str(error)).strip().rstrip(".")
        raise ConfigError(
            "the file is not TOML",
            field="syntax",
            value="".join(
                text.splitlines()[line - 1 : line]
            ).strip(),  # the error may lie behind the last line
            rule=rule,
            remedy="correct the line (https://toml.io)",
            file=file,
            line=line,
        ) from None


def shape(document: Document, table: type[TableT]) -> TableT:
    """The document as a `table`.

    Raises:
        ConfigErrors: Keys or values are not what the table has; all that were found.
    """
    try:
        return table.model_validate(document.raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        _note(detail, document.raw, document.problems, table)
    document.problems.raise_if_any()
    raise AssertionError("a validation error has details")


def _note(detail: ErrorDetails, raw: object, problems: Problems, table: type[BaseModel]) -> None:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    value = _value_at(raw, path)
    if _SECRETS[0] in path:
        value = "…"
    if kind == "rule":
        problems.add(path, value, str(context["rule"]), str(context["remedy"]))
    elif kind == "extra_forbidden":
        known = _known_keys(table, path[:-1])
        problems.add(path, value, "there is no such key here", _did_you_mean(path[-1], known))
    elif kind == "missing":
        problems.add(path, "(missing)", "the key is required", f"add {path[-1]} = …")
    elif kind in {"dict_type", "model_type"}:
        problems.add(path, value, "must be a table", "correct the value")
    else:
        rule = detail["msg"].replace("Input should be", "must be").replace("'", '"')
        problems.add(path, value, rule, "correct the value")


def _value_at(raw: object, path: Path) -> object:
    for part in path:
        try:
            raw = raw[part]  # type: ignore[index]  # any TOML value; what has no such part is shown whole
        except (KeyError, IndexError, TypeError):
            break
    return f"(a table of {len(raw)} keys)" if isinstance(raw, Mapping) else raw


def _did_you_mean(key: object, known: list[str]) -> str:
    close = difflib.get_close_matches(str(key), known, n=1)
    return f"did you mean {close[0]}?" if close else "known keys: " + ", ".join(known)


def _known_keys(top: type[BaseModel], path: Path) -> list[str]:
    """The keys that the table at `path` below `top` may have."""
    table: type[BaseModel] | None = top
    for part in path:
        if isinstance(part, str) and table is not None:
            fields = table.model_fields.items()
            hint = next(field.annotation for name, field in fields if (field.alias or name) == part)
            table = _table_in(hint)
    return (
        [] if table is None else [field.alias or name for name, field in table.model_fields.items()]
    )


def _table_in(hint: object) -> type[BaseModel] | None:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    return next((table for inner in get_args(hint) if (table := _table_in(inner))), None)
