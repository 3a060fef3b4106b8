"""The commands that make readings: a simulated month, or a month of public data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from usufruct.config import load_community
from usufruct_oracles import logs
from usufruct_oracles.realdata.convert import MONTH, TIMEZONE, convert_month
from usufruct_oracles.simulate import write_month


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(simulate)
    app.command()(convert)


def simulate(
    community: Annotated[Path, typer.Argument(help="The community file.")],
    month: Annotated[str, typer.Option(help="Month to make up, YYYY-MM.")],
    out: Annotated[Path, typer.Option(help="Drop folder to write into.")],
    seed: Annotated[int, typer.Option(help="Seed; the same seed makes the same files.")] = 7,
    faults: Annotated[bool, typer.Option(help="Put in a few labelled bad rows.")] = False,
    coverage_break: Annotated[
        str | None, typer.Option(help="Code of a stream to leave with too little coverage.")
    ] = None,
) -> None:
    """Write a month of signed synthetic readings (development communities only)."""
    report = write_month(
        load_community(community), month, out, seed, faults, coverage_break=coverage_break
    )
    typer.echo(
        f"{report.files} files, {report.rows} rows, {len(report.faults)} faults in {report.folder} (synthetic)"
    )
    for fault in report.faults:
        typer.echo(logs.escape(f"  {fault.stream} {fault.day} {fault.meter}: {fault.kind}"))


def convert(
    data: Annotated[Path, typer.Option(help="Folder of the public data sets.")],
    out: Annotated[Path, typer.Option(help="Folder for community.toml and inbox/.")],
    month: Annotated[str, typer.Option(help="Month to convert, YYYY-MM.")] = MONTH,
    timezone: Annotated[str, typer.Option(help="IANA zone of the project.")] = TIMEZONE,
    daily_rain: Annotated[bool, typer.Option(help="Take the gauge with daily totals.")] = False,
    rain_as_found: Annotated[
        bool, typer.Option(help="Keep the rain's unit label as it is in the file, to be rejected.")
    ] = False,
    everything: Annotated[
        bool, typer.Option(help="Also import what lies beside the month, and survey all files.")
    ] = True,
) -> None:
    """Write a month of public data as a community file and its drop folder; print what was caught."""
    report = convert_month(
        data,
        out,
        month=month,
        timezone=timezone,
        daily_rain=daily_rain,
        rain_as_found=rain_as_found,
        everything=everything,
    )
    rows = ", ".join(f"{code} {count}" for code, count in sorted(report.rows.items()))
    typer.echo(
        f"{report.month}: {rows} rows in {report.inbox}, community in {report.community_file}"
    )
    for note in report.notes:
        typer.echo(logs.escape(f"  {note}"))
    for caught in report.caught:
        typer.echo(logs.escape(f"  {caught.line()}"))
