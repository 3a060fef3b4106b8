"""A small project on a fresh Anvil: one stream, two series, five holders, real quorum signatures.

Everything is sent from unlocked accounts by hand, so that these tests do not depend on the deployer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import rlp
from tests.support.anvil import Anvil
from tests.support.village import step

from usufruct.chain.client import ChainClient
from usufruct.chain.records import Receipt
from usufruct.contracts import (
    ZERO_ADDRESS,
    Address,
    Call,
    address,
    participant_registry,
    revenue_right,
    series_extension,
    series_factory,
    settlement_currency,
    statement_book,
    stream_registry,
    telemetry_anchor,
    usufruct_access_manager,
    waterfall,
)
from usufruct.contracts.shared import Terms
from usufruct.core import typed_data as td
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.signing import pack_signatures, sign_digest
from usufruct.core.statements import StatementLine, build_statement, lines_from_manifests
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.keys import dev_account, dev_address

STREAM = 1
DAY = 86_400
WINDOW = 3_600
GRACE = 7_200
MEGA = 10**6
ADMIN = dev_address(0)
OPERATOR = dev_address(8)
OWNERS = dev_address(9)
SIGNERS = sorted((4, 5, 6), key=lambda n: int(dev_address(n), 16))
TABLE = [dev_address(n) for n in SIGNERS]
HOLDERS = [address(bytes.fromhex(f"{n:040x}")) for n in range(0xA001, 0xA006)]
"""Adam, Barb, Carl, Dave and Eve; their transactions are impersonated."""


def word(text: str) -> bytes:
    """Text as a left-aligned bytes32."""
    return text.encode().ljust(32, b"\0")


@dataclass(frozen=True)
class Evidence:
    """What a worker would hand over for one period of the kit."""

    batch: td.Batch
    head: bytes
    manifest: Manifest
    leaves: list[bytes]
    statement: td.Statement
    lines: list[StatementLine]
    signers: int
    signatures: bytes


@dataclass
class Kit:
    """A deployed project and hands to move it."""

    anvil: Anvil
    client: ChainClient
    contracts: dict[str, Address] = field(default_factory=dict)
    series: dict[str, Address] = field(default_factory=dict)
    first_block: int = 0
    start: int = 0
    cursor: td.Cursor = field(default_factory=lambda: td.first_cursor(0))
    tariff: Tariff = field(
        default_factory=lambda: Tariff(
            id="flat",
            stream="VPP",
            currency="USDX",
            base_unit="Wh",
            timezone="UTC",
            rows=(PriceRow("day", 3, 2), PriceRow("night", 1, 1)),
            calendar=(CalendarRule("day", from_=480, to=1320), CalendarRule("night")),
        )
    )
    evidence: list[Evidence] = field(default_factory=list)

    # --- Transactions ---

    def send(self, to: str | None, data: bytes, sender: str = ADMIN) -> Receipt:
        """Sends from an unlocked account and waits; a revert raises the contract's error."""
        request = {"from": sender, "data": "0x" + data.hex(), "gas": hex(16_000_000)}
        if to is not None:
            request["to"] = to
            self.client.rpc("eth_call", request, "latest")
        tx = bytes.fromhex(self.client.rpc("eth_sendTransaction", request)[2:])
        receipt = self.client.receipt(tx)
        while receipt is None:
            receipt = self.client.receipt(tx)
        assert receipt.status == 1
        return receipt

    def act(self, contract: str, call: Call[Any], sender: str = ADMIN) -> Receipt:
        """Calls one of the project's contracts or series."""
        return self.send(self.contracts.get(contract) or self.series[contract], call.data, sender)

    def ask(self, contract: str, call: Call[Any]) -> Any:
        """Reads from one of the project's contracts or series."""
        return self.client.call(self.contracts.get(contract) or self.series[contract], call)

    def deploy(self, name: str, code: bytes) -> Address:
        """Deploys a contract under a name."""
        created = self.send(None, code).contract_address
        assert created is not None
        self.contracts[name] = created
        return created

    def now(self) -> int:
        """The chain's time."""
        return self.client.block("latest").timestamp

    def warp(self, time: int) -> None:
        """Mines a block at `time`, which must lie ahead."""
        self.client.rpc("evm_setNextBlockTimestamp", time)
        self.client.rpc("evm_mine")

    def mine(self, count: int = 1) -> None:
        """Mines empty blocks."""
        self.client.rpc("anvil_mine", hex(count))

    # --- Deployment ---

    def build(self) -> Kit:
        """Deploys everything and issues both series."""
        for holder in HOLDERS:
            self.client.rpc("anvil_impersonateAccount", holder)
            self.client.rpc("anvil_setBalance", holder, hex(10**20))
        self.first_block = self.client.block_number() + 1
        self._contracts()
        self.start = self.now() // DAY * DAY
        self._stream()
        self._wallets()
        self._series("SR", "LVPPS", [600_000, 300_000, 100_000, 0, 0], rank=0)
        self._series("JR", "LVPPJ", [0, 0, 333_333, 333_333, 333_334], rank=2)
        self._rules()
        self.act("SettlementCurrency", settlement_currency.mint(OPERATOR, 10**15))
        unlimited = settlement_currency.approve(self.contracts["Waterfall"], 2**256 - 1)
        self.act("SettlementCurrency", unlimited, OPERATOR)
        return self

    def _contracts(self) -> None:
        authority = self.deploy("AccessManager", usufruct_access_manager.deploy_data(ADMIN, 0, []))
        registry = self.deploy("ParticipantRegistry", participant_registry.deploy_data(authority))
        streams = self.deploy("StreamRegistry", stream_registry.deploy_data(authority))
        anchor = self.deploy("TelemetryAnchor", telemetry_anchor.deploy_data(authority, DAY))
        book = self.deploy("StatementBook", statement_book.deploy_data(authority, anchor, streams))
        currency = self.deploy(
            "SettlementCurrency", settlement_currency.deploy_data(authority, "Test Dollar", "USDX")
        )
        # Series and waterfall name each other, so one address is known before its contract.
        nonce = int(self.client.rpc("eth_getTransactionCount", ADMIN, "latest"), 16)
        distributor = address(keccak256(rlp.encode([bytes.fromhex(ADMIN[2:]), nonce + 3]))[12:])
        places = (authority, registry, currency, distributor)
        extension = self.deploy("SeriesExtension", series_extension.deploy_data(*places))
        right = self.deploy("RevenueRightImpl", revenue_right.deploy_data(*places, extension))
        factory = self.deploy("SeriesFactory", series_factory.deploy_data(authority, right))
        self.deploy("Waterfall", waterfall.deploy_data(authority, book, currency, factory, DAY))
        assert self.contracts["Waterfall"] == distributor
        self.deploy("FundUnitFactory", series_factory.deploy_data(authority, right))
        self.act("StatementBook", statement_book.set_waterfall(distributor))
        self.act("AccessManager", usufruct_access_manager.grant_role(1, ADMIN, 0))
        self.act("ParticipantRegistry", participant_registry.appoint_registrar(ADMIN, True))

    def _stream(self) -> None:
        terms = stream_registry.Terms(
            start=self.start,
            challenge_window=WINDOW,
            funding_grace=GRACE,
            min_coverage_bp=9_000,
            max_estimated_bp=500,
            kind=4,
            committed=False,
            resolution_time=7 * DAY,
            lapse_upholds=False,
            common_parts=False,
            owners_share_bp=0,
        )
        self.act(
            "StreamRegistry",
            stream_registry.open(STREAM, word("VPP"), terms, self.tariff.hash(), []),
        )
        self.act("TelemetryAnchor", telemetry_anchor.schedule_signers(TABLE, 2))
        self.act("TelemetryAnchor", telemetry_anchor.open_chain(STREAM, self.start))
        self.cursor = td.first_cursor(self.start)

    def _wallets(self) -> None:
        registrations = [
            participant_registry.Registration(
                wallet=holder,
                participant=number,
                kyc_until=60_000,
                country=344,
                class_=participant_registry.Class.INSTITUTION,
                locked_until=0,
                identity_hash=bytes([number]) * 32,
            )
            for number, holder in enumerate(HOLDERS, 1)
        ]
        self.act("ParticipantRegistry", participant_registry.register_batch(registrations))

    def _series(
        self,
        code: str,
        symbol: str,
        units: Sequence[int],
        rank: int,
        *,
        term_to: int = 60,
        sealed: bool = True,
    ) -> None:
        terms = Terms(
            name=word(f"Income {code}"),
            symbol=word(symbol),
            stream=STREAM,
            term_from=1,
            term_to=term_to,
            rank=rank,
            decimals=0,
            classes=0b1100,
            countries=0,
            min_ticket=1,
            locked_until=0,
            tail=0,
            holder_cap=0,
            country_cap=0,
            window_every=0,
            window_length=0,
            consent=False,
        )
        self.act("SeriesFactory", series_factory.create(terms, word(code)))
        self.series[code] = self.ask("SeriesFactory", series_factory.address_of(terms, word(code)))
        held = [(holder, each) for holder, each in zip(HOLDERS, units, strict=True) if each]
        if held:
            self.act(code, revenue_right.issue([h for h, _ in held], [u for _, u in held]))
        if sealed:
            self.act(code, revenue_right.seal())

    def _rules(self) -> None:
        kinds = waterfall.StepKind

        rules = waterfall.Rules(
            steps=(
                step(kinds.PERCENT_OF_RECEIPTS, OWNERS, bp=600),
                step(kinds.DUE, self.series["SR"], 900 * MEGA, account=1, to_series=True),
                step(kinds.RESERVE, ZERO_ADDRESS, 50 * MEGA, account=2),
                step(kinds.RESIDUAL, self.series["JR"], to_series=True),
                step(kinds.RESIDUAL, OWNERS),
            ),
            kpis=(),
            triggers=(),
            schedule=(),
            min_multiplier_bp=0,
            max_multiplier_bp=0,
            max_change_bp=0,
        )
        self.act("Waterfall", waterfall.set_rules(STREAM, rules))

    def lose(self, lost: str, replacement: str, participant: int, code: str) -> None:
        """A participant's wallet is lost, and another takes its place in a series."""
        given = participant_registry.Registration(
            wallet=address(replacement),
            participant=participant,
            kyc_until=60_000,
            country=344,
            class_=participant_registry.Class.INSTITUTION,
            locked_until=0,
            identity_hash=bytes([participant]) * 32,
        )
        self.act("ParticipantRegistry", participant_registry.register_batch([given]))
        recover = participant_registry.recover_wallet(
            lost, replacement, bytes(32), [self.series[code]]
        )
        self.act("ParticipantRegistry", recover)

    # --- A period ---

    def attest(self, quantity: int, period: int, *, days: int = 1) -> Evidence:
        """Anchors a closing batch of three readings and attests the period's statement, signed by two of three."""
        begins = self.cursor.to
        ends = begins + days * DAY
        if self.now() < ends:
            self.warp(ends + 60)
        leaves, lines = self._readings(quantity, begins, ends)
        manifest = Manifest(
            stream=STREAM,
            seq=self.cursor.seq + 1,
            from_=begins,
            to=ends,
            first=self.cursor.next,
            count=len(leaves),
            root=tree_root(leaves),
            expected=3,
            covered=3,
            quantity=quantity,
            estimated=0,
            lines=lines,
        )
        first_head = td.head_of(self.cursor)
        batch = td.next_batch(
            self.cursor,
            stream=STREAM,
            to=ends,
            count=len(leaves),
            closes=True,
            root=manifest.root,
            content=manifest.content(),
        )
        digest = td.batch_digest(self._domain("TelemetryAnchor"), batch)
        bitmap, blob = self._sign(digest)
        given = telemetry_anchor.Batch(
            STREAM, ends, len(leaves), True, manifest.root, manifest.content()
        )
        at = telemetry_anchor.Cursor(
            self.cursor.digest, self.cursor.seq, self.cursor.to, self.cursor.next
        )
        self.act("TelemetryAnchor", telemetry_anchor.anchor(given, at, bitmap, blob))
        self.cursor = td.next_cursor(self.cursor, batch, digest)
        return self._attest(period, batch, manifest, leaves, first_head)

    def _attest(
        self,
        period: int,
        batch: td.Batch,
        manifest: Manifest,
        leaves: list[bytes],
        first_head: bytes,
    ) -> Evidence:
        lines = lines_from_manifests(self.tariff, [manifest], committed=False)
        statement = build_statement(
            stream=STREAM,
            period=period,
            version=1,
            bounds=(batch.from_, batch.to),
            heads=(first_head, td.head_of(self.cursor)),
            tariff=self.tariff,
            lines=lines,
            manifests=[manifest],
        )
        bitmap, blob = self._sign(td.statement_digest(self._domain("StatementBook"), statement))
        given = statement_book.Statement(*statement.values())
        self.act("StatementBook", statement_book.attest(given, bitmap, blob))
        evidence = Evidence(
            batch, td.head_of(self.cursor), manifest, leaves, statement, lines, bitmap, blob
        )
        self.evidence.append(evidence)
        return evidence

    def restate(self, evidence: Evidence, version: int) -> None:
        """Attests a further version of a period's statement, with the same figures."""
        statement = replace(evidence.statement, version=version)
        bitmap, blob = self._sign(td.statement_digest(self._domain("StatementBook"), statement))
        given = statement_book.Statement(*statement.values())
        self.act("StatementBook", statement_book.attest(given, bitmap, blob))

    def settle(self, quantity: int, period: int) -> Evidence:
        """Attests, waits for finality, funds what is required and settles."""
        evidence = self.attest(quantity, period)
        self.finish()
        required = sum(line.amount for line in evidence.lines)
        if required:
            self.act("Waterfall", waterfall.fund(STREAM, required), OPERATOR)
        self.act("Waterfall", waterfall.settle(STREAM, period))
        return evidence

    def finish(self) -> None:
        """Lets the challenge window pass."""
        self.warp(self.now() + WINDOW + 60)

    def _readings(
        self, quantity: int, begins: int, ends: int
    ) -> tuple[list[bytes], tuple[ManifestLine, ...]]:
        third = quantity // 3
        parts = [third, third, quantity - 2 * third]
        leaves = [
            ReadingLeaf(
                quantity=open_quantity(part),
                record=keccak256(b"record%d" % place),
                stream=STREAM,
                seq=self.cursor.next + place,
                end=begins + (ends - begins) * (place + 1) // 3,
                duration=3_600,
                meter=101 + place,
                kind=0,
                quality=0,
                rev=0,
                flow=1,
            ).encode()
            for place, part in enumerate(parts)
        ]
        # They end at 8:00, 16:00 and 24:00 and last an hour: the middle one is in the day row.
        lines = (
            ManifestLine("day", 1, parts[1], None),
            ManifestLine("night", 2, parts[0] + parts[2], None),
        )
        return leaves, lines

    def _domain(self, contract: str) -> td.Domain:
        return td.Domain(self.client.chain_id, self.contracts[contract])

    def _sign(self, digest: bytes) -> tuple[int, bytes]:
        signatures = {dev_address(n): sign_digest(dev_account(n), digest) for n in SIGNERS[:2]}
        return pack_signatures(TABLE, signatures)

    # --- Holders ---

    def transfer(self, code: str, sender: str, recipient: str, units: int) -> None:
        """Moves units."""
        self.act(code, revenue_right.transfer(address(recipient), units), sender)

    def claim(self, code: str, holder: str) -> None:
        """Claims for a holder."""
        self.act(code, revenue_right.claim_for(address(holder)))


def deployed(anvil: Anvil) -> Kit:
    """The project on `anvil`."""
    # A loaded machine may take its time: what is not asked here is how fast a node answers.
    return Kit(anvil, ChainClient(anvil.url, timeout=60)).build()
