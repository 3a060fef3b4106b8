"""Contracts sign in by ERC-1271 and ERC-6492: on a yes of their own code, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.anvil import Anvil, running_anvil
from tests.support.asking import NOW, ORIGIN, House, filled, named

from usufruct.api.app import create_app
from usufruct.api.auth import nonces
from usufruct.api.auth.siwe import Message, personal_digest
from usufruct.chain.client import ChainClient
from usufruct.contracts import address
from usufruct.contracts._runtime import encode
from usufruct.core.keccak import keccak256

WALLET = bytes.fromhex("c0" * 20)
FACTORY = bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c")
"""The deterministic deployer that Anvil comes with: salt and creation code in, contract out."""
YES = bytes.fromhex("631626ba7e60e01b")
ACCEPTS = bytes.fromhex("606435600435146316 26ba7e60e01b0260005260206000f3".replace(" ", ""))
"""Says yes where the signature's first word is the digest itself, else answers zero."""
HOSTILE = {
    "a revert that carries the word": YES + bytes.fromhex("60005260206000fd"),
    "four bytes": YES + bytes.fromhex("60005260046000f3"),
    "64 bytes": YES + bytes.fromhex("60005260406000f3"),
    "the word with something behind it": YES + bytes.fromhex("60011760005260206000f3"),
    "no answer": bytes.fromhex("00"),
    "a loop that burns all gas": bytes.fromhex("5b600056"),
    "an invalid instruction": bytes.fromhex("fe"),
    "a call of its own to the asker": bytes.fromhex("600060006000600060003361fffff100"),
}


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    with running_anvil(tmp_path_factory.mktemp("wallets")) as running:
        yield running


@pytest.fixture
def house(anvil: Anvil, tmp_path: Path) -> Iterator[House]:
    made = filled(tmp_path)
    made.service = replace(made.service, chain=ChainClient(anvil.url))
    made.app = create_app(made.service)
    yield made
    made.close()


def message(house: House, wallet: bytes) -> str:
    answer = house.post("/v1/auth/challenge", {"address": address(wallet)})
    return str(answer.json()["message"])


def sign_in(house: House, wallet: bytes, sign: Any = lambda digest: digest) -> httpx.Response:
    text = message(house, wallet)
    signature = "0x" + sign(personal_digest(text)).hex()
    return house.post("/v1/auth/sign-in", {"message": text, "signature": signature})


def put(house: House, code: bytes, at: bytes = WALLET) -> None:
    assert house.service.chain is not None
    house.service.chain.rpc("anvil_setCode", "0x" + at.hex(), "0x" + code.hex())


def test_a_contract_that_says_yes_signs_in_as_itself(house: House) -> None:
    put(house, ACCEPTS)
    answer = sign_in(house, WALLET)
    assert answer.status_code == 200, answer.text
    headers = {"authorization": f"Bearer {answer.json()['token']}"}
    me = house.ask("/v1/auth/session", headers=headers).json()
    assert (me["wallet"], me["roles"]) == (address(WALLET), [{"role": "investor", "streams": []}])
    assert house.ask(f"/v1/wallets/{address(WALLET)}/holdings", headers=headers).status_code == 200
    assert house.ask(f"/v1/wallets/{named(1)}/holdings", headers=headers).status_code == 404


def test_a_signature_of_65_bytes_may_be_a_contract_s_too(house: House) -> None:
    put(house, ACCEPTS)
    assert sign_in(house, WALLET, lambda digest: digest + b"\1" * 33).status_code == 200


def test_another_signature_or_another_message_is_refused(house: House) -> None:
    put(house, ACCEPTS)
    for sign in (
        lambda _: b"\7" * 32,
        keccak256,
        lambda digest: digest[:31],
        lambda digest: b"",
        lambda digest: digest * 200,  # longer than any
    ):
        refused = sign_in(house, WALLET, sign)
        assert refused.status_code in (401, 422), refused.text
        assert refused.json()["field"] == "signature"


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE)
def test_nothing_but_the_word_itself_lets_a_contract_in(house: House, code: bytes) -> None:
    put(house, code)
    answer = sign_in(house, WALLET)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == "signature"


def test_an_address_without_code_and_a_service_without_a_node_let_nobody_in(house: House) -> None:
    put(house, b"")
    assert sign_in(house, WALLET).status_code == 422
    put(house, ACCEPTS)
    house.service = replace(house.service, chain=None)
    house.app = create_app(house.service)
    assert sign_in(house, WALLET).status_code == 422


def test_a_node_that_fails_is_said_to_fail(house: House) -> None:
    house.service = replace(house.service, chain=ChainClient("http://127.0.0.1:9", timeout=1))
    house.app = create_app(house.service)
    assert sign_in(house, WALLET).status_code == 503


def test_a_nonce_counts_once_for_contracts_too(house: House) -> None:
    put(house, ACCEPTS)
    text = message(house, WALLET)
    body = {"message": text, "signature": "0x" + personal_digest(text).hex()}
    assert house.post("/v1/auth/sign-in", body).status_code == 200
    assert house.post("/v1/auth/sign-in", body).json()["field"] == "nonce"
    own = Message("evil.example", WALLET, ORIGIN, 31337, nonces.fresh(b"s" * 32, NOW), NOW, NOW + 9)
    other = {"message": own.text(), "signature": "0x" + personal_digest(own.text()).hex()}
    assert house.post("/v1/auth/sign-in", other).json()["field"] == "domain"


# --- Not deployed yet ------------------------------------------------------------------------------


def undeployed(runtime: bytes, salt: int) -> tuple[bytes, bytes]:
    """Address of a contract that the deployer would make, and the call that makes it."""
    size = len(runtime).to_bytes(2, "big")
    creation = b"\x61" + size + b"\x80\x60\x0a\x5f\x39\x5f\xf3" + runtime
    call = salt.to_bytes(32, "big") + creation
    made = keccak256(b"\xff" + FACTORY + call[:32] + keccak256(creation))[12:]
    return made, call


def wrapped(call: bytes, inner: bytes, factory: bytes = FACTORY) -> bytes:
    body = encode(("address", "bytes", "bytes"), (address(factory), call, inner))
    return body + bytes.fromhex("6492" * 16)


def test_a_wallet_that_is_not_deployed_yet_signs_in_and_is_not_deployed_by_it(house: House) -> None:
    wallet, call = undeployed(ACCEPTS, 1)
    answer = sign_in(house, wallet, lambda digest: wrapped(call, digest))
    assert answer.status_code == 200, answer.text
    assert house.service.chain is not None
    assert house.service.chain.rpc("eth_getCode", address(wallet), "latest") == "0x"


def test_a_deployment_of_another_wallet_or_a_wrong_signature_is_refused(house: House) -> None:
    wallet, call = undeployed(ACCEPTS, 2)
    _, other = undeployed(ACCEPTS, 3)
    _, hostile = undeployed(HOSTILE["a revert that carries the word"], 4)
    for sign in (
        lambda digest: wrapped(other, digest),
        lambda digest: wrapped(hostile, digest),
        lambda digest: wrapped(call, b"\7" * 32),
        lambda digest: wrapped(call, digest, b"\1" * 20),
        lambda digest: wrapped(call, digest)[32:],
        lambda digest: bytes.fromhex("6492" * 16),
        lambda digest: digest,
    ):
        assert sign_in(house, wallet, sign).status_code == 422
    reverting, deploy = undeployed(HOSTILE["a revert that carries the word"], 5)
    assert sign_in(house, reverting, lambda digest: wrapped(deploy, digest)).status_code == 422


def test_a_wrapped_signature_of_a_deployed_wallet_is_looked_into(house: House) -> None:
    put(house, ACCEPTS)
    _, call = undeployed(ACCEPTS, 6)
    assert sign_in(house, WALLET, lambda digest: wrapped(call, digest)).status_code == 200
