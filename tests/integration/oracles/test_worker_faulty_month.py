"""A month with three workers of which one lies, one is killed again and again, and one has a clock that is wrong.

It ends in the same heads, statements and payouts as a month without any of it, and the alerts name the liar.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.integration.oracles.test_worker_crash import doubly_signed, is_done
from tests.integration.oracles.village import (
    DAYS,
    EV,
    MONTH,
    VPP,
    WATER,
    Process,
    Village,
    compute,
    journal_state,
    start_workers,
    village,
    wait_until,
)

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.contracts import revenue_right, settlement_currency, waterfall
from usufruct.contracts.waterfall import Waterfall  # noqa: F401
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.simulate import write_month

pytestmark = pytest.mark.chain
STREAMS = (WATER, EV, VPP)
