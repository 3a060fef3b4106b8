"""Entry point of `scripts/demo`."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
import time
from dataclasses import replace
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
from demonstrate.trouble import Trouble
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
    try:
        undisturbed = _undisturbed(options, console) if options.trouble else None
        return 0 if _in_stack(options, console, undisturbed)["ok"] else 1
    except (ProcessFailed, UsufructError, ContractError) as error:
        console.print(f"[bold red]demo failed:[/] {error}", markup=True, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _undisturbed(options: Options, console: Console) -> dict[str, Any]:
    """The facts of the same month with nothing wrong."""
    console.print("the month without faults comes first, for comparison")
    place = options.state / "undisturbed"
    quiet = replace(options, state=place, trouble=False, serve=False, summary=None, port=0)
    return _in_stack(quiet, Console(quiet=True), None)


def _in_stack(
    options: Options, console: Console, undisturbed: dict[str, Any] | None
) -> dict[str, Any]:
    if options.trouble:
        options = replace(options, state=options.state / "disturbed")
    if options.fresh:
        shutil.rmtree(options.state, ignore_errors=True)
    options.state.mkdir(parents=True, exist_ok=True)
    with stack(options.state / "logs") as processes:
        return _run(options, processes, console, undisturbed)


def _run(
    options: Options, processes: Stack, console: Console, undisturbed: dict[str, Any] | None
) -> dict[str, Any]:
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
    workers = Workers(processes, places, feed.community, anvil, drifting=options.trouble)
    api = serve(options, processes, places, anvil, feed.community, workers)
    workers.wait()
    processes.wait_until("the API", lambda: answers(f"{api.url}/health"), 60)
    trouble = Trouble(processes, workers) if options.trouble else None
    if trouble is not None:
        trouble.make_a_liar()
    stir = trouble.stir if trouble is not None else lambda: None
    month = Month(processes, places, anvil, workers, feed, console, stir)
    month.run()
    summary = Summary(month, api, console)
    processes.wait_until("the ledger and its evidence", summary.complete, 180)
    ok = summary.show(time.monotonic() - began)
    if trouble is not None and undisturbed is not None:
        ok = trouble.show(console, summary.facts, undisturbed) and ok
        summary.facts["ok"] = ok
    month_done(places)
    _write(options.summary, summary.facts)
    if options.serve:
        _stay(console, api, summary.facts["payouts"][0]["wallet"], anvil, workers)
    return summary.facts


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
