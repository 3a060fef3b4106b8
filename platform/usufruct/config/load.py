"""From a file to a Community: TOML, shape, references. Each stage reports everything it finds."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from usufruct.config.locate import Path, dotted, locate
from usufruct.config.model import Community, DevReference
from usufruct.config.problems import Problems
from usufruct.config.resolve import resolve
from usufruct.config.schema import CommunityTable
from usufruct.config.values import DEV_ACCOUNT, DEV_KEY
from usufruct.errors import ConfigError

__all__ = ["load_community", "parse_community"]

_PLACE: Final = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_SECRETS: Final = ("salt",)
_MAX_LINE: Final = 4096
_MAX_BYTES: Final = 64 * 1024 * 1024


def load_community(path: str | FilePath) -> Community:
    """The community described by the TOML file at `path`, completely checked.

    Raises:
        ConfigErrors: The file breaks one or more rules; `problems` holds all that were found.
        ConfigError: The file cannot be read or is not TOML.
    """
    file = FilePath(path)
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise _unreadable(file, "it is larger than 64 MiB")
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise _unreadable(file, "it is not UTF-8") from None
    except OSError as error:
        raise _unreadable(file, error.strerror or "unknown reason") from None
    return parse_community(text, str(path))


def parse_community(text: str, file: str = "community.toml") -> Community:
    """As `load_community`, for the text of a file."""
    text = text.replace("\r\n", "\n")
    _require_short_lines(text, file)
    raw = _toml(text, file)
    lines = locate(text)
    problems = Problems(file, lines)
    table = _shape(raw, problems)
    named = {dotted(path): line for path, line in lines.items()}
    return resolve(table, problems, _dev_references(raw, problems), named, file)


def _unreadable(file: FilePath, why: str) -> ConfigError:
    return ConfigError(
        f"{file} cannot be read: {why}",
        field="FILE",
        value=str(file),
        rule=f"a readable community file is needed ({why})",
        remedy="check the path; examples/community.toml shows the format",
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


# --- Shape ---------------------------------------------------------------------------------------


def _shape(raw: dict[str, Any], problems: Problems) -> CommunityTable:
    try:
        return CommunityTable.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        _note(detail, raw, problems)
    problems.raise_if_any()
    raise AssertionError("a validation error has details")


def _note(detail: ErrorDetails, raw: object, problems: Problems) -> None:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    value = _value_at(raw, path)
    if _SECRETS[0] in path:
        value = "…"
    if kind == "rule":
        problems.add(path, value, str(context["rule"]), str(context["remedy"]))
    elif kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        problems.add(path, value, "there is no such key here", _did_you_mean(path[-1], known))
    elif kind == "missing":
        problems.add(path, "(missing)", "the key is required", f"add {path[-1]} = …")
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


def _known_keys(path: Path) -> list[str]:
    """The keys that the table at `path` may have."""
    table: type[BaseModel] | None = CommunityTable
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
