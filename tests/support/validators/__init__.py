"""A network of validators: processes that speak devp2p and seal by Clique, each with a key and a folder of its own."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import rlp
from coincurve import PrivateKey, PublicKey
from tests.support.parts import part_missing
from tests.support.ports import free_port

from usufruct.core.keccak import keccak256

__all__ = ["CHAIN_ID", "Validators", "validators"]

CHAIN_ID: Final = 20260902
_FOLDER: Final = Path(__file__).parent
_COUNT: Final = 4
_PATIENCE: Final = 120.0
_FORKS: Final = (
    *("chainstart", "homestead", "tangerineWhistle", "spuriousDragon", "byzantium"),
    *("constantinople", "petersburg", "istanbul", "berlin", "london"),
)
_SINCE: Final = (1153, 3651, 3855, 3860, 5656)
"""What contracts use of later hard forks: those belong to proof of stake, which Clique is not."""
_NUMBERS: Final = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas")
_HEADER: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce", "baseFeePerGas"),
)
_WEI: Final = 10**24


@dataclass
class Validators:
    """The network.

    Attributes:
        folder: Holds the genesis, and for each node its key, data and log.
        signers: Addresses that may seal, in the order of their turns.
        outsider: Address of the fifth node, which is none of them and would like to be.
        ports: JSON-RPC port of each node.
    """

    folder: Path
    signers: list[str]
    outsider: str
    ports: list[int]
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def url(self, number: int) -> str:
        """The node's JSON-RPC endpoint."""
        return f"http://127.0.0.1:{self.ports[number]}"

    def start(self, number: int) -> None:
        """Starts a node, or starts it again."""
        node = shutil.which("node")
        assert node is not None
        place = self.folder / str(number)
        command = [node, str(_FOLDER / "node.cjs"), str(self.folder / "network.json")]
        with (place / "node.log").open("ab") as log:
            self.running[number] = subprocess.Popen(
                [*command, str(place), str(number)], stdout=log, stderr=log
            )

    def kill(self, number: int) -> None:
        """Kill -9."""
        process = self.running.pop(number)
        process.kill()
        process.wait(_PATIENCE)

    def log(self, number: int) -> str:
        """What a node said."""
        return (self.folder / str(number) / "node.log").read_text(errors="replace")

    def head(self, number: int) -> int:
        """The node's newest block; -1 if it does not answer."""
        try:
            return int(self.ask(number, "eth_blockNumber"), 16)
        except httpx.HTTPError:
            return -1

    def ask(self, number: int, method: str, *params: object) -> Any:
        """What the node answers."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.url(number), json=asked, timeout=10, trust_env=False).json()
        return answer["result"]

    def block(self, number: int, height: int) -> dict[str, Any]:
        """A block as the node tells it."""
        found: dict[str, Any] = self.ask(number, "eth_getBlockByNumber", hex(height), False)
        return found

    def sealers(self, first: int, last: int) -> list[str]:
        """Who sealed each of these blocks, by the signature in its header."""
        return [_sealer(self.block(0, height)) for height in range(first, last + 1)]

    def wait(self, height: int, numbers: Sequence[int]) -> None:
        """Until these nodes have a block of that height."""
        deadline = time.monotonic() + _PATIENCE
        while any(self.head(each) < height for each in numbers):
            dead = [each for each, process in self.running.items() if process.poll() is not None]
            late = time.monotonic() > deadline
            assert not dead, [self.log(each) for each in dead]
            assert not late, [self.log(each)[-2000:] for each in numbers]
            time.sleep(0.2)


@contextmanager
def validators(folder: Path, funded: Sequence[str]) -> Iterator[Validators]:
    """Four validators with a block each second; all nodes are stopped at the end.

    The fifth node, which may not seal, has a place and is not started. The accounts `funded` own a million
    units of the chain's money.
    """
    if shutil.which("node") is None or not (_FOLDER / "node_modules" / "@ethereumjs").is_dir():
        part_missing("a network of validators: run scripts/setup")
    made = [PrivateKey(secrets.token_bytes(32)) for _ in range(_COUNT + 1)]
    keys = sorted(made[:_COUNT], key=_address) + made[_COUNT:]
    *signers, outsider = (_address(key) for key in keys)
    network = Validators(folder, signers, outsider, [free_port() for _ in keys])
    for number, key in enumerate(keys):
        (folder / str(number)).mkdir()
        (folder / str(number) / "key").write_text("0x" + key.to_hex())
    content = {
        "chain": _chain(signers),
        "eips": _SINCE,
        "nodes": [
            {
                "id": "0x" + key.public_key.format(compressed=False)[1:].hex(),
                "p2p": free_port(),
                "rpc": port,
                "outsider": key is keys[-1],
            }
            for key, port in zip(keys, network.ports, strict=True)
        ],
        "state": {each.lower(): hex(_WEI) for each in funded},
    }
    (folder / "network.json").write_text(json.dumps(content))
    try:
        for number in range(_COUNT):
            network.start(number)
        network.wait(1, range(_COUNT))
        yield network
    finally:
        for process in network.running.values():
            process.kill()
        for process in network.running.values():
            process.wait(_PATIENCE)


def _chain(signers: Sequence[str]) -> Mapping[str, object]:
    """The chain in the form of @ethereumjs/common."""
    extra = "0x" + "00" * 32 + "".join(each.removeprefix("0x") for each in signers) + "00" * 65
    genesis = {
        "timestamp": hex(int(time.time())),
        "gasLimit": hex(60_000_000),
        "difficulty": "0x1",
        "nonce": "0x0000000000000000",
        "extraData": extra,
        "baseFeePerGas": "0x7",
    }
    clique = {"period": 1, "epoch": 30_000}
    return {
        "name": "validators",
        "chainId": CHAIN_ID,
        "networkId": CHAIN_ID,
        "defaultHardfork": "london",
        "consensus": {"type": "poa", "algorithm": "clique", "clique": clique},
        "genesis": genesis,
        "hardforks": [{"name": each, "block": 0} for each in _FORKS],
        "bootstrapNodes": [],
        "dnsNetworks": [],
    }


def _address(key: PrivateKey | PublicKey) -> str:
    public = key.public_key if isinstance(key, PrivateKey) else key
    return "0x" + keccak256(public.format(compressed=False)[1:])[-20:].hex()


def _sealer(block: Mapping[str, Any]) -> str:
    """Who signed a header: the last 65 bytes of its extra data sign the rest of it (EIP-225)."""
    fields = [bytes.fromhex(_even(block[each])) for each in _HEADER]
    extra = _HEADER.index("extraData")
    seal = fields[extra][-65:]
    fields[extra] = fields[extra][:-65]
    fields = [
        part.lstrip(b"\0") if name in _NUMBERS else part
        for name, part in zip(_HEADER, fields, strict=True)
    ]
    signed = keccak256(rlp.encode(fields))
    return _address(PublicKey.from_signature_and_message(seal, signed, hasher=None))


def _even(text: str) -> str:
    digits = text.removeprefix("0x")
    return digits if len(digits) % 2 == 0 else "0" + digits
