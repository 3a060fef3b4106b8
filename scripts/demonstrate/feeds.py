"""Where a month's readings come from: the seeded simulator, or real data."""

from __future__ import annotations

import json
import shutil

from demonstrate.month import Feed, month_after
from demonstrate.options import ROOT, Options
from demonstrate.processes import ProcessFailed
from demonstrate.stack import Places, command
from usufruct.config import load_community

_EXAMPLE = ROOT / "examples" / "community.toml"


def make_feed(options: Options, places: Places) -> tuple[Feed, bool]:
    """The next month's source files, and whether this is the first month of the state.

    A month is the next one once the summary of the month before was shown; an interrupted month is taken up again
    with the files it began with.

    Raises:
        ProcessFailed: The state was made with other options, or the data have no such month.
    """
    book = places.state / "months.json"
    done: dict[str, object] = json.loads(book.read_text()) if book.exists() else {}
    wanted = {"seed": options.seed, "faults": options.faults, "data": str(options.data or "")}
    if done and {key: done[key] for key in wanted} != wanted:
        raise ProcessFailed(
            f"{places.state} was begun with other options ({done}); add --fresh to start anew, "
            "or name another folder with --state"
        )
    months = int(str(done.get("months", 0)))
    book.write_text(json.dumps({**wanted, "months": months}))
    feed = _real(options, places) if options.data else _simulated(options, places, months)
    return feed, months == 0


def month_done(places: Places) -> None:
    """Note that a month was paid, so that the next run goes on with the one after."""
    book = places.state / "months.json"
    done = json.loads(book.read_text())
    draft = book.with_suffix(".part")
    draft.write_text(json.dumps({**done, "months": done["months"] + 1}))
    draft.replace(book)


def _simulated(options: Options, places: Places, months: int) -> Feed:
    month = month_after(load_community(_EXAMPLE).project.first_period, months)
    folder = places.state / "feed" / month
    shutil.rmtree(folder, ignore_errors=True)
    arguments = ["simulate", str(_EXAMPLE), "--month", month, "--out", str(folder)]
    arguments += ["--seed", str(options.seed), *(["--faults"] if options.faults else [])]
    command("usufruct-oracle", *arguments)
    return Feed(_EXAMPLE, folder, month, f"synthetic, seed {options.seed}")


def _real(options: Options, places: Places) -> Feed:
    """The month that the data cover; there is only this one, so a further run shows it again."""
    folder = places.state / "feed" / "real"
    if not folder.exists():
        command(
            "usufruct-oracle",
            "convert",
            "--data",
            str(options.data),
            "--out",
            str(folder),
            "--no-everything",
        )
    community = folder / "community.toml"
    month = load_community(community).project.first_period
    return Feed(community, folder / "inbox", month, "real data")
