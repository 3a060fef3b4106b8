"""Collecting everything that is wrong with a file before reporting it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from usufruct.config.locate import Path, dotted
from usufruct.errors import ConfigError, InputError

__all__ = ["ConfigErrors", "Problems"]


class ConfigErrors(ConfigError):
    """One or more errors of a file.

    It reads as the first of them; `problems` holds all, in the order of lines.
    """

    def __init__(self, problems: tuple[ConfigError, ...]) -> None:
        first = problems[0]
        super().__init__(
            first.message,
            field=first.field,
            value=first.value,
            rule=first.rule,
            remedy=first.remedy,
            file=first.file,
            line=first.line,
        )
        self.problems = problems

    def one_line(self) -> str:
        """The first error, and how many more there are."""
        more = len(self.problems) - 1
        return super().one_line() + (f" (and {more} more)" if more else "")


class Problems:
    """The errors of one file found so far. `lines` says where each path of the file is."""

    def __init__(self, file: str, lines: dict[Path, int]) -> None:
        self._file = file
        self._lines = lines
        self._found: list[ConfigError] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def line(self, path: Path) -> int:
        """Line of `path`, or of the nearest table around it."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def add(
        self,
        path: Path,
        value: object,
        rule: str,
        remedy: str,
    ) -> None:
        """Notes that `value` at `path` breaks `rule`."""
        self._found.append(self.error(path, value, rule, remedy))

    def error(self, path: Path, value: object, rule: str, remedy: str) -> ConfigError:
        """The error for `value` at `path`, not yet noted."""
        field = dotted(path)
        return ConfigError(
            f"{field} is not allowed",
            field=field,
            value=value,
            rule=rule,
            remedy=remedy,
            file=self._file,
            line=self.line(path),
        )

    @contextmanager
    def at(self, path: Path, value: object) -> Iterator[None]:
        """Notes an InputError raised inside as a problem of `value` at `path`."""
        try:
            yield
        except InputError as error:
            self.add(path, value, error.rule or error.message, error.remedy or "correct it")

    def raise_if_any(self) -> None:
        """Raises ConfigErrors with everything noted so far, in the order of lines."""
        if self._found:
            raise ConfigErrors(tuple(sorted(self._found, key=lambda error: error.line or 0)))
