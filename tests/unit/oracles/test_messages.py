"""Messages in the journal: each once, in any order, and the same batch at every worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.unit.oracles.kit import (
    DAY,
    LATER,
    ROWS,
    TX,
    anchor_next,
    at,
    bounds,
    calendar,
    community,
    decode_rows,
    digest_of,
    heartbeat,
    message,
    meter,
    open_messages,
    row,
    signed_file,
    start_of,
    whole_day,
)
from tests.unit.oracles.test_explain import verdicts_of
from tests.unit.oracles.test_ingest import dump

from usufruct.clock import FixedClock
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.signing import sign_record
from usufruct.core.typed_data import Cursor, next_cursor
from usufruct.keys import dev_meter_key
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import files, messages, readings, records, rejections
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.base import Source, SourceFile
from usufruct_oracles.sources.messages import Message, envelope
from usufruct_oracles.sources.records import record_hash
from usufruct_oracles.validation.messages import MAX_MESSAGE
from usufruct_oracles.validation.verdicts import Rule

FIRST, SECOND = "2026-09-01", "2026-09-02"
CHARGER = "charger-01"


def built(journal: Journal, code: str, cursor: Cursor | None = None) -> BuiltBatch:
    start = cursor or start_of(code)
    return journal.build_batch(code, start, calendar().window_after(start.to))


def leaves_of(found: BuiltBatch) -> list[ReadingLeaf]:
    return [ReadingLeaf.decode(each) for each in found.leaves]


def session(start: int, minutes: int, value: str = "1", day: str = FIRST) -> str:
    """A session of the charger that begins `start` minutes after midnight."""
    hours, rest = divmod(start, 60)
    return row(CHARGER, at(hours, rest, day=day), value, duration=60 * minutes)


def open_rules(journal: Journal, stream: int, day: str = DAY) -> list[str]:
    return [each["rule"] for each in verdicts_of(journal, stream)["open"] if each["day"] == day]


# --- Storing ---


def test_a_message_is_stored_verbatim_with_its_readings(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    sent = message("home-01", whole_day("home-01")[:3])
    [report] = journal.ingest_messages([sent])
    assert (report.status, report.accepted, dict(report.rejected)) == ("stored", 3, {})
    with journal.database.read() as connection:
        record = connection.execute(select(records)).mappings().one()
        delivery = connection.execute(select(files)).mappings().one()
        known = connection.execute(select(messages)).mappings().one()
    assert record["payload"] == sent.payload
    assert (record["signature"], record["scheme"]) == (sent.signature, sent.scheme)
    assert record["sha256"] == sent.digest == record_hash(sent.payload, sent.signature)
    assert record["verified"]
    assert record["complete"]
    assert (delivery["source"], delivery["received_at"], delivery["rule"]) == ("test", LATER, None)
    assert (known["form"], known["meter"]) == (ROWS, "home-01")


def test_a_leaf_names_the_digest_of_the_message(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    sent = message("home-01", whole_day("home-01", day=FIRST))
    journal.ingest_messages([sent])
    assert {leaf.record for leaf in leaves_of(built(journal, "VPP"))} == {sent.digest}


def test_the_same_message_again_changes_nothing(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    sent = message("home-01", whole_day("home-01"))
    journal.ingest_messages([sent])
    before = dump(journal)
    again = replace(sent, source="elsewhere")
    assert [each.status for each in journal.ingest_messages([sent, again, sent])] == ["known"] * 3
    assert dump(journal) == before


def test_a_message_twice_in_one_delivery_is_stored_once(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    sent = message("home-01", whole_day("home-01"))
    reports = journal.ingest_messages([sent, replace(sent), sent])
    assert [each.status for each in reports] == ["stored", "known", "known"]
    with journal.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(records)).scalar_one() == 1


def test_one_message_may_hold_readings_of_several_days(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    lines = [*whole_day("home-01", day=FIRST), *whole_day("home-01", day=SECOND)]
    journal.ingest_messages([message("home-01", lines)])
    one = built(journal, "VPP")
    assert (one.manifest.count, one.manifest.covered) == (24, 24)
    cursor = anchor_next(journal, "VPP", start_of("VPP"))
    assert built(journal, "VPP", cursor).manifest.count == 24


def test_a_transaction_that_fails_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_messages(tmp_path)
    before = dump(journal)
    sent = [message("home-01", whole_day("home-01")), message("home-02", whole_day("home-02"))]

    def fail(_: str) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("usufruct_oracles.journal.messages.crash.point", fail)
        with pytest.raises(RuntimeError, match="power cut"):
            journal.ingest_messages(sent)
    assert dump(journal) == before
    assert [each.accepted for each in journal.ingest_messages(sent)] == [24, 24]


# --- What does not count ---


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"stream": "SOLAR"}, Rule.FILE_STREAM),
        ({"meter": "home-99"}, Rule.UNKNOWN_METER),
        ({"meter": CHARGER}, Rule.WRONG_STREAM),
        ({"form": "nonsense/1"}, Rule.UNKNOWN_FORM),
        ({"payload": bytes(MAX_MESSAGE)}, Rule.MESSAGE_TOO_LARGE),
        ({"source": "x" * 5000 + "\x00", "meter": "\x00"}, Rule.UNKNOWN_METER),
    ],
)
def test_a_message_that_is_rejected_whole_is_kept_whole(
    tmp_path: Path, change: dict[str, object], rule: Rule
) -> None:
    journal = open_messages(tmp_path)
    sent: Message = replace(message("home-01", whole_day("home-01")), **change)  # type: ignore[arg-type]
    [report] = journal.ingest_messages([sent])
    assert (report.status, dict(report.rejected)) == ("rejected", {rule: 1})
    with journal.database.read() as connection:
        kept = connection.execute(select(files)).mappings().one()
    assert kept["csv"] == sent.payload[: len(kept["csv"])]
    assert (kept["signatures"], kept["rule"]) == (sent.signature, rule)
    assert kept["remedy"]
    assert [each.status for each in journal.ingest_messages([sent])] == ["known"]


def test_a_form_that_is_learnt_later_is_taken_then(tmp_path: Path) -> None:
    sent = message("home-01", whole_day("home-01"))
    old = Journal(tmp_path / "j.sqlite", community(), clock=FixedClock(bounds()[1]))
    assert dict(old.ingest_messages([sent])[0].rejected) == {Rule.UNKNOWN_FORM: 1}
    assert "unknown-form" in open_rules(old, 1)
    old.close()
    new = open_messages(tmp_path, "j", now=bounds()[1])
    assert new.ingest_messages([sent])[0].accepted == 24
    assert "unknown-form" not in open_rules(new, 1)


def test_a_forged_message_is_kept_with_its_readings_at_stake(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    [report] = journal.ingest_messages(
        [message("home-01", [row("home-01", at(15), "2")], forged=True)]
    )
    assert dict(report.rejected) == {Rule.BAD_SIGNATURE: 1}
    assert report.stake > 0
    with journal.database.read() as connection:
        assert not connection.execute(select(records.c.verified)).scalar_one()
        assert connection.execute(select(rejections.c.day)).scalar_one() == DAY


def test_an_unsigned_message_does_not_count(tmp_path: Path) -> None:
    sent = replace(message("home-01", [row("home-01", at(15), "2")]), scheme="", signature=b"")
    [report] = open_messages(tmp_path).ingest_messages([sent])
    assert dict(report.rejected) == {Rule.MISSING_SIGNATURE: 1}


def gateway_message(heading: tuple[str, str, str], bare: bool = False) -> Message:
    raw = f"{row('garage-01', at(15), '2')}\n".encode()
    payload = raw if bare else envelope(*heading, raw)
    signature = sign_record("gateway-secp256k1", dev_meter_key("garage-01"), payload)
    return Message("test", "PARKING", "garage-01", ROWS, payload, "gateway-secp256k1", signature)


def test_a_gateway_signs_stream_meter_and_form_with_the_bytes(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    good = gateway_message(("PARKING", "garage-01", ROWS))
    assert journal.ingest_messages([good])[0].accepted == 1
    for wrong in (
        gateway_message(("PARKING", "garage-02", ROWS)),
        gateway_message(("PARKING", "garage-01", "other/1")),
        gateway_message(("VPP", "garage-01", ROWS)),
        gateway_message(("", "", ""), bare=True),
    ):
        assert dict(journal.ingest_messages([wrong])[0].rejected) == {Rule.WRONG_ENVELOPE: 1}


def test_rows_are_judged_by_the_same_rules(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    lines = [
        row("home-01", at(10), "-1"),
        row("home-01", at(11), "20"),
        row("home-01", at(12), "1", unit="Wh"),
        row("home-01", at(13), "1", quality=14),
        row("home-01", at(14, 30), "1"),
        row("home-01", at(15), "1", duration=60),
        row("home-01", at(16), "x"),
        row("home-01", at(17), "1"),
        row("home-01", at(17), "1"),
    ]
    [report] = journal.ingest_messages([message("home-01", lines)])
    assert dict(report.rejected) == dict.fromkeys(
        [
            Rule.NEGATIVE,
            Rule.IMPLAUSIBLE,
            Rule.UNIT_MISMATCH,
            Rule.QUALITY_REFUSED,
            Rule.MISALIGNED,
            Rule.WRONG_DURATION,
            Rule.NOT_A_NUMBER,
            Rule.DUPLICATE,
        ],
        1,
    )
    assert report.accepted == 1
    assert Rule.NEGATIVE in open_rules(journal, 1)


def test_a_rejected_reading_is_open_until_another_message_fills_its_place(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds()[1])
    journal.ingest_messages([message("home-01", [row("home-01", at(10), "-1")])])
    assert open_rules(journal, 1).count("negative") == 1
    journal.ingest_messages([message("home-01", [row("home-01", at(10), "1")])])
    assert "negative" not in open_rules(journal, 1)


def test_a_reading_of_the_future_waits_for_its_day(tmp_path: Path) -> None:
    journal = open_messages(tmp_path, now=bounds(FIRST)[0])
    journal.ingest_messages([message("home-01", whole_day("home-01", day=FIRST))])
    assert built(journal, "VPP").manifest.count == 24


# --- Late ---


def test_a_late_message_is_kept_and_its_money_told(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    lines = whole_day("home-01", day=FIRST)
    journal.ingest_messages([message("home-01", lines[:20])])
    cursor = anchor_next(journal, "VPP", start_of("VPP"))
    [report] = journal.ingest_messages([message("home-01", lines[20:])])
    assert (report.accepted, dict(report.rejected)) == (0, {Rule.LATE: 4})
    assert report.stake > 0
    late = [each for each in verdicts_of(journal, 1)["open"] if each["rule"] == "late"]
    assert len(late) == 4
    assert sum(int(each["stake"]) for each in late) == report.stake
    assert verdicts_of(journal, 1)["covered"] == 20
    assert built(journal, "VPP", cursor).manifest.count == 0


def test_after_a_reorganisation_a_late_message_is_in_time(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    lines = whole_day("home-01", day=FIRST)
    journal.ingest_messages([message("home-01", lines[:20])])
    anchor_next(journal, "VPP", start_of("VPP"))
    journal.ingest_messages([message("home-01", lines[20:])])
    journal.forget_after(1, 0)
    assert built(journal, "VPP").manifest.count == 24


# --- The same at every worker ---


def test_of_two_values_the_message_with_the_smaller_digest_counts(tmp_path: Path) -> None:
    pair = [message("home-01", [row("home-01", at(15, day=FIRST), each)]) for each in "12"]
    first = min(pair, key=lambda each: each.digest)
    for name, order in (("one", pair), ("two", pair[::-1])):
        journal = open_messages(tmp_path, name, now=bounds(FIRST)[1])
        for each in order:
            journal.ingest_messages([each])
        [leaf] = leaves_of(built(journal, "VPP"))
        assert leaf.record == first.digest
        assert open_rules(journal, 1, FIRST).count("conflicting-duplicate") == 1


def test_a_reading_that_two_messages_say_names_the_smaller_digest(tmp_path: Path) -> None:
    lines = whole_day("home-01", day=FIRST)
    pair = [message("home-01", lines), message("home-01", lines[::-1])]
    for name, order in (("one", pair), ("two", pair[::-1])):
        journal = open_messages(tmp_path, name)
        assert [r.known for r in journal.ingest_messages(order)] == [0, 24]
        named = {leaf.record for leaf in leaves_of(built(journal, "VPP"))}
        assert named == {min(each.digest for each in pair)}


def test_a_message_goes_before_a_day_file_whichever_came_first(tmp_path: Path) -> None:
    sent = message("home-01", [row("home-01", at(15, day=FIRST), "1")])
    file = signed_file("VPP", {"home-01": [row("home-01", at(15, day=FIRST), "3")]}, day=FIRST)
    one, two = open_messages(tmp_path, "one"), open_messages(tmp_path, "two")
    one.ingest_messages([sent])
    one.ingest(file)
    two.ingest(file)
    two.ingest_messages([sent])
    assert built(one, "VPP") == built(two, "VPP")
    assert [leaf.record for leaf in leaves_of(built(one, "VPP"))] == [sent.digest]


def sessions_of(spans: Iterable[tuple[int, int, int, str]]) -> list[Message]:
    """Messages with one session each: day, start, length and value."""
    found = []
    for day, start, minutes, value in spans:
        place = FIRST if day == 0 else SECOND
        found.append(message(CHARGER, [session(start, minutes, value, place)]))
    return found


SPANS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 23 * 4).map(lambda at_: 15 * at_),
        st.integers(1, 16).map(lambda length: 15 * length),
        st.sampled_from(["1", "1.0", "2"]),
    ),
    min_size=2,
    max_size=10,
)


def ingest_in(journal: Journal, order: Sequence[Message], cuts: set[int]) -> None:
    """Ingests in that order, in transactions that end at the cuts."""
    part: list[Message] = []
    for number, each in enumerate(order):
        part.append(each)
        if number in cuts:
            journal.ingest_messages(part)
            part = []
    journal.ingest_messages(part)


def two_days(journal: Journal) -> list[BuiltBatch]:
    """The batches of the first two days, the first one recorded."""
    cursor = start_of("EV")
    found = [built(journal, "EV", cursor)]
    return [*found, built(journal, "EV", anchor_next(journal, "EV", cursor))]


def assert_no_session_shares_time(found: Sequence[BuiltBatch]) -> None:
    spans = sorted(
        (leaf.end - leaf.duration, leaf.end) for each in found for leaf in leaves_of(each)
    )
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


@settings(max_examples=max(20, settings().max_examples // 6), deadline=None)
@given(SPANS, st.randoms(use_true_random=False), st.sets(st.integers(0, 9)))
def test_workers_that_received_the_same_in_any_order_build_the_same(
    spans: list[tuple[int, int, int, str]], chance: object, cuts: set[int]
) -> None:
    sent = [*sessions_of(spans), heartbeat(CHARGER, 1, FIRST), heartbeat(CHARGER, 2, SECOND)]
    shuffled = [*sent, sent[0]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        one, two = open_messages(Path(folder), "one"), open_messages(Path(folder), "two")
        ingest_in(one, sent, set())
        ingest_in(two, shuffled, cuts)
        found = two_days(one)
        assert found == two_days(two)
        assert_no_session_shares_time(found)
        # After a reorganisation both still agree.
        for each in (one, two):
            each.forget_after(4, 0)
        assert two_days(one) == two_days(two) == found
        one.close()
        two.close()


@settings(max_examples=max(15, settings().max_examples // 10), deadline=None)
@given(SPANS, st.integers(1, 9), st.randoms(use_true_random=False))
def test_what_comes_while_a_day_is_anchored_leaves_both_workers_with_the_same(
    spans: list[tuple[int, int, int, str]], early: int, chance: object
) -> None:
    sent = sessions_of(spans)
    first, rest = sent[:early], sent[early:]
    other = [*first]
    chance.shuffle(other)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder:
        one, two = open_messages(Path(folder), "one"), open_messages(Path(folder), "two")
        cursor = start_of("EV")
        # One anchors before the rest has come, two learns of it when it has everything.
        ingest_in(one, first, set())
        anchored = built(one, "EV", cursor)
        digest = digest_of(anchored)
        one.record(anchored, digest, TX)
        ingest_in(one, rest, set())
        two.ingest_messages(other)
        two.ingest_messages(rest[::-1])
        window = calendar().window_after(cursor.to)
        same = two.find_batch("EV", cursor, window, anchored.batch.content)
        assert same == anchored
        two.record(same, digest, TX)
        after = next_cursor(cursor, anchored.batch, digest)
        assert built(one, "EV", after) == built(two, "EV", after)
        assert_no_session_shares_time([anchored, built(two, "EV", after)])
        one.close()
        two.close()


# --- Days that are over ---


def test_a_day_is_ready_when_all_of_it_has_come(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    codes = [f"home-{number:02d}" for number in range(1, 13)]
    journal.ingest_messages([message(each, whole_day(each)) for each in codes[1:]])
    assert not journal.has_file("VPP", DAY)
    journal.ingest_messages([message(codes[0], whole_day(codes[0])[:23])])
    assert not journal.has_file("VPP", DAY)
    journal.ingest_messages([message(codes[0], whole_day(codes[0])[23:])])
    assert journal.has_file("VPP", DAY)


def test_a_heartbeat_says_that_nothing_else_happened(tmp_path: Path) -> None:
    journal = open_messages(tmp_path)
    chargers = [f"charger-{number:02d}" for number in range(1, 7)]
    journal.ingest_messages([heartbeat(each, 0, FIRST) for each in chargers[1:]])
    assert built(journal, "EV").manifest.covered == 5
    journal.ingest_messages([message(CHARGER, [session(600, 60)])])
    assert built(journal, "EV").manifest.covered == 5
    journal.ingest_messages([heartbeat(CHARGER, 2, FIRST)])
    assert built(journal, "EV").manifest.covered == 5
    assert not journal.has_file("EV", FIRST)
    assert "missing" in open_rules(journal, 4, FIRST)
    journal.ingest_messages([message(CHARGER, [session(700, 60)])])
    assert built(journal, "EV").manifest.covered == 6
    assert journal.has_file("EV", FIRST)
    assert open_rules(journal, 4, FIRST) == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"usufruct/alive/1\nEV\ncharger-02\n2026-09-10\n0\n",
        b"usufruct/alive/1\nEV\ncharger-01\n2026-09-31\n0\n",
        b"usufruct/alive/1\nEV\ncharger-01\n2026-09-10\n-1\n",
        b"usufruct/alive/1\nEV\ncharger-01\n2026-09-10\n00\n",
        b"usufruct/alive/1\nEV\ncharger-01\n2026-09-10\n0\n\n",
        b"\xff\xfe",
    ],
)
def test_what_is_no_heartbeat_of_the_meter_covers_nothing(tmp_path: Path, payload: bytes) -> None:
    journal = open_messages(tmp_path)
    [report] = journal.ingest_messages([message(CHARGER, payload, form="alive/1")])
    assert dict(report.rejected) == {Rule.MALFORMED: 1}
    assert built(journal, "EV").manifest.covered == 0


# --- Polling ---


class Queue:
    """A source of messages that forgets what was taken."""

    def __init__(self, waiting: Sequence[Message]) -> None:
        self.waiting = list(waiting)

    def poll(self) -> list[Message]:
        return list(self.waiting)

    def taken(self, messages: Sequence[Message]) -> None:
        self.waiting = [each for each in self.waiting if each not in messages]


class Folder:
    """A source of files."""

    def __init__(self, waiting: Sequence[SourceFile]) -> None:
        self.waiting = waiting

    def poll(self) -> Sequence[SourceFile]:
        return self.waiting


class Broken:
    """A source that cannot be read."""

    def poll(self) -> list[Message]:
        raise OSError("no broker")

    def taken(self, messages: Sequence[Message]) -> None:
        raise AssertionError


def polling(folder: Path, sources: Sequence[Source | Queue | Broken]) -> Journal:
    return Journal(
        folder / "journal.sqlite",
        community(),
        clock=FixedClock(LATER),
        sources=sources,
        decoders={ROWS: decode_rows},
    )


def test_all_sources_are_read_and_messages_are_taken_once_stored(tmp_path: Path) -> None:
    queue = Queue([message("home-01", whole_day("home-01")), message("home-01", [])])
    folder = Folder([signed_file("VPP", {"home-02": whole_day("home-02")})])
    journal = polling(tmp_path, [queue, folder])
    assert journal.poll() == {"accepted": 48, "rejected": 0}
    assert queue.waiting == []
    assert journal.poll() == {"accepted": 0, "rejected": 0}


def test_a_source_that_fails_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    queue = Queue([message("home-01", whole_day("home-01"))])
    journal = polling(tmp_path, [Broken(), queue])
    with pytest.raises(OSError, match="no broker"):
        journal.poll()
    assert queue.waiting == []
    with journal.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(readings)).scalar_one() == 24


def test_more_messages_than_one_transaction_takes_all_come_in(tmp_path: Path) -> None:
    lines = [line for day in (FIRST, SECOND, DAY) for line in whole_day("home-01", day=day)]
    homes = [meter(f"home-{number:02d}").code for number in range(1, 9)]
    sent = [message(code, [line.replace("home-01", code)]) for line in lines for code in homes]
    queue = Queue(sent)
    journal = polling(tmp_path, [queue])
    assert len(sent) == 576
    assert journal.poll() == {"accepted": 576, "rejected": 0}
    assert queue.waiting == []
