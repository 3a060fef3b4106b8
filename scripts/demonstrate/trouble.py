"""`--faults`: one worker lies, one is killed again and again, one has a wrong clock; the month must end the same."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from itertools import cycle
from typing import Any

import httpx
from rich.console import Console

from demonstrate.api import answers
from demonstrate.events import table
from demonstrate.processes import Stack
from demonstrate.stack import DRIFT, DRIFTING, KILLED, LIAR, Workers
from usufruct_oracles.simulation.lying_journal import ALTER_READINGS

_PAUSES = 4.0, 9.0, 6.0


class Trouble:
    """What goes wrong, and what is told of it afterwards."""

    def __init__(self, processes: Stack, workers: Workers) -> None:
        self._processes, self._workers = processes, workers
        self._pauses = cycle(_PAUSES)
        self._kills = 0
        self._next: float | None = None

    def make_a_liar(self) -> None:
        """From now on one worker's journal adds one unit to every reading that comes in."""
        journal = self._workers.places.state / f"worker-{LIAR}" / "journal.db"
        with closing(sqlite3.connect(journal, timeout=30)) as connection:
            connection.execute(ALTER_READINGS)

    def stir(self) -> None:
        """Kills one worker (kill -9) some seconds after it has come up, and starts it again."""
        if self._next is None:
            if answers(f"{self._workers.urls[KILLED]}/health"):
                self._next = time.monotonic() + next(self._pauses)
        elif time.monotonic() >= self._next:
            self._processes.restart(f"worker-{KILLED}")
            self._kills += 1
            self._next = None

    def accused(self) -> dict[str, int]:
        """How many alerts the honest worker that was never killed has about each other one."""
        answer = httpx.get(f"{self._workers.urls[DRIFTING]}/v1/status", timeout=30)
        answer.raise_for_status()
        names = {self._workers.address(at).lower(): f"worker-{at}" for at in range(3)}
        found: dict[str, int] = {}
        for alert in answer.json()["alerts"]:
            who = names.get(str(alert["who"]).lower(), str(alert["who"]))
            found[who] = found.get(who, 0) + 1
        return found

    def show(self, console: Console, facts: dict[str, Any], undisturbed: dict[str, Any]) -> bool:
        """Says what happened; true if the alerts name the liar alone and every payout is the undisturbed one."""
        accused = self.accused()
        same = {
            "heads": facts["heads"] == undisturbed["heads"],
            "payouts": _paid(facts) == _paid(undisturbed),
            "waterfalls": facts["waterfalls"] == undisturbed["waterfalls"],
        }
        ahead, rate = DRIFT
        told = ", ".join(f"{count} about {name}" for name, count in sorted(accused.items()))
        rows: list[list[object]] = [
            [f"worker-{LIAR}", "counted one unit more than the meters signed, in every reading"],
            [f"worker-{KILLED}", f"was killed {self._kills} times and started again"],
            [f"worker-{DRIFTING}", f"had a clock {ahead} s ahead, and {rate} s more each second"],
            ["alerts", f"of worker-{DRIFTING}: {told or 'none'}"],
        ]
        for what, equal in same.items():
            said = "equal to those of the undisturbed run" if equal else "NOT THE SAME"
            rows.append([what, said])
        table(console, "Faults", ["who", "what happened"], rows)
        facts["faults"] = {"kills": self._kills, "accused": accused, "same": same}
        # The false statement that the month's dispute voids is no worker's: its alert is about the chain.
        named = set(accused) - {"chain"}
        return all(same.values()) and named == {f"worker-{LIAR}"} and self._kills > 0


def _paid(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """Who got what for which units; when it was paid depends on how long things took."""
    keys = ("id", "wallet", "units", "amount", "status")
    return sorted(tuple(str(each[key]) for key in keys) for each in facts["payouts"])
