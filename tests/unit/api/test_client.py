"""The generated client against the application it was generated from."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import httpx
import pytest
from tests.support.asking import ORIGIN, House, named, payout
from tests.unit.api.test_siwe import WALLET, signed

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.client import ApiProblem, Client
from usufruct.client.http import each
from usufruct.contracts import address
from usufruct.errors import ChainError
from usufruct.money import Currency


class Bridge(httpx.BaseTransport):
    """Hands requests to the application."""

    def __init__(self, house: House) -> None:
        self._house = house

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The application's answer."""
        path, headers = request.url.raw_path.decode(), dict(request.headers)
        told = self._house.ask(path, request.method, content=request.read(), headers=headers)
        return httpx.Response(told.status_code, headers=told.headers, content=told.content)


def client(house: House, token: str | None = None) -> Client:
    return Client(ORIGIN, token, httpx.Client(transport=Bridge(house), base_url=ORIGIN))


def as_role(house: House, role: Role) -> Client:
    return client(house, house.key(role)["authorization"].split()[1])


def test_a_wallet_signs_in_and_reads_its_payouts(house: House) -> None:
    anybody = client(house)
    challenge = anybody.challenge({"address": address(WALLET)})
    message = challenge["message"]
    session = anybody.sign_in({"message": message, "signature": signed(message)})
    assert session["token"] is not None
    mine = client(house, session["token"])
    assert mine.whoami()["wallet"] == address(WALLET)
    assert mine.payouts(address(WALLET))["data"] == []
    assert mine.sign_out()["object"] == "signed-out"
    with pytest.raises(ApiProblem) as caught:
        mine.whoami()
    assert (caught.value.status, caught.value.kind) == (401, "credentials-refused")


def test_pages_and_filters(house: House) -> None:
    auditor = as_role(house, Role.AUDITOR)
    whole = auditor.payouts(named(1))["data"]
    paged = list(each(lambda after: auditor.payouts(named(1), limit=1, starting_after=after)))
    assert paged == whole
    assert {e["status"] for e in auditor.payouts(named(1), status="paid")["data"]} == {"paid"}
    detail = auditor.one_payout(payout(1, 2, 1))
    assert detail["arithmetic"]["amount"] == detail["amount"]["amount"]


def test_claims_are_prepared_for_the_wallet_to_sign(house: House) -> None:
    auditor = as_role(house, Role.AUDITOR)
    claims = auditor.claims(named(2), {})
    may = auditor.claimable_now(named(2))
    assert claims["total"] == may["total"]
    (claim,) = claims["claims"]
    assert claim["transaction"]["data"] == "0x4e71d92d"  # claim()
    assert claim["transaction"]["to"] == claim["series"]["address"]
    other = auditor.claims(named(2), {"sender": named(3), "series": ["s1"]})["claims"][0]
    assert other["transaction"]["data"] == "0xddeae033" + "00" * 12 + named(2)[2:]
    assert auditor.claims(named(2), {"series": ["s3"]})["claims"] == []


def test_compliance_is_prepared_once_and_recorded(house: House) -> None:
    agent = as_role(house, Role.TRANSFER_AGENT)
    body = {"wallet": named(9), "frozen": True, "reason_hash": "0x" + "22" * 32, "series": ["s1"]}
    first = agent.freeze(body, idempotency_key="one")  # type: ignore[arg-type]  # a plain dictionary
    again = agent.freeze(body, idempotency_key="one")  # type: ignore[arg-type]  # the same
    assert first == again
    assert (first["act"], first["transaction"]["value"]) == ("freeze", "0x0")
    admitted = agent.registration(
        {
            "wallet": named(9),
            "participant": 9,
            "kyc_until": "2027-12-31",
            "country": 344,
            "investor_class": "retail",
            "identity_hash": "0x" + "11" * 32,
        }
    )
    assert admitted["act"] == "registration"
    log = as_role(house, Role.AUDITOR).access_log()["data"]
    assert [(e["action"], e["role"]) for e in log] == [
        ("GET", "auditor"),
        ("POST", "transfer-agent"),
        ("POST", "transfer-agent"),
        ("POST", "transfer-agent"),
    ]


def test_documents_come_as_files(house: House) -> None:
    labels = Labels("Linden Court", ZoneInfo("UTC"), "2026-09")
    house.service = replace(house.service, render=Renderer(Currency("USDX", 6), labels))
    house.app = create_app(house.service)
    auditor = as_role(house, Role.AUDITOR)
    assert auditor.tax_summary(named(1), year="2026").startswith(b"%PDF-")
    assert auditor.tax_summary(named(1), year="2026", format="xlsx").startswith(b"PK")
    with pytest.raises(ApiProblem) as caught:
        auditor.statement(named(1), period="never")
    assert caught.value.status == 422


def test_a_service_that_is_not_there_is_named() -> None:
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(ChainError) as caught:
        nobody.streams()
    assert "127.0.0.1:9" in str(caught.value)
