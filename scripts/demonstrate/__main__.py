"""Entry point of `scripts/demo`."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from demonstrate.anvil import Anvil
from demonstrate.api import Api, answers
from demonstrate.feeds import make_feed, month_done
from demonstrate.month import Month
from demonstrate.options import Options, parse
from demonstrate.processes import ProcessFailed, Stack, stack
from demonstrate.stack import Places, Workers, command, serve, write_secret
from demonstrate.summary import Summary
from usufruct.config import load_community
from usufruct.contracts import ContractError
from usufruct.core.periods import period_bounds
from usufruct.errors import UsufructError

_BEFORE_START = 7 * 86_400
_WIDTH = 140
"""Columns where the output goes to a file or a pipe."""


def main() -> int:
    """Run the demo; 0 if every payout was made and the proof holds, 1 otherwise."""
    options = parse()
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    if options.fresh:
        shutil.rmtree(options.state, ignore_errors=True)
    options.state.mkdir(parents=True, exist_ok=True)
    try:
        with stack(options.state / "logs") as processes:
            return _run(options, processes, console)
    except (ProcessFailed, UsufructError, ContractError) as error:
        console.print(f"[bold red]demo failed:[/] {error}", markup=True, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _run(options: Options, processes: Stack, console: Console) -> int:
    began = time.monotonic()
    places = Places(options.state)
    write_secret(places, options.seed)
    feed, fresh_start = make_feed(options, places)
    community = load_community(feed.community)
    start, _ = period_bounds(community.project.first_period, 1, community.project.timezone)
    console.rule(f"{community.project.name} · {feed.month} · {feed.label}")
    anvil = Anvil(processes, places.chain, start - _BEFORE_START)
    if fresh_start:
        console.print("new chain: deploying the contracts")
    _apply(feed.community, anvil, places)
    workers = Workers(processes, places, feed.community, anvil)
    api = serve(options, processes, places, anvil, feed.community, workers)
    workers.wait()
    processes.wait_until("the API", lambda: answers(f"{api.url}/health"), 60)
    month = Month(processes, places, anvil, workers, feed, console)
    month.run()
    summary = Summary(month, api, console)
    processes.wait_until("the ledger and its evidence", summary.complete, 180)
    ok = summary.show(time.monotonic() - began)
    month_done(places)
    _write(options.summary, summary.facts)
    if options.serve:
        _stay(console, api, summary.facts["payouts"][0]["wallet"], anvil, workers)
    return 0 if ok else 1


def _apply(community: Path, anvil: Anvil, places: Places) -> None:
    arguments = ("--rpc", anvil.url, "--state", str(places.state))
    command("usufruct", "apply", str(community), *arguments, quiet=False)


def _write(path: Path | None, facts: dict[str, Any]) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def _stay(console: Console, api: Api, wallet: str, anvil: Anvil, workers: Workers) -> None:
    console.print(f"pages    {api.url}/")
    console.print(f"investor {api.url}/wallets/{wallet}")
    console.print(f"API      {api.url}/openapi.json")
    console.print(f"chain    {anvil.url}")
    for url in workers.urls:
        console.print(f"worker   {url}/v1/status")
    console.print("Ctrl-C stops everything.")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
