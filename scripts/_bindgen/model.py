"""The contracts as the bindings see them: functions, structs, enums, events and errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from _bindgen.abitypes import Param, Struct, snake
from _bindgen.natspec import Doc


class ModelError(Exception):
    """The contracts cannot be given bindings; the message says what to change in Solidity."""


@dataclass(frozen=True, slots=True)
class FunctionItem:
    """One ABI function (or the constructor, with an empty name)."""

    name: str
    python: str
    inputs: tuple[Param, ...]
    outputs: tuple[Param, ...]
    mutability: str
    doc: Doc

    @property
    def signature(self) -> str:
        """Name and argument types."""
        return signature(self.name, self.inputs)


@dataclass(frozen=True, slots=True)
class RecordItem:
    """An event or an error."""

    kind: str
    name: str
    fields: tuple[Param, ...]
    doc: Doc = field(compare=False)

    @property
    def signature(self) -> str:
        """Name and field types."""
        return signature(self.name, self.fields)


@dataclass(frozen=True, slots=True)
class StructItem:
    """A struct with its documentation."""

    type: Struct
    doc: Doc = field(compare=False)


@dataclass(frozen=True, slots=True)
class EnumItem:
    """An enum (or a library of integer constants) with its members."""

    canonical: str
    members: tuple[tuple[str, int, str], ...]
    """Name, value and documentation."""
    doc: Doc = field(compare=False)


Item = StructItem | EnumItem | RecordItem


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract with everything its bindings need."""

    name: str
    unit: str
    doc: str
    constructor: FunctionItem
    functions: tuple[FunctionItem, ...]
    items: tuple[Item, ...]
    raw: Mapping[str, Any]

    @property
    def module(self) -> str:
        """Name of the Python module."""
        return snake(self.name)


def signature(name: str, fields: Iterable[Param]) -> str:
    """Canonical signature, the preimage of selectors and topics."""
    return f"{name}({','.join(each.type.abi for each in fields)})"


def hash_of(text: str) -> bytes:
    """keccak256 of a signature."""
    return keccak(text=text)
