"""Solidity types as the ABI tells them, and the Python names of values."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Elementary:
    """A type without parts: uint64, address, bytes32, bytes, string, bool, …"""

    abi: str

    @property
    def dynamic(self) -> bool:
        """Whether its encoding has no fixed size."""
        return self.abi in {"bytes", "string"}

    @property
    def words(self) -> int:
        """Number of 32-byte words of a static value."""
        return 1


@dataclass(frozen=True, slots=True)
class Enum:
    """A Solidity enum; the ABI knows it as an integer."""

    canonical: str
    abi: str
    dynamic = False
    words = 1


@dataclass(frozen=True, slots=True)
class Array:
    """An array of fixed or (length None) any length."""

    item: Type
    length: int | None

    @property
    def abi(self) -> str:
        """Type as in a signature."""
        return f"{self.item.abi}[{'' if self.length is None else self.length}]"

    @property
    def dynamic(self) -> bool:
        """Whether its encoding has no fixed size."""
        return self.length is None or self.item.dynamic

    @property
    def words(self) -> int:
        """Number of 32-byte words of a static value."""
        return (self.length or 0) * self.item.words


@dataclass(frozen=True, slots=True)
class Struct:
    """A Solidity struct; the ABI knows it as a tuple."""

    canonical: str
    members: tuple[Param, ...]

    @property
    def abi(self) -> str:
        """Type as in a signature."""
        return f"({','.join(member.type.abi for member in self.members)})"

    @property
    def dynamic(self) -> bool:
        """Whether its encoding has no fixed size."""
        return any(member.type.dynamic for member in self.members)

    @property
    def words(self) -> int:
        """Number of 32-byte words of a static value."""
        return sum(member.type.words for member in self.members)


Type = Elementary | Enum | Array | Struct


@dataclass(frozen=True, slots=True)
class Param:
    """A named value: argument, result, struct member or field."""

    name: str
    """Name in Python."""
    solidity: str
    type: Type
    indexed: bool = False


def parse_type(raw: Mapping[str, Any]) -> Type:
    """The type of one ABI parameter."""
    return _parse(raw["type"], raw.get("internalType", raw["type"]), raw.get("components", []))


def _parse(abi: str, internal: str, components: Sequence[Mapping[str, Any]]) -> Type:
    if abi.endswith("]"):
        item, _, length = abi[:-1].rpartition("[")
        inner = internal.rpartition("[")[0] if internal.endswith("]") else internal
        return Array(_parse(item, inner, components), int(length) if length else None)
    if abi == "tuple":
        return Struct(internal.removeprefix("struct "), params(components))
    if internal.startswith("enum "):
        return Enum(internal.removeprefix("enum "), abi)
    return Elementary(abi)


def params(raw: Sequence[Mapping[str, Any]], unnamed: str = "value") -> tuple[Param, ...]:
    """ABI parameters with usable and distinct Python names."""
    taken: set[str] = set()
    found = []
    for at, each in enumerate(raw):
        name = snake(each["name"].lstrip("_")) or f"{unnamed}{at}"
        while name in taken or keyword.iskeyword(name) or name in _RESERVED:
            name += "_"
        taken.add(name)
        found.append(Param(name, each["name"], parse_type(each), each.get("indexed", False)))
    return tuple(found)


_RESERVED = {"args", "decode", "from_abi", "rt", "self", "to_abi", "values"}


def snake(name: str) -> str:
    """camelCase and UPPER_CASE to snake_case."""
    return _WORD_STARTS.sub("_", name).lower()


def pascal(name: str) -> str:
    """snake_case to PascalCase."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def type_words(types: Iterable[Type]) -> str:
    """A readable word for a list of types, used to tell overloads apart."""
    return "_".join(_type_word(each) for each in types) or "nothing"


def _type_word(each: Type) -> str:
    match each:
        case Array(item, length):
            return f"{_type_word(item)}_list{'' if length is None else length}"
        case Struct(canonical) | Enum(canonical):
            return snake(canonical.rpartition(".")[2])
        case Elementary(abi):
            return abi
