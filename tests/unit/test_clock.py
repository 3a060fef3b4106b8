import time

from usufruct.clock import Clock, FixedClock, SystemClock


def test_system_clock_counts_whole_seconds():
    before = int(time.time())
    now = SystemClock().now()
    assert before <= now <= before + 2


def test_fixed_clock_stands_until_it_is_set():
    clock = FixedClock(100)
    as_protocol: Clock = clock
    assert as_protocol.now() == 100
    clock.advance(5)
    assert clock.now() == 105
    clock.set(1)
    assert clock.now() == 1
