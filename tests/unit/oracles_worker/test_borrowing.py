"""Which lent records are taken over: a liar with a meter's key brings nobody to count what it alone has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.simulation.schedule import community, files
from tests.support.communities import MONTH

from usufruct_oracles.alerts import Alerts
from usufruct_oracles.borrowing import Offers, Rules, chosen, contradictions
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal.lending import DAY_FILE, LentRecord, Place
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.sources.corrections import FORM as CORRECTIONS
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import envelope
from usufruct_oracles.sources.records import parse_signatures, record_payload

DAY = f"{MONTH}-01"
CATALOG = catalog_of(community())
STREAM = community().streams[0]
METER = community().meters[0]
PLACE = Place.of(CATALOG, STREAM.id, DAY)
DAY_RULES = Rules(vouchers=2, anchored=False, waited=True)


def record(seed: int, rows: int | None = None) -> LentRecord:
    """The first day as its gateway signed it; another seed says other values, `rows` only the first ones."""
    file = next(each for each in files(seed) if each.day == DAY)
    assert file.signatures is not None
    signed = parse_signatures(file.signatures, file.stream, DAY)[METER.code]
    lines = file.csv.decode().splitlines()[1:][:rows]
    payload = record_payload(file.stream, METER.code, DAY, lines)
    return LentRecord(METER.id, DAY_FILE, signed.scheme, signed.signature, payload)


TRUE, FALSE, CUT = record(7), record(8), record(7, rows=2)


def offered(**lent: LentRecord) -> Offers:
    found = Offers()
    for peer, each in lent.items():
        found.add(peer, each)
    return found


def taken(offers: Offers, rules: Rules, *known: LentRecord) -> list[LentRecord]:
    pairs = contradictions(CATALOG, PLACE, offers, known)
    disputed = {each for pair in pairs for each in (pair.one, pair.other)}
    return [each for lent in chosen(offers, rules, disputed).values() for each in lent]


def test_what_so_many_lend_that_one_of_them_is_honest_is_taken_at_once() -> None:
    early = replace(DAY_RULES, waited=False)
    assert taken(offered(beta=TRUE, gamma=TRUE), early) == [TRUE]
    assert taken(offered(beta=TRUE), early) == []
    assert taken(offered(beta=TRUE), replace(early, vouchers=1)) == [TRUE]


def test_what_one_lends_is_taken_once_all_others_could_have_objected() -> None:
    one = offered(gamma=TRUE)
    assert taken(one, DAY_RULES) == [TRUE]
    one.silent.add("beta")
    assert taken(one, DAY_RULES) == []


def test_a_record_that_contradicts_one_received_is_not_taken() -> None:
    assert taken(offered(gamma=FALSE), DAY_RULES, TRUE) == []
    assert taken(offered(gamma=FALSE), replace(DAY_RULES, anchored=True), TRUE) == []
    assert taken(offered(gamma=TRUE), DAY_RULES, CUT) == [TRUE]


def test_of_two_that_contradict_each_other_only_one_that_is_vouched_for_is_taken() -> None:
    assert taken(offered(beta=TRUE, gamma=FALSE), DAY_RULES) == []
    three = offered(alpha=TRUE, beta=TRUE, gamma=FALSE)
    assert taken(three, DAY_RULES) == [TRUE]


def test_a_device_that_signs_for_itself_is_believed_whoever_lends() -> None:
    own = replace(FALSE, scheme="device-p256")
    assert taken(offered(gamma=own), replace(DAY_RULES, waited=False), TRUE) == [own]


def test_of_an_anchored_day_one_lender_is_enough() -> None:
    alone = offered(gamma=TRUE)
    alone.silent.add("beta")
    assert taken(alone, replace(DAY_RULES, anchored=True, waited=False)) == [TRUE]


def test_a_gateways_correction_needs_vouchers() -> None:
    correction = replace(TRUE, form=CORRECTIONS, payload=b"x")
    offers = offered(gamma=correction)
    assert chosen(offers, DAY_RULES, ()) == {}
    offers.add("beta", correction)
    assert chosen(offers, DAY_RULES, ()) == {"beta": [correction]}


def test_a_contradiction_names_both_records_and_the_money_between_them() -> None:
    (found,) = contradictions(CATALOG, PLACE, offered(gamma=FALSE), [TRUE])
    assert (found.one, found.other, found.lenders) == (TRUE.sha256, FALSE.sha256, ("gamma",))
    assert found.stake > 0
    alerts = Alerts(Metrics())
    alerts.contradiction(STREAM, DAY, found, 5)
    (alert,) = alerts.recent()
    assert alert["records"] == ["0x" + TRUE.sha256.hex(), "0x" + FALSE.sha256.hex()]
    assert (alert["who"], alert["stake"], alert["day"]) == ("gamma", found.stake, DAY)
    assert METER.code not in str(alert)
    committed = replace(STREAM, committed=True)
    alerts.contradiction(committed, DAY, found, 6)
    assert "stake" not in alerts.recent()[-1]


def test_the_same_said_by_more_rows_is_no_contradiction() -> None:
    assert contradictions(CATALOG, PLACE, offered(beta=TRUE, gamma=CUT), []) == []


def test_sessions_that_share_time_contradict_each_other_money_does_not() -> None:
    def session(start: str, seconds: int) -> LentRecord:
        line = f"{METER.code},{DAY}T{start}+08:00,{seconds},1,mm,0"
        payload = record_payload(STREAM.code, METER.code, DAY, [line])
        return replace(TRUE, payload=payload)

    one = offered(beta=session("08:00:00", 3600), gamma=session("08:30:00", 3600))
    assert len(contradictions(CATALOG, PLACE, one, [])) == 1
    after = offered(beta=session("08:00:00", 1800), gamma=session("08:30:00", 3600))
    assert contradictions(CATALOG, PLACE, after, []) == []


def test_messages_are_compared_by_what_they_say() -> None:
    def beat(count: int) -> LentRecord:
        said = f"usufruct/alive/1\n{STREAM.code}\n{METER.code}\n{DAY}\n{count}\n".encode()
        payload = envelope(STREAM.code, METER.code, "alive/1", said)
        return replace(TRUE, form="alive/1", payload=payload)

    def register(last: str) -> LentRecord:
        said = (
            f"usufruct/register/1\n{STREAM.code}\n{METER.code}\n6,mm\n"
            f"{DAY}T00:00:00+08:00,1,0\n{DAY}T06:00:00+08:00,{last},0\n"
        ).encode()
        payload = envelope(STREAM.code, METER.code, "register/1", said)
        return replace(TRUE, form="register/1", payload=payload)

    assert "register/1" in DECODERS
    assert contradictions(CATALOG, PLACE, offered(beta=beat(1), gamma=beat(2)), []) == []
    pair = offered(beta=register("3"), gamma=register("4"))
    assert len(contradictions(CATALOG, PLACE, pair, [])) == 1


@pytest.mark.parametrize("known", [[], [TRUE]])
def test_what_is_known_is_named_first(known: list[LentRecord]) -> None:
    found = contradictions(CATALOG, PLACE, offered(beta=TRUE, gamma=FALSE), known)
    assert len(found) == 1
    assert {found[0].one, found[0].other} == {TRUE.sha256, FALSE.sha256}
    if known:
        assert found[0].one == TRUE.sha256
