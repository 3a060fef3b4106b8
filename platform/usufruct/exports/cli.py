"""`usufruct statement`, `usufruct tax-summary` and `usufruct register`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from usufruct.contracts import address
from usufruct.core.periods import day_bounds
from usufruct.errors import ConfigError
from usufruct.exports.bank.cli import Community, Config, DatabaseUrl, State
from usufruct.exports.bank.journal import JOURNAL, transfers_noted
from usufruct.exports.bank.record import Transfer
from usufruct.exports.make import account_document, render
from usufruct.exports.pdf import to_pdf
from usufruct.exports.project import block_times, open_ledger, project_of
from usufruct.exports.register import read_register, register_document, register_files
from usufruct.files import put_file
from usufruct.index.settings import Settings
from usufruct.wallets import wallet_bytes

__all__ = ["register"]


class Format(StrEnum):
    """Formats of a document."""

    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"


Wallet = Annotated[str, typer.Argument(help="Address of the wallet.")]
Out = Annotated[
    Path | None, typer.Option(help="File to write; by default named after the content.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="Format of the document.")]
Font = Annotated[
    Path | None,
    typer.Option(help="TrueType file with Chinese characters, to be embedded in the PDF."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the root command."""
    app.command("statement")(statement)
    app.command("tax-summary")(tax_summary)
    app.command("register")(register_)


def statement(
    wallet: Wallet,
    period: Annotated[str, typer.Option(help="Month, like 2026-09, or number of the period.")],
    format_: FormatOption = Format.PDF,
    out: Out = None,
    font: Font = None,
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    community: Community = None,
) -> None:
    """Write a wallet's statement of account: income of the period, and every movement of its month."""
    settings = Settings.load(config, state=state, database=database, community=community)
    _account(settings, wallet, format_, out, font, period=period)


def tax_summary(
    wallet: Wallet,
    year: Annotated[str, typer.Option(help="Calendar year in the project's time zone.")],
    format_: FormatOption = Format.PDF,
    out: Out = None,
    font: Font = None,
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    community: Community = None,
) -> None:
    """Write a wallet's annual tax summary: income credited, money received, tax withheld."""
    settings = Settings.load(config, state=state, database=database, community=community)
    _account(settings, wallet, format_, out, font, year=year)


def _account(
    settings: Settings,
    wallet: str,
    format_: Format,
    out: Path | None,
    font: Path | None,
    *,
    period: str | None = None,
    year: str | None = None,
) -> None:
    raw = wallet_bytes(wallet, "wallet")
    project = project_of(settings)
    with open_ledger(settings).read() as connection:
        document, window = account_document(
            connection, project, raw, _transfers(settings, raw), period=period, year=year
        )
    name = "statement" if period is not None else "tax"
    path = out or Path(f"{name}_{window.name}_{wallet[2:10].lower()}.{format_}")
    _write(path, render(document, format_, font))


def register_(
    series: Annotated[str, typer.Argument(help="Symbol, id or address of the series.")],
    as_of: Annotated[
        str | None, typer.Option(help="End of this day (YYYY-MM-DD) in the project's time zone.")
    ] = None,
    block: Annotated[int | None, typer.Option(min=0, help="End of this block.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the three files.")] = Path(),
    font: Font = None,
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    community: Community = None,
) -> None:
    """Write the register of record of a series as CSV, JSON with hashes, and PDF."""
    if as_of is not None and block is not None:
        raise ConfigError(
            "two moments were named",
            field="--block",
            value=block,
            rule="either --as-of or --block",
            remedy="drop one",
        )
    settings = Settings.load(config, state=state, database=database, community=community)
    project = project_of(settings)
    before = None if as_of is None else day_bounds(as_of, project.calendar.timezone)[1]
    with open_ledger(settings).read() as connection:
        told = block_times(settings, connection)
        found = read_register(connection, series, before=before, block=block, told=told)
    name = f"register_{found.slug}_{as_of or f'block-{found.known.block}'}"
    for ending, content in register_files(found).items():
        _write(out / f"{name}.{ending}", content)
    _write(out / f"{name}.pdf", to_pdf(register_document(project, found), font))


def _transfers(settings: Settings, wallet: bytes) -> Sequence[Transfer]:
    """The wallet's bank transfers, none where there never was a bank journal."""
    return transfers_noted(settings.state / JOURNAL, wallet=address(wallet))


def _write(path: Path, content: bytes) -> None:
    # Names, holdings and income are for their owner.
    put_file(path, content, what="export", mode=0o600)
    typer.echo(f"written {path} ({len(content)} bytes)")
