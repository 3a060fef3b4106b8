"""accrual.py equals HolderAccount.sol and the deployed RevenueRight to the unit."""

from dataclasses import dataclass, field
from random import Random

from tests.parity.conftest import Harness, Node, in_pages

from usufruct.contracts import (
    access_manager,
    participant_registry,
    revenue_right,
    series_extension,
    series_factory,
    settlement_currency,
)
from usufruct.core.accrual import Account, Series, claim, claimable, distribute, transfer

PAGE = 40
SEED = 20_260_902
MAX_UNITS = 2**48 - 1
MAX_ACC = 2**63 - 1
DISTRIBUTE, TRANSFER, CLAIM = range(3)


@dataclass
class History:
    """A series from its issue on, as Python sees it."""

    units: list[int]
    steps: list[tuple[int, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.series = Series(0, sum(self.units))
        self.accounts = [Account(each) for each in self.units]
        self.paid = [0] * len(self.units)

    def step(self, kind: int, a: int, b: int, amount: int) -> None:
        """Takes one step and remembers it."""
        self.steps.append((kind, a, b, amount))
        if kind == DISTRIBUTE:
            self.series = distribute(self.series, amount)
        elif kind == TRANSFER:
            pair = transfer(self.series, self.accounts[a], self.accounts[b], amount)
            self.accounts[a], self.accounts[b] = pair
        else:
            amount, self.accounts[a] = claim(self.series, self.accounts[a])
            self.paid[a] += amount

    def outcome(self) -> tuple[object, ...]:
        """As the harness gives it."""
        return (
            tuple(each.debt for each in self.accounts),
            tuple(each.balance for each in self.accounts),
            tuple(claimable(self.series, each) for each in self.accounts),
            tuple(self.paid),
            self.series.acc,
        )


def random_units(rng: Random, holders: int, most: int) -> list[int]:
    """Units that sum to at most `most`, and are not all zero."""
    top = rng.choice((10, 10**6, most)) // holders
    return [rng.randint(0, top) for _ in range(holders - 1)] + [rng.randint(1, max(top, 1))]


def random_step(rng: Random, history: History, room: int) -> None:
    """Any of the three, with any amount that fits."""
    kind = rng.choice((DISTRIBUTE, TRANSFER, TRANSFER, CLAIM))
    a, b = rng.sample(range(len(history.units)), 2)
    if kind == DISTRIBUTE:
        amount = rng.randint(0, min(room, rng.choice((3, 10**9, room))))
        history.step(DISTRIBUTE, 0, 0, amount)
    elif kind == TRANSFER:
        balance = history.accounts[a].balance
        history.step(TRANSFER, a, b, rng.choice((0, balance, rng.randint(0, balance))))
    else:
        history.step(CLAIM, a, 0, 0)


def random_history(rng: Random) -> History:
    """Up to forty steps of up to six holders, at all magnitudes the widths allow."""
    history = History(random_units(rng, rng.randint(2, 6), MAX_UNITS))
    for _ in range(rng.randint(0, 40)):
        random_step(rng, history, MAX_ACC - history.series.acc)
    return history


def test_random_histories_leave_the_same_accounts(harness: Harness, cases: int):
    rng = Random(SEED)
    for page in in_pages(range(cases), PAGE):
        some = [random_history(rng) for _ in page]
        (theirs,) = harness.call(
            "accruals", [each.units for each in some], [each.steps for each in some]
        )
        for history, outcome in zip(some, theirs, strict=True):
            assert history.outcome() == outcome, history


HOLDERS = 4
TERM = 10_000


@dataclass(frozen=True)
class Market:
    """A deployed series with its holders' wallets; the first account is also its waterfall."""

    node: Node
    series: str
    currency: str
    wallets: list[str]

    def step(self, kind: int, a: int, b: int, amount: int, period: int) -> None:
        """The same step on the chain."""
        if kind == DISTRIBUTE:
            self.node.send(self.currency, settlement_currency.mint(self.series, amount).data)
            self.node.send(self.series, revenue_right.distribute(period, amount).data)
        elif kind == TRANSFER:
            move = revenue_right.transfer(self.wallets[b], amount)
            self.node.send(self.series, move.data, self.wallets[a])
        else:
            self.node.send(self.series, revenue_right.claim_for(self.wallets[a]).data)

    def outcome(self) -> tuple[object, ...]:
        """As `History.outcome` gives it."""
        ask = self.node.call
        accounts = [ask(self.series, revenue_right.account_of(each)) for each in self.wallets]
        return (
            tuple(each.debt for each in accounts),
            tuple(each.balance for each in accounts),
            tuple(ask(self.series, revenue_right.claimable(each)) for each in self.wallets),
            tuple(
                ask(self.currency, settlement_currency.balance_of(each)) for each in self.wallets
            ),
            ask(self.series, revenue_right.state()).acc,
        )


def open_market(node: Node, units: list[int]) -> Market:
    """A sealed series, issued to the accounts after the first."""
    office, wallets = node.accounts[0], node.accounts[1 : 1 + len(units)]
    authority = node.deploy(access_manager.deploy_data(office))
    registry = node.deploy(participant_registry.deploy_data(authority))
    currency = node.deploy(settlement_currency.deploy_data(authority, "Test Dollar", "USDX"))
    half = node.deploy(series_extension.deploy_data(authority, registry, currency, office))
    code = node.deploy(revenue_right.deploy_data(authority, registry, currency, office, half))
    factory = node.deploy(series_factory.deploy_data(authority, code))
    terms = series_factory.Terms(
        *(
            b"Parity".ljust(32, b"\0"),
            b"PAR".ljust(32, b"\0"),
            1,
            1,
            TERM,
            0,
            0,
            0b1110,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            False,
        )
    )
    series = node.call(factory, series_factory.address_of(terms, bytes(32)))
    node.send(factory, series_factory.create(terms, bytes(32)).data)
    node.send(authority, access_manager.grant_role(1, office, 0).data)
    node.send(registry, participant_registry.appoint_registrar(office, True).data)
    professional = participant_registry.Class.PROFESSIONAL
    for number, wallet in enumerate(wallets, 1):
        registration = participant_registry.Registration(
            wallet, number, 2**16 - 1, 344, professional, 0, bytes(32)
        )
        node.send(registry, participant_registry.register(registration).data)
    node.send(series, revenue_right.issue(wallets, units).data)
    node.send(series, revenue_right.seal().data)
    return Market(node, series, currency, wallets)


def test_a_deployed_series_does_the_same_step_by_step(node: Node):
    rng = Random(SEED)
    history = History(random_units(rng, HOLDERS, 10**9))
    market = open_market(node, history.units)
    assert market.outcome() == history.outcome()
    for period in range(1, 61):
        random_step(rng, history, 10**15 - history.series.acc)
        market.step(*history.steps[-1], period)
        assert market.outcome() == history.outcome(), history.steps[-1]
