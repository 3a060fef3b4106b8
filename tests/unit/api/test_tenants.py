"""Everybody sees their own; what is another's does not exist for them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import DatabaseError
from tests.support.asking import House, filled, named, payout
from tests.support.rates import at_once

from usufruct.api.app import create_app
from usufruct.api.auth import journal
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.errors import EvidenceError
from usufruct.ledger.models import (
    access_head,
    access_log,
    freeze,
    recovery,
    registration,
    wallet,
)
from usufruct.ledger.types import position

# Holder 1 is the one who asks; what follows is another's.
OWN = [
    f"/v1/wallets/{named(1)}/holdings",
    f"/v1/wallets/{named(1)}/payouts",
    f"/v1/wallets/{named(1)}/claimable",
    f"/v1/payouts/{payout(1, 1, 1)}",
    f"/v1/wallets/{named(1)}/subscriptions",
    "/v1/offerings/off_1/subscriptions",
]
OTHERS = [
    f"/v1/wallets/{named(3)}/holdings",
    f"/v1/wallets/{named(3)}/payouts",
    f"/v1/wallets/{named(3)}/payouts?series=s2&status=paid",
    f"/v1/wallets/{named(3)}/claimable",
    f"/v1/wallets/{named(99)}/holdings",  # whom the ledger has never seen
    f"/v1/payouts/{payout(2, 1, 3)}",
    f"/v1/payouts/{payout(2, 1, 3)}/proof",
    f"/v1/payouts/{payout(2, 99, 3)}",
    f"/v1/payouts/{payout(1, 1, 2)}",
    f"/v1/wallets/{named(3)}/subscriptions",
    "/v1/series/ser_s2/holders",
    "/v1/series/S2/holders?as_of_block=110",
    "/v1/series/0x8000000000000000000000000000000000000002/holders",
    "/v1/distributions/dist_s2_1/payouts",
    "/v1/distributions/dist_s2_99/payouts",
]
PUBLIC = [
    "/v1/series",
    "/v1/series/ser_s2",
    "/v1/distributions",
    "/v1/distributions/dist_s2_1",
    "/v1/streams/STREAM1",
    "/v1/statements",
    "/v1/statements/STREAM2/1",
    "/v1/settlements/STREAM1/1",
    "/v1/batches",
    "/v1/auth/session",
    "/v1/offerings",
    "/v1/offerings/off_2",
]


@pytest.mark.parametrize("path", PUBLIC)
def test_aggregates_are_everybodys(house: House, path: str) -> None:
    answer = house.ask(path)
    assert answer.status_code == 200, answer.text
    for holder in range(1, 9):
        assert named(holder)[2:] not in answer.text


@pytest.mark.parametrize("path", [*OWN, *OTHERS, "/v1/verdicts", "/v1/access-log"])
def test_nobody_is_told_to_sign_in(house: House, path: str) -> None:
    assert house.ask(path).status_code == 401
    assert house.ask(path, headers={"if-none-match": "*"}).status_code == 401


@pytest.mark.parametrize("path", OWN)
def test_an_investor_sees_what_is_hers(house: House, path: str) -> None:
    answer = house.ask(path, headers=house.investor(1))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "authorization" in answer.headers["vary"]


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_anothers_does_not_exist(house: House, path: str) -> None:
    answer = house.ask(path, headers=house.investor(1))
    assert answer.status_code == 404, answer.text
    assert "forbidden" not in answer.text
    assert house.ask(path, headers=house.investor(1) | {"if-none-match": "*"}).status_code == 404


def test_what_is_hidden_and_what_is_not_there_look_alike(house: House) -> None:
    """Whoever tries ids must not learn which exist."""
    mine = house.investor(1)
    hidden = house.ask(f"/v1/payouts/{payout(2, 1, 3)}", headers=mine).json()
    nothing = house.ask(f"/v1/payouts/{payout(2, 99, 3)}", headers=mine).json()
    auditor = house.key(Role.AUDITOR)
    real = house.ask(f"/v1/payouts/{payout(2, 99, 3)}", headers=auditor).json()
    assert nothing == real
    assert hidden.keys() == nothing.keys()
    assert (hidden["type"], hidden["rule"], hidden["remedy"]) == (
        *(real["type"], real["rule"], real["remedy"]),
    )


def test_an_investor_sees_her_own_lots_of_an_offering_and_nobody_elses(house: House) -> None:
    path = "/v1/offerings/off_1/subscriptions"
    (own,) = house.ask(path, headers=house.investor(1)).json()["data"]
    assert own["wallet"].lower() == named(1)
    # 1300 units are subscribed, 1000 are given: her lots are 0 to 600 and 1200 to 1300 on the line.
    assert [lot["allotted_units"] for lot in own["lots"]] == ["461", "77"]
    assert house.ask(path, headers=house.investor(3)).json()["data"] == []
    everybody = house.ask(path, headers=house.key(Role.TRANSFER_AGENT)).json()["data"]
    assert [each["wallet"].lower() for each in everybody] == [named(1), named(2), named(5)]
    assert sum(int(each["allotted_units"]) for each in everybody) == 1_000
    operator = house.key(Role.OPERATOR, streams=(2,))
    assert house.ask(path, headers=operator).status_code == 404
    assert house.ask("/v1/offerings/off_2/subscriptions", headers=operator).status_code == 200
    for number in (2, 99):  # another's subscription is no more on her list than one that is none
        marked = f"{path}?starting_after=sub_1_{named(number)[2:]}"
        assert house.ask(marked, headers=house.investor(1)).status_code == 404


def test_an_operator_sees_the_streams_that_are_his(house: House) -> None:
    one = house.key(Role.OPERATOR, streams=(1,))
    for path in ("/v1/series/s1/holders", "/v1/distributions/dist_s3_1/payouts"):
        assert house.ask(path, headers=one).status_code == 200
    assert house.ask(f"/v1/payouts/{payout(1, 1, 2)}", headers=one).status_code == 200
    for path in (*OTHERS[5:8], *OTHERS[9:], OTHERS[0], "/v1/series/none/holders"):
        assert house.ask(path, headers=one).status_code == 404, path
    every = house.key(Role.OPERATOR)
    assert house.ask("/v1/series/s2/holders", headers=every).status_code == 200
    assert house.ask("/v1/access-log", headers=every).status_code == 403


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REGULATOR, Role.TRANSFER_AGENT])
def test_those_who_supervise_see_all_and_are_recorded(house: House, role: Role) -> None:
    headers = house.key(role)
    seen = [each for each in OTHERS if "99" not in each and not each.endswith("proof")]
    for path in [*seen, "/v1/verdicts"]:
        assert house.ask(path, headers=headers).status_code == 200, path
    log = house.ask("/v1/access-log", headers=headers)
    assert log.status_code == (403 if role is Role.TRANSFER_AGENT else 200)
    read = house.ask("/v1/access-log?limit=200", headers=house.key(Role.AUDITOR)).json()["data"]
    resources = [each["resource"] for each in reversed(read)]
    assert resources[: len(seen)] == seen
    assert {each["outcome"] for each in read[2:]} == {"granted"}
    assert {each["role"] for each in read[2:]} == {role.value}
    if role is not Role.TRANSFER_AGENT:
        answer = house.post("/v1/compliance/freezes", {}, headers=headers)
        assert answer.status_code == 403  # they only read


def test_refusals_are_recorded_too_and_text_cannot_forge_a_line(house: House) -> None:
    mine = house.investor(1)
    house.ask("/v1/series/s2%0A2026-01-01%20auditor%1b[31m/holders", headers=mine)
    auditor = house.key(Role.AUDITOR)
    entries = house.ask("/v1/access-log", headers=auditor).json()["data"]
    assert [each["outcome"] for each in entries] == ["granted", "refused"]
    assert entries[1]["resource"] == "/v1/series/s2?2026-01-01 auditor?[31m/holders"
    assert (entries[1]["role"], entries[0]["role"]) == ("none", "auditor")


def test_where_all_is_public_nobody_is_asked_or_recorded(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    house = filled(tmp_path_factory.mktemp("open"), public="all")
    for path in (*OWN, *OTHERS[:4], "/v1/verdicts"):
        assert house.ask(path).status_code == 200
    assert house.ask("/v1/access-log").status_code == 401
    with house.database.read() as connection:
        assert connection.execute(select(access_log)).all() == []
    house.close()


def test_whoever_is_refused_all_the_time_does_not_fill_the_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    nobody = house.investor(1)
    path = "/v1/verdicts?starting_after=" + "x" * 7_000
    statuses = [house.ask(path, headers=nobody).status_code for _ in range(60)]
    assert set(statuses) == {403, 429}
    assert statuses[:20] == [403] * 20, "a person who errs is told why"
    assert house.ask("/v1/series", headers=nobody).status_code == 200
    with house.database.read() as connection:
        rows = connection.execute(select(access_log)).all()
    assert len(rows) == statuses.count(403)
    assert {len(row.resource) for row in rows} == {512}


def test_the_log_cannot_be_changed_or_shortened(house: House) -> None:
    auditor = house.key(Role.AUDITOR)
    for _ in range(3):
        house.ask("/v1/access-log", headers=auditor)
    for change in (update(access_log).values(actor="x"), delete(access_log)):
        with pytest.raises(DatabaseError, match="only added to"), house.database.write() as tried:
            tried.execute(change)
    # SQLite takes a replaced row out without asking the triggers of deletion, unless the connection says otherwise.
    changed = select(*(each if each.name != "actor" else literal("x") for each in access_log.c))
    replaced = (
        insert(access_log).from_select(access_log.c.keys(), changed).prefix_with("OR REPLACE")
    )
    with pytest.raises(DatabaseError, match="only added to"), house.database.write() as tried:
        tried.execute(replaced)
    with house.database.write() as connection:
        assert journal.check(connection) == 3


def test_a_change_past_the_database_is_found_out(house: House) -> None:
    auditor = house.key(Role.AUDITOR)
    for _ in range(3):
        house.ask("/v1/access-log", headers=auditor)
    with house.database.write() as connection:
        for name in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER access_log_no_{name}")
        connection.execute(
            update(access_log).where(access_log.c.number == 2).values(actor="somebody else")
        )
        with pytest.raises(EvidenceError) as caught:
            journal.check(connection)
        assert caught.value.value == 2
        connection.execute(delete(access_log).where(access_log.c.number > 1))
        with pytest.raises(EvidenceError):
            journal.check(connection)
        connection.execute(update(access_head).values(number=7))
        with pytest.raises(EvidenceError):
            journal.check(connection)


def test_pages_of_the_log_go_on_where_the_last_ended(house: House) -> None:
    auditor = house.key(Role.AUDITOR)
    for _ in range(4):
        page = house.ask("/v1/access-log?limit=2", headers=auditor).json()
    assert [each["id"] for each in page["data"]] == ["4", "3"]
    more = house.ask(f"/v1/access-log?starting_after={page['next']}", headers=auditor).json()
    assert [each["id"] for each in more["data"]] == ["2", "1"]


def test_every_resource_has_a_rule_or_is_public(house: House) -> None:
    """A new resource must be thought about: it is here, or its rule is a dependency."""
    guarded = {
        ("get", "/v1/series/{series_id}/holders"),
        ("get", "/v1/series/{series_id}/positions"),
        ("get", "/v1/participants/{participant}/positions"),
        ("get", "/v1/distributions/{distribution_id}/payouts"),
        *(
            ("get", f"/v1/wallets/{{address}}/{name}")
            for name in (
                *("holdings", "payouts", "claimable", "positions"),
                *("look-through", "statement", "tax-summary", "subscriptions"),
            )
        ),
        *(
            ("post", f"/v1/wallets/{{address}}/{name}")
            for name in ("claims", "subscriptions", "withdrawals", "deliveries")
        ),
        ("get", "/v1/offerings/{offering_id}/subscriptions"),
        ("get", "/v1/payouts/{payout_id}"),
        ("get", "/v1/payouts/{payout_id}/proof"),
        ("get", "/v1/verdicts"),
        ("get", "/v1/access-log"),
        ("post", "/v1/compliance/registrations"),
        ("post", "/v1/compliance/freezes"),
        *((method, "/v1/webhooks") for method in ("get", "post")),
        ("delete", "/v1/webhooks/{webhook_id}"),
    }
    public = {
        "/v1/series",
        "/v1/series/{series_id}",
        "/v1/series/{series_id}/records",
        "/v1/series/{series_id}/look-through",
        "/v1/series/{series_id}/dust",
        "/v1/distributions",
        "/v1/distributions/{distribution_id}",
        "/v1/streams",
        "/v1/streams/{stream_id}",
        "/v1/streams/{stream_id}/preview",
        "/v1/batches",
        "/v1/batches/{stream_id}/{seq}",
        "/v1/statements",
        "/v1/statements/{stream_id}/{period}",
        "/v1/disputes",
        "/v1/offerings",
        "/v1/offerings/{offering_id}",
        "/v1/settlements",
        "/v1/settlements/{stream_id}/{period}",
        "/v1/disclosures",
        "/v1/events",  # those of a wallet are for that wallet
        "/v1/proofs/verify",
        "/v1/finance/value",
        "/v1/finance/risk",
        *(f"/v1/finance/structure/{each}" for each in ("check", "compare", "export", "simulate")),
        *(f"/v1/auth/{each}" for each in ("challenge", "sign-in", "session", "signout")),
        "/health",
        "/ready",
    }
    document = json.loads(house.ask("/openapi.json").text)
    for path, operations in document["paths"].items():
        for method in operations:
            concrete = path.format(
                address=named(3),
                payout_id=payout(2, 1, 3),
                series_id="s2",
                distribution_id="dist_s2_1",
                stream_id="1",
                period="1",
                seq="1",
                webhook_id="whk_0",
                participant="1",
                offering_id="off_1",
            )
            answer = house.ask(concrete, method.upper(), json={})
            assert ((method, path) in guarded) != (path in public), (method, path)
            assert (answer.status_code == 401) == ((method, path) in guarded), (method, path)


@pytest.mark.parametrize(
    "path",
    [
        *(f"/wallets/{named(3)}", f"/payouts/{payout(2, 1, 3)}", "/operator", "/issuer", "/audit"),
        "/issuer/series/ser_s2",
    ],
)
def test_pages_follow_the_same_rules(house: House, path: str) -> None:
    assert house.ask(path).status_code == 401
    answer = house.ask(path, headers=house.investor(1))
    assert answer.status_code in (403, 404)
    assert "USDX" not in answer.text  # no figure of anybody


def test_a_participant_sees_all_of_its_wallets_and_nobody_elses(house: House) -> None:
    path = "/v1/participants/{}/positions"
    mine = house.ask(path.format(1), headers=house.investor(1))
    assert {each["wallet"].lower() for each in mine.json()["data"]} == {named(1)}
    assert house.ask(path.format(2), headers=house.investor(1)).status_code == 404
    _registered(house, 2, participant=1)
    mine = house.ask(path.format(1), headers=house.investor(1)).json()["data"]
    assert {each["wallet"].lower() for each in mine} == {named(1), named(2)}
    assert house.ask(path.format(2), headers=house.investor(2)).status_code == 404  # no more


@pytest.mark.parametrize("what", ["frozen", "replaced"])
def test_a_frozen_or_replaced_wallet_sees_itself_only(house: House, what: str) -> None:
    _registered(house, 2, participant=1)
    path = "/v1/participants/1/positions"
    assert house.ask(path, headers=house.investor(2)).status_code == 200
    lost = number_of(house, 2)
    with house.database.write() as connection:
        if what == "frozen":
            row = {"pos": LATE + 1, "wallet": lost, "frozen": True, "reason_hash": bytes(32)}
            connection.execute(insert(freeze).values(row))
        else:
            row = {"pos": LATE + 1, "series": 1, "lost": lost, "replacement": number_of(house, 1)}
            connection.execute(insert(recovery).values(**row, units=1, numerator=0))
    assert house.ask(path, headers=house.investor(2)).status_code == 404
    own = f"/v1/wallets/{named(2)}/positions"
    assert house.ask(own, headers=house.investor(2)).status_code == 200
    assert house.ask(path, headers=house.investor(1)).status_code == 200


LATE = position(101, 900)


def number_of(house: House, holder: int) -> int:
    with house.database.read() as connection:
        query = select(wallet.c.id).where(wallet.c.address == bytes.fromhex(named(holder)[2:]))
        return int(connection.execute(query).scalar_one())


def _registered(house: House, holder: int, participant: int) -> None:
    """Registers a holder's wallet anew, to another participant."""
    with house.database.write() as connection:
        last = connection.execute(select(func.max(registration.c.pos))).scalar_one()
        row = {"pos": last + 1, "wallet": number_of(house, holder), "participant": participant}
        rest = {"kyc_until": 60_000, "country": 344, "class": 3, "locked_until": 0}
        connection.execute(insert(registration).values(**row, **rest, identity_hash=bytes(32)))


def test_a_code_that_is_anothers_id_lets_nobody_read_what_is_the_others(house: House) -> None:
    labels = Labels(series={"0x8000000000000000000000000000000000000001": "S2"})  # s1 is called so
    render = Renderer(house.service.render.currency, labels)
    house.app = create_app(replace(house.service, render=render))
    one, two = (house.key(Role.OPERATOR, streams=(stream,)) for stream in (1, 2))
    assert house.ask("/v1/series/S2/holders", headers=one).status_code == 404
    assert house.ask("/v1/series/S2/holders", headers=two).status_code == 200
