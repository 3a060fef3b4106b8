"""A small project on a test chain, put there by the bindings alone: for proofs, benches and gas figures.

The first Anvil account is AccessManager's admin; restricted functions without a configured role belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from web3.types import Nonce
from web3.utils.address import get_create_address

from usufruct.chain.client import ChainClient
from usufruct.chain.records import Receipt
from usufruct.contracts import Address, Call, address, shared
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.core import typed_data
from usufruct.core.keccak import keccak256
from usufruct.core.signing import address_of, pack_signatures, sign_digest

FAR_DAY = 30_000
ORACLES = 7
_GAS = 16_000_000


def oracle_key(index: int) -> bytes:
    """Private key of an oracle signer of the village."""
    return keccak256(f"village oracle {index}".encode())


@dataclass
class Village:
    """Contracts of one project and the verbs that tests need.

    Attributes:
        client: The chain.
        admin: The account that does everything.
        threshold: Signatures that a quorum needs.
        oracles: Number of oracle signers.
    """

    client: ChainClient
    threshold: int = 2
    oracles: int = 3
    admin: Address = field(init=False)
    at: dict[str, Address] = field(default_factory=dict)
    cursors: dict[int, typed_data.Cursor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.admin = address(self.client.rpc("eth_accounts")[0])
        keys = sorted(
            (oracle_key(i) for i in range(self.oracles)), key=lambda key: int(address_of(key), 16)
        )
        self.keys = keys
        self.table = [address_of(key) for key in keys]
        self._deploy()

    # --- sending -----------------------------------------------------------------------------------

    def send(self, to: str | None, data: bytes, sender: str | None = None) -> Receipt:
        """Send and wait; a revert raises AssertionError."""
        request = {"from": sender or self.admin, "data": "0x" + data.hex(), "gas": hex(_GAS)}
        if to is not None:
            request["to"] = to
        tx_hash = bytes.fromhex(self.client.rpc("eth_sendTransaction", request)[2:])
        receipt = None
        while receipt is None:
            receipt = self.client.receipt(tx_hash)
        assert receipt.status == 1, f"{data[:4].hex()} reverted"
        return receipt

    def do(self, name: str, call: Call[Any], sender: str | None = None) -> Receipt:
        """Call a function of a contract by its name in `at`, or of an address."""
        return self.send(self.at.get(name, name), call.data, sender)

    def ask(self, name: str, call: Call[Any]) -> Any:
        """Result of a view."""
        return self.client.call(self.at.get(name, name), call)

    def now(self) -> int:
        """Time of the latest block."""
        return self.client.block().timestamp

    def move_to(self, time: int) -> None:
        """Set the clock and mine a block."""
        self.client.rpc("evm_setNextBlockTimestamp", time)
        self.client.rpc("evm_mine")

    # --- contracts ---------------------------------------------------------------------------------

    def put(self, name: str, data: bytes) -> Address:
        """Deploy a contract under a name."""
        created = self.send(None, data).contract_address
        assert created is not None
        self.at[name] = created
        return created

    def _deploy(self) -> None:
        authority = self.put("AccessManager", am.deploy_data(self.admin, 0, []))
        registry = self.put("ParticipantRegistry", pr.deploy_data(authority))
        streams = self.put("StreamRegistry", sr.deploy_data(authority))
        self.put("MeterRegistry", mr.deploy_data(authority))
        anchor = self.put("TelemetryAnchor", ta.deploy_data(authority, 0))
        book = self.put("StatementBook", sb.deploy_data(authority, anchor, streams))
        currency = self.put(
            "SettlementCurrency", sc.deploy_data(authority, "Village Dollar", "USDV")
        )
        nonce = self.client.nonce(self.admin)
        waterfall = address(get_create_address(self.admin, Nonce(nonce + 3)))
        places = (authority, registry, currency, waterfall)
        extension = self.put("SeriesExtension", se.deploy_data(*places))
        right = self.put("RevenueRightImpl", rr.deploy_data(*places, extension))
        factory = self.put("SeriesFactory", sf.deploy_data(authority, right))
        put = self.put("Waterfall", wf.deploy_data(authority, book, currency, factory, 0))
        assert put == waterfall
        self.do("StatementBook", sb.set_waterfall(waterfall))
        self.do("AccessManager", am.grant_role(1, self.admin, 0))
        self.do("ParticipantRegistry", pr.appoint_registrar(self.admin, appointed=True))
        self.do(
            "TelemetryAnchor", ta.schedule_signers([address(a) for a in self.table], self.threshold)
        )

    # --- people and streams ------------------------------------------------------------------------

    def admit(self, wallets: Sequence[str]) -> Receipt:
        """Register professional holders from Hong Kong."""
        entries = [
            pr.Registration(
                address(wallet),
                number,
                FAR_DAY,
                344,
                pr.Class.PROFESSIONAL,
                0,
                keccak256(wallet.encode()),
            )
            for number, wallet in enumerate(wallets, start=1)
        ]
        return self.do("ParticipantRegistry", pr.register_batch(entries))

    def open_stream(
        self, stream: int, start: int, tariff_hash: bytes, *, committed: bool = False
    ) -> None:
        """Open a stream without delays and its batch chain."""
        terms = sr.Terms(start, 0, 0, 9_000, 500, 4, committed, 86_400, False, False, 0)
        code = f"S{stream}".encode().ljust(32, b"\0")
        self.do("StreamRegistry", sr.open(stream, code, terms, tariff_hash, []))
        self.do("TelemetryAnchor", ta.open_chain(stream, start))
        self.cursors[stream] = typed_data.first_cursor(start)

    def create_series(self, stream: int, symbol: str, holdings: dict[str, int]) -> Address:
        """Create, issue and seal a series."""
        series = self.new_series(stream, symbol)[0]
        self.do(series, rr.issue([address(w) for w in holdings], list(holdings.values())))
        self.do(series, rr.seal())
        return series

    def new_series(self, stream: int, symbol: str) -> tuple[Address, Receipt]:
        """Create a series without holders."""
        text = symbol.encode().ljust(32, b"\0")
        terms = shared.Terms(text, text, stream, 1, 1_000, 3, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, False)
        series = self.ask("SeriesFactory", sf.address_of(terms, text))
        return series, self.do("SeriesFactory", sf.create(terms, text))

    def set_rules(
        self, stream: int, steps: Sequence[wf.Step], kpis: Sequence[wf.Kpi] = ()
    ) -> Receipt:
        """Record waterfall rules."""
        rules = wf.Rules(tuple(steps), tuple(kpis), (), (), 0, 10_000, 0)
        return self.do("Waterfall", wf.set_rules(stream, rules))

    # --- data and money ----------------------------------------------------------------------------

    def signatures(self, digest: bytes, signers: int | None = None) -> tuple[int, bytes]:
        """Quorum of the first `signers` oracles over a digest."""
        keys = self.keys[: signers or self.threshold]
        return pack_signatures(
            self.table, {address_of(key): sign_digest(key, digest) for key in keys}
        )

    def anchor(
        self, stream: int, to: int, count: int, root: bytes, content: bytes, *, closes: bool
    ) -> Receipt:
        """Anchor a batch with a quorum."""
        before = self.cursors[stream]
        batch = typed_data.next_batch(
            before, stream=stream, to=to, count=count, closes=closes, root=root, content=content
        )
        domain = typed_data.Domain(self.client.chain_id, self.at["TelemetryAnchor"])
        digest = typed_data.batch_digest(domain, batch)
        call = ta.anchor(
            ta.Batch(stream, to, count, closes, root, content),
            ta.Cursor(before.digest, before.seq, before.to, before.next),
            *self.signatures(digest),
        )
        receipt = self.do("TelemetryAnchor", call)
        self.cursors[stream] = typed_data.next_cursor(before, batch, digest)
        return receipt

    def attest(self, statement: typed_data.Statement) -> Receipt:
        """Attest a statement with a quorum."""
        domain = typed_data.Domain(self.client.chain_id, self.at["StatementBook"])
        digest = typed_data.statement_digest(domain, statement)
        fields = (getattr(statement, name) for name in typed_data.Statement.__slots__)
        return self.do("StatementBook", sb.attest(sb.Statement(*fields), *self.signatures(digest)))

    def fund(self, stream: int, amount: int) -> Receipt:
        """Mint and pay in what a settlement needs."""
        self.do("SettlementCurrency", sc.mint(self.admin, amount))
        self.do("SettlementCurrency", sc.approve(self.at["Waterfall"], amount))
        return self.do("Waterfall", wf.fund(stream, amount))

    def settle(self, stream: int, period: int) -> Receipt:
        """Settle a period."""
        return self.do("Waterfall", wf.settle(stream, period))


def step(
    kind: wf.StepKind, payee: str, amount: int = 0, bp: int = 0, account: int = 0, **more: object
) -> wf.Step:
    """A step that always takes part."""
    return wf.Step(
        kind=kind,
        to_series=bool(more.get("to_series", False)),
        purpose=wf.Purpose.GENERAL,
        when=wf.When.ALWAYS,
        trigger=0,
        account=account,
        draw_from=int(str(more.get("draw_from", 0))),
        payee=address(payee),
        amount=amount,
        bp=bp,
    )


def residual(payee: str, *, to_series: bool) -> wf.Step:
    """A step that takes all that is left."""
    return step(wf.StepKind.RESIDUAL, payee, to_series=to_series)
