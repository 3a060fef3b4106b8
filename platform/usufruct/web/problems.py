"""What programs tell (details, rules and remedies of problems) in other languages than English.

The API speaks English. `problems.toml`, `finance.toml` and `findings.toml` list its sentences as templates, {…} for
what varies; a text that fits one is said in the reader's language with the same values, which are themselves looked up.
A text that fits none stays as it is, and pages mark it as English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Final

__all__ = ["ALL", "PATTERNS", "Pattern", "translated"]

_FOLDER: Final = Path(__file__).parent
_MOST: Final = 400
"""Characters of a text that is looked at."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sentence: what it looks like in English, and its template by language."""

    pattern: re.Pattern[str]
    texts: Mapping[str, str]


def _compiled(template: str) -> re.Pattern[str]:
    """The template as an expression; JavaScript reads the same."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(re.sub(r"([\\^$.*+?()[\]{}|/])", r"\\\1", literal))
        if name is not None:
            parts.append(f"(?P<{name}>.+?)")
    return re.compile("^" + "".join(parts) + "$", re.DOTALL)


def _load(*names: str) -> tuple[Pattern, ...]:
    entries = [
        each
        for name in names
        for each in tomllib.loads((_FOLDER / name).read_text("utf-8"))["text"]
    ]
    return tuple(Pattern(_compiled(each["en"]), MappingProxyType(each)) for each in entries)


PATTERNS: Final = _load("problems.toml", "finance.toml")
"""Sentences that answers to scripts of pages may have, the more special before the more general."""
ALL: Final = (*PATTERNS, *_load("findings.toml"))
"""All sentences, in the order in which they are looked up."""


@lru_cache(maxsize=1_024)
def translated(text: str, language: str) -> str | None:
    """The text in a language, None if no sentence fits."""
    if len(text) > _MOST:
        return None
    for each in ALL:
        found = each.pattern.fullmatch(text)
        if found:
            values = {
                name: translated(value, language) or value
                for name, value in found.groupdict().items()
            }
            return each.texts[language].format(**values)
    return None
