"""Writes tests/vectors/core.json: fixed values of the protocol, for this and any other implementation.

    python tests/vectors/make_core.py

The file is committed. A difference after a change of the code means that evidence which is already
anchored would no longer verify: change the code back, or the protocol's version.
"""

import json
from hashlib import sha256
from pathlib import Path

from usufruct.core.commitments import H, N, blinding, commit, meter_secret
from usufruct.core.encoding import ReadingLeaf, hex0x, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import EMPTY_ROOT, MerkleTree
from usufruct.core.signing import address_of, public_key, sign_digest, sign_record
from usufruct.core.statements import build_statement, lines_from_manifests
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.core.typed_data import (
    Domain,
    batch_digest,
    first_cursor,
    head_of,
    next_batch,
    next_cursor,
    statement_digest,
)

PLACE = Path(__file__).with_name("core.json")
START = 1_790_006_400
KEY = bytes([7]) * 32
ANCHOR = Domain(31_337, "0x" + "11" * 20)
BOOK = Domain(31_337, "0x" + "22" * 20)
SECRET = meter_secret(b"usufruct test vectors", 101)
TARIFF = Tariff(
    id="vpp-tou-2026",
    stream="VPP",
    currency="USDX",
    base_unit="Wh",
    timezone="Asia/Shanghai",
    rows=(PriceRow("peak", 540_000, 1000), PriceRow("valley", 210_000, 1000)),
    calendar=(CalendarRule("peak", (), (1, 2, 3, 4, 5), 840, 1020), CalendarRule("valley")),
)


def reading(seq: int, *, committed: bool) -> tuple[ReadingLeaf, int, int]:
    """Reading number `seq` with its quantity and its blinding."""
    quantity, end = 1000 + 37 * seq, START + 3600 * (seq + 1)
    r = blinding(SECRET, 1, 101, end, 3600, 0)
    field = commit(quantity, r) if committed else open_quantity(quantity)
    record = sha256(b"record %d" % seq).digest()
    return ReadingLeaf(field, record, 1, seq, end, 3600, 101, 0, 17, 0, 1), quantity, r


def trees() -> list[dict[str, object]]:
    """Roots and a path for trees of several sizes."""
    found = []
    for count in (1, 2, 3, 7, 24, 100):
        leaves = [reading(seq, committed=False)[0].encode() for seq in range(count)]
        tree = MerkleTree(leaves)
        path = [hex0x(each) for each in tree.path(count // 2)]
        found.append({"count": count, "root": hex0x(tree.root), "index": count // 2, "path": path})
    return found


def manifest_of(count: int) -> Manifest:
    """The manifest of a committed batch."""
    readings = [reading(seq, committed=True) for seq in range(count)]
    parts: dict[str, list[tuple[int, int]]] = {}
    for leaf, quantity, r in readings:
        row = TARIFF.rows[TARIFF.row_index_at(leaf.end - leaf.duration)].id
        parts.setdefault(row, []).append((quantity, r))
    return Manifest(
        stream=1,
        seq=1,
        from_=START,
        to=START + 86_400,
        first=0,
        count=count,
        root=MerkleTree([leaf.encode() for leaf, _, _ in readings]).root,
        expected=count,
        covered=count,
        quantity=sum(quantity for _, quantity, _ in readings),
        estimated=0,
        lines=tuple(
            ManifestLine(
                row.id,
                len(parts[row.id]),
                sum(quantity for quantity, _ in parts[row.id]),
                sum(r for _, r in parts[row.id]) % N,
            )
            for row in TARIFF.rows
            if row.id in parts
        ),
    )


def chain() -> dict[str, object]:
    """Manifest, batch, head, lines and statement that follow from each other."""
    manifest = manifest_of(24)
    start = first_cursor(START)
    batch = next_batch(
        start,
        stream=1,
        to=manifest.to,
        count=24,
        closes=True,
        root=manifest.root,
        content=manifest.content(),
    )
    digest = batch_digest(ANCHOR, batch)
    end = next_cursor(start, batch, digest)
    lines = lines_from_manifests(TARIFF, [manifest], committed=True)
    statement = build_statement(
        stream=1,
        period=1,
        version=1,
        bounds=(START, manifest.to),
        heads=(head_of(start), head_of(end)),
        tariff=TARIFF,
        lines=lines,
        manifests=[manifest],
        adjustments=-12,
    )
    return {
        "tariff": TARIFF.canonical().decode(),
        "tariffHash": hex0x(TARIFF.hash()),
        "manifest": manifest.canonical().decode(),
        "content": hex0x(manifest.content()),
        "firstHead": hex0x(head_of(start)),
        "batchDigest": hex0x(digest),
        "lastHead": hex0x(head_of(end)),
        "lines": [hex0x(line.leaf()) for line in lines],
        "amounts": [line.amount for line in lines],
        "linesRoot": hex0x(statement.lines_root),
        "kpis": hex0x(statement.kpis),
        "statementDigest": hex0x(statement_digest(BOOK, statement)),
    }


def vectors() -> dict[str, object]:
    """All values of the file."""
    (open_leaf, quantity, r), (committed_leaf, _, _) = (
        reading(3, committed=committed) for committed in (False, True)
    )
    payload = b"usufruct/meter-day/1\nVPP\nhome-01\n2026-10-01\n"
    return {
        "keccak": {"": hex0x(keccak256(b"")), "abc": hex0x(keccak256(b"abc"))},
        "pedersen": {
            "H": hex0x(H),
            "meterSecret": hex0x(SECRET),
            "quantity": quantity,
            "blinding": f"0x{r:064x}",
            "commitment": hex0x(commit(quantity, r)),
        },
        "leaf": {
            "open": hex0x(open_leaf.encode()),
            "openHash": hex0x(keccak256(open_leaf.encode())),
            "committed": hex0x(committed_leaf.encode()),
            "committedHash": hex0x(keccak256(committed_leaf.encode())),
        },
        "emptyRoot": hex0x(EMPTY_ROOT),
        "trees": trees(),
        "chain": chain(),
        "signatures": {
            "key": hex0x(KEY),
            "address": address_of(KEY),
            "digest": hex0x(keccak256(b"abc")),
            "signature": hex0x(sign_digest(KEY, keccak256(b"abc"))),
            "payload": payload.decode(),
            "records": {
                scheme: {
                    "publicKey": hex0x(public_key(scheme, KEY)),
                    "signature": hex0x(sign_record(scheme, KEY, payload)),
                }
                for scheme in ("device-secp256k1", "device-p256")
            },
        },
    }


def main() -> None:
    """Writes the file."""
    PLACE.write_text(json.dumps(vectors(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
