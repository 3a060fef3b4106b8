"""Bindings generated from the Solidity files in `sample`, which has every kind of signature."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import bindgen
from _bindgen.solidity import collect

SAMPLE = Path(__file__).parent / "sample"
PACKAGE = "sample_bindings"


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the generated package."""
    folder = tmp_path_factory.mktemp("generated") / PACKAGE
    folder.mkdir()
    files = bindgen.generate(collect(SAMPLE, ()), SAMPLE, PACKAGE, ("Codes",))
    bindgen.write(folder, files)
    return folder


@pytest.fixture(scope="session")
def sample(sample_folder: Path) -> Iterator[ModuleType]:
    """The bindings of the contract `Sample`."""
    sys.path.insert(0, str(sample_folder.parent))
    yield import_module(f"{PACKAGE}.sample")
    sys.path.remove(str(sample_folder.parent))


@pytest.fixture(scope="session")
def other(sample: ModuleType) -> ModuleType:
    """The bindings of the contract `Other`, which links a library."""
    return import_module(f"{sample.__package__}.other")
