"""Random values for ABI entries, raw as eth_abi takes them and typed as the bindings do."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from usufruct.contracts._runtime import address


def abi_type(parameter: Mapping[str, Any]) -> str:
    """The type as in a signature."""
    if not parameter["type"].startswith("tuple"):
        return str(parameter["type"])
    inner = ",".join(abi_type(each) for each in parameter["components"])
    return f"({inner}){parameter['type'].removeprefix('tuple')}"


def raw_values(parameter: Mapping[str, Any], hint: Any) -> SearchStrategy[Any]:
    """Values as eth_abi takes them; the type hint bounds enums."""
    kind = parameter["type"]
    if array := re.fullmatch(r"(.*)\[(\d*)\]", kind):
        item = raw_values({**parameter, "type": array[1]}, typing.get_args(hint)[0])
        size = int(array[2]) if array[2] else None
        return st.lists(item, min_size=size or 0, max_size=3 if size is None else size).map(tuple)
    if kind == "tuple":
        hints = field_hints(hint)
        return st.tuples(*map(raw_values, parameter["components"], hints))
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return st.sampled_from(hint).map(int)
    return _elementary(kind)


def _elementary(kind: str) -> SearchStrategy[Any]:
    base, bits = re.fullmatch(r"([a-z]+)(\d*)", kind).groups()  # type: ignore[union-attr]  # it fits
    match base:
        case "uint":
            return st.integers(0, 2 ** int(bits) - 1)
        case "int":
            return st.integers(-(2 ** (int(bits) - 1)), 2 ** (int(bits) - 1) - 1)
        case "address":
            return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
        case "bool":
            return st.booleans()
        case "string":
            return st.text(max_size=40)
    return st.binary(min_size=int(bits or 0), max_size=int(bits or 70))


def typed(hint: Any, raw: Any) -> Any:
    """The raw value as the bindings take and give it."""
    if typing.get_origin(hint):
        inner = typing.get_args(hint)[0]
        return tuple(typed(inner, each) for each in raw)
    if hasattr(hint, "from_abi"):
        return hint.from_abi(raw)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return hint(raw)
    if (
        isinstance(raw, str)
        and raw.startswith("0x")
        and getattr(hint, "__name__", "") == "ChecksumAddress"
    ):
        return address(raw)
    return raw


def field_hints(cls: type) -> Sequence[Any]:
    """Type hints of the fields of a generated class, in order."""
    hints = typing.get_type_hints(cls)
    return [hints[field.name] for field in dataclasses.fields(cls)]
