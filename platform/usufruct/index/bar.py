"""How far the index is while it catches up: a progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from usufruct.index.indexer import Step

__all__ = ["CatchUpBar"]


class CatchUpBar:
    """Shows blocks, events and the time that is left; it disappears when the head is reached."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._logs = 0

    def show(self, step: Step) -> None:
        """Notes what a step did."""
        if not sys.stderr.isatty():
            return
        self._logs += step.logs
        bar = self._bar or self._begun(step)
        bar.update(bar.task_ids[0], completed=step.at, total=step.head, logs=self._logs)
        if step.at >= step.head:
            bar.stop()

    def _begun(self, step: Step) -> Progress:
        self._bar = Progress(
            TextColumn("index"),
            BarColumn(),
            TextColumn(
                "block {task.completed:.0f} of {task.total:.0f}, {task.fields[logs]} events, left"
            ),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar.add_task("index", completed=step.at, total=step.head, logs=self._logs)
        self._bar.start()
        return self._bar
