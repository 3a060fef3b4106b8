"""A chain with the contracts that the parity tests compare Python with."""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from eth_abi import decode, encode
from eth_utils import function_abi_to_4byte_selector, to_checksum_address
from hypothesis import settings
from tests.support.anvil import Anvil

from usufruct.contracts._runtime import Call

R = TypeVar("R")
ROOT = Path(__file__).resolve().parents[2]
HARNESS = "tests/parity/Parity.sol"
SOURCES = [
    HARNESS,
    "contracts/src/libraries/PackedLine.sol",
    "contracts/src/libraries/PackedStep.sol",
    "contracts/src/libraries/RulesCodec.sol",
    "contracts/src/libraries/WaterfallMath.sol",
    "contracts/src/interfaces/IWaterfall.sol",
    "contracts/src/rights/HolderAccount.sol",
    "contracts/src/interfaces/IRevenueRight.sol",
    "contracts/src/interfaces/IParticipantRegistry.sol",
]


@dataclass(frozen=True)
class Node:
    """The chain, with Anvil's unlocked accounts as senders."""

    anvil: Anvil
    accounts: list[str]

    def send(self, to: str | None, data: bytes, sender: str | None = None) -> dict[str, object]:
        """The receipt of a transaction, which must succeed."""
        transaction = {"from": sender or self.accounts[0], "data": "0x" + data.hex()}
        if to is not None:
            transaction["to"] = to
        return self.anvil.send(**transaction)

    def deploy(self, data: bytes) -> str:
        """Address of a new contract."""
        return to_checksum_address(self.send(None, data)["contractAddress"])

    def ask(self, to: str, data: bytes) -> bytes:
        """What a call returns."""
        answer = self.anvil.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")
        return bytes.fromhex(answer[2:])

    def call(self, to: str, call: Call[R]) -> R:
        """The typed result of a call."""
        return call.decode(self.ask(to, call.data))


@dataclass(frozen=True)
class Harness:
    """Parity.sol on the chain."""

    node: Node
    address: str
    abi: dict[str, dict[str, object]]

    def call(self, name: str, *values: object) -> tuple[object, ...]:
        """The results of a function."""
        function = self.abi[name]
        data = function_abi_to_4byte_selector(function)
        data += encode([_type(each) for each in function["inputs"]], values)
        return decode(
            [_type(each) for each in function["outputs"]], self.node.ask(self.address, data)
        )


@pytest.fixture(scope="session")
def node(anvil: Anvil) -> Node:
    accounts = [to_checksum_address(each) for each in anvil.rpc("eth_accounts")]
    return Node(anvil, accounts)


@pytest.fixture(scope="session")
def harness(node: Node, pytestconfig: pytest.Config) -> Harness:
    compiled = _compiled(pytestconfig)
    abi = {each["name"]: each for each in compiled["abi"] if each["type"] == "function"}
    return Harness(node, node.deploy(bytes.fromhex(compiled["bytecode"])), abi)


@pytest.fixture(scope="session")
def cases() -> int:
    """How many random cases: 2 000 in the profile dev, 6 000 in ci, 800 000 in deep."""
    return 40 * settings.default.max_examples


def in_pages(items: Sequence[R], size: int) -> list[Sequence[R]]:
    """`items` cut into pages that one call can take."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def _type(each: dict[str, object]) -> str:
    """The ABI type of a parameter, with the members of structs."""
    kind = str(each["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(_type, each['components']))}){kind.removeprefix('tuple')}"


def _compiled(config: pytest.Config) -> dict[str, object]:
    """ABI and bytecode, compiled anew only when a source has changed."""
    texts = "".join((ROOT / each).read_text(encoding="utf-8") for each in SOURCES)
    key = f"usufruct/parity-{hashlib.sha256(texts.encode()).hexdigest()[:16]}"
    found = config.cache.get(key, None)
    if found is None:
        found = _compile()
        config.cache.set(key, found)
    return found


def _compile() -> dict[str, object]:
    request = {
        "language": "Solidity",
        "sources": {HARNESS: {"content": (ROOT / HARNESS).read_text(encoding="utf-8")}},
        "settings": {
            "optimizer": {"enabled": True, "runs": 200},
            "evmVersion": "prague",
            "outputSelection": {HARNESS: {"Parity": ["abi", "evm.bytecode.object"]}},
        },
    }
    done = subprocess.run(
        [ROOT / "scripts" / "solc", "--standard-json", "--base-path", ROOT],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    assert not errors, "\n".join(errors)
    contract = answer["contracts"][HARNESS]["Parity"]
    return {"abi": contract["abi"], "bytecode": contract["evm"]["bytecode"]["object"]}
