"""`usufruct pack PROJECT` and `usufruct pack verify FOLDER`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from usufruct.chain import crash
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.contracts import disclosure_registry as dr
from usufruct.core.encoding import hex0x
from usufruct.finance.numbers import refused
from usufruct.finance.pack.gather import gather, load_pack
from usufruct.finance.pack.make import files_of
from usufruct.finance.pack.manifest import Manifest, manifest_of, read_manifest, write
from usufruct.finance.pack.verify import (
    check_chain,
    check_dossier,
    document_name,
    subject_of,
)
from usufruct.index.settings import Settings
from usufruct.index.site import Site, open_site
from usufruct.keys import load_key, parse_key_spec

__all__ = ["register"]

_OUTBOX: Final = "outbox.sqlite"

Config = Annotated[Path | None, typer.Option(help="Settings file (TOML), as of usufruct serve.")]
Rpc = Annotated[str | None, typer.Option(help="JSON-RPC endpoint of a node.")]
Record = Annotated[Path | None, typer.Option(help="Deployment record.")]
State = Annotated[Path | None, typer.Option(help="Folder of deployment records and outbox.")]


class _MakeByDefault(TyperGroup):
    """A group that takes what is no command of it for the project of `make`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Adds `pack` to the root command."""
    group = typer.Typer(
        cls=_MakeByDefault,
        no_args_is_help=True,
        help="Asset packs: `usufruct pack PROJECT` makes one, `usufruct pack verify FOLDER` checks one.",
    )
    group.command("make")(make)
    group.command("verify")(verify)
    app.add_typer(group, name="pack")


def make(
    project: Annotated[Path, typer.Argument(help="The pack file, TOML.")],
    out: Annotated[Path, typer.Option(help="Folder of the dossier.")] = Path("pack"),
    ledger: Annotated[
        str | None, typer.Option(help="URL of the ledger, instead of the file's own.")
    ] = None,
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Put the manifest's hash on the chain.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(help="Key of an issuer: dev:N, env:NAME or keystore:PATH:VARIABLE."),
    ] = None,
    uri: Annotated[str, typer.Option(help="Where the dossier can be fetched.")] = "",
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
) -> None:
    """Make one dossier of attested statements, value, structure, risk and score, each figure with its source."""
    if anchor and key is None:
        raise refused("--key", "(missing)", "--anchor sends a transaction", "name an issuer's key")
    table = load_pack(project)
    dossier = gather(table, project.parent, ledger)
    files = files_of(dossier)
    manifest = manifest_of(table.name, table.stream or "", files)
    write(out, files, manifest)
    count = sum(len(part.entries) for chapter in dossier.chapters for part in chapter.parts)
    typer.echo(f"{out}: {len(files) + 1} files, {count} figures, {len(dossier.flags)} flags")
    typer.echo(f"manifest {hex0x(manifest.hash)}")
    if anchor and key is not None:
        settings = Settings.load(config, rpc=rpc, state=state, deployment=deployment)
        typer.echo(_anchor(open_site(settings), key, manifest, uri))


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of a dossier.")],
    config: Config = None,
    rpc: Rpc = None,
    state: State = None,
    deployment: Record = None,
) -> None:
    """Check a dossier's files and sources; with --rpc also what is anchored and every statement."""
    manifest = read_manifest(folder)
    for each in check_dossier(folder, manifest):
        typer.echo(f"holds  {each.what:12} {each.words}")
    if rpc is None and config is None:
        typer.echo("not checked: what is anchored; name a node with --rpc")
        return
    site = open_site(Settings.load(config, rpc=rpc, state=state, deployment=deployment))
    for each in check_chain(folder, manifest, site):
        typer.echo(f"holds  {each.what:12} {each.words}")


def _anchor(site: Site, key: str, manifest: Manifest, uri: str) -> str:
    """Puts the hash on the chain, once; the words of what was done."""
    registry = site.deployment.address("DisclosureRegistry")
    subject, name = subject_of(manifest, site), document_name(manifest)

    def is_anchored() -> bool:
        return site.client.call(registry, dr.get_document(subject, name)).hash == manifest.hash

    secret = load_key(parse_key_spec(key), chain_id=site.client.chain_id)
    call = dr.set_document(subject, name, uri, manifest.hash, dr.Kind.MANIFEST, 0)
    with closing(Outbox(site.settings.state / _OUTBOX)) as sent:
        sender = Sender(site.client, secret, sent)
        sender.recover(wait=True)
        versions = site.client.call(registry, dr.versions_of(subject, name))
        crash.point("pack.anchor.ready")
        receipt = sender.submit(
            f"pack:{registry}:{subject.hex()}:{manifest.name}:{versions}:{manifest.hash.hex()}",
            registry,
            call.data,
            done=is_anchored,
        )
    where = "before" if receipt is None else f"in {hex0x(receipt.tx_hash)}"
    return f"anchored as {manifest.name} {where}"
