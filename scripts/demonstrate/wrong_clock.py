"""A worker whose clock is wrong: `python -m demonstrate.wrong_clock AHEAD RATE run --config FILE`.

AHEAD is by how many seconds at first, RATE by how many more each second.
"""

from __future__ import annotations

import sys
import time

from usufruct.clock import SystemClock
from usufruct_oracles import cli


def main() -> None:
    """Sets this process's wall clock wrong and becomes the worker."""
    ahead, rate = map(float, sys.argv[1:3])
    began = time.monotonic()
    right = SystemClock.now

    def now(self: SystemClock) -> int:
        return right(self) + int(ahead + rate * (time.monotonic() - began))

    SystemClock.now = now  # type: ignore[method-assign]  # of this process alone
    sys.argv = ["usufruct-oracle", *sys.argv[3:]]
    cli.main()


if __name__ == "__main__":
    main()
