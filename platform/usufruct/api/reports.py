"""`usufruct payouts` and `usufruct reconcile`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import httpx
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from usufruct.api.labels import Labels
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Renderer
from usufruct.errors import ChainError, ConfigError, InputError
from usufruct.index.settings import Settings
from usufruct.index.site import open_site
from usufruct.ledger.database import Database
from usufruct.ledger.reads.holders import WALLET_ID
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.reads.places import META
from usufruct.ledger.reconcile import Report
from usufruct.ledger.reconcile import reconcile as compare
from usufruct.money import Currency, format_amount

__all__ = ["API", "from_api", "ledger_of", "one_source", "payouts", "reconcile"]

API: Final = "http://127.0.0.1:8000"
_NEWEST: Final = 1 << 62
_PAGE: Final = 200
_SHORT: Final = 12


def payouts(
    wallet: Annotated[str, typer.Argument(help="Address of the wallet.")],
    api: Annotated[str | None, typer.Option(help=f"Address of the API; by default {API}.")] = None,
    db: Annotated[
        str | None, typer.Option("--db", help="Read the ledger at this URL instead of the API.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """Show every payout of a wallet, newest first, and the totals."""
    raw = wallet_bytes(wallet, "wallet")
    one_source(api, db)
    path = f"/v1/wallets/{wallet}/payouts"
    found = list(_from_ledger(db, raw) if db is not None else from_api(api or API, path))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        _show(wallet, found)


def one_source(api: str | None, db: str | None) -> None:
    """Raises ConfigError if both the API and a ledger were named."""
    if api is not None and db is not None:
        raise ConfigError(
            "two sources were named",
            field="--db",
            value=db,
            rule="either --api or --db",
            remedy="drop one",
        )


def from_api(
    url: str, path: str, params: Mapping[str, str] = MappingProxyType({}), key: str | None = None
) -> Iterator[dict[str, Any]]:
    """All objects of a list of the API at `url`, page by page, as whoever has `key`.

    Raises:
        InputError: The API refuses the question.
        ChainError: Nothing answers there.
    """
    after: dict[str, str] = {}
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False, headers=headers) as http:
            while True:
                answer = http.get(path, params={"limit": str(_PAGE), **params, **after})
                page = _page(answer, url)
                yield from page["data"]
                if not page["has_more"]:
                    return
                after = {"starting_after": page["next"]}
    except httpx.HTTPError as error:
        raise _no_api(url, type(error).__name__) from None


def _page(answer: httpx.Response, url: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        raise _no_api(url, "the answer is not JSON") from None
    if answer.status_code == httpx.codes.OK and "data" in body:
        return body
    raise InputError(
        str(body.get("detail", f"status {answer.status_code}")),
        field=body.get("field"),
        value=body.get("value"),
        rule=body.get("rule"),
        remedy=body.get("remedy"),
    )


def _no_api(url: str, why: str) -> ChainError:
    return ChainError(
        f"no answer from {url} ({why})",
        field="--api",
        value=url,
        rule="usufruct serve must answer there",
        remedy="start it, or read the ledger itself with --db sqlite:///state/ledger.db",
    )


@contextmanager
def ledger_of(url: str) -> Iterator[tuple[Connection, Renderer]]:
    """One moment of the ledger at a URL, and what renders it in its currency. ConfigError if there is none."""
    database = Database(url)
    database.require()
    with database.read() as connection:
        meta = {row.key: row.value for row in connection.execute(META)}
        code, _, decimals = meta.get("currency", ":0").partition(":")
        yield connection, Renderer(Currency(code, int(decimals)), Labels())


def _from_ledger(url: str, raw: bytes) -> Iterator[dict[str, Any]]:
    with ledger_of(url) as (connection, render):
        wallet = connection.execute(WALLET_ID, {"address": raw}).scalar()
        values = {"wallet": wallet or 0, "before": _NEWEST, "limit": 1 << 40}
        for row in connection.execute(payouts_of_wallet(), values):
            yield render.payout(row)


def _show(wallet: str, found: list[dict[str, Any]]) -> None:
    console = Console()
    if not found:
        console.print(f"{wallet} has no payouts.")
        return
    table = Table(title=f"Payouts of {wallet}")
    for name in ("series", "period", "units", "amount", "status", "transaction"):
        table.add_column(name, justify="right" if name in ("units", "amount") else "left")
    totals = {"paid": 0, "accrued": 0}
    for each in found:
        totals[each["status"]] += int(each["amount"]["amount"])
        place = each["paid"] or each["accrued"]
        period = each["period"]
        table.add_row(
            each["series"]["symbol"],
            period["month"] or str(period["number"]),
            each["units"],
            each["amount"]["formatted"],
            each["status"],
            place["transaction"][:_SHORT] + "…",
        )
    console.print(table)
    money = found[0]["amount"]
    currency = Currency(money["currency"], money["decimals"])
    for status, total in totals.items():
        console.print(f"{status:8} {format_amount(total, currency)} {currency.code}")


def reconcile(
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
    rpc: Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of deployment records and ledger.")
    ] = None,
    deployment: Annotated[Path | None, typer.Option(help="Deployment record.")] = None,
    database: Annotated[str | None, typer.Option(help="URL of the ledger's database.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare the whole ledger with the chain; exit code 1 if anything differs."""
    site = open_site(
        Settings.load(config, rpc=rpc, state=state, deployment=deployment, database=database)
    )
    site.database.require()
    with site.database.read() as connection:
        report = compare(connection, site.client, site.deployment.contracts)
    _tell(report, as_json=as_json)
    if report.differences:
        raise typer.Exit(1)


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "block": report.block,
                    "series": report.series,
                    "accounts": report.accounts,
                    "streams": report.streams,
                    "offerings": report.offerings,
                    "differences": [str(each) for each in report.differences],
                    "notes": report.notes,
                }
            )
        )
        return
    for each in report.differences:
        typer.echo(f"DIFFERENT {each}")
    for note in report.notes:
        typer.echo(f"note      {note}")
    verdict = f"{len(report.differences)} differences" if report.differences else "no difference"
    typer.echo(
        f"block {report.block}: {report.series} series, {report.accounts} accounts, "
        f"{report.streams} streams, {report.offerings} offerings: {verdict}"
    )
