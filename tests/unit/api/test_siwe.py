"""The message that signs in, to the letter, and its signature."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from usufruct.api.auth.siwe import Message, personal_digest, signer_of
from usufruct.contracts import address
from usufruct.core.commitments import N
from usufruct.errors import EvidenceError, InputError
from usufruct.keys import address_of_key

KEY = bytes.fromhex("11" * 32)
WALLET = bytes.fromhex(address_of_key(KEY)[2:])
MESSAGE = Message(
    domain="rights.example",
    wallet=WALLET,
    uri="https://rights.example",
    chain_id=31337,
    nonce="abcdefgh12345678",
    issued=1_800_000_000,
    expires=1_800_000_600,
)


def signed(text: str, key: bytes = KEY) -> str:
    return "0x" + Account.sign_message(encode_defunct(text=text), key).signature.hex()


def test_the_text_is_that_of_the_standard() -> None:
    assert MESSAGE.text() == (
        "rights.example wants you to sign in with your Ethereum account:\n"
        "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A\n"
        "\n"
        "Sign in to see your income rights. This costs nothing and moves nothing.\n"
        "\n"
        "URI: https://rights.example\n"
        "Version: 1\n"
        "Chain ID: 31337\n"
        "Nonce: abcdefgh12345678\n"
        "Issued At: 2027-01-15T08:00:00Z\n"
        "Expiration Time: 2027-01-15T08:10:00Z"
    )


@pytest.mark.parametrize(
    "message",
    [
        MESSAGE,
        replace(MESSAGE, statement=None),
        replace(MESSAGE, scheme="https", begins=1_800_000_100),
        replace(MESSAGE, domain="localhost:8000"),
    ],
)
def test_what_is_written_is_read(message: Message) -> None:
    assert Message.parse(message.text()) == message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Version: 1", "Version: 2"),
        ("\nNonce: abcdefgh12345678", ""),
        ("abcdefgh12345678", "abc"),
        ("abcdefgh12345678", "abcdefgh 12345678"),
        ("URI", "Uri"),
        ("\nExpiration Time: 2027-01-15T08:10:00Z", ""),
        ("2027-01-15T08:10:00Z", "2027-13-15T08:10:00Z"),
        ("2027-01-15T08:10:00Z", "2027-01-15T08:10:00Z\n"),
        ("2027-01-15T08:10:00Z", "2027-01-15T08:10:00Z\nResources:\n- https://evil.example"),
        ("0x19E7E376", "0x19e7E376"),
        (address(WALLET), address(WALLET).lower()),
        (address(WALLET), "0x" + address(WALLET)[2:].upper()),
        ("31337", "031337"),
        ("rights.example wants", "rights.example/evil wants"),
        ("This costs", "This\ncosts"),
        ("costs nothing", "costs nothing \u202e"),
    ],
)
def test_other_texts_are_refused(old: str, new: str) -> None:
    text = MESSAGE.text().replace(old, new)
    assert text != MESSAGE.text()
    with pytest.raises(InputError):
        Message.parse(text)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for each in (text, MESSAGE.text() + text, text + MESSAGE.text()):
        try:
            read = Message.parse(each)
        except InputError:
            continue
        assert read.text() == each


def test_the_signature_of_a_wallet_program_is_known() -> None:
    text = MESSAGE.text()
    assert signer_of(text, signed(text)) == WALLET
    assert signer_of(text + " ", signed(text)) != WALLET
    assert len(personal_digest("ü")) == 32


def test_the_other_value_of_s_is_refused() -> None:
    """A signature has a twin that anybody can compute; it must not count."""
    raw = bytes.fromhex(signed(MESSAGE.text())[2:])
    twin = (N - int.from_bytes(raw[32:64])).to_bytes(32)
    with pytest.raises(EvidenceError):
        signer_of(MESSAGE.text(), "0x" + (raw[:32] + twin + bytes([55 - raw[64]])).hex())


@pytest.mark.parametrize(
    "signature", ["", "0x", "0x" + "00" * 64, "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "zz" * 65]
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    with pytest.raises((InputError, EvidenceError)):
        signer_of(MESSAGE.text(), signature)
