"""The browser's module and `usufruct verify` say the same of the same files: of good ones, and of every broken one."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.integration.proof.test_proof import (
    RememberingClient,
    at,
    changed_text,
    mutants,
)
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods

from usufruct import proof
from usufruct.chain.client import ChainClient
from usufruct.core.encoding import MAX_DEPTH
from usufruct.errors import InputError

_NODE = shutil.which("node") or "node"
_PROGRAM = Path(__file__).resolve().parents[2] / "support" / "verify_files.mjs"
Verdict = tuple[str, str | None]
_LINKS = (
    *("chain", "distribution", "payout", "settlement", "statement"),
    *("batches", "lines", "corrections", "readings"),
)


KINDS = {
    "open": (False, False),
    "committed-corrected": (True, True),
    "open-corrected": (False, True),
}
"""Whether a month is committed to, and whether it is corrected."""


@pytest.fixture(scope="module", params=KINDS)
def settled(
    request: pytest.FixtureRequest, anvil: Anvil, tmp_path_factory: pytest.TempPathFactory
) -> Settled:
    """Two settled periods, with and without commitments and corrections."""
    committed, corrected = KINDS[request.param]
    folder = tmp_path_factory.mktemp("web")
    return settle_periods(anvil, folder, committed=committed, corrected=corrected)


@pytest.fixture(scope="module")
def client(anvil: Anvil, settled: Settled) -> ChainClient:
    """A client for the chain as it is once everything is settled."""
    del settled
    return RememberingClient(anvil.url)


def in_javascript(files: Sequence[bytes | str], **options: Any) -> list[dict[str, Any]]:
    """Results of the module, run by Node."""
    texts = [each.decode() if isinstance(each, bytes) else each for each in files]
    lines = "".join(json.dumps({"file": each, "options": options}) + "\n" for each in texts)
    done = subprocess.run(
        [_NODE, str(_PROGRAM)], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def verdict(result: dict[str, Any]) -> Verdict:
    """What the module found: holds, refused, or the first broken link."""
    if "refused" in result:
        return "refused", None
    broken = [link["name"] for link in result["links"] if link["ok"] is False]
    return ("broken", broken[0]) if broken else ("holds", None)


def in_python(data: bytes | str, client: ChainClient) -> Verdict:
    """What `usufruct verify` finds."""
    try:
        checks = proof.verify(
            proof.parse(data if isinstance(data, bytes) else data.encode()), client
        )
    except InputError:
        return "refused", None
    broken = [each.name for each in checks if each.ok is False]
    return ("broken", broken[0]) if broken else ("holds", None)


@pytest.mark.parametrize("readings", ["sample", "day", "all"])
def test_good_proofs_hold_with_and_without_a_node(
    settled: Settled, anvil: Anvil, readings: proof.Scope
) -> None:
    files = [settled.proof(number, each, readings) for number in (1, 2) for each in settled.holders]
    with_node = in_javascript(files, rpc=anvil.url)
    assert [each["ok"] for each in with_node] == [True] * len(files), with_node
    assert {link["name"] for link in with_node[0]["links"]} == set(_LINKS)
    assert all(link["open"] == [] for each in with_node for link in each["links"])
    alone = in_javascript(files)
    assert [each["ok"] for each in alone] == [True] * len(files), alone
    assert {link["name"] for link in alone[0]["links"] if link["open"]} >= {"chain", "distribution"}


def test_one_broken_proof_for_each_link_is_named_alike(
    settled: Settled, anvil: Anvil, client: ChainClient
) -> None:
    original = json.loads(settled.proof(2, settled.holders[1], "day"))
    corpus = dict(_one_for_each_link(original))
    found = in_javascript([json.dumps(each) for each in corpus.values()], rpc=anvil.url)
    for (link, mutant), result in zip(corpus.items(), found, strict=True):
        assert in_python(json.dumps(mutant), client) == verdict(result) == ("broken", link)


@pytest.mark.parametrize(
    ("settled", "kind"), [(each, each) for each in KINDS], indirect=["settled"]
)
def test_every_change_gets_the_same_verdict(
    settled: Settled, anvil: Anvil, client: ChainClient, kind: str
) -> None:
    original = json.loads(settled.proof(2, settled.holders[1], "sample"))
    changes = list(mutants(original))
    if original["corrections"] is not None:  # the other places are those of a file without
        committed = kind == "committed-corrected"
        own = ("corrections", "lines", "batches") if committed else ("corrections",)
        changes = [each for each in changes if each[0].startswith(own)]
    files = [json.dumps(mutant) for _, mutant in changes]
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(in_javascript, files, rpc=anvil.url)
        ours = [in_python(each, client) for each in files]
        theirs = [verdict(each) for each in found.result()]
    differing = [
        (where, one, two)
        for (where, _), one, two in zip(changes, ours, theirs, strict=True)
        if one != two
    ]
    assert len(files) > 200
    assert differing == []


def test_what_the_file_alone_shows_wrong_is_found_without_a_node(settled: Settled) -> None:
    """Of the values that only the chain knows, none is said to be checked."""
    original = json.loads(settled.proof(2, settled.holders[1], "day"))
    corpus = dict(_one_for_each_link(original))
    pins = {"chain_id": original["chain_id"], "contracts": original["contracts"]}
    found = in_javascript([json.dumps(each) for each in corpus.values()], pins=pins)
    for link, result in zip(corpus, found, strict=True):
        assert verdict(result)[0] == "broken", link


def test_repeated_keys_and_rounded_numbers_are_refused(settled: Settled) -> None:
    text = settled.proof(1, settled.holders[0]).decode()
    twice = text.replace('"scope"', '"version":2,"scope"', 1)
    rounded = text.replace('"version":2', '"version":2.0', 1).replace(
        '"version": 2', '"version": 2.0', 1
    )
    assert twice != text != rounded
    assert [verdict(each) for each in in_javascript([twice, rounded])] == [("refused", None)] * 2


HUGE = (2**53, 2**64, -1, 10**30, 1e300, 0.5)
"""Numbers that a program may round, wrap or take for another."""
TEXTS = (
    *(
        "",
        "1\n",
        " 1",
        "+1",
        "-0",
        "1_000",
        "٣",
        "1e3",
        "0x",
        "NaN",
        "9" * 100,
        str(2**256),
        "0" * 70,
    ),
    *("0x" + "0" * 63, "0x" + "G" * 64, "\u202e1", "1\u0000", "\ud800"),
)
"""Texts that a program may take for a number, a hash or an address."""
SECTIONS = {
    "chain": (("chain_id",), ("contracts",)),
    "distribution": (("distribution",),),
    "payout": (("payout",),),
    "settlement": (("settlement",), ("settlement", "lines", 0)),
    "statement": (("statement",),),
    "batches": (("cursor",), ("batches", 0), ("batches", 0, "manifest")),
    "lines": (("lines", 0), ("tariff",), ("tariff", "rows", 0)),
    "corrections": (("corrections",), ("corrections", "document")),
    "readings": (("readings", 0), ("readings", 0, "some", 0)),
}
"""Where the values of each link stand."""


def _hostile_cases() -> Iterator[Any]:
    """Every section of either form of a month; again, where the other has the same values, only when asked for."""
    own = {
        "open": set(SECTIONS) - {"corrections"},
        "committed-corrected": {"corrections", "readings"},
        "open-corrected": set[str](),
    }
    for kind, link in product(KINDS, SECTIONS):
        yield pytest.param(kind, link, marks=() if link in own[kind] else pytest.mark.deep)


@pytest.mark.parametrize(("settled", "link"), list(_hostile_cases()), indirect=["settled"])
def test_missing_huge_and_hostile_values_get_the_same_verdict(
    settled: Settled, anvil: Anvil, client: ChainClient, link: str
) -> None:
    original = json.loads(settled.proof(2, settled.holders[1], "sample"))
    corpus = [each for place in SECTIONS[link] for each in _hostile(original, place)]
    if link == "corrections" and original["corrections"] is None:
        assert len(corpus) > 5
    else:
        assert len(corpus) > 20
    ours = [in_python(each.encode(), client) for each in corpus]
    theirs = [verdict(each) for each in in_javascript(corpus, rpc=anvil.url)]
    assert [
        (corpus[place][:300], one, two)
        for place, (one, two) in enumerate(zip(ours, theirs, strict=True))
        if one != two
    ] == []
    assert ("holds", None) not in ours


def _hostile(original: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[str]:
    """Files with one value of a section missing, huge, of another kind, or nested deeply."""
    section = original
    for step in path:
        if section is None:
            return
        section = section[step]  # type: ignore[index]  # as the file goes
    if not isinstance(section, dict):
        keys: list[tuple[str | int, ...]] = [path]
    else:
        keys = [(*path, key) for key in section]
    for key in keys:
        if key != ("corrections",):  # what may be missing
            yield _with(original, key, _MISSING)
        kept = at(original, key)
        others = (
            HUGE if isinstance(kept, int) and not isinstance(kept, bool) else TEXTS
            if isinstance(kept, str) else ()
        )  # fmt: skip
        for value in (*others, None if kept is not None else 0, [kept], {"x": kept}, True, 7):
            if value != kept or type(value) is not type(kept):
                yield _with(original, key, value)
        yield _with(original, key, "DEEP").replace('"DEEP"', "[" * 20_000 + "]" * 20_000)
        yield _with(original, key, "DEEP").replace('"DEEP"', '{"a":' * 5_000 + "1" + "}" * 5_000)
        yield _with(original, key, "DEEP").replace('"DEEP"', "NaN")
        yield _with(original, key, "DEEP").replace('"DEEP"', "-Infinity")


def test_one_bound_of_depth_holds_for_both(
    settled: Settled, anvil: Anvil, client: ChainClient
) -> None:
    original = json.loads(settled.proof(1, settled.holders[0]))
    above = 2  # the file and its tariff
    files = [
        _with(original, ("tariff", "more"), "DEEP").replace('"DEEP"', "[" * depth + "]" * depth)
        for depth in (1, MAX_DEPTH - above, MAX_DEPTH - above + 1, 40, 63)
    ]
    ours = [in_python(each.encode(), client) for each in files]
    assert [verdict(each) for each in in_javascript(files, rpc=anvil.url)] == ours
    assert [each == ("refused", None) for each in ours] == [False, False, True, True, True]


_MISSING = object()


def _with(original: dict[str, Any], path: tuple[str | int, ...], value: object) -> str:
    copy = json.loads(json.dumps(original))
    place = at(copy, path[:-1])
    if value is _MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(copy)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "true", '"proof"', "\ufeff{}", "{" * 100_000, "[" * 1_000_000),
        *("1" * 100_000, '{"version":2}', '{"version":1e0}', '{"version":2,"version":2}', "\x00"),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_proof_at_all_is_refused_by_both(client: ChainClient, text: str) -> None:
    assert in_python(text.encode(), client) == ("refused", None)
    (found,) = in_javascript([text])
    assert verdict(found) == ("refused", None)


def test_other_spellings_of_the_same_values_are_refused_by_both(
    settled: Settled, client: ChainClient
) -> None:
    """A line feed behind a number, minus zero, a byte order mark: Python's own readers would take them."""
    original = json.loads(settled.proof(1, settled.holders[0]))
    text = json.dumps(original)

    def put(section: str, field: str, value: object) -> str:
        return json.dumps(original | {section: original[section] | {field: value}})

    files = [
        put("payout", "amount", original["payout"]["amount"] + "\n"),
        put("payout", "holder", original["payout"]["holder"] + "\n"),
        put("statement", "digest", original["statement"]["digest"] + "\n"),
        put("statement", "signatures", original["statement"]["signatures"] + "\n"),
        text.replace('"breached": 0', '"breached": -0', 1),
        "\ufeff" + text,
    ]
    assert text not in files
    refused = [("refused", None)] * len(files)
    assert [in_python(each, client) for each in files] == refused
    assert in_python(text.encode("utf-16"), client) == ("refused", None)
    assert [verdict(each) for each in in_javascript(files[:-1])] == refused[:-1]


def _one_for_each_link(original: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A changed file for each link, by the link that it breaks first."""

    def changed(*path: str | int, value: Any = None) -> dict[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(original))
        place: Any = copy
        for step in path[:-1]:
            place = place[step]
        kept = place[path[-1]]
        place[path[-1]] = (
            value
            if value is not None
            else str(int(kept) + 1)
            if kept.isdigit()
            else changed_text(kept)
        )
        return copy

    yield "chain", changed("chain_id", value=original["chain_id"] + 1)
    yield "distribution", changed("distribution", "acc", value="1")
    yield "payout", changed("payout", "amount")
    yield "settlement", changed("settlement", "lines", 0, "paid")
    yield "statement", changed("statement", "coverage_bp", value=1)
    manifest = original["batches"][0]["manifest"]
    yield "batches", changed("batches", 0, "manifest", "covered", value=manifest["covered"] - 1)
    yield "lines", changed("lines", 0, "amount")
    if original["corrections"] is not None:
        rows = original["corrections"]["document"]["periods"][0]["rows"]
        yield (
            "corrections",
            changed(
                *("corrections", "document", "periods", 0, "rows", 0, "stated"),
                value=str(int(rows[0]["stated"]) + 1),
            ),
        )
    yield "readings", changed("readings", 0, "all", 0)
