"""Command line of the demo."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Options:
    """What the demo was asked to do.

    Attributes:
        data: Folder with real data, or None for the seeded simulator.
        state: Folder that holds the chain's state, journals, ledger and logs.
        seed: Seed of the simulator.
        faults: Whether the simulator injects labelled bad rows.
        trouble: Whether workers lie, die and have wrong clocks; the same month is run without before.
        fresh: Whether an earlier state is removed first.
        serve: Whether everything stays up at the end.
        summary: File for the machine-readable summary, or None.
        port: Port of the payout query API, 0 for any free one.
    """

    data: Path | None
    state: Path
    seed: int
    faults: bool
    trouble: bool
    fresh: bool
    serve: bool
    summary: Path | None
    port: int


def parse(argv: list[str] | None = None) -> Options:
    """Read the command line; argparse exits with code 2 and one line on bad input."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="One metered month of a community becomes payouts in investors' wallets, with a proof.",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="use the real data in DIR")
    parser.add_argument("--seed", type=int, default=7, help="seed of the simulator (default 7)")
    parser.add_argument("--clean", action="store_true", help="simulate without bad readings")
    parser.add_argument(
        "--faults",
        action="store_true",
        help="one worker lies, one is killed, one has a wrong clock; compared with a month without (starts anew)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget earlier months, start anew")
    parser.add_argument(
        "--serve", action="store_true", help="keep everything up and print the URLs"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary to FILE")
    parser.add_argument("--state", type=Path, metavar="DIR", help="folder of the demo's state")
    parser.add_argument(
        "--port", type=int, default=0, help="port of the API (default: any free one)"
    )
    given = parser.parse_args(argv)
    if given.data is not None and not given.data.is_dir():
        parser.error(
            f"--data {given.data}: not a folder; name the folder that holds citylearn2022 and the others"
        )
    default_state = ROOT / "state" / ("demo-real" if given.data else "demo")
    if given.faults:
        default_state = default_state.with_name(f"{default_state.name}-faults")
    return Options(
        data=given.data.resolve() if given.data else None,
        state=(given.state or default_state).resolve(),
        seed=given.seed,
        faults=not given.clean,
        trouble=given.faults,
        fresh=given.fresh or given.faults,
        serve=given.serve,
        summary=given.json.resolve() if given.json else None,
        port=given.port,
    )
