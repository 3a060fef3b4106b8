"""Every contract fits a chain with the limits of EIP-170 and EIP-3860, which nothing here turns off."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest

from usufruct import contracts

_ROOT = Path(__file__).resolve().parents[3]
_MOST, _MOST_AT_CREATION = 24_576, 49_152
_ARTIFACTS = sorted(
    each.name for each in resources.files(contracts).joinpath("artifacts").iterdir()
)


@pytest.mark.parametrize("name", _ARTIFACTS)
def test_a_contract_fits_the_limits_of_real_chains(name: str) -> None:
    text = resources.files(contracts).joinpath("artifacts", name).read_text("utf-8")
    artifact = json.loads(text)
    size, creation = (_bytes(artifact[key]) for key in ("deployedBytecode", "bytecode"))
    assert size <= _MOST, f"{name} has {size - _MOST} bytes too many"
    # Arguments of the constructor count too; the longest are those of a waterfall, ten words.
    assert creation + 1_024 <= _MOST_AT_CREATION, f"{name} is created with {creation} bytes"


def test_the_deployable_contracts_are_among_them() -> None:
    assert {"Waterfall.json", "RevenueRight.json", "Offering.json"} <= set(_ARTIFACTS)


def test_no_chain_of_ours_turns_the_limit_off() -> None:
    sources = [*_ROOT.glob("scripts/**/*.py"), *_ROOT.glob("tests/support/*.py")]
    sources += [*_ROOT.glob("platform/usufruct/**/*.py"), _ROOT / "contracts" / "foundry.toml"]
    assert len(sources) > 100
    for source in sources:
        text = source.read_text("utf-8").replace("_", "-")
        assert "code-size-limit" not in text, source
        assert "disable-code-size" not in text, source


def _bytes(code: str) -> int:
    return len(code.removeprefix("0x")) // 2
