"""The gateway: one message for what belongs together, signed by the device where the chain can judge it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.oracles.kit import community, meter
from tests.unit.oracles.ocmf_kit import (
    P256,
    P384,
    fiscal,
    key,
    of_meter,
    payload,
    reading,
    session,
    signed,
    spki,
)
from tests.unit.oracles.ocpp_kit import (
    call,
    event,
    meter_values,
    sample,
    signed_sample,
    transaction,
    values,
)

from usufruct.core.signing import public_key, verify_record
from usufruct.errors import EvidenceError, InputError
from usufruct.keys import SecretBytes, dev_meter_key
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.sources import ocmf, ocpp
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.grouping import Delivery
from usufruct_oracles.sources.messages import Message, envelope
from usufruct_oracles.sources.sealing import SCHEME

KEY = SecretBytes(dev_meter_key("gateway"))
OWN = meter("charger-01")
FOREIGN = replace(
    meter("charger-02"), scheme=SCHEME, public_key=public_key(SCHEME, bytes(KEY)), dev=False
)
ELSEWHERE = replace(FOREIGN, code="charger-04", public_key=OWN.public_key)
QUARTERS = replace(FOREIGN, code="charger-03", interval=900)
METERS = {**catalog_of(community()).meters}
METERS |= {each.code: each for each in (FOREIGN, QUARTERS, ELSEWHERE)}
DEVICES = dict.fromkeys((FOREIGN.code, QUARTERS.code), spki(key(P384)).hex())


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(METERS, KEY, DEVICES)


def of(raw: str | bytes, code: str = "charger-01", form: str = ocmf.FORM) -> Delivery:
    return Delivery("test", code, form, raw.encode() if isinstance(raw, str) else raw)


def foreign(page: int, *rd: dict[str, object], code: str = "charger-02") -> Delivery:
    return of(signed(payload(PG=f"T{page}", RD=list(rd)), P384), code)


def contents(message: Message) -> bytes:
    head = envelope(message.stream, message.meter, message.form, b"")
    assert message.payload.startswith(head)
    assert verify_record(SCHEME, FOREIGN.public_key, message.payload, message.signature)
    return message.payload[len(head) :]


def test_a_registered_device_signs_for_itself(gateway: Gateway) -> None:
    ((message, parts),) = gateway.messages([one := of(of_meter())])
    assert parts == (one,)
    assert (message.stream, message.form, message.scheme) == ("EV", "ocmf/1", "device-secp256k1")
    assert message.payload == ocmf.parse(of_meter()).payload
    assert verify_record(message.scheme, OWN.public_key, message.payload, message.signature)


def test_ocmf_alone_and_inside_ocpp_is_one_record_with_one_digest(gateway: Gateway) -> None:
    started = call(event("Started", 0, values("08:00:00", sample(1, "Transaction.Begin"))))
    ended = call(event("Ended", 1, values("08:30:00", signed_sample(of_meter()))))
    inside = [of(started, form=ocpp.FORM), of(ended, form=ocpp.FORM)]
    aligned = call(meter_values(values("08:30:00", signed_sample(of_meter()))), "MeterValues")
    (alone,) = gateway.messages([of(of_meter())])
    (within,) = gateway.messages(inside)
    (values_only,) = gateway.messages([of(aligned, form=ocpp.FORM)])
    assert alone[0].digest == within[0].digest == values_only[0].digest
    assert within[1] == tuple(inside)
    rows = [ocmf.decode(each.payload, OWN) for each in (alone[0], within[0])]
    assert rows[0] == rows[1]


def test_a_record_the_chain_cannot_judge_is_checked_and_enveloped(gateway: Gateway) -> None:
    record = signed(algorithm=P384)
    ((message, _),) = gateway.messages([of(record, "charger-02")])
    assert message.scheme == SCHEME
    assert contents(message) == record.encode()


def test_both_halves_of_a_transaction_wait_for_each_other(gateway: Gateway) -> None:
    begin, end = session()
    first, second = foreign(41, begin), foreign(42, end)
    assert gateway.messages([first]) == []
    assert gateway.messages([second]) == []
    ((message, parts),) = gateway.messages([second, first])
    assert contents(message) == first.raw + b"\n" + second.raw
    assert set(map(id, parts)) == {id(first), id(second)}
    (row,) = ocmf.decode(contents(message), FOREIGN)
    assert row.fault is None


def test_records_that_came_alone_and_inside_ocpp_are_one_message(gateway: Gateway) -> None:
    begin, end = session()
    first, second = foreign(41, begin), foreign(42, end)
    inside = [
        of(
            call(event(kind, at, values("08:00:00", signed_sample(each.raw.decode())))),
            "charger-02",
            ocpp.FORM,
        )
        for at, (kind, each) in enumerate((("Started", first), ("Ended", second)))
    ]
    (alone,) = gateway.messages([first, second])
    ((message, parts),) = gateway.messages([first, *inside, second])
    assert message.digest == alone[0].digest
    assert len(parts) == 4


def test_a_missing_page_keeps_them_waiting(gateway: Gateway) -> None:
    begin, end = session()
    between = reading("C", 103, "10:15:00")
    assert gateway.messages([foreign(41, begin), foreign(43, end)]) == []
    found = gateway.messages([foreign(41, begin), foreign(43, end), foreign(42, between)])
    assert len(found) == 1


def test_what_waited_too_long_goes_as_it_is(gateway: Gateway) -> None:
    half = foreign(41, session()[0])
    ((message, _),) = gateway.messages([half], overdue=[half])
    (row,) = ocmf.decode(contents(message), FOREIGN)
    assert row.fault is not None


def test_fiscal_values_make_an_interval_with_their_successor(gateway: Gateway) -> None:
    found = [
        of(signed(fiscal(PG=f"F{page}", RD=[reading(None, value, time)]), P384), "charger-03")
        for page, value, time in ((7, 10, "10:00:00"), (8, 10.25, "10:15:00"), (9, 11, "10:30:00"))
    ]
    made = gateway.messages(found)
    assert [parts for _, parts in made] == [(found[0],), (found[1],)]
    rows = [ocmf.decode(contents(message), QUARTERS)[0] for message, _ in made]
    assert [row.line.split(",")[2:4] for row in rows] == [["900", "0.25"], ["900", "0.75"]]


def test_fiscal_values_of_a_meter_without_intervals_are_each_a_message(gateway: Gateway) -> None:
    found = [
        of(signed(fiscal(PG=f"F{page}", RD=[reading(None, 1)]), P384), "charger-02")
        for page in (7, 8)
    ]
    assert [parts for _, parts in gateway.messages(found)] == [(found[0],), (found[1],)]


def test_unsigned_transactions_are_enveloped_when_they_are_complete(gateway: Gateway) -> None:
    parts = [of(each, "charger-02", ocpp.FORM) for each in transaction()]
    assert gateway.messages(parts[:2]) == []
    ((message, done),) = gateway.messages([parts[2], parts[0], parts[1]])
    assert len(done) == 3
    assert message.digest == gateway.messages(parts)[0][0].digest
    (row,) = ocpp.decode(contents(message), FOREIGN)
    assert row.line.split(",")[3] == "7250"


def test_aligned_values_make_an_interval_with_their_successor(gateway: Gateway) -> None:
    found = [
        of(call(meter_values(values(time, sample(value))), "MeterValues"), "charger-03", ocpp.FORM)
        for time, value in (("08:15:00", 250), ("08:00:00", 100), ("09:00:00", 900))
    ]
    ((message, parts),) = gateway.messages(found)
    assert parts == (found[1],)
    (row,) = ocpp.decode(contents(message), QUARTERS)
    assert row.line.split(",")[2:4] == ["900", "150"]


def test_other_forms_are_enveloped_verbatim(gateway: Gateway) -> None:
    ((message, _),) = gateway.messages([of(b"\x00any", "charger-02", "other/1")])
    assert contents(message) == b"\x00any"


def test_what_is_signed_already_is_not_touched(gateway: Gateway) -> None:
    given = Delivery("test", "charger-01", "alive/1", b"raw", "device-secp256k1", b"\1" * 64)
    ((message, _),) = gateway.messages([given])
    assert (message.payload, message.signature, message.scheme) == (
        b"raw",
        b"\1" * 64,
        "device-secp256k1",
    )


REFUSED = [
    of(of_meter(), "nobody"),
    of("OCMF|{}|{}"),
    of(signed()),  # P-256, but registered with secp256k1
    of(signed(algorithm=P384)),
    of(signed(SD="00", SA="ECDSA-secp256k1-SHA256")),
    of(signed(algorithm=P256), "charger-02"),
    of(signed(private=key(P384, 5), algorithm=P384), "charger-02"),
    of(b"[]", form=ocpp.FORM),
    of(call(meter_values(values("08:00:00", sample(1))), "MeterValues"), form=ocpp.FORM),
    of(b"raw", form="other/1"),
    of(b"raw", "charger-04", "other/1"),  # another gateway's
]


@pytest.mark.parametrize("delivery", REFUSED)
def test_what_can_never_be_a_message_is_refused(gateway: Gateway, delivery: Delivery) -> None:
    with pytest.raises((InputError, EvidenceError)):
        gateway.check(delivery)


@pytest.mark.parametrize("delivery", REFUSED)
def test_what_cannot_be_taken_any_more_goes_unsigned_to_be_rejected(
    gateway: Gateway, delivery: Delivery
) -> None:
    ((message, parts),) = gateway.messages([delivery])
    assert (message.scheme, message.payload, parts) == ("", delivery.raw, (delivery,))


def test_without_a_key_of_its_own_a_gateway_signs_nothing() -> None:
    alone = Gateway(METERS, None, DEVICES)
    with pytest.raises(InputError):
        alone.check(of(signed(algorithm=P384), "charger-02"))


def test_development_keys_need_no_key_of_the_gateway() -> None:
    public = public_key(SCHEME, bytes(dev_meter_key("charger-02")))
    found = replace(meter("charger-02"), scheme=SCHEME, public_key=public)
    alone = Gateway({found.code: found}, None, DEVICES)
    ((message, _),) = alone.messages([of(b"raw", "charger-02", "other/1")])
    assert verify_record(SCHEME, public, message.payload, message.signature)


def test_a_gateway_needs_the_devices_key() -> None:
    with pytest.raises(InputError, match="devices"):
        Gateway(METERS, KEY, {}).check(of(signed(algorithm=P384), "charger-02"))


def test_messages_do_not_depend_on_the_order_of_deliveries(gateway: Gateway) -> None:
    begin, end = session()
    found = [
        of(of_meter()),
        foreign(41, begin),
        foreign(42, end),
        *(of(each, "charger-02", ocpp.FORM) for each in transaction()),
    ]
    forth = {message.digest for message, _ in gateway.messages(found)}
    back = {message.digest for message, _ in gateway.messages(found[::-1])}
    assert forth == back
    assert len(forth) == 3


def test_a_transaction_without_signed_values_of_a_meter_that_must_sign_is_rejected_as_a_whole(
    gateway: Gateway,
) -> None:
    parts = [of(each, form=ocpp.FORM) for each in transaction()]
    for each in parts:
        gateway.check(each)
    ((message, done),) = gateway.messages(parts)
    assert (message.scheme, len(done)) == ("", 3)
