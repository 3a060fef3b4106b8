"""`usufruct bank pay|confirm|status`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from usufruct.chain.profiles import profile_of
from usufruct.clock import SystemClock
from usufruct.contracts import address
from usufruct.core.periods import parse_day
from usufruct.errors import InputError
from usufruct.exports.account import income_of
from usufruct.exports.bank.confirm import Cash, confirm, reconcile_cash
from usufruct.exports.bank.journal import JOURNAL, Journal
from usufruct.exports.bank.pay import Order, due, pay, waiting
from usufruct.exports.bank.payees import load_payees
from usufruct.exports.bank.record import CENT_DECIMALS, Transfer
from usufruct.exports.project import chain_of, currency_of, open_ledger, project_of
from usufruct.index.settings import Settings
from usufruct.ledger.database import Database
from usufruct.ledger.reads.holders import WALLET_ID
from usufruct.money import Currency, format_amount

__all__ = ["register"]

_CENTS: Final = Currency("", CENT_DECIMALS)
_OPEN: Final = ("unmatched", "mismatch")
_MOST_BYTES: Final = 32 << 20

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")]
State = Annotated[Path | None, typer.Option(help="Folder of ledger and bank journal.")]
DatabaseUrl = Annotated[str | None, typer.Option(help="URL of the ledger's database.")]
Community = Annotated[Path | None, typer.Option(help="Community file: calendar and names.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def register(app: typer.Typer) -> None:
    """Adds `bank` to the root command."""
    bank = typer.Typer(help="The cash leg outside the chain.", no_args_is_help=True)
    bank.command("pay")(pay_)
    bank.command("confirm")(confirm_)
    bank.command("status")(status)
    app.add_typer(bank, name="bank")


def pay_(
    period: Annotated[str, typer.Option(help="Month, like 2026-09, or number of the period.")],
    payees: Annotated[Path, typer.Option(help="Payee book (TOML); see examples/payees.toml.")],
    execution: Annotated[str, typer.Option(help="Day on which the bank shall pay, YYYY-MM-DD.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of payment files, by default <state>/bank.")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(min=0, help="Blocks after which a payment is final; by default the chain's."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also what the bank returned, once more.")
    ] = False,
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    community: Community = None,
    as_json: AsJson = False,
) -> None:
    """Make the payment file (pain.001) of a period's payouts; safe to repeat, no payout is paid twice."""
    settings = Settings.load(config, state=state, database=database, community=community)
    window = project_of(settings).calendar.period(period)
    book = load_payees(payees)
    parse_day(execution)
    with open_ledger(settings).read() as connection:
        currency = currency_of(connection)
        now = SystemClock().now()
        if depth is None:
            depth = profile_of(chain_of(connection)).depth
        order = Order(window, book, currency, execution, depth, now, again)
        found, left = due(connection, order), waiting(connection, order)
    made, files = pay(
        order, found, Journal(settings.state / JOURNAL), out or settings.state / "bank"
    )
    if as_json:
        body = {
            "files": [str(each) for each in files],
            "transfers": [_plain(each) for each in made],
            "waiting": [
                {"payout": each.id, "wallet": address(each.wallet), "amount": str(each.amount)}
                for _, each in left
            ],
        }
        typer.echo(json.dumps(body))
        return
    for each in made:
        kept = " (below a cent: carried on)" if not each.net else ""
        typer.echo(f"{each.state:9} {each.end_to_end} {_cents(each.net, each)} {each.payout}{kept}")
    for path in files:
        typer.echo(f"written   {path}")
    for _, income in left:
        amount = f"{format_amount(income.amount, currency)} {currency.code}"
        typer.echo(f"waiting   {income.id} {amount} (not paid on the chain, or not finally)")
    if not made:
        typer.echo(f"nothing   no payout of {window.name} is new, paid on the chain and final")


def confirm_(
    files: Annotated[list[Path], typer.Argument(help="Notifications of the bank (camt.054).")],
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Take in the bank's confirmations; exit code 1 if a booking fits no transfer."""
    settings = Settings.load(config, state=state)
    journal = Journal(settings.state / JOURNAL)
    refused = False
    for path in files:
        for each in confirm(_content(path), journal, SystemClock().now()):
            refused = refused or each.verdict in _OPEN
            if as_json:
                body = {
                    "file": str(path),
                    **asdict(each.booking),
                    "verdict": each.verdict,
                    "detail": each.detail,
                }
                typer.echo(json.dumps(body))
            else:
                typer.echo(f"{each.verdict:9} {each.booking.reference} {each.detail}")
    if refused:
        raise typer.Exit(1)


def status(
    period: Annotated[str | None, typer.Option(help="Only this period.")] = None,
    config: Config = None,
    state: State = None,
    database: DatabaseUrl = None,
    community: Community = None,
    as_json: AsJson = False,
) -> None:
    """Compare cash with payouts; exit code 1 if a sum, an amount or a booking does not fit."""
    settings = Settings.load(config, state=state, database=database, community=community)
    name = None if period is None else project_of(settings).calendar.period(period).name
    journal = Journal(settings.state / JOURNAL)
    made = journal.transfers(period=name)
    ledger = open_ledger(settings)
    with ledger.read() as connection:
        currency = currency_of(connection)
    cash = reconcile_cash(made, _payouts(ledger, made), currency)
    left = journal.open_confirmations()
    if as_json:
        typer.echo(json.dumps(_as_plain(cash, left)))
    else:
        _show(cash, left, currency)
    if cash.differences or left:
        raise typer.Exit(1)


def _payouts(ledger: Database, made: Sequence[Transfer]) -> dict[str, int]:
    """The ledger's amounts of all payouts of the transfers' wallets, by id."""
    found: dict[str, int] = {}
    with ledger.read() as connection:
        for wallet in sorted({each.wallet for each in made}):
            raw = bytes.fromhex(wallet[2:])
            number = connection.execute(WALLET_ID, {"address": raw}).scalar()
            if number is not None:
                found |= {each.id: each.amount for each in income_of(connection, int(number), raw)}
    return found


def _show(cash: Cash, left: Sequence[tuple[str, str, str]], currency: Currency) -> None:
    for each in cash.transfers:
        typer.echo(f"{each.state:9} {each.end_to_end} {_cents(each.net, each)} {each.payout}")
    for verdict, reference, detail in left:
        typer.echo(f"{verdict:9} {reference} {detail}")
    for text in cash.differences:
        typer.echo(f"DIFFERENT {text}")
    whole = {
        "payouts": format_amount(cash.gross, currency),
        "carried in": format_amount(cash.carry_in, currency),
        "carried on": format_amount(cash.carry_out, currency),
        "transferred": format_amount(cash.net, _CENTS),
        "withheld": format_amount(cash.withheld, _CENTS),
        "confirmed": format_amount(cash.confirmed, _CENTS),
        "returned": format_amount(cash.returned, _CENTS),
        "open": format_amount(cash.open, _CENTS),
    }
    for name, amount in whole.items():
        typer.echo(f"{name:12} {amount}")


def _as_plain(cash: Cash, left: Sequence[tuple[str, str, str]]) -> dict[str, object]:
    sums = {
        name: str(getattr(cash, name))
        for name in (
            "gross",
            "carry_in",
            "carry_out",
            "net",
            "withheld",
            "confirmed",
            "returned",
            "open",
        )
    }
    return {
        **sums,
        "transfers": [_plain(each) for each in cash.transfers],
        "bookings_left": [list(each) for each in left],
        "differences": list(cash.differences),
    }


def _plain(each: Transfer) -> dict[str, object]:
    fields = asdict(each)
    return {name: str(value) if name in ("gross", "carry_in", "carry_out", "net", "withheld") else value
            for name, value in fields.items() if name not in ("payee", "account", "agent")}  # fmt: skip


def _cents(cents: int, each: Transfer) -> str:
    return f"{format_amount(cents, _CENTS)} {each.currency}"


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(
                "the notification is too large",
                field="FILES",
                value=str(path),
                rule=f"at most {_MOST_BYTES} bytes",
                remedy="ask the bank for smaller files",
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the notification cannot be read: {error.strerror}",
            field="FILES",
            value=str(path),
            rule="a readable file",
            remedy="check the path",
        ) from None
