"""`usufruct plan` and `usufruct apply`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from usufruct.chain.client import ChainClient
from usufruct.config import load_community
from usufruct.deploy.apply import apply as apply_community
from usufruct.deploy.plan import make_plan, open_record
from usufruct.deploy.render import ProgressBar, print_applied, print_plan
from usufruct.deploy.site import Site
from usufruct.keys import load_key, parse_key_spec

__all__ = ["register"]

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The community file (TOML).")]
_Rpc = Annotated[str, typer.Option(help="JSON-RPC endpoint of a node.", envvar="USUFRUCT_RPC")]
_State = Annotated[Path, typer.Option(help="Folder of deployment records and outbox.")]
_Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        help="A key to sign with: dev:N, env:NAME or keystore:PATH:PASSWORD_ENV. May be repeated; "
        "the first one that belongs to an administrator deploys.",
    ),
]
_DEFAULT_RPC = "http://127.0.0.1:8545"
_DEFAULT_STATE = Path("state")


def register(app: typer.Typer) -> None:
    """Adds the two commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)


def plan(
    file: _File,
    rpc: _Rpc = _DEFAULT_RPC,
    state: _State = _DEFAULT_STATE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show what would change on the chain to match FILE; sends nothing."""
    community, client = load_community(file), ChainClient(rpc)
    made = make_plan(Site(community, client, open_record(community, client, state)))
    if as_json:
        typer.echo(json.dumps(made.as_json(), indent=2))
    else:
        print_plan(made, Console())


def apply(
    file: _File,
    rpc: _Rpc = _DEFAULT_RPC,
    state: _State = _DEFAULT_STATE,
    key: _Keys = None,
) -> None:
    """Bring the chain to what FILE says; running it again changes nothing."""
    community, client = load_community(file), ChainClient(rpc)
    keys = [load_key(parse_key_spec(each), chain_id=client.chain_id) for each in key or ()]
    with ProgressBar(Console(stderr=True)) as bar:
        applied = apply_community(community, client, state, keys, observer=bar)
    print_applied(applied, Console())
