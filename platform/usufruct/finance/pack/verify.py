"""Checks a dossier: every file against the manifest, every key against its input, all of it against the chain."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from usufruct.contracts import disclosure_registry as dr
from usufruct.contracts import statement_book as sb
from usufruct.core.encoding import hex0x, load_json
from usufruct.errors import EvidenceError
from usufruct.finance.files import Loaded
from usufruct.finance.pack.document import FORMAT
from usufruct.finance.pack.manifest import Manifest, check_files
from usufruct.index.site import Site
from usufruct.keeper.site import stream_named, streams_of

__all__ = ["Checked", "check_chain", "check_dossier", "document_name", "subject_of"]

_PACK: Final = "pack.json"
_INPUTS: Final = "inputs"


@dataclass(frozen=True, slots=True)
class Checked:
    """Something that holds."""

    what: str
    words: str


def check_dossier(folder: Path, manifest: Manifest) -> Iterator[Checked]:
    """Checks files and keys, without a chain.

    Raises:
        EvidenceError: Something does not hold; it is named.
        InputError: pack.json is no document of its format.
    """
    files = list(check_files(folder, manifest))
    yield Checked("files", f"{len(files)} files are as the manifest says")
    pack = _pack(folder)
    figures = list(_figures(pack))
    inputs: dict[str, Loaded[None]] = {}
    keys = 0
    for figure in figures:
        source = figure.get("source")
        if not isinstance(source, dict) or not (source.get("on") or source.get("statements")):
            raise _broken(str(figure.get("label")), "no source", "every figure names its source")
        keys += sum(_check_key(folder, each, inputs) for each in source.get("on", ()))
        for name in source.get("statements", ()):
            if name not in pack["statements"]:
                raise _broken(str(name), "unknown", "every statement named is in the dossier")
    yield Checked("figures", f"{len(figures)} figures name their sources")
    yield Checked("assumptions", f"{keys} keys of inputs hash to what the figures name")


def check_chain(folder: Path, manifest: Manifest, site: Site) -> Iterator[Checked]:
    """Checks what is anchored, and every statement's digest.

    Raises:
        EvidenceError: The manifest is not what is anchored, or a statement is not what is attested.
        ChainError: The node cannot be reached.
    """
    subject = subject_of(manifest, site)
    registry = site.deployment.address("DisclosureRegistry")
    found = site.client.call(registry, dr.get_document(subject, document_name(manifest)))
    if found.hash != manifest.hash:
        anchored = hex0x(found.hash) if any(found.hash) else "nothing"
        raise _broken(
            manifest.name,
            f"{anchored} is anchored, not {hex0x(manifest.hash)}",
            "the manifest's hash is what the disclosure registry holds under its name",
        )
    yield Checked("anchor", f"{hex0x(manifest.hash)} is anchored as {manifest.name}")
    statements = _pack(folder)["statements"]
    book = site.deployment.address("StatementBook")
    streams = streams_of(site.client, site.deployment) if statements else []
    for name, each in statements.items():
        number = stream_named(each["stream"], streams).number
        digest = site.client.call(book, sb.digest_of(number, each["period"]))
        if hex0x(digest) != each["digest"]:
            raise _broken(
                name,
                f"{each['digest']}, the chain holds {hex0x(digest)}",
                "a statement's digest is what the chain holds now",
            )
    if statements:
        yield Checked("statements", f"{len(statements)} statements are what the chain holds")


def subject_of(manifest: Manifest, site: Site) -> bytes:
    """The subject in the disclosure registry: the stream, or the project."""
    registry = site.deployment.address("DisclosureRegistry")
    if not manifest.stream:
        return bytes(site.client.call(registry, dr.subject_of_project()))
    number = stream_named(manifest.stream, streams_of(site.client, site.deployment)).number
    return bytes(site.client.call(registry, dr.subject_of_stream(number)))


def document_name(manifest: Manifest) -> bytes:
    """The name in the disclosure registry (32 bytes)."""
    return manifest.name.encode().ljust(32, b"\0")


def _pack(folder: Path) -> dict[str, Any]:
    found = load_json((folder / _PACK).read_bytes())
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _broken(_PACK, "another format", f"the format is {FORMAT}")
    return found


def _figures(pack: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for chapter in pack["chapters"]:
        for part in chapter["parts"]:
            yield from part["figures"]


def _check_key(folder: Path, on: dict[str, str], inputs: dict[str, Loaded[None]]) -> int:
    """1 if the key was checked; 0 if its file is not part of the dossier, as the community's is not."""
    name = on["file"]
    if name not in inputs:
        path = folder / _INPUTS / name
        if not path.is_file():
            return 0
        inputs[name] = Loaded(name, None, tomllib.loads(path.read_text("utf-8")))
    if inputs[name].key_hash(on["key"]) != on["hash"]:
        raise _broken(
            f"{name}: {on['key']}", on["hash"], "a key's hash is that of what the input says there"
        )
    return 1


def _broken(field: str, value: str, rule: str) -> EvidenceError:
    return EvidenceError(
        f"{field} does not hold",
        field=field,
        value=value,
        rule=rule,
        remedy="do not rely on this dossier; ask for one that is anchored",
    )
