"""Signing in: once per nonce, for this service, with a token that only its owner has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.support.asking import NOW, ORIGIN, House, named, payout
from tests.unit.api.test_siwe import KEY, WALLET, signed

from usufruct.api.auth import nonces, store
from usufruct.api.auth.principal import Role
from usufruct.api.auth.siwe import Message
from usufruct.api.turns import Turns
from usufruct.contracts import address
from usufruct.ledger.models import access_grant, metadata, session

ME = address(WALLET)


def challenge(house: House) -> str:
    answer = house.post("/v1/auth/challenge", {"address": ME})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["message"])


def sign_in(house: House, text: str | None = None, **options: Any) -> httpx.Response:
    text = challenge(house) if text is None else text
    body = {"message": text, "signature": signed(text), **options}
    return house.post("/v1/auth/sign-in", body)


def bearer(house: House) -> dict[str, str]:
    return {"authorization": f"Bearer {sign_in(house).json()['token']}"}


def test_a_wallet_signs_in_and_sees_its_own(house: House) -> None:
    headers = bearer(house)
    assert house.ask("/v1/auth/session", headers=headers).json() == {
        "object": "principal",
        "actor": ME,
        "wallet": ME,
        "roles": [{"role": "investor", "streams": []}],
    }
    assert house.ask(f"/v1/wallets/{ME}/holdings", headers=headers).status_code == 200
    assert house.ask(f"/v1/wallets/{named(1)}/holdings", headers=headers).status_code == 404


def test_a_nonce_signs_in_once_also_after_a_restart(house: House) -> None:
    text = challenge(house)
    assert sign_in(house, text).status_code == 200
    assert sign_in(house, text).json()["field"] == "nonce"
    again = House(house.database.url.render_as_string())
    assert sign_in(again, text).status_code == 401
    again.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"domain": "evil.example"}, "domain"),
        ({"scheme": "http"}, "scheme"),
        ({"uri": "https://evil.example"}, "uri"),
        ({"chain_id": 1}, "chain id"),
        ({"statement": "I want a voucher."}, "statement"),
        ({"statement": None}, "statement"),
        ({"nonce": "0" * 64}, "nonce"),
        ({"nonce": "abcdefgh"}, "nonce"),
        ({"issued": NOW + 10_000}, "issued at"),
        ({"expires": NOW}, "expiration time"),
        ({"begins": NOW + 1}, "not before"),
    ],
)
def test_a_message_for_somebody_else_or_another_time_is_refused(
    house: House, change: dict[str, Any], field: str
) -> None:
    text = replace(Message.parse(challenge(house)), **change).text()
    answer = sign_in(house, text)
    assert (answer.status_code, answer.json()["field"]) == (401, field)


def test_a_nonce_in_other_letters_is_another_nonce() -> None:
    """Else one challenge signs in once for each way to write its letters."""
    nonce = next(
        each for each in (nonces.fresh(b"s" * 32, NOW) for _ in range(99)) if each.upper() != each
    )
    assert nonces.is_ours(b"s" * 32, nonce, NOW)
    assert not nonces.is_ours(b"s" * 32, nonce.upper(), NOW)
    assert not nonces.is_ours(b"s" * 32, nonce[:-1] + " " + nonce[-1], NOW)


def test_a_nonce_of_another_service_or_of_yesterday_is_refused(house: House) -> None:
    assert not nonces.is_ours(b"t" * 32, nonces.fresh(b"s" * 32, NOW), NOW)
    old = challenge(house)
    house.clock.advance(nonces.LIFETIME + 1)
    assert sign_in(house, old).status_code == 401


def test_another_wallet_s_signature_is_refused(house: House) -> None:
    text = challenge(house)
    body = {"message": text, "signature": signed(text, b"\x22" * 32)}
    answer = house.post("/v1/auth/sign-in", body)
    assert (answer.status_code, answer.json()["field"]) == (401, "signature")


@pytest.mark.parametrize("signature", ["0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "11" * 64 + "1b"])
def test_a_signature_of_nobody_is_refused_like_anothers(house: House, signature: str) -> None:
    answer = house.post("/v1/auth/sign-in", {"message": challenge(house), "signature": signature})
    assert answer.status_code == 401, answer.text
    assert answer.json()["type"].endswith("sign-in-refused")
    assert answer.json()["field"] == "signature"


def test_sessions_end_by_time_and_by_sign_out(house: House) -> None:
    headers = bearer(house)
    assert house.ask("/v1/auth/session", headers=headers).json()["actor"] == ME
    assert house.post("/v1/auth/signout", headers=headers).status_code == 200
    assert house.ask("/v1/auth/session", headers=headers).status_code == 401
    for again in (headers, {}):
        assert house.post("/v1/auth/signout", headers=again).json() == {"object": "signed-out"}
    headers = bearer(house)
    house.clock.advance(86_401)
    assert house.ask("/v1/auth/session", headers=headers).status_code == 401


def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    answer = sign_in(house, cookie=True)
    assert answer.json()["token"] is None
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-usufruct=us_")
    for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=86400"):
        assert part in cookie
    assert "domain" not in cookie.lower()


def test_a_write_by_cookie_needs_the_token_that_another_site_cannot_read(house: House) -> None:
    answer = sign_in(house, cookie=True)
    cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert house.ask(f"/v1/wallets/{ME}/holdings", headers=cookie).status_code == 200
    path = "/v1/auth/signout"
    assert house.post(path, headers=cookie).status_code == 403
    assert house.post(path, headers=cookie | {"x-csrf-token": "x"}).status_code == 403
    token = {"x-csrf-token": answer.json()["csrf_token"]}
    assert house.post(path, headers=cookie | token).status_code == 200
    assert house.ask("/v1/auth/session", headers=cookie).json()["actor"] is None


def test_only_hashes_of_secrets_are_kept(house: House) -> None:
    secrets = [sign_in(house).json()["token"], house.investor(1)["authorization"].split()[1]]
    with house.database.read() as connection:
        kept = [connection.execute(select(session.c.token)).scalar_one()]
        kept.append(connection.execute(select(access_grant.c.secret)).scalar_one())
        everything = repr(
            [connection.execute(select(table)).all() for table in metadata.sorted_tables]
        )
    assert kept == [store.hashed(each) for each in secrets]
    assert not any(each in everything for each in secrets)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Bearer us_" + "x" * 43, "Bearer uk_x", "Basic YTpi", "", "Bearer \x00"],
)
def test_what_is_no_token_lets_nobody_in(house: House, header: str) -> None:
    answer = house.ask("/v1/series", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_keys_end_when_revoked_or_expired(house: House) -> None:
    headers = house.key(Role.AUDITOR, expires_at=NOW + 10)
    path = f"/v1/payouts/{payout(1, 1, 1)}"
    assert house.ask(path, headers=headers).status_code == 200
    house.clock.advance(10)
    assert house.ask(path, headers=headers).status_code == 401
    headers = house.key(Role.AUDITOR)
    with house.database.write() as connection:
        number = store.list_grants(connection)[-1].id
        for each in store.list_grants(connection):
            store.revoke(connection, each.id, NOW)
        assert not store.revoke(connection, number, NOW)
    assert house.ask(path, headers=headers).status_code == 401


def test_roles_of_a_wallet_come_with_its_sign_in(house: House) -> None:
    with house.database.write() as connection:
        store.grant_wallet(
            connection,
            name="controller",
            role=Role.AUDITOR,
            wallet=WALLET,
            streams=(),
            now=NOW,
            expires_at=None,
        )
    headers = bearer(house)
    assert house.ask(f"/v1/payouts/{payout(1, 1, 1)}", headers=headers).status_code == 200
    assert house.ask("/v1/access-log", headers=headers).status_code == 200


def test_the_challenge_is_for_this_origin(house: House) -> None:
    message = Message.parse(challenge(house))
    assert message.uri == ORIGIN
    assert message.expires == NOW + nonces.LIFETIME
    assert KEY.hex() not in message.text()


def test_wallets_that_are_contracts_do_not_pile_up_where_others_wait(house: House) -> None:
    object.__setattr__(house.service, "chain", object())
    object.__setattr__(house.service, "contract_wallets", Turns(0, 0))  # nobody has room
    answer = sign_in(house, signature="0x" + "11" * 66)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "busy")
    assert sign_in(house).status_code == 200  # a key's signature asks nobody
