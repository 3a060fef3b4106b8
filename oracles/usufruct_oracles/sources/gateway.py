"""The gateway: makes messages of what devices deliver, and signs for those that cannot sign for the chain.

| the meter is registered as | OCMF | other deliveries |
|---|---|---|
| device-secp256k1, device-p256 | the record's own signature, over the very bytes | as signed by the device |
| gateway-secp256k1 | checked with the device's key, then enveloped | enveloped |

Where beginning and end of a transaction come in several deliveries, they wait for each other, and the message is
made of all of them. All of it is a pure function of the deliveries: every worker that has the same makes the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from usufruct.config import Meter
from usufruct.core.signing import public_key
from usufruct.errors import EvidenceError, InputError
from usufruct.keys import SecretBytes
from usufruct_oracles.sources import ocmf, ocpp
from usufruct_oracles.sources.grouping import Delivery, Held, counting, is_whole, joined, merged
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.sealing import SCHEME, Sealer, dev_key

Made = tuple[Message, tuple[Delivery, ...]]
"""A message, and the deliveries that are done with once the journal has it."""

_Heard = tuple[ocpp.Event, Delivery]
_MILLISECONDS: Final = 1000
_REMEMBERED: Final = 1 << 12
_request = lru_cache(maxsize=_REMEMBERED)(ocpp.parse)
_record = lru_cache(maxsize=_REMEMBERED)(ocmf.parse)


class Gateway:
    """Makes messages of deliveries.

    Args:
        meters: Meters by code.
        key: The key that signs for meters registered with it and the scheme gateway-secp256k1; None if there
            are none. For meters of a development community their own development keys will do.
        devices: Public keys of devices by the code of their meter, in a form that `ocmf.verify` takes.
    """

    def __init__(
        self, meters: Mapping[str, Meter], key: SecretBytes | None, devices: Mapping[str, str]
    ) -> None:
        self._meters = meters
        self._key = key
        self._public = None if key is None else public_key(SCHEME, bytes(key))
        self._devices = devices
        self._sealer = Sealer(meters, self._key_of)
        # What waits is looked at again with every poll.
        self._passes = lru_cache(maxsize=_REMEMBERED)(self._judge)

    def check(self, delivery: Delivery) -> None:
        """Refuse what can never become a message.

        Raises:
            InputError: The meter is unknown, the content is not of its form, or nobody can sign it.
            EvidenceError: A device's signature that the gateway must answer for does not hold.
        """
        meter = self._meters.get(delivery.meter)
        if meter is None:
            raise _refused("meter", delivery.meter, "the code of a registered meter")
        if delivery.scheme:
            return
        records = self._records(delivery)
        for record in records:
            self._check_record(meter, record)
        # Not every event of a transaction has signed values; those that have none at all are rejected as a whole.
        if not records and not self._signs_for(meter) and not _is_event(delivery):
            rule = f"signed with the key of {meter.code} ({meter.scheme})"
            raise _refused("signature", "nothing", rule)

    def can_take(self, delivery: Delivery) -> bool:
        """Whether `check` passes it; what was taken once may not be after a change of the meters or of the keys."""
        return self._passes(delivery)

    def _judge(self, delivery: Delivery) -> bool:
        try:
            self.check(delivery)
        except (InputError, EvidenceError):
            return False
        return True

    def messages(
        self, deliveries: Sequence[Delivery], overdue: Sequence[Delivery] = ()
    ) -> list[Made]:
        """The messages that can be made of deliveries.

        Args:
            deliveries: All that is at hand. What `check` does not pass goes without a signature, to be rejected
                and kept with the reason.
            overdue: Those of them that have waited long enough for others: they go as they are, and the verdict on
                them will say what is missing.
        """
        late = set(map(id, overdue))
        return [*self._made(deliveries, late)]

    def _made(self, deliveries: Sequence[Delivery], late: set[int]) -> Iterator[Made]:
        waiting = _Waiting(late)
        for each in deliveries:
            meter = self._meters.get(each.meter)
            if meter is None or not self.can_take(each):
                yield _unsigned(meter, each), (each,)
            elif each.scheme:
                yield _as_signed(meter, each), (each,)
            elif each.form in {ocmf.FORM, ocpp.FORM}:
                waiting.add(each)
            else:
                yield self._enveloped(meter, each.form, each.raw, (each,)), (each,)
        for (code, _), events in waiting.transactions.items():
            yield from self._transaction(self._meters[code], events, waiting)
        for code, events in waiting.values.items():
            yield from self._values(self._meters[code], events, waiting)
        for code, found in waiting.records.items():
            yield from self._of_records(self._meters[code], found)

    def _values(self, meter: Meter, events: Sequence[_Heard], waiting: _Waiting) -> Iterator[Made]:
        """Messages of MeterValues: one value of a register waits for the next, an interval later."""
        moments: dict[int, _Heard] = {}
        for event, delivery in events:
            times = {sample.time for sample in event.samples}
            alone = len(times) != 1 or meter.interval is None or not ocpp.has_register(event)
            if alone or waiting.is_late(delivery):
                yield self._enveloped(meter, ocpp.FORM, event.raw, (delivery,)), (delivery,)
            else:
                moments[times.pop()] = event, delivery
        step = _MILLISECONDS * (meter.interval or 0)
        for time, (event, delivery) in sorted(moments.items(), key=lambda each: each[0]):
            if time + step in moments:
                raw = ocpp.pack([event.raw, moments[time + step][0].raw])
                yield self._enveloped(meter, ocpp.FORM, raw, (delivery,)), (delivery,)

    def _transaction(
        self, meter: Meter, events: Sequence[_Heard], waiting: _Waiting
    ) -> Iterator[Made]:
        """The message of a transaction that is complete or overdue; one with signed values joins the records."""
        parts = tuple(delivery for _, delivery in events)
        overdue = any(map(waiting.is_late, parts))
        if not overdue and not ocpp.is_complete([event for event, _ in events]):
            return
        ordered = sorted((event for event, _ in events), key=lambda each: (each.number, each.raw))
        signed = ocpp.ocmf_records(ordered)
        if signed:
            held = Held(tuple(map(_record, signed)), parts, overdue=True)
            waiting.records.setdefault(meter.code, []).append(held)
            return
        frames = ocpp.pack(list(dict.fromkeys(event.raw for event in ordered)))
        if self._signs_for(meter):
            yield self._enveloped(meter, ocpp.FORM, frames, parts), parts
        else:
            yield _unsigned(meter, replace(parts[0], raw=frames)), parts

    def _of_records(self, meter: Meter, found: Sequence[Held]) -> Iterator[Made]:
        if not self._signs_for(meter):
            for held in found:
                for record in counting(held.records, meter):
                    yield _self_signed(meter, record, held.parts[0].source), held.parts
            return
        for group in joined(merged(found), meter):
            if group.overdue or is_whole(group.records, meter):
                raw = b"\n".join(each.raw for each in counting(group.records, meter))
                yield self._enveloped(meter, ocmf.FORM, raw, group.parts), group.parts

    def _records(self, delivery: Delivery) -> list[ocmf.Record]:
        if delivery.form == ocmf.FORM:
            return [_record(delivery.raw)]
        if delivery.form == ocpp.FORM:
            return [_record(each) for each in ocpp.ocmf_records([_request(delivery.raw)])]
        return []

    def _check_record(self, meter: Meter, record: ocmf.Record) -> None:
        if not self._signs_for(meter):
            ocmf.compact(record)
            scheme = ocmf.SCHEMES[record.signature.curve]
            if scheme != meter.scheme:
                raise _refused(
                    "SA",
                    record.signature.algorithm,
                    f"the algorithm of {meter.code}, registered with {meter.scheme}",
                )
            return
        key = self._devices.get(meter.code)
        if key is None:
            rule = f"the key of {meter.code} in the source's devices, to check its records with"
            raise _refused("devices", "nothing", rule)
        ocmf.verify(record, key)

    def _signs_for(self, meter: Meter) -> bool:
        return meter.scheme == SCHEME and (meter.dev or meter.public_key == self._public)

    def _key_of(self, meter: Meter) -> bytes:
        if self._key is not None and meter.public_key == self._public:
            return bytes(self._key)
        return dev_key(meter)

    def _enveloped(self, meter: Meter, form: str, raw: bytes, parts: Sequence[Delivery]) -> Message:
        return self._sealer.message(parts[0].source, meter.code, form, raw)


@dataclass(slots=True)
class _Waiting:
    """Deliveries that may belong together, sorted by what they belong to."""

    late: set[int]
    records: dict[str, list[Held]] = field(default_factory=dict)
    transactions: dict[tuple[str, str], list[_Heard]] = field(default_factory=dict)
    values: dict[str, list[_Heard]] = field(default_factory=dict)

    def is_late(self, delivery: Delivery) -> bool:
        return id(delivery) in self.late

    def add(self, each: Delivery) -> None:
        """Sorts an OCMF record, or a request of OCPP."""
        if each.form == ocmf.FORM:
            self._hold([each.raw], each)
            return
        event = _request(each.raw)
        signed = ocpp.ocmf_records([event])
        if event.transaction:
            self.transactions.setdefault((each.meter, event.transaction), []).append((event, each))
        elif signed:
            self._hold(signed, each)
        else:
            self.values.setdefault(each.meter, []).append((event, each))

    def _hold(self, records: Sequence[bytes], each: Delivery) -> None:
        held = Held(tuple(map(_record, records)), (each,), self.is_late(each))
        self.records.setdefault(each.meter, []).append(held)


def _is_event(delivery: Delivery) -> bool:
    return delivery.form == ocpp.FORM and bool(_request(delivery.raw).transaction)


def _as_signed(meter: Meter, each: Delivery) -> Message:
    return Message(
        each.source, meter.stream, meter.code, each.form, each.raw, each.scheme, each.signature
    )


def _self_signed(meter: Meter, record: ocmf.Record, source: str) -> Message:
    """The message of a record whose signature the chain can judge: the bytes between the pipes."""
    signature = ocmf.compact(record)
    return Message(
        source, meter.stream, meter.code, ocmf.FORM, record.payload, meter.scheme, signature
    )


def _unsigned(meter: Meter | None, each: Delivery) -> Message:
    stream = "" if meter is None else meter.stream
    return Message(each.source, stream, each.meter, each.form, each.raw, "", b"")


def _refused(name: str, value: object, rule: str) -> InputError:
    return InputError(
        "the delivery is refused",
        field=name,
        value=value,
        rule=rule,
        remedy="correct the device's or the hub's settings, or register the meter otherwise",
    )
