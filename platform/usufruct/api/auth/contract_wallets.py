"""Signatures of wallets that are contracts (ERC-1271), also of those that are not deployed yet (ERC-6492).

What is asked is a simulation at the newest block that changes nothing, with bounded gas, at a contract of the caller's
choice. It counts only if the call comes to its end and its answer is the very word of the standard: a revert is a no
whatever it carries, and so is an answer that is too short. A yes lets the contract in as itself and as nobody else.
"""

from __future__ import annotations

from typing import Final

from usufruct.chain.client import ChainClient, RpcError
from usufruct.contracts import ContractError, DecodeError
from usufruct.contracts._runtime import decode, encode
from usufruct.core.encoding import hex0x

__all__ = ["MAX_SIGNATURE", "accepts"]

MAX_SIGNATURE: Final = 4_096
"""Bytes of a signature at most: many owners' signatures, or a passkey's with the call that deploys its wallet."""
GAS: Final = 2_000_000
"""Enough for a passkey's curve in plain code, and for a deployment before it."""
_SELECTOR: Final = bytes.fromhex("1626ba7e")
_MAGIC: Final = _SELECTOR.ljust(32, b"\0")
_WRAPPED: Final = bytes.fromhex("6492" * 16)
_WORD: Final = 32


def accepts(node: ChainClient, wallet: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the contract at `wallet` says that `signature` is its own for `digest`.

    Raises ChainError if the node fails; a node that refuses the call is a no.
    """
    deployment = None
    if signature.endswith(_WRAPPED):
        try:
            deployment = _unwrapped(signature[:-_WORD])
        except DecodeError:
            return False
        signature = deployment[2]
    question = _SELECTOR + encode(("bytes32", "bytes"), (digest, signature))
    deployed = node.rpc("eth_getCode", hex0x(wallet), "latest") != "0x"
    if deployed:
        call = {"to": hex0x(wallet), "data": hex0x(question)}
    elif deployment is not None:
        call = {"data": hex0x(_deploy_and_ask(deployment[0], deployment[1], wallet, question))}
    else:
        return False
    try:
        answer = node.rpc("eth_call", {**call, "gas": hex(GAS)}, "latest")
    except (RpcError, ContractError):
        return False
    return isinstance(answer, str) and answer.lower() == hex0x(_MAGIC)


def _unwrapped(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Factory, its call data and the inner signature."""
    factory, data, signature = decode(("address", "bytes", "bytes"), raw)
    return bytes.fromhex(factory[2:]), data, signature


def _deploy_and_ask(factory: bytes, data: bytes, wallet: bytes, question: bytes) -> bytes:
    """Creation code that has the factory deploy the wallet, asks the wallet, and returns its answer.

    It only ever runs in `eth_call`. Without 32 bytes of answer it reverts.
    """

    sizes = [len(each).to_bytes(2, "big") for each in (data, question)]

    def program(end: int) -> bytes:
        begin, then = (each.to_bytes(2, "big") for each in (end, end + len(data)))
        asked = b"".join(
            (
                b"\x61" + sizes[0] + b"\x61" + begin + b"\x5f\x39",  # copy the factory's call data
                b"\x5f\x5f\x61" + sizes[0] + b"\x5f\x5f\x73" + factory + b"\x5a\xf1\x50",  # call it
                b"\x61" + sizes[1] + b"\x61" + then + b"\x5f\x39",  # copy the question
                b"\x60\x20\x5f\x61" + sizes[1] + b"\x5f\x73" + wallet + b"\x5a\xfa",  # ask it
                b"\x60\x1f\x3d\x11\x16",  # it came to its end, and more than 31 bytes came back
            )
        )
        good = bytes([len(asked) + 6])
        return asked + b"\x60" + good + b"\x57\x5f\x5f\xfd" + b"\x5b\x60\x20\x5f\xf3"

    code = program(0)
    return program(len(code)) + data + question
