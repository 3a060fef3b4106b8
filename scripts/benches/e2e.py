"""`./scripts/bench e2e`: readings a second from CSV to anchored, and seconds from period end to paid.

The whole stack runs as in the demo: Anvil, three worker processes, server, keeper. The baseline is what a plain
web3.py program does on the same Anvil: one transaction for each reading, and wait.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.console import Console
from web3 import HTTPProvider, Web3

from benches._report import Row, at_least, report
from demonstrate.anvil import Anvil
from demonstrate.api import answers
from demonstrate.feeds import make_feed
from demonstrate.month import Month
from demonstrate.options import Options
from demonstrate.processes import stack
from demonstrate.stack import Places, Workers, command, serve, write_secret
from usufruct.config import load_community
from usufruct.core.periods import period_bounds

_PLAIN = 200


def main() -> None:
    """Run one month in a temporary folder and report."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        options = Options(
            data=None,
            state=state,
            seed=7,
            faults=True,
            trouble=False,
            fresh=True,
            serve=False,
            summary=None,
            port=0,
        )
        with stack(state / "logs") as processes:
            places = Places(state)
            write_secret(places, options.seed)
            feed, _ = make_feed(options, places)
            project = load_community(feed.community).project
            start, _ = period_bounds(project.first_period, 1, project.timezone)
            anvil = Anvil(processes, places.chain, start - 86_400)
            command(
                "usufruct", "apply", str(feed.community), "--rpc", anvil.url, "--state", str(state)
            )
            plain = _plain_rate(anvil.url)
            workers = Workers(processes, places, feed.community, anvil)
            api = serve(options, processes, places, anvil, feed.community, workers)
            workers.wait()
            processes.wait_until("the API", lambda: answers(f"{api.url}/health"), 60)
            month = Month(processes, places, anvil, workers, feed, Console(stderr=True))
            month.run()
            readings = sum(batch["count"] for batch in api.all("/v1/batches", limit=200))
    anchored, paid = month.seconds["batches anchored"], month.seconds["holders paid"]
    rate = readings / anchored
    report(
        "e2e",
        [
            Row("readings of the month, CSV to anchored by 2 of 3 workers", readings, "readings"),
            Row("from period end to the last batch anchored", round(anchored, 2), "s"),
            Row("readings from CSV to anchored", round(rate, 1), "readings/s"),
            Row(
                "baseline: plain web3.py, a transaction for each reading",
                round(plain, 1),
                "readings/s",
            ),
            at_least("ratio to the baseline", round(rate / plain, 2), "×", 1),
            Row(
                "from period end to every holder paid (challenge window skipped)",
                round(paid, 2),
                "s",
            ),
        ],
    )


def _plain_rate(url: str) -> float:
    """Transactions a second of transact and wait, one after another."""
    web3 = Web3(HTTPProvider(url))
    account = list(web3.eth.accounts)[-1]
    began = time.perf_counter()
    for number in range(_PLAIN):
        data = number.to_bytes(32, "big")
        sent = web3.eth.send_transaction({"from": account, "to": account, "data": data})
        web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
    return _PLAIN / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
