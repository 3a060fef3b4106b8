"""Signed requests between workers."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from usufruct.core.keccak import keccak256
from usufruct.core.signing import sign_digest
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.auth import (
    ADDRESS,
    MAX_SKEW,
    SIGNATURE,
    TIME,
    Realm,
    Unauthenticated,
    caller_of,
    sign_request,
)

KEY = bytes(dev_account(4))
REALM = Realm(31337, "0x" + "A1" * 20)
NOW = 1_800_000_000
TARGET = "/v1/sign/batch?x=1"
BODY = b'{"v":1}'


def signed() -> dict[str, str]:
    return sign_request(KEY, REALM, "POST", TARGET, BODY, NOW)


def test_the_caller_is_the_signer() -> None:
    assert caller_of(REALM, "post", TARGET, BODY, signed(), NOW) == dev_address(4)


def test_the_message_is_an_eip_191_personal_message() -> None:
    text = (
        f"usufruct oracle request\nchain 31337\nanchor 0x{'a1' * 20}\nPOST {TARGET}\n"
        f"body 0x{keccak256(BODY).hex()}\ntime {NOW}"
    )
    mine = bytes.fromhex(signed()[SIGNATURE][2:])
    theirs = Account.sign_message(encode_defunct(text=text), KEY)
    assert mine[:32] == theirs.r.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("realm", "method", "target", "body"),
    [
        (Realm(1, REALM.anchor), "POST", TARGET, BODY),
        (Realm(31337, "0x" + "b1" * 20), "POST", TARGET, BODY),
        (REALM, "GET", TARGET, BODY),
        (REALM, "POST", "/v1/sign/statement", BODY),
        (REALM, "POST", "/v1/sign/batch?x=2", BODY),
        (REALM, "POST", TARGET, BODY + b" "),
    ],
)
def test_a_signature_holds_for_this_very_request_only(
    realm: Realm, method: str, target: str, body: bytes
) -> None:
    with pytest.raises(Unauthenticated, match="not that of the named address"):
        caller_of(realm, method, target, body, signed(), NOW)


@pytest.mark.parametrize("offset", [-MAX_SKEW, 0, MAX_SKEW])
def test_the_clock_may_be_off_a_little(offset: int) -> None:
    assert caller_of(REALM, "POST", TARGET, BODY, signed(), NOW + offset) == dev_address(4)


@pytest.mark.parametrize("offset", [-MAX_SKEW - 1, MAX_SKEW + 1, 10**9])
def test_an_old_or_early_request_is_refused(offset: int) -> None:
    with pytest.raises(Unauthenticated, match="too far"):
        caller_of(REALM, "POST", TARGET, BODY, signed(), NOW + offset)


@pytest.mark.parametrize("name", [ADDRESS, TIME, SIGNATURE])
def test_every_header_is_required(name: str) -> None:
    headers = signed()
    del headers[name]
    with pytest.raises(Unauthenticated, match="not signed"):
        caller_of(REALM, "POST", TARGET, BODY, headers, NOW)


@pytest.mark.parametrize("text", ["", "-1", "1.8e9", "１８０００００００", "1" * 13, "soon"])
def test_a_malformed_time_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated, match="time is malformed"):
        caller_of(REALM, "POST", TARGET, BODY, signed() | {TIME: text}, NOW)


@pytest.mark.parametrize(
    "text", ["", "0x", "zz", "0x" + "00" * 64, "0x" + "ff" * 64, "0x" + "11" * 65]
)
def test_a_malformed_signature_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        caller_of(REALM, "POST", TARGET, BODY, signed() | {SIGNATURE: text}, NOW)


def test_a_signature_by_another_key_is_refused() -> None:
    digest = REALM.digest("POST", TARGET, BODY, NOW)
    forged = "0x" + sign_digest(bytes(dev_account(5)), digest).hex()
    with pytest.raises(Unauthenticated, match="not that of the named address"):
        caller_of(REALM, "POST", TARGET, BODY, signed() | {SIGNATURE: forged}, NOW)


def test_a_time_of_another_moment_than_the_signed_one_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="not that of the named address"):
        caller_of(REALM, "POST", TARGET, BODY, signed() | {TIME: str(NOW + 1)}, NOW)
