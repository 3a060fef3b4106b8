"""Collects the Solidity sources of the project and compiles them in one standard-JSON run.

The compiler settings come from contracts/foundry.toml, the compiler from scripts/solc: forge and the
committed artefacts can only agree.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError
from solcx.wrapper import get_version_str_from_solc_binary

_IMPORT = re.compile(r"""^\s*import\b[^;]*?["']([^"']+)["']""", re.MULTILINE)
_OUTPUTS = [
    "abi",
    "devdoc",
    "userdoc",
    "evm.bytecode.object",
    "evm.bytecode.linkReferences",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.linkReferences",
    "evm.deployedBytecode.immutableReferences",
]


class CompileError(Exception):
    """The sources cannot be compiled; the message is the compiler's."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All source units that take part, with who imports whom."""

    wanted: tuple[str, ...]
    """Units whose contracts get bindings."""
    texts: Mapping[str, str]
    imports: Mapping[str, tuple[str, ...]]

    def digest(self, unit: str) -> str:
        """sha256 over `unit` and everything it imports, directly or not."""
        closure, todo = set[str](), [unit]
        while todo:
            current = todo.pop()
            if current not in closure:
                closure.add(current)
                todo.extend(self.imports[current])
        lines = [f"{name} {_sha256(self.texts[name])}\n" for name in sorted(closure)]
        return _sha256("".join(lines))


@dataclass(frozen=True, slots=True)
class Compiled:
    """The compiler's answer."""

    sources: Sources
    contracts: Mapping[str, Mapping[str, Any]]
    """By unit, then by contract name."""
    trees: Mapping[str, Mapping[str, Any]]
    """Syntax tree by unit."""
    compiler: str
    """Version and commit without the platform: native and WebAssembly give the same bytes."""


def collect(contracts: Path, extra_units: Iterable[str]) -> Sources:
    """Reads every file below contracts/src, the extra units, and all they import."""
    remappings = [each.split("=", 1) for each in profile(contracts)["remappings"]]
    own = sorted(p.relative_to(contracts).as_posix() for p in (contracts / "src").rglob("*.sol"))
    wanted = (*own, *extra_units)
    texts: dict[str, str] = {}
    imports: dict[str, tuple[str, ...]] = {}
    todo = list(wanted)
    while todo:
        unit = todo.pop()
        if unit in texts:
            continue
        texts[unit] = _read(contracts, remappings, unit)
        imports[unit] = tuple(_resolve(unit, name) for name in _IMPORT.findall(texts[unit]))
        todo.extend(imports[unit])
    return Sources(wanted, texts, imports)


def standard_input(contracts: Path, sources: Sources) -> dict[str, Any]:
    """The compiler's input: complete, so that the compiler reads no file itself."""
    settings = profile(contracts)
    selection = {unit: {"*": _OUTPUTS} for unit in sources.wanted}
    return {
        "language": "Solidity",
        "sources": {unit: {"content": sources.texts[unit]} for unit in sorted(sources.texts)},
        "settings": {
            "evmVersion": settings["evm_version"],
            "optimizer": {"enabled": settings["optimizer"], "runs": settings["optimizer_runs"]},
            "viaIR": settings["via_ir"],
            "metadata": {"bytecodeHash": settings["bytecode_hash"]},
            "outputSelection": {"*": {"": ["ast"]}, **selection},
        },
    }


def profile(contracts: Path) -> Mapping[str, Any]:
    """The default profile of foundry.toml."""
    text = (contracts / "foundry.toml").read_text(encoding="utf-8")
    settings: Mapping[str, Any] = tomllib.loads(text)["profile"]["default"]
    return settings


def compile_sources(contracts: Path, sources: Sources) -> Compiled:
    """Compiles everything; raises CompileError with the compiler's messages."""
    solc = (contracts / profile(contracts)["solc"]).resolve()
    try:
        output = solcx.compile_standard(standard_input(contracts, sources), solc_binary=solc)
    except SolcError as error:
        raise CompileError(_messages(error)) from error
    trees = {unit: answer["ast"] for unit, answer in output["sources"].items()}
    compiler = get_version_str_from_solc_binary(solc)
    return Compiled(sources, output.get("contracts", {}), trees, compiler)


def _messages(error: SolcError) -> str:
    details: list[Mapping[str, Any]] = getattr(error, "error_dict", None) or []
    shown = [each["formattedMessage"] for each in details if each.get("severity") == "error"]
    return "\n".join(shown) or str(error)


def _read(contracts: Path, remappings: Iterable[list[str]], unit: str) -> str:
    for prefix, target in remappings:
        if unit.startswith(prefix):
            return (contracts / (target + unit.removeprefix(prefix))).read_text(encoding="utf-8")
    path = contracts / unit
    if not path.is_file():
        raise CompileError(f"{unit} is imported but does not exist")
    return path.read_text(encoding="utf-8")


def _resolve(importer: str, name: str) -> str:
    if not name.startswith("."):
        return name
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), name))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def input_digest(contracts: Path, sources: Sources) -> str:
    """sha256 of the whole compiler input."""
    return _sha256(json.dumps(standard_input(contracts, sources), sort_keys=True))
