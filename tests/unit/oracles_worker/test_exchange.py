"""What workers tell each other: signatures they saw, and the very bytes that meters signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.oracles import kit
from tests.unit.oracles_worker.fakes import ANCHOR, BOOK, CHAIN_ID, Team, community
from tests.unit.oracles_worker.test_equivocation import other, show

from usufruct.clock import FixedClock
from usufruct.core.encoding import canonical_json, hex0x
from usufruct.core.typed_data import first_cursor
from usufruct.keys import dev_address
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.desk import Ready, Waiting
from usufruct_oracles.exchange import Exchange
from usufruct_oracles.hearing import Hearing
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.lending import LentRecord, Place, check, known_records, lend, unknown
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import CORRECTIONS_PATH, RECORDS_PATH, SIGNATURES_PATH, Refused
from usufruct_oracles.sightings import Sightings
from usufruct_oracles.simulate import day_files
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.forms import DECODERS as FORMS
from usufruct_oracles.sources.records import (
    HEADERS,
    Signed,
    csv_bytes,
    parse_signatures,
    signatures_bytes,
)
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import Json
from usufruct_oracles.witness import Witness

VPP, DAY = 1, "2026-09-01"
CALENDAR = Calendar("Asia/Shanghai", "2026-09")
START = CALENDAR.bounds(1)[0]
DECODERS = {**FORMS, kit.ROWS: kit.decode_rows}
PLACE = Place.of(catalog_of(community()), VPP, DAY)
WINDOW = CALENDAR.window_after(START)


class Line:
    """A line to another worker's clerk; it can be cut, and what comes back can be spoiled."""

    def __init__(self, name: str, clerk: Clerk, caller: str) -> None:
        self.name = name
        self.cut = False
        self.spoil: Callable[[Json], Json] = lambda answer: answer
        self.questions: list[str] = []
        self._clerk = clerk
        self._caller = caller

    def ask(self, path: str, proposal: Mapping[str, object]) -> Any:
        raise AssertionError("nobody asks for a signature here")

    def fetch(self, path: str, question: Mapping[str, object]) -> Json | Refused:
        self.questions.append(path)
        if self.cut:
            return Refused(self.name, "unreachable", "cut")
        routes = {
            SIGNATURES_PATH: self._clerk.signatures,
            RECORDS_PATH: self._clerk.records,
            CORRECTIONS_PATH: self._clerk.corrections,
        }
        reply = routes[path](canonical_json(dict(question)), self._caller)
        if reply.status != 200:
            return Refused(self.name, str(reply.body["error"]), "")
        return self.spoil(reply.body)


@dataclass
class Waits:
    """What the streams wait for."""

    codes: dict[int, str] = field(default_factory=dict)

    def waiting(self, stream: int) -> dict[str, Waiting]:
        code = self.codes.get(stream)
        return {} if code is None else {"batch": Waiting(code, "")}


class Site:
    """A worker's journal, witness, clerk and exchange over a real database."""

    def __init__(self, folder: Path, name: str, view: ChainView, address: str) -> None:
        self.journal = Journal(
            folder / f"{name}.sqlite",
            community(),
            clock=FixedClock(WINDOW.to),
            privacy_secret=b"a secret that all of them share",
        )
        self.metrics = Metrics()
        self.alerts = Alerts(self.metrics)
        self.sightings = Sightings(self.journal.database)
        self.witness = Witness(self.sightings, view, self.alerts, self.metrics)
        self.clerk = Clerk(self.journal, self.witness)
        self.waits = Waits()
        self.lines: list[Line] = []
        self.hearing = Hearing(view, self.witness, lambda _: b"", self.metrics)
        self.exchange = Exchange(
            self.journal,
            CALENDAR,
            view,
            self.witness,
            self.hearing,
            self.waits,
            lambda: self.lines,
            self.alerts,
            self.metrics,
        )
        self.address = address

    def root(self) -> bytes:
        return self.journal.build_batch(VPP, first_cursor(START), WINDOW).batch.content


def vpp_file() -> SourceFile:
    files = day_files(community(), DAY, 7, faults=False)
    return next(each for each in files if each.stream == "VPP")


def without(file: SourceFile, *meters: str) -> SourceFile:
    """The file as if the messages of some meters had been lost."""
    lines = [
        each for each in file.csv.decode().splitlines()[1:] if each.split(",")[0] not in meters
    ]
    assert file.signatures is not None
    signed = [
        each
        for each in parse_signatures(file.signatures, file.stream, file.day).values()
        if each.meter not in meters
    ]
    return replace(
        file, csv=csv_bytes(lines), signatures=signatures_bytes(file.stream, file.day, signed)
    )


def shortened(file: SourceFile, code: str) -> SourceFile:
    """The file as if one meter's day had been cut after its first line."""
    found = catalog_of(community()).meters[code]
    others = without(file, code)
    first = next(each for each in file.csv.decode().splitlines() if each.startswith(f"{code},"))
    assert others.signatures is not None
    signed = parse_signatures(others.signatures, file.stream, file.day).values()
    return replace(
        file,
        csv=csv_bytes([*others.csv.decode().splitlines()[1:], first]),
        signatures=signatures_bytes(
            file.stream, file.day, [*signed, sign_day(found, file.day, [first])]
        ),
    )


METERS = [each.code for each in community().meters if each.stream == "VPP"]


@pytest.fixture
def pair(team: Team, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """Two workers with real journals on the team's chain; each can ask the other."""
    team.chain.set_time(WINDOW.to)
    view = ChainView(team.chain, CHAIN_ID, {"TelemetryAnchor": ANCHOR, "StatementBook": BOOK}, 0)
    view.refresh()
    view._accounts = {VPP: view.account(3)}
    one = Site(tmp_path, "one", view, dev_address(4))
    two = Site(tmp_path, "two", view, dev_address(5))
    one.lines = [Line("two", two.clerk, one.address)]
    two.lines = [Line("one", one.clerk, two.address)]
    yield one, two
    for each in (one, two):
        each.journal.close()


# --- Records ---


def test_a_lost_message_is_taken_over_and_judged_here(pair: tuple[Site, Site]) -> None:
    one, two = pair
    two.journal.ingest(vpp_file())
    one.journal.ingest(without(vpp_file(), *METERS[:2]))
    assert one.root() != two.root()
    one.waits.codes[VPP] = "no_quorum"
    assert one.exchange.step() == 2
    assert one.root() == two.root()
    assert (
        one.metrics.registry.get_sample_value(
            "usufruct_oracle_fetched_records_total", {"outcome": "judged"}
        )
        == 2
    )
    one.waits.codes.clear()
    assert one.exchange.step() == 0


def test_a_disagreement_that_a_peer_told_is_reason_enough(pair: tuple[Site, Site]) -> None:
    one, two = pair
    two.journal.ingest(vpp_file())
    one.journal.ingest(without(vpp_file(), METERS[0]))
    one.alerts.disagreement(VPP, "batch", "two", {"place": f"batch {VPP}/2/0x00"}, 1)
    assert one.exchange.step() == 0
    one.alerts.disagreement(VPP, "batch", "two", {"place": f"batch {VPP}/1/0x00"}, 1)
    assert one.exchange.step() == 1
    assert one.root() == two.root()


def test_each_gets_what_the_other_has_and_both_come_to_the_same(pair: tuple[Site, Site]) -> None:
    one, two = pair
    one.journal.ingest(without(vpp_file(), METERS[0], METERS[5]))
    two.journal.ingest(without(vpp_file(), METERS[1]))
    for each in pair:
        each.waits.codes[VPP] = "coverage"
        each.exchange.step()
    assert one.root() == two.root()
    whole = len(known_records(one.journal.database, PLACE))
    assert whole == len(METERS)


def test_a_worker_without_any_file_gets_the_whole_day(pair: tuple[Site, Site]) -> None:
    one, two = pair
    two.journal.ingest(vpp_file())
    one.waits.codes[VPP] = "no_file"
    assert one.exchange.step() == len(METERS)
    assert one.root() == two.root()
    assert one.journal.has_file(VPP, DAY)


def test_nothing_is_asked_for_while_nothing_is_missing(pair: tuple[Site, Site]) -> None:
    one, two = pair
    two.journal.ingest(vpp_file())
    assert one.exchange.step() == 0
    one.waits.codes[VPP] = "day_open"
    assert one.exchange.step() == 0
    assert RECORDS_PATH not in one.lines[0].questions


def _change_a_value(record: dict[str, str]) -> None:
    text = bytes.fromhex(record["payload"][2:]).decode()
    lines = text.split("\n")
    columns = lines[5].split(",")
    columns[3] = "9.999"
    lines[5] = ",".join(columns)
    record["payload"] = hex0x("\n".join(lines).encode())


def _move_to_another_day(record: dict[str, str]) -> None:
    text = bytes.fromhex(record["payload"][2:]).decode()
    record["payload"] = hex0x(text.replace("\n2026-09-01\n", "\n2026-09-02\n").encode())


def _say_another_meter(record: dict[str, Any]) -> None:
    record["meter"] = record["meter"] + 1


def _say_another_scheme(record: dict[str, str]) -> None:
    record["scheme"] = "device-p256"


def _break_the_text(record: dict[str, str]) -> None:
    record["payload"] = "0xff" + record["payload"][4:]


@pytest.mark.parametrize(
    "spoil",
    [
        _change_a_value,
        _move_to_another_day,
        _say_another_meter,
        _say_another_scheme,
        _break_the_text,
    ],
)
def test_a_peer_can_add_and_change_nothing(
    pair: tuple[Site, Site], spoil: Callable[[Any], None]
) -> None:
    one, two = pair
    two.journal.ingest(vpp_file())
    one.journal.ingest(without(vpp_file(), METERS[0]))
    before = one.root()

    def spoiled(answer: Json) -> Json:
        for record in answer.get("records", []):  # type: ignore[attr-defined]
            spoil(record)
        return answer

    one.lines[0].spoil = spoiled
    one.waits.codes[VPP] = "no_quorum"
    assert one.exchange.step() == 0
    assert one.root() == before
    assert len(known_records(one.journal.database, PLACE)) == len(METERS) - 1
    assert one.metrics.registry.get_sample_value(
        "usufruct_oracle_fetched_records_total", {"outcome": "refused"}
    )


@pytest.mark.parametrize(
    "answer",
    [{}, {"v": 1, "records": 7}, {"v": 1, "records": [{"meter": 1}]}, {"v": 1, "records": ["x"]}],
)
def test_a_malformed_answer_is_counted_and_left(pair: tuple[Site, Site], answer: Json) -> None:
    one, _ = pair
    one.lines[0].spoil = lambda _: answer
    one.waits.codes[VPP] = "no_quorum"
    assert one.exchange.step() == 0
    for subject in ("records", "signatures"):
        assert (
            one.metrics.registry.get_sample_value(
                "usufruct_oracle_exchanges_total", {"subject": subject, "outcome": "malformed"}
            )
            == 1
        )


def test_a_worker_that_is_down_costs_no_more_than_a_note(pair: tuple[Site, Site]) -> None:
    one, _ = pair
    one.lines[0].cut = True
    one.waits.codes[VPP] = "no_quorum"
    assert one.exchange.step() == 0
    assert (
        one.metrics.registry.get_sample_value(
            "usufruct_oracle_exchanges_total", {"subject": "records", "outcome": "unreachable"}
        )
        == 1
    )


def test_an_answer_stays_small_and_the_rest_comes_next(pair: tuple[Site, Site]) -> None:
    _, two = pair
    two.journal.ingest(vpp_file())
    first = lend(two.journal.database, PLACE, set(), 10)
    assert len(first) == 1
    rest = lend(two.journal.database, PLACE, {first[0].sha256}, 1 << 30)
    assert len(rest) == len(METERS) - 1
    assert lend(two.journal.database, PLACE, {e.sha256 for e in (*first, *rest)}, 10) == []


def test_the_record_that_is_lent_is_the_one_that_leaves_name(pair: tuple[Site, Site]) -> None:
    """An early, cut record and its complete successor are both lent, and the longer one is named."""
    one, two = pair
    whole = vpp_file()
    cut = shortened(whole, METERS[0])
    two.journal.ingest(cut)
    two.journal.ingest(whole)
    found = lend(two.journal.database, PLACE, set(), 1 << 30)
    catalog = catalog_of(community())
    checked = check(catalog, PLACE, found, "two")
    assert (checked.good, checked.bad, len(checked.files)) == (len(METERS) + 1, 0, 2)
    one.journal.ingest_all(checked.files[::-1])
    assert one.root() == two.root()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[",
        canonical_json({"v": 2, "stream": 1, "day": DAY, "known": []}),
        canonical_json({"v": 1, "stream": 9, "day": DAY, "known": []}),
        canonical_json({"v": 1, "stream": 1, "day": "yesterday", "known": []}),
        canonical_json({"v": 1, "stream": 1, "day": DAY, "known": ["0x12"]}),
        canonical_json({"v": 1, "stream": 1, "day": DAY, "known": 5}),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(pair: tuple[Site, Site], body: bytes) -> None:
    reply = pair[0].clerk.records(body, dev_address(5))
    assert (reply.status, reply.body["error"]) == (400, "malformed")


def test_a_lent_record_survives_the_wire(pair: tuple[Site, Site]) -> None:
    pair[1].journal.ingest(vpp_file())
    for each in lend(pair[1].journal.database, PLACE, set(), 1 << 30):
        assert LentRecord.from_json(each.to_json()) == each
        assert isinstance(Signed("m", each.scheme, each.signature), Signed)


# --- Signatures ---


def test_a_liar_who_tells_each_worker_another_thing_is_found_out(
    team: Team, pair: tuple[Site, Site]
) -> None:
    team.deliver(1)
    team.end_of(1)
    ready = team.members[0].desk.next_batch(3)
    assert isinstance(ready, Ready)
    one, two = pair
    liar = next(e for e in team.members if e.desk.address not in {one.address, two.address})
    view = team.members[0].view
    for site, told in ((one, ready.built.batch), (two, other(ready.built.batch))):
        site.witness._view = view
        member = team.members[0]
        member.witness = site.witness
        assert show(member, told, liar.key) == liar.desk.address
        assert site.sightings.proofs() == []
    one.exchange.step()
    assert one.witness.is_barred(liar.desk.address)
    assert not two.witness.is_barred(liar.desk.address)
    two.exchange.step()
    assert two.witness.is_barred(liar.desk.address)
    documents = [each.sightings.proofs()[0].document for each in pair]
    assert documents[0] == documents[1]


def test_pages_are_read_on_and_from_the_start_when_the_peer_began_anew(
    team: Team, pair: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in ("clerk", "hearing"):
        monkeypatch.setattr(f"usufruct_oracles.{each}.PAGE", 2)
    team.deliver(1)
    team.end_of(1)
    ready = team.members[0].desk.next_batch(3)
    assert isinstance(ready, Ready)
    one, two = pair
    for site in pair:
        site.witness._view = team.members[0].view
    team.members[0].witness = two.witness
    for number in range(5):
        moved = replace(ready.built.batch, prev=number.to_bytes(32, "big"))
        show(team.members[0], moved, team.members[1].key)
    one.exchange.step()
    assert len(one.sightings.page(0, 100).entries) == 5
    asked = len(one.lines[0].questions)
    one.exchange.step()
    assert len(one.lines[0].questions) == asked + 1
    two.sightings._name = "another"
    one.exchange.step()
    assert one.hearing._read["two"][0] == "another"


def test_before_it_signs_a_worker_hears_what_the_others_have_seen(
    team: Team, pair: tuple[Site, Site]
) -> None:
    team.deliver(1)
    team.end_of(1)
    ready = team.members[0].desk.next_batch(3)
    assert isinstance(ready, Ready)
    one, two = pair
    for site in pair:
        site.witness._view = team.members[0].view
    team.members[0].witness = two.witness
    mine = team.members[0]
    show(mine, ready.built.batch, mine.key)
    assert one.witness.seen_of(mine.desk.address, ready.place) == set()
    one.exchange.hear()
    assert one.witness.seen_of(mine.desk.address, ready.place) == {hex0x(ready.digest)}
    one.lines[0].cut = True
    one.exchange.hear()


def test_a_barred_worker_is_told_nothing(team: Team, pair: tuple[Site, Site]) -> None:
    team.deliver(1)
    team.end_of(1)
    ready = team.members[0].desk.next_batch(3)
    assert isinstance(ready, Ready)
    one, two = pair
    one.witness._view = team.members[0].view
    team.members[0].witness = one.witness
    liar = next(each for each in team.members if each.desk.address == two.address)
    for batch in (ready.built.batch, other(ready.built.batch)):
        show(team.members[0], batch, liar.key)
    reply = one.clerk.records(b"{}", two.address)
    assert (reply.status, reply.body["error"]) == (403, "barred")


def test_what_quorums_anchored_is_witnessed_too(team: Team) -> None:
    """The call data names who signed what, also to a worker that was never asked."""
    team.deliver(1)
    team.end_of(1)
    team.settle()
    member = team.members[0]
    member.sightings = Sightings(member.database)
    hearing = Hearing(member.view, member.witness, team.chain.input_of, member.metrics)
    hearing.chain(3)
    batch = member.view.account(3).batches[1].batch
    signers = {each["signature"] for each in member.sightings.page(0, 100).entries}
    assert len(signers) >= team.chain.threshold
    liar = next(each for each in team.members if each is not member)
    show(liar, batch, liar.key)
    assert hearing._witnessed[3] == 1


def test_lost_messages_are_taken_over_whatever_their_order(tmp_path: Path) -> None:
    """Readings in two messages, one of which contradicts the other, and a heartbeat."""
    catalog = catalog_of(community())
    place = Place.of(catalog, catalog.streams["EV"].id, kit.DAY)
    sessions = [
        kit.row("charger-01", kit.at(hour), value, duration=1800)
        for hour, value in ((8, "1"), (9, "2"), (9, "3"))
    ]
    sent = [kit.message("charger-01", [each]) for each in sessions]
    sent.append(kit.heartbeat("charger-01", 2))
    one, two = kit.open_messages(tmp_path, "one"), kit.open_messages(tmp_path, "two")
    try:
        one.ingest_messages(sent)
        two.ingest_messages(sent[:1])
        lent = lend(one.database, place, known_records(two.database, place), 1 << 30)
        assert {each.sha256 for each in lent} == {each.digest for each in sent[1:]}
        fresh = unknown(two.database, [LentRecord.from_json(each.to_json()) for each in lent])
        checked = check(catalog, place, fresh, "one", DECODERS)
        assert (checked.good, checked.bad, checked.files) == (3, 0, ())
        two.ingest_messages(checked.messages)
        assert known_records(two.database, place) == known_records(one.database, place)
        assert unknown(two.database, lent) == []
        forged = [replace(each, payload=each.payload + b" ") for each in lent]
        unheard = [replace(each, form="else/1") for each in lent]
        assert check(catalog, place, [*forged, *unheard], "one", DECODERS).bad == 6
    finally:
        one.close()
        two.close()


def test_a_record_that_also_says_what_was_asked_for_is_lent_whole(tmp_path: Path) -> None:
    """Its lines have a column more, and so must the header that they are judged under."""
    catalog = catalog_of(community())
    place = Place.of(catalog, catalog.streams["EV"].id, kit.DAY)
    lines = [kit.row("charger-01", kit.at(8), "2", duration=1800) + ",5"]
    plain = kit.signed_file("EV", {"charger-01": lines})
    file = replace(plain, csv=csv_bytes(lines, HEADERS[1]))
    one, two = kit.open_journal(tmp_path, "one"), kit.open_journal(tmp_path, "two")
    try:
        assert one.ingest(file).accepted == 1
        lent = lend(one.database, place, set(), 1 << 30)
        checked = check(catalog, place, lent, "one")
        assert (checked.good, checked.bad) == (1, 0)
        (found,) = checked.files
        assert two.ingest(found).accepted == 1
    finally:
        one.close()
        two.close()
