#!/usr/bin/env python3
"""Generates the Python bindings of the contracts in platform/usufruct/contracts.

    scripts/bindgen.py            compile contracts/src and write what changed
    scripts/bindgen.py --check    write nothing; exit 1 and list the files that are out of date
    scripts/bindgen.py --full     compile even if the recorded hashes say that nothing changed

The generated files are committed, so that nothing needs a compiler at run time. The manifest records
the hash of all inputs and of all outputs; when all agree there is nothing to compile. With CI=true the
check always compiles.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from _bindgen.emit import emit
from _bindgen.model import Contract, ModelError
from _bindgen.reader import Reader
from _bindgen.solidity import (
    Compiled,
    CompileError,
    Sources,
    collect,
    compile_sources,
    input_digest,
)

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
TARGET = ROOT / "platform" / "usufruct" / "contracts"
PACKAGE = "usufruct.contracts"
MANIFEST = "manifest.json"
HAND_WRITTEN = {"_runtime.py"}
EXTRA_UNITS = ("@openzeppelin/contracts/access/manager/AccessManager.sol",)
"""Contracts of others that we deploy; they get bindings like our own."""
CONSTANT_LIBRARIES = ("Roles",)
"""Libraries of integer constants that Python needs too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Generates or checks; returns the exit code."""
    parser = argparse.ArgumentParser(description="Generate the Python bindings of the contracts.")
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 on a difference")
    parser.add_argument("--full", action="store_true", help="compile even if no hash changed")
    options = parser.parse_args(arguments)
    try:
        sources = collect(CONTRACTS, EXTRA_UNITS)
        full = options.full or (options.check and os.environ.get("CI") == "true")
        if not full and is_current(TARGET, input_hash(CONTRACTS, sources)):
            print("bindings: up to date")
            return 0
        files = generate(sources, CONTRACTS, PACKAGE)
    except (CompileError, ModelError) as error:
        print(f"bindings: {error}", file=sys.stderr)
        return 2
    return _report(differences(TARGET, files), files, check=options.check)


def _report(stale: Sequence[str], files: Mapping[str, bytes], *, check: bool) -> int:
    if not check:
        write(TARGET, files)
    for name in stale:
        print(f"bindings: {'differs' if check else 'wrote'} {name}")
    if check and stale:
        print("bindings: run scripts/bindgen.py and commit the result", file=sys.stderr)
    return 1 if check and stale else 0


def generate(
    sources: Sources,
    contracts: Path,
    package: str,
    constant_libraries: Sequence[str] = CONSTANT_LIBRARIES,
) -> dict[str, bytes]:
    """All generated files by their path below the target folder, with the manifest."""
    compiled = compile_sources(contracts, sources)
    reader = Reader(compiled)
    found = reader.contracts()
    constants = [enum for enum in map(reader.constants, constant_libraries) if enum]
    files = _format(emit(found, constants, package))
    for contract in found:
        files[f"artifacts/{contract.name}.json"] = _json(_artifact(contract, compiled))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    files[MANIFEST] = _json({"inputs": input_hash(contracts, sources), "files": hashes})
    return files


def input_hash(contracts: Path, sources: Sources) -> str:
    """sha256 of everything the output depends on: sources, settings, compiler, this generator."""
    digest = hashlib.sha256(input_digest(contracts, sources).encode())
    pinned = json.loads((ROOT / "package.json").read_bytes())["devDependencies"]["solc"]
    digest.update(pinned.encode())
    for path in (Path(__file__), *sorted((Path(__file__).parent / "_bindgen").glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(target: Path, inputs: str) -> bool:
    """Whether the manifest knows these inputs and every file is as it was written."""
    path = target / MANIFEST
    if not path.is_file():
        return False
    manifest = json.loads(path.read_bytes())
    actual = {name: hashlib.sha256(read).hexdigest() for name, read in existing(target).items()}
    actual.pop(MANIFEST)
    return bool(manifest["inputs"] == inputs and manifest["files"] == actual)


def existing(target: Path) -> dict[str, bytes]:
    """The generated files that are there now."""
    paths = [*target.glob("*.py"), *target.glob("*.json"), *target.glob("artifacts/*.json")]
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in paths
        if path.name not in HAND_WRITTEN
    }


def differences(target: Path, files: Mapping[str, bytes]) -> list[str]:
    """Files that are missing, changed, or no longer generated."""
    present = existing(target)
    return sorted(name for name in {*present, *files} if present.get(name) != files.get(name))


def write(target: Path, files: Mapping[str, bytes]) -> None:
    """Makes the folder hold exactly these generated files."""
    for name in differences(target, files):
        path = target / name
        if name not in files:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])


def _artifact(contract: Contract, compiled: Compiled) -> dict[str, Any]:
    evm = contract.raw["evm"]
    deployed = evm["deployedBytecode"]
    variable = [
        {"start": each["start"], "length": each["length"]}
        for group in (deployed["immutableReferences"], *deployed["linkReferences"].values())
        for places in group.values()
        for each in places
    ]
    return {
        "contract": contract.name,
        "source": contract.unit,
        "sourceHash": compiled.sources.digest(contract.unit),
        "compiler": compiled.compiler,
        "abi": contract.raw["abi"],
        "bytecode": evm["bytecode"]["object"],
        "deployedBytecode": deployed["object"],
        "immutables": sorted(variable, key=lambda each: each["start"]),
        "links": {
            library: [each["start"] for each in places]
            for unit in evm["bytecode"]["linkReferences"].values()
            for library, places in unit.items()
        },
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _format(modules: Mapping[str, str]) -> dict[str, bytes]:
    """The modules as `ruff format` writes them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in modules.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        config = str(ROOT / "pyproject.toml")
        command = [sys.executable, "-m", "ruff", "format", "--quiet", "--config", config, folder]
        subprocess.run(command, check=True)
        return {name: (Path(folder) / name).read_bytes() for name in modules}


if __name__ == "__main__":
    sys.exit(main())
