"""Builds the model from the compiler's answer."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from _bindgen.abitypes import Array, Enum, Struct, Type, params, parse_type, snake, type_words
from _bindgen.model import (
    Contract,
    EnumItem,
    FunctionItem,
    ModelError,
    RecordItem,
    StructItem,
    signature,
)
from _bindgen.natspec import make_doc, tree_doc
from _bindgen.solidity import Compiled


class Reader:
    """Builds the model from the compiler's answer."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._nodes = {
            node["canonicalName"]: node
            for tree in compiled.trees.values()
            for node in _walk(tree)
            if node["nodeType"] in {"StructDefinition", "EnumDefinition"}
        }

    def contracts(self) -> tuple[Contract, ...]:
        """All contracts that can be deployed, and the libraries they link, by name."""
        found: dict[str, Contract] = {}
        for unit in self._compiled.sources.wanted:
            for name, raw in self._compiled.contracts.get(unit, {}).items():
                if not raw["evm"]["bytecode"]["object"] or not self._wanted(unit, name):
                    continue
                if name in found:
                    raise ModelError(
                        f"two contracts are named {name}: {found[name].unit} and {unit}"
                    )
                found[name] = self._contract(unit, name, raw)
        return tuple(found[name] for name in sorted(found))

    def constants(self, library: str) -> EnumItem | None:
        """The integer constants of a library as an enumeration; None if there is no such library."""
        for unit in self._compiled.sources.wanted:
            for node in self._compiled.trees[unit]["nodes"]:
                if node["nodeType"] == "ContractDefinition" and node["name"] == library:
                    return EnumItem(library, tuple(_constants(node)), tree_doc(node))
        return None

    def _wanted(self, unit: str, name: str) -> bool:
        return self._kind(unit, name) == "contract" or name in self._linked()

    def _kind(self, unit: str, name: str) -> str:
        nodes: list[dict[str, Any]] = self._compiled.trees[unit]["nodes"]
        kinds = [
            str(node["contractKind"])
            for node in nodes
            if node["nodeType"] == "ContractDefinition" and node["name"] == name
        ]
        return kinds[0]

    def _linked(self) -> set[str]:
        return {
            library
            for unit in self._compiled.contracts.values()
            for contract in unit.values()
            for libraries in contract["evm"].get("bytecode", {}).get("linkReferences", {}).values()
            for library in libraries
        }

    def _contract(self, unit: str, name: str, raw: Mapping[str, Any]) -> Contract:
        abi: list[dict[str, Any]] = raw["abi"]
        functions = _functions(raw, [each for each in abi if each["type"] == "function"])
        creators = [each for each in abi if each["type"] == "constructor"]
        records = [_record(raw, each) for each in abi if each["type"] in {"event", "error"}]
        constructor = _function(raw, creators[0] if creators else {}, "deploy_data")
        types = [
            each.type
            for group in (constructor, *functions)
            for each in (*group.inputs, *group.outputs)
        ]
        types += [each.type for record in records for each in record.fields]
        items = (*self._named(types), *dict.fromkeys(records))
        return Contract(name, unit, _contract_doc(unit, raw), constructor, functions, items, raw)

    def _named(self, types: Iterable[Type]) -> list[StructItem | EnumItem]:
        found: dict[str, StructItem | EnumItem] = {}
        for each in types:
            for part in _parts(each):
                if isinstance(part, Struct):
                    doc = tree_doc(self._nodes.get(part.canonical, {}))
                    found[part.canonical] = StructItem(part, doc)
                elif isinstance(part, Enum):
                    found[part.canonical] = self._enum(part)
        return [found[name] for name in sorted(found)]

    def _enum(self, enum: Enum) -> EnumItem:
        node = self._nodes[enum.canonical]
        members = tuple((each["name"], at, "") for at, each in enumerate(node["members"]))
        return EnumItem(enum.canonical, members, tree_doc(node))


def _contract_doc(unit: str, raw: Mapping[str, Any]) -> str:
    """What the contract says of itself; of the essays of others only the first sentence."""
    parts = (raw["devdoc"].get("title"), raw["userdoc"].get("notice"), raw["devdoc"].get("details"))
    text = " ".join(part for part in parts if part)
    return text.partition(". ")[0].rstrip(".") + "." if text and unit.startswith("@") else text


def _functions(
    raw: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> tuple[FunctionItem, ...]:
    """All functions; overloads get the argument types as a suffix."""
    names = [snake(each["name"].lstrip("_")) for each in entries]
    found = []
    for name, each in zip(names, entries, strict=True):
        python = name
        if names.count(name) > 1:
            python = f"{name}_{type_words(parse_type(one) for one in each['inputs'])}"
        while keyword.iskeyword(python) or python in _TAKEN:
            python += "_"
        found.append(_function(raw, each, python))
    return tuple(found)


_TAKEN = {"annotations", "artifact", "dataclass", "deploy_data", "rt"}


def _function(raw: Mapping[str, Any], entry: Mapping[str, Any], python: str) -> FunctionItem:
    name = entry.get("name", "")
    inputs = params(entry.get("inputs", []), "arg")
    key = signature(name, inputs) if name else "constructor"
    doc = make_doc(
        raw["userdoc"].get("methods", {}).get(key, {}),
        raw["devdoc"].get("methods", {}).get(key)
        or raw["devdoc"].get("stateVariables", {}).get(name, {}),
    )
    outputs = params(entry.get("outputs", []))
    return FunctionItem(name, python, inputs, outputs, entry.get("stateMutability", ""), doc)


def _record(raw: Mapping[str, Any], entry: Mapping[str, Any]) -> RecordItem:
    fields = params(entry["inputs"])
    kind = entry["type"]
    key = signature(entry["name"], fields)
    user, dev = (raw[each].get(f"{kind}s", {}).get(key, {}) for each in ("userdoc", "devdoc"))
    if isinstance(user, list) or isinstance(dev, list):  # errors may be declared several times
        user, dev = (each[0] if isinstance(each, list) else each for each in (user, dev))
    return RecordItem(kind, entry["name"], fields, make_doc(user, dev))


def _parts(each: Type) -> Iterator[Type]:
    yield each
    if isinstance(each, Array):
        yield from _parts(each.item)
    if isinstance(each, Struct):
        for member in each.members:
            yield from _parts(member.type)


def _constants(library: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    for node in library["nodes"]:
        if node["nodeType"] == "VariableDeclaration" and node["constant"]:
            yield node["name"], int(node["value"]["value"], 0), tree_doc(node).notice


def _walk(node: Any) -> Iterator[Mapping[str, Any]]:
    """The definitions at the top of a unit and inside its contracts."""
    for child in node.get("nodes", []):
        yield child
        yield from _walk(child)
