"""The catalogue of texts, `messages.toml`: everything that pages say, by key and language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

__all__ = ["LANGUAGES", "MESSAGES", "NAMES"]

LANGUAGES: Final = ("en", "zh")
"""Codes of the languages; the first is the one of readers who ask for none of them."""
NAMES: Final = ("English", "中文")
"""What each language calls itself."""
_FILE: Final = Path(__file__).parent / "messages.toml"


def _load() -> dict[str, Mapping[str, str]]:
    return {
        key: MappingProxyType(texts)
        for key, texts in tomllib.loads(_FILE.read_text("utf-8")).items()
    }


MESSAGES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(_load())
"""Texts by key, then by language."""
