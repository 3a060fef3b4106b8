"""Times of tables: formats, zones, the hours that the clock skips and repeats, 24:00."""

from __future__ import annotations

from itertools import pairwise

import pytest

from usufruct.errors import InputError
from usufruct_oracles.sources.stamps import Stamp

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("stamp", "text", "moment"),
    [
        (Stamp(), "2019-01-01T00:00:00Z", 1_546_300_800),
        (Stamp(), "2019-01-01 01:00:00+01:00", 1_546_300_800),
        (Stamp(), "2019-01-01T01:00+0100", 1_546_300_800),
        (Stamp(), "2019-01-01T01:00:00.000+01:00", 1_546_300_800),
        (Stamp(zone=BERLIN), "2019-01-01 01:00", 1_546_300_800),
        (Stamp("%d.%m.%Y %H:%M", BERLIN), "01.01.2019 01:00", 1_546_300_800),
        (Stamp("%d.%m.%Y %H:%M %z"), "01.01.2019 01:00 +0100", 1_546_300_800),
        (Stamp("unix"), "1546300800", 1_546_300_800),
        (Stamp("unix-ms"), "1546300800000", 1_546_300_800),
        (Stamp(zone=BERLIN, midnight24=True), "2018-12-31 24:00", 1_546_297_200),
        (Stamp(zone=BERLIN, midnight24=True), "2018-12-31T24:00:00", 1_546_297_200),
        (Stamp("%d.%m.%Y %H:%M", BERLIN, midnight24=True), "31.12.2018 24:00", 1_546_297_200),
        (Stamp(zone=BERLIN, skipped="shift"), "2019-03-31 02:30", 1_553_995_800),
        (Stamp(zone=BERLIN, repeated="first"), "2019-10-27 02:30", 1_572_136_200),
        (Stamp(zone=BERLIN, repeated="second"), "2019-10-27 02:30", 1_572_139_800),
    ],
)
def test_a_time_is_the_moment_it_means(stamp: Stamp, text: str, moment: int) -> None:
    assert stamp.moment(text, None) == moment


@pytest.mark.parametrize(
    ("stamp", "text", "remedy"),
    [
        (Stamp(), "2019-01-01 00:00", "zone ="),
        (Stamp(zone=BERLIN), "2019-03-31 02:30", "skipped ="),
        (Stamp(zone=BERLIN), "2019-10-27 02:30", "repeated ="),
        (Stamp(zone=BERLIN), "2018-12-31 24:00", "midnight24"),
        (Stamp(zone=BERLIN, midnight24=True), "2018-12-31 24:30", "correct"),
        (Stamp(zone=BERLIN), "2019-02-30 00:00", "correct"),
        (Stamp(zone=BERLIN), "1969-01-01 00:00", "correct"),
        (Stamp(), "2019-01-01T00:00:00.5Z", "correct"),
        (Stamp(), "", "correct"),
        (Stamp("unix"), "-5", "correct"),
        (Stamp("unix"), "1.5", "correct"),
        (Stamp("unix-ms"), "1546300800123", "correct"),
        (Stamp("%d.%m.%Y", BERLIN), "2019-01-01", "correct"),
    ],
)
def test_nothing_is_guessed(stamp: Stamp, text: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        stamp.moment(text, None)
    assert remedy in (caught.value.remedy or "")


def test_the_sequence_tells_the_repeated_hour_apart() -> None:
    stamp = Stamp(zone=BERLIN, repeated="sequence")
    texts = [
        "01:45",
        "02:00",
        "02:15",
        "02:30",
        "02:45",
        "02:00",
        "02:15",
        "02:30",
        "02:45",
        "03:00",
    ]
    moments: list[int] = []
    for text in texts:
        moments.append(stamp.moment(f"2019-10-27 {text}", moments[-1] if moments else None))
    assert [later - earlier for earlier, later in pairwise(moments)] == [900] * 9
