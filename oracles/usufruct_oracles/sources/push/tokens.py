"""API tokens of those who push: kept as hashes, each for certain meters.

```toml
[[token]]
name = "hub-1"                       # in logs and as the source of messages
sha256 = "…64 hex digits…"           # of the token; `usufruct-oracle token hub-1` makes both
meters = ["charger-*", "home-01"]    # codes, * stands for any characters
```

A token has 256 random bits, so that its plain hash can neither be reversed nor guessed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Final

from usufruct.errors import InputError
from usufruct_oracles.settings import Section, read_document

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_PATTERN: Final = re.compile(r"[A-Za-z0-9_.*-]{1,64}", re.ASCII)
_BYTES: Final = 32
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Token:
    """What a token allows.

    Attributes:
        name: Its name.
        meters: Codes of meters it may speak for, with `*` for any characters.
    """

    name: str
    meters: tuple[str, ...]

    def allows(self, meter: str) -> bool:
        """Whether it may speak for a meter."""
        return any(fnmatchcase(meter, pattern) for pattern in self.meters)


class Tokens:
    """The tokens of a source, by the hash of each."""

    def __init__(self, by_hash: Mapping[str, Token]) -> None:
        self._by_hash = by_hash

    def find(self, token: str) -> Token | None:
        """What a token that was presented allows, None for one that is unknown.

        The hash is looked up, not the token: how long that takes tells nothing of any token.
        """
        if len(token) > _LONGEST:
            return None
        return self._by_hash.get(token_hash(token))


def token_hash(token: str) -> str:
    """sha256 of a token, 64 hexadecimal digits."""
    return sha256(token.encode(errors="replace")).hexdigest()


def new_token() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(_BYTES)


def token_entry(name: str, token: str, meters: Sequence[str]) -> str:
    """The entry of a token for the file.

    Raises:
        InputError: A name or code that the file could not hold.
    """
    good = _NAME.fullmatch(name) and meters and all(_PATTERN.fullmatch(each) for each in meters)
    if not good:
        raise InputError(
            "not an entry",
            field="token",
            value=f"{name} {' '.join(meters)}",
            rule="a name of letters, digits, dots and dashes, and at least one code, * for any characters",
            remedy="usufruct-oracle token hub-1 --meter 'charger-*'",
        )
    listed = ", ".join(f'"{each}"' for each in meters)
    return f'[[token]]\nname = "{name}"\nsha256 = "{token_hash(token)}"\nmeters = [{listed}]'


def load_tokens(path: Path) -> Tokens:
    """The tokens of the file at `path`.

    Raises:
        ConfigError: The file cannot be read, or an entry is wrong or stands there twice.
    """
    document = read_document(path)
    sections = document.sections(("token",), {"name", "sha256", "meters"})
    by_hash: dict[str, Token] = {}
    names: set[str] = set()
    for section in sections:
        hashed = section.get("sha256", str)
        if not _HASH.fullmatch(hashed) or hashed in by_hash:
            rule = "64 hexadecimal digits, lower case, of a token of its own"
            raise section.error("sha256", "…", rule, "make a token by usufruct-oracle token")
        name = section.get("name", str)
        if not _NAME.fullmatch(name) or name in names:
            rule = "1 to 32 letters, digits, dots, dashes, a name of its own"
            raise section.error("name", name, rule, "choose another name")
        names.add(name)
        by_hash[hashed] = Token(name, _meters(section))
    return Tokens(by_hash)


def _meters(section: Section) -> tuple[str, ...]:
    patterns = section.texts("meters")
    for each in patterns or [""]:
        if not _PATTERN.fullmatch(each):
            rule = "codes of meters, * for any characters"
            raise section.error("meters", each, rule, "name the meters the token may speak for")
    return tuple(patterns)
