"""The register of record of a series: who holds it as of a block, so that the rights outlive chain and platform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, select

from usufruct.contracts import address
from usufruct.countries import country_code
from usufruct.errors import EvidenceError, InputError
from usufruct.exports.calendar import AsOf, as_of, ledger_end, utc
from usufruct.exports.document import Amount, Column, Document, Kind, Table, Text, amount_total
from usufruct.exports.project import Project
from usufruct.exports.tables import plain_csv
from usufruct.ledger.models import series, transfer
from usufruct.ledger.moments import BlockTimes, time_of_block
from usufruct.ledger.reads.exports import REGISTRATIONS
from usufruct.ledger.reads.holders import HOLDERS_WITH_UNITS
from usufruct.ledger.reads.places import META
from usufruct.ledger.types import first_position

__all__ = ["Register", "read_register", "register_document", "register_files"]

_ALL: Final = 1 << 40
_CLASSES: Final = ("none", "retail", "professional", "institution")
_FORMAT: Final = "usufruct/register/1"


@dataclass(frozen=True, slots=True)
class Holder:
    """A line of the register; what the participant registry does not know is None."""

    wallet: str
    units: int
    participant: int | None
    country: int | None
    class_: str | None


@dataclass(frozen=True, slots=True)
class Register:
    """The holders of one series.

    Attributes:
        chain_id: The chain, as the ledger has it.
        slug: The series' name in ids.
        symbol: Its symbol.
        contract: Its address.
        decimals: Decimals of its units.
        supply: Units outstanding: the sum of all holders'.
        known: The moment.
        holders: Largest first.
    """

    chain_id: str
    slug: str
    symbol: str
    contract: str
    decimals: int
    supply: int
    known: AsOf
    holders: tuple[Holder, ...]


def read_register(
    connection: Connection,
    name: str,
    *,
    before: int | None = None,
    block: int | None = None,
    told: BlockTimes | None = None,
) -> Register:
    """The register of the series `name` (symbol, id or address).

    Args:
        connection: The ledger.
        name: The series.
        before: As of the last block before this unix time.
        block: As of the end of this block; the ledger's newest if neither is given.
        told: Asked for the time of a block that the ledger does not know.

    Raises:
        InputError: There is no such series, or the block is still to come.
        EvidenceError: Holdings and transfers do not add up.
    """
    row = _series(connection, name)
    known = _moment(connection, before, block, told)
    values = {"series": row.id, "after": 0, "end": known.end, "limit": _ALL}
    people = {each.wallet: each for each in connection.execute(REGISTRATIONS, {"end": known.end})}
    holders = []
    for each in connection.execute(HOLDERS_WITH_UNITS, values):
        found = people.get(each.wallet_id)
        holders.append(
            Holder(
                address(each.wallet),
                each.units,
                found.participant if found else None,
                found.country if found else None,
                _CLASSES[found.class_] if found else None,
            )
        )
    holders.sort(key=lambda each: (-each.units, each.wallet.lower()))
    supply = _supply(connection, row.id, known)
    if sum(each.units for each in holders) != supply:
        raise EvidenceError(
            f"the register of {row.symbol} does not add up",
            field="units",
            value=sum(each.units for each in holders),
            rule=f"issued minus redeemed is {supply}",
            remedy="compare the ledger with the chain: usufruct reconcile",
        )
    meta = {each.key: each.value for each in connection.execute(META)}
    return Register(
        meta.get("chain_id", ""),
        row.slug,
        row.symbol,
        address(row.address),
        row.decimals,
        supply,
        known,
        tuple(holders),
    )


def register_document(project: Project, found: Register) -> Document:
    """The register for people."""
    table = _table(found)
    return Document(
        title=Text("Register of record", "持有人名册"),
        subject=f"{project.title} — {found.symbol}",
        facts=(
            (Text("Series", "系列"), found.symbol),
            (Text("Contract", "合约"), found.contract),
            (Text("Chain", "链"), found.chain_id),
            (Text("As of", "截至"), f"block {found.known.block}, {utc(found.known.time)}"),
            (Text("Holders", "持有人数"), str(len(found.holders))),
            (Text("Units outstanding", "流通份额"), str(Amount(found.supply, found.decimals))),
            (Text("SHA-256 of the register", "名册 SHA-256"), register_hash(found)),
        ),
        tables=[table],
        notes=(
            Text(
                "Should chain or platform fail, this register says who holds what. Its hash is that of the JSON file's "
                "field register, as compact JSON with sorted keys.",
                "如链或平台发生故障，以本名册确定持有人及份额。哈希值取自 JSON 文件 register 字段（键排序、无空格）。",
            ),
        ),
    )


def register_files(found: Register) -> dict[str, bytes]:
    """The register for programs: CSV, and JSON with the hashes of both."""
    table = plain_csv(_table(found))
    body = {
        "format": _FORMAT,
        "hash": register_hash(found),
        "csv_sha256": sha256(table).hexdigest(),
        "register": _plain(found),
    }
    return {"csv": table, "json": (json.dumps(body, indent=2, sort_keys=True) + "\n").encode()}


def register_hash(found: Register) -> str:
    """SHA-256 of the register as compact JSON with sorted keys, in hex."""
    content = json.dumps(_plain(found), sort_keys=True, separators=(",", ":"))
    return sha256(content.encode()).hexdigest()


def _plain(found: Register) -> dict[str, Any]:
    return {
        "chain_id": found.chain_id,
        "series": found.symbol,
        "contract": found.contract,
        "decimals": found.decimals,
        "supply": str(found.supply),
        "as_of_block": found.known.block,
        "holders": [
            {
                "wallet": each.wallet,
                "units": str(each.units),
                "participant": None if each.participant is None else str(each.participant),
                "country": each.country,
                "class": each.class_,
            }
            for each in found.holders
        ],
    }


def _table(found: Register) -> Table:
    rows = [
        (
            str(number),
            each.wallet,
            "" if each.participant is None else str(each.participant),
            "" if each.country is None else country_code(each.country),
            each.class_ or "",
            Amount(each.units, found.decimals),
            _share(each.units, found.supply),
        )
        for number, each in enumerate(found.holders, 1)
    ]
    total = Amount(amount_total(row[5] for row in rows), found.decimals)
    return Table(
        Text("Holders", "持有人"),
        (
            Column(Text("No.", "序号"), weight=5),
            Column(Text("Wallet", "钱包"), weight=36),
            Column(Text("Participant", "参与者"), weight=10),
            Column(Text("Country", "国家"), weight=8),
            Column(Text("Class", "类别"), weight=12),
            Column(Text("Units", "份额"), Kind.AMOUNT, 16),
            Column(Text("Share", "占比"), weight=10),
        ),
        rows,
        ("", "Total 合计", "", "", "", total, ""),
        Text("Nobody holds units.", "无持有人。"),
    )


def _share(units: int, supply: int) -> str:
    """Percent of the supply with four places, rounded down."""
    points = units * 1_000_000 // supply
    return f"{points // 10_000}.{points % 10_000:04} %"


def _series(connection: Connection, name: str) -> Any:
    wanted = name.removeprefix("ser_").lower()
    rows = connection.execute(select(series).order_by(series.c.id)).all()
    fitting = [
        row
        for row in rows
        if wanted in (row.slug, row.symbol.lower(), address(row.address).lower())
    ]
    if len(fitting) != 1:
        raise InputError(
            "the series is not known" if not fitting else "several series have this symbol",
            field="series",
            value=name,
            rule=f"symbol, id or address of a series: {', '.join(row.slug for row in rows) or 'none'}",
            remedy="name one of these",
        )
    return fitting[0]


def _moment(
    connection: Connection, before: int | None, block: int | None, told: BlockTimes | None
) -> AsOf:
    last = ledger_end(connection)
    if block is not None:
        if block > last.block:
            raise InputError(
                "the ledger has not come so far",
                field="block",
                value=block,
                rule=f"the ledger ends with block {last.block}",
                remedy="wait, or name an earlier block",
            )
        return AsOf(block, time_of_block(connection, block, told), first_position(block + 1))
    if before is None:
        return last
    if before > last.time + 1:
        raise InputError(
            "the ledger has not come so far",
            field="as of",
            value=utc(before - 1),
            rule=f"the ledger ends at {utc(last.time)}",
            remedy="wait, or name an earlier day",
        )
    return as_of(connection, before)


def _supply(connection: Connection, number: int, known: AsOf) -> int:
    rows = connection.execute(
        select(transfer.c.sender, transfer.c.recipient, transfer.c.units).where(
            transfer.c.series == number, transfer.c.pos < known.end
        )
    )
    supply = 0
    for sender, recipient, units in rows:
        supply += units * ((sender is None) - (recipient is None))
    return supply
