"""`./scripts/bench gas`: transaction gas of every step on a local Anvil, beside its budget.

`./scripts/bench gas market funds` measures only some parts: anchors, disputes, rights,
recovery, market, funds.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.support.anvil import running_anvil

from benches._gas import anchors, disputes, funds, market, recovery, rights
from benches._report import report

_PARTS = {
    "anchors": anchors.rows,
    "disputes": disputes.rows,
    "rights": rights.rows,
    "recovery": recovery.rows,
    "market": market.rows,
    "funds": funds.rows,
}


def main() -> int:
    """Measure and report; 1 if a budget is not met."""
    wanted = sys.argv[1:] or list(_PARTS)
    if unknown := set(wanted) - _PARTS.keys():
        sys.exit(f"bench gas: no part {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}")
    with tempfile.TemporaryDirectory() as folder, running_anvil(Path(folder)) as anvil:
        rows = [row for part in wanted for row in _PARTS[part](anvil.url)]
    report("gas", rows)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
