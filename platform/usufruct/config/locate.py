"""Finds the line of any value in a TOML text.

`tomllib` tells values but no places. This scanner reads a text that `tomllib` has already accepted
and notes where each key, table and array element begins, so that an error can name its line.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Path", "dotted", "locate"]

Path = tuple[str | int, ...]
"""Keys and, for arrays, indices from 0: `("series", 2, "holders", 0, "units")`."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANKS: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR: Final = re.compile(r"[^\s,\]}#]+(?: [0-9:.Z+-]+)?")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def dotted(path: Path) -> str:
    """`series[2].holders[0].units` for a path."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def locate(text: str) -> dict[Path, int]:
    """Line numbers (from 1) of all keys, tables and array elements of a valid TOML text."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over the text; `at` is the offset of the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {(): 1}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._blanks()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blanks()
        return self.lines

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        start = self.at
        self.at += 2 if array else 1
        self._blanks()
        keys = self._keys()
        self._blanks()
        self.at += 2 if array else 1
        path = (*self._absolute(keys[:-1]), keys[-1])
        if array:
            self._note(path, start)
            index = self.counts.get(path, -1) + 1
            self.counts[path] = index
            path = (*path, index)
        self._note(path, start)
        return path

    def _absolute(self, keys: tuple[str, ...]) -> Path:
        """Where a header's key leads: through an array of tables to its newest element."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._blanks()
        self.at += 1  # the equals sign
        self._blanks()
        self._value(path)

    def _keys(self) -> tuple[str, ...]:
        keys = [self._key()]
        self._blanks()
        while self.text.startswith(".", self.at):
            self.at += 1
            self._blanks()
            keys.append(self._key())
            self._blanks()
        return tuple(keys)

    def _key(self) -> str:
        bare = _BARE_KEY.match(self.text, self.at)
        if bare is not None:
            self.at = bare.end()
            return bare[0]
        return self._string()[1:-1]

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in "\"'":
            self._string()
        else:
            self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._more("]"):
            self._note((*path, index), self.at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, closing: str) -> bool:
        """Steps over blanks and a comma; false, and past it, at the closing bracket."""
        self._blanks()
        if self.text[self.at] == ",":
            self.at += 1
            self._blanks()
        if self.text[self.at] != closing:
            return True
        self.at += 1
        return False

    def _string(self) -> str:
        return self._take(_STRING)

    def _blanks(self) -> None:
        self._take(_BLANKS)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at offset {self.at}")
        self.at = match.end()
        return match[0]

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, at) + 1)
