"""A dossier of attested income, anchored, checked against the chain, and what a forger would try."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.finance.mall import Mall, run
from tests.support.communities import SALT

from usufruct.contracts import disclosure_registry as dr
from usufruct.errors import EvidenceError
from usufruct.finance.pack.manifest import manifest_of, write
from usufruct.index.settings import Settings
from usufruct.index.site import open_site
from usufruct.keys import dev_address

VALUATION = """\
schema = 1
title = "Mall"
currency = "USDX"
[unit]
area_m2 = "5000"
[[held]]
method = "NOI/cap"
numerator = "NOI"
amount = "attested"
rate = "8%"
"""


@pytest.fixture
def earning(mall: Mall, tmp_path: Path) -> Mall:
    """Two attested and settled months in the ledger."""
    mall.pay(1, 30, 900_000_000)
    mall.pay(2, 31, 1_100_000_007)
    site = open_site(Settings.load(None, rpc=mall.anvil.url, state=tmp_path / "state"))
    site.database.migrate()
    indexer = site.indexer()
    indexer.catch_up()
    site.database.dispose()
    return mall


@pytest.fixture
def pack(earning: Mall, tmp_path: Path) -> Callable[..., str]:
    """Makes the dossier in `tmp_path / "out"`."""
    (tmp_path / "v.toml").write_text(VALUATION, "utf-8")
    (tmp_path / "pack.toml").write_text(
        'schema = 1\ntitle = "Mall"\nstream = "MALL"\nannualise = true\nvaluation = "v.toml"\n'
        'community = "community.toml"\n',
        "utf-8",
    )
    ledger = f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"
    places = ("--rpc", earning.anvil.url, "--state", str(tmp_path / "state"))

    def make(*options: str) -> str:
        project, out = str(tmp_path / "pack.toml"), str(tmp_path / "out")
        return run("pack", project, "--ledger", ledger, "--out", out, *options, *places)

    return make


def verify(mall: Mall, tmp_path: Path) -> str:
    out, state = str(tmp_path / "out"), str(tmp_path / "state")
    return run("pack", "verify", out, "--rpc", mall.anvil.url, "--state", state)


def anchor(mall: Mall, hash_: bytes) -> None:
    call = dr.set_document(
        b"\2" + bytes(30) + b"\1", b"asset-pack".ljust(32, b"\0"), "", hash_, dr.Kind.MANIFEST, 0
    )
    mall.act("DisclosureRegistry", call)


def test_a_dossier_is_anchored_once_and_checked_against_the_chain(
    earning: Mall, pack: Callable[..., str], tmp_path: Path
) -> None:
    assert "anchored as asset-pack in 0x" in pack("--anchor", "--key", "dev:0")
    sent = earning.client.nonce(dev_address(0))
    assert "anchored as asset-pack before" in pack("--anchor", "--key", "dev:0")
    assert earning.client.nonce(dev_address(0)) == sent
    found = verify(earning, tmp_path)
    assert "is anchored as asset-pack" in found
    assert "2 statements are what the chain holds" in found
    text = (tmp_path / "out" / "pack.json").read_text("utf-8")
    assert "2 of" not in text
    assert "12 periods made up from 2, MALL/1, MALL/2" in text
    assert SALT not in text
    assert not (tmp_path / "out" / "inputs" / "community.toml").exists()


def test_a_forged_dossier_is_not_what_is_anchored(
    earning: Mall, pack: Callable[..., str], tmp_path: Path
) -> None:
    pack()
    with pytest.raises(EvidenceError, match="asset-pack") as caught:
        verify(earning, tmp_path)
    assert "nothing is anchored" in str(caught.value.value)
    pack("--anchor", "--key", "dev:0")
    out = tmp_path / "out"
    files = {
        each.relative_to(out).as_posix(): each.read_bytes()
        for each in out.rglob("*")
        if each.is_file() and each.name != "manifest.json"
    }
    told = json.loads(files["pack.json"])
    told["statements"]["MALL/2"]["digest"] = "0x" + "22" * 32
    files["pack.json"] = json.dumps(told).encode()
    forged = manifest_of("asset-pack", "MALL", files)
    write(out, files, forged)
    with pytest.raises(EvidenceError, match="asset-pack"):
        verify(earning, tmp_path)
    # Even an issuer who anchors it cannot have attested what was not.
    anchor(earning, forged.hash)
    with pytest.raises(EvidenceError, match="MALL/2"):
        verify(earning, tmp_path)
