"""A plan for the eye: a table with a line for each subject and the reason for each change."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from usufruct.deploy.action import Action, Change
from usufruct.deploy.apply import Applied, Observer
from usufruct.deploy.plan import Plan
from usufruct.deploy.words import shortened

__all__ = ["ProgressBar", "print_applied", "print_plan"]

_STYLES: Final = {
    Change.CREATE: "green",
    Change.CHANGE: "yellow",
    Change.WAIT: "cyan",
    Change.NOTHING: "dim",
}


def print_plan(plan: Plan, console: Console) -> None:
    """The whole plan; a single line if nothing is to be done."""
    if plan.changes or plan.waiting:
        console.print(_table(plan))
    if not plan.changes:
        console.print("No changes.")
        return
    counts = {change: _count(plan, change) for change in Change}
    console.print(
        f"{counts[Change.CREATE]} to create, {counts[Change.CHANGE]} to change, "
        f"{counts[Change.NOTHING]} unchanged: {len(plan.changes)} transactions."
    )


def print_applied(applied: Applied, console: Console) -> None:
    """What a run has done."""
    if not applied.receipts:
        console.print("No changes.")
        return
    console.print(f"{len(applied.receipts)} transactions, {applied.gas} gas.")


class ProgressBar(Observer):
    """A bar on the console with the action under way."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("", total=None, visible=False)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def planned(self, plan: Plan) -> None:
        """Sets the bar's length."""
        self._progress.update(self._task, total=len(plan.changes), visible=bool(plan.changes))

    def begins(self, action: Action) -> None:
        """Names the action."""
        self._progress.update(self._task, description=escape(action.subject))

    def ends(self, action: Action) -> None:
        """Moves the bar."""
        self._progress.advance(self._task)


def _table(plan: Plan) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "subject", "action", "reason", "signed by"):
        table.add_column(heading, overflow="fold")
    for action in plan.actions:
        signer = plan.signer(action) or ("anyone" if action.sends else "")
        office = f"{action.office} {signer}" if action.office else signer
        table.add_row(
            action.change.value,
            escape(action.subject),
            escape(action.detail if action.change is Change.NOTHING else shortened(action.detail)),
            escape(action.reason),
            shortened(office),
            style=_STYLES[action.change],
        )
    return table


def _count(plan: Plan, change: Change) -> int:
    return sum(action.change is change for action in plan.actions)
