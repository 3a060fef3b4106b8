from __future__ import annotations

import fcntl
from collections.abc import Callable

import pytest
from tests.integration.deploy.conftest import TEXT, Town

from usufruct.chain.records import Receipt
from usufruct.chain.signer import MAX_GAS
from usufruct.config import ConfigErrors
from usufruct.config.duties import excluded_mask
from usufruct.config.offices import CONTRACT_ROLES, ROLES
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import offering as of
from usufruct.contracts import owner_vote as ov
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.deploy.access import TARGETS, selectors
from usufruct.deploy.action import Action, Change
from usufruct.deploy.apply import Observer
from usufruct.deploy.record import CONTRACTS
from usufruct.deploy.streams import activation
from usufruct.errors import ConfigError
from usufruct.keys import dev_account, dev_address

TRANSACTIONS = 69
"""What the example file takes from nothing."""


# --- Everything, and then nothing ----------------------------------------------------------------


def test_the_chain_says_what_the_file_says(town: Town) -> None:
    community, client, found = town.file(), town.client, town.deployment
    for stream in community.streams:
        terms = client.call(found.address("StreamRegistry"), sr.terms_of(stream.id))
        assert (terms.start, terms.kind) == (stream.start, stream.kind_code)
        anchor = found.address("TelemetryAnchor")
        assert any(client.call(anchor, ta.head_at(stream.id, stream.start)))
    signers = client.call(found.address("TelemetryAnchor"), ta.signers_of())
    assert (tuple(signers.signers), signers.threshold) == (community.oracle.signers, 2)
    for meter in community.meters:
        registered = client.call(found.address("MeterRegistry"), mr.meter_of(meter.id))
        assert registered.stream == meter.stream_id
    for series in community.series:
        state = client.call(found.series[series.code], rr.state())
        assert (state.sealed_, state.supply) == (True, series.supply)
        for holder in series.holders:
            balance = client.call(found.series[series.code], rr.balance_of(holder.wallet))
            assert balance == holder.units
    for waterfall in community.waterfalls:
        rules = client.call(found.address("Waterfall"), wf.rules_of(waterfall.stream_id))
        assert (rules.version, len(rules.rules.steps)) == (1, len(waterfall.steps))
    assert client.call(found.address("StatementBook"), sb.waterfall()) == found.address("Waterfall")
    for factory, policy in (
        ("SeriesFactory", "JurisdictionPolicy"),
        ("FundUnitFactory", "FundUnitPolicy"),
    ):
        assert client.call(found.address(factory), sf.policy()) == found.address(policy)
    assert set(found.contracts) == set(CONTRACTS)
    assert 0 < found.block <= client.block_number()


def test_applying_twice_sends_nothing(town: Town) -> None:
    before = town.sent()
    assert before == TRANSACTIONS
    assert town.apply().receipts == []
    assert town.sent() == before
    plan = town.plan()
    assert plan.changes == ()
    assert {action.change for action in plan.actions} == {Change.NOTHING}


def test_a_plan_sends_nothing(start_town: Callable[..., Town]) -> None:
    town = start_town()
    plan = town.plan()
    assert len(plan.changes) == TRANSACTIONS
    assert town.sent() == 0
    assert not town.state.exists()


def test_nothing_personal_is_on_the_chain(town: Town) -> None:
    names = [person.name.encode() for person in town.file().participants]
    for number in range(1, town.client.block_number() + 1):
        for transaction in town.client.rpc("eth_getBlockByNumber", hex(number), True)[
            "transactions"
        ]:
            data = bytes.fromhex(transaction["input"][2:])
            assert not [name for name in names if len(name) > 3 and name in data]


def test_each_office_may_do_what_the_table_says_and_nothing_else(town: Town) -> None:
    """Roles matrix: every restricted function × every office account × a stranger."""
    client, found = town.client, town.deployment
    offices = {**town.file().roles}
    offices |= {office: (found.address(name),) for office, name in CONTRACT_ROLES.items()}
    accounts = {*(each for held in offices.values() for each in held), dev_address(99)}
    calls = [
        (target, office, account, selector)
        for target in TARGETS
        for selector, office in selectors(target).items()
        for account in accounts
    ]
    manager = found.address("AccessManager")
    answers = client.call_many(
        [(manager, am.can_call(who, found.address(to), what)) for to, _, who, what in calls]
    )
    for (target, office, account, _), answer in zip(calls, answers, strict=True):
        assert isinstance(answer, am.CanCallResult)
        assert answer.immediate == (account in offices[office]), (target, office, account)


def test_many_wallets_and_meters_go_in_pages(start_town: Callable[..., Town]) -> None:
    town = start_town()
    people = "".join(
        f'[[participant]]\nid = {number}\nname = "P{number}"\ncountry = 344\nclass = "retail"\n'
        f'kyc_until = "2030-12-31"\nwallets = ["dev:{number}"]\n'
        for number in range(100, 220)
    )
    changes = [
        ("count = 12\nfirst_id = 101", "count = 250\nfirst_id = 1001"),
        ("[[participant]]\nid = 1\n", f"{people}[[participant]]\nid = 1\n"),
    ]
    details = [action.detail for action in town.plan(*changes).changes]
    assert [
        each.partition(":")[0] for each in details if each.startswith(("admit", "register"))
    ] == [
        "admit 100",
        "admit 26",
        "register 100",
        "register 100",
        "register 59",
    ]
    assert len(town.apply(*changes).receipts) == TRANSACTIONS + 3
    assert town.plan(*changes).changes == ()
    gas = [receipt.gas_used for receipt in town_receipts(town)]
    assert max(gas) * 5 // 4 < MAX_GAS


def town_receipts(town: Town) -> list[Receipt]:
    """Receipts of all transactions of the chain."""
    hashes = [
        each
        for number in range(1, town.client.block_number() + 1)
        for each in town.client.rpc("eth_getBlockByNumber", hex(number), False)["transactions"]
    ]
    found = [town.client.receipt(bytes.fromhex(each[2:])) for each in hashes]
    return [receipt for receipt in found if receipt is not None]


# --- One change, one transaction -----------------------------------------------------------------

NEW_PERSON = """
[[participant]]
id = 6
name = "Fay"
country = 40
class = "retail"
kyc_until = "2031-01-31"
wallets = ["dev:16"]

[[series]]
code = "VPP-SR"
"""

NEW_METER = """
[[meter]]
id = 900
code = "extra"
stream = "VPP"
unit = "kWh"
multiplier = "1000"
interval = "1h"
nameplate = 1
scheme = "device-secp256k1"
key = "dev"
calibrated_until = "2030-12-31"

[[participant]]
id = 1
"""

EVE = 'class = "retail"\nkyc_until = '

ONE_CHANGE = [
    ('\n[[series]]\ncode = "VPP-SR"\n', NEW_PERSON, "admit 1", Change.CREATE),
    (
        f'{EVE}"2030-12-31"',
        f'{EVE}"2031-12-31"',
        "kyc_until 2030-12-31 → 2031-12-31",
        Change.CHANGE,
    ),
    ('name = "Eve"', 'name = "Eva"', "identity hash", Change.CHANGE),
    ("country = 702", "country = 752", "country 702 → 752", Change.CHANGE),
    ('"1.60"', '"1.70"', "tariff retention-2026 from 2026-11", Change.CHANGE),
    ("\n[[participant]]\nid = 1\n", NEW_METER, "register 1: extra", Change.CREATE),
    ('"device-p256"', '"device-secp256k1"', "new device-secp256k1 key", Change.CHANGE),
    ('share = "10%"', 'share = "9%"', "3 steps, in force after 7d", Change.CHANGE),
    ("threshold = 2", "threshold = 3", "3 of 3, active after 2d", Change.CHANGE),
    ('auditor = ["dev:3"]', 'auditor = ["dev:3", "dev:8"]', "grant auditor", Change.CREATE),
]


@pytest.mark.parametrize(
    ("old", "new", "detail", "kind"), ONE_CHANGE, ids=[each[2] for each in ONE_CHANGE]
)
def test_a_change_of_the_file_sends_only_what_differs(
    town: Town, old: str, new: str, detail: str, kind: Change
) -> None:
    change = (old, new)
    [action] = town.plan(change).changes
    assert detail in action.detail
    assert action.change is kind
    assert action.reason
    applied = town.apply(change)
    assert len(applied.receipts) == 1
    assert town.sent() == TRANSACTIONS + 1
    assert town.plan(change).changes == ()
    assert town.apply(change).receipts == []


def test_calibrations_are_extended_meter_by_meter(town: Town) -> None:
    change = (
        'scheme = "gateway-secp256k1"\nkey = "dev"\ncalibrated_until = "2030-12-31"',
        'scheme = "gateway-secp256k1"\nkey = "dev"\ncalibrated_until = "2031-12-31"',
    )
    assert len(town.apply(change).receipts) == 2
    assert town.plan(change).changes == ()


def test_a_second_tariff_waits_behind_the_first(town: Town) -> None:
    first, second = ('price = "1.60"', 'price = "1.70"'), ('price = "1.60"', 'price = "1.80"')
    town.apply(first)
    [action] = town.plan(second).changes
    assert "from 2026-12" in action.detail
    town.apply(second)
    assert town.plan(second).changes == ()


def test_a_new_tariff_is_in_force_from_the_next_period_only(town: Town) -> None:
    change = ('price = "1.60"', 'price = "1.70"')
    before, after = (
        town.file().stream("WATER").tariff.hash(),
        town.file(change).stream("WATER").tariff.hash(),
    )
    town.apply(change)
    registry, november = town.deployment.address("StreamRegistry"), 1_793_462_400
    assert town.client.call(registry, sr.tariff_at(3, november - 1)) == before
    assert town.client.call(registry, sr.tariff_at(3, november)) == after


def test_new_rules_wait_and_are_not_set_again(town: Town) -> None:
    change = ('share = "10%", payee', 'share = "9%", payee')
    town.apply(change)
    plan = town.plan(change)
    assert [action.subject for action in plan.waiting] == ["waterfall WATER"]
    assert "in force from" in plan.waiting[0].reason
    town.pass_time(7 * 86_400)
    assert town.plan(change).waiting == ()


def test_new_signers_wait_and_are_then_activated(town: Town) -> None:
    change = ('"dev:6"]', '"dev:6", "dev:14"]')
    town.apply(change)
    plan = town.plan(change)
    assert [action.subject for action in plan.waiting] == ["oracle signers"]
    assert town.apply(change).receipts == []
    town.pass_time(2 * 86_400)
    [action] = town.plan(change).changes
    assert action.detail == "activate the scheduled table"
    town.apply(change)
    signers = town.client.call(town.deployment.address("TelemetryAnchor"), ta.signers_of())
    assert dev_address(14) in signers.signers
    assert town.plan(change).changes == ()


def test_signers_that_wait_can_be_taken_back(town: Town) -> None:
    town.apply(('"dev:6"]', '"dev:6", "dev:14"]'))
    assert len(town.apply().receipts) == 1
    town.pass_time(2 * 86_400)
    town.apply()
    signers = town.client.call(town.deployment.address("TelemetryAnchor"), ta.signers_of())
    assert dev_address(14) not in signers.signers


def test_an_office_that_left_the_file_is_revoked(town: Town) -> None:
    change = ('auditor = ["dev:3"]', 'auditor = ["dev:8"]')
    details = [action.detail for action in town.plan(change).changes]
    assert details == [f"grant auditor {dev_address(8)}", f"revoke auditor {dev_address(3)}"]
    town.apply(change)
    manager = town.deployment.address("AccessManager")
    assert not town.client.call(manager, am.has_role(7, dev_address(3))).is_member
    assert town.plan(change).changes == ()
    # And back: what was done once before is done again.
    assert len(town.apply().receipts) == 2
    assert town.client.call(manager, am.has_role(7, dev_address(3))).is_member


def test_a_registrar_that_left_the_file_is_dismissed(town: Town) -> None:
    change = ('registrar = ["dev:0"]', 'registrar = ["dev:8"]')
    town.apply(change)
    registry = town.deployment.address("ParticipantRegistry")
    assert town.client.call(registry, pr.is_registrar(dev_address(8)))
    assert not town.client.call(registry, pr.is_registrar(dev_address(0)))
    assert town.plan(change).changes == ()


def test_what_somebody_else_changed_is_put_right(town: Town) -> None:
    manager = town.deployment.address("AccessManager")
    call = am.revoke_role(4, dev_address(1))
    town.send(dev_address(0), manager, call)
    assert [action.detail for action in town.plan().changes] == [
        f"grant treasurer {dev_address(1)}"
    ]
    town.apply()
    assert town.client.call(manager, am.has_role(4, dev_address(1))).is_member


# --- What cannot be changed ----------------------------------------------------------------------

FIXED = [
    ('first_period = "2026-09"', 'first_period = "2026-08"', "project.first_period"),
    ('code = "USDX"', 'code = "USDY"', "currency.code"),
    ('name = "Usufruct Test Dollar"', 'name = "Dollar"', "currency.name"),
    ('signers = "2d"', 'signers = "3d"', "delays.signers"),
    ('rules = "7d"', 'rules = "8d"', "delays.rules"),
    ('challenge_window = "3d"', 'challenge_window = "4d"', "stream[0].challenge_window"),
    ('max_estimated = "5%"', 'max_estimated = "6%"', "stream[0].max_estimated"),
    ('resolution_time = "7d"', 'resolution_time = "8d"', "stream[0].resolution_time"),
    (
        'unanswered_dispute = "dismiss"',
        'unanswered_dispute = "uphold"',
        "stream[0].unanswered_dispute",
    ),
    (
        'max_estimated = "5%"',
        'max_estimated = "5%"\nowners_share = "1%"',
        "stream[0].owners_share",
    ),
    ('privacy = "open"', 'privacy = "committed"', "stream[1].privacy"),
    ('kind = "WATER"', 'kind = "DATA"', "stream[2].kind"),
    ('depends_on = ["PARKING"]', "depends_on = []", "stream[3].depends_on"),
    ("[[participant]]\nid = 5", "[[participant]]\nid = 7", "participant[4].id"),
    ('prefix = "cistern"', 'prefix = "tank"', "meters[2]"),
    (
        'calibrated_until = "2030-12-31"',
        'calibrated_until = "2029-12-31"',
        "meters[0].calibrated_until",
    ),
    ('symbol = "LPARK"', 'symbol = "LPRK"', "series[2].symbol"),
    ('rank = "junior"', 'rank = "mezzanine"', "series[1].rank"),
    ('term = ["2026-09", "2031-08"]', 'term = ["2026-09", "2031-09"]', "series[0].term[1]"),
    ("min_ticket = 10\n", "min_ticket = 11\n", "series[2].min_ticket"),
    ("units = 600_000", "units = 600_001", "series[0].holders[0].units"),
    ('  { wallet = "dev:13", units = 100_000 },\n', "", "series[0].holders"),
    (
        'salt = "linden-court-public-demo-salt"',
        'salt = "another-salt-for-the-court"',
        "project.salt",
    ),
]


@pytest.mark.parametrize(("old", "new", "field"), FIXED, ids=[each[2] for each in FIXED])
def test_what_is_fixed_cannot_be_changed(town: Town, old: str, new: str, field: str) -> None:
    before = town.sent()
    with pytest.raises(ConfigError) as caught:
        town.apply((old, new))
    error = caught.value
    assert error.field == field
    assert "fixed " in str(error.rule)
    assert error.remedy
    assert error.file == "town.toml"
    assert error.line is not None
    assert (
        abs(error.line - TEXT[: TEXT.index(old)].count("\n") - 1) <= 14
    )  # at the value or its table
    assert town.sent() == before


def test_a_retired_meter_is_named(town: Town) -> None:
    registry = town.deployment.address("MeterRegistry")
    town.send(dev_address(7), registry, mr.retire(101))
    with pytest.raises(ConfigError, match="home-01 is retired"):
        town.plan()


def test_units_may_move_after_sealing(town: Town) -> None:
    """First holders are what was issued, wherever the units went since."""
    series = town.deployment.series["PARK-A"]
    call = rr.transfer(dev_address(15), 1_000)
    town.anvil.rpc("anvil_setBalance", dev_address(14), hex(10**18))
    town.anvil.rpc("anvil_impersonateAccount", dev_address(14))
    town.send(dev_address(14), series, call)
    assert town.client.call(series, rr.balance_of(dev_address(15))) == 10_998
    assert town.plan().changes == ()


# --- Keys, accounts, chains ----------------------------------------------------------------------

STRANGER = "0x000000000000000000000000000000000000dEaD"


def test_an_office_without_a_key_is_refused_before_anything_is_sent(
    start_town: Callable[..., Town],
) -> None:
    town = start_town()
    change = ('issuer = ["dev:0"]', f'issuer = ["{STRANGER}"]')
    assert {town.plan(change).signer(each) for each in town.plan(change).changes} >= {STRANGER}
    with pytest.raises(ConfigError) as caught:
        town.apply(change)
    assert caught.value.field == "roles.issuer"
    assert STRANGER in caught.value.one_line()
    assert town.sent() == 0


def test_offices_may_be_held_by_different_accounts(start_town: Callable[..., Town]) -> None:
    town = start_town()
    changes = [
        ('registrar = ["dev:0"]', 'registrar = ["dev:8"]'),
        ('issuer = ["dev:0"]', 'issuer = ["dev:4"]'),
        ('oracle_admin = ["dev:7"]', 'oracle_admin = ["dev:5"]'),
    ]
    town.apply(*changes)
    assert all(town.client.nonce(dev_address(number)) for number in (0, 4, 5, 8))
    assert town.plan(*changes).changes == ()


def test_the_deployer_is_an_administrator(town: Town) -> None:
    change = ('admin = ["dev:0"]', f'admin = ["{STRANGER}"]')
    with pytest.raises(ConfigError, match="signs for admin"):
        town.apply(change, keys=[dev_account(5)])


def test_a_given_key_deploys(start_town: Callable[..., Town]) -> None:
    town = start_town()
    change = ('admin = ["dev:0"]', 'admin = ["dev:0", "dev:8"]')
    town.apply(change, keys=[dev_account(8)])
    assert town.client.nonce(dev_address(8)) >= len(CONTRACTS)


def test_development_accounts_are_refused_on_other_chains(start_town: Callable[..., Town]) -> None:
    town = start_town()
    town.anvil.rpc("anvil_setChainId", 4242)
    with pytest.raises(ConfigErrors) as caught:
        town.apply()
    fields = {error.field for error in caught.value.problems}
    assert {"roles.admin[0]", "meters[0].key", "series[0].holders[0].wallet"} <= fields
    assert all(error.line and error.file for error in caught.value.problems)
    with pytest.raises(ConfigErrors):
        town.plan()
    assert town.sent() == 0


def test_a_state_folder_serves_one_project(town: Town) -> None:
    with pytest.raises(ConfigError, match="belongs to project LINDENCOURT") as caught:
        town.plan(('code = "LINDENCOURT"', 'code = "OTHER"'))
    assert caught.value.field == "project.code"


def test_a_chain_that_began_anew_is_deployed_anew(
    town: Town, start_town: Callable[..., Town]
) -> None:
    other = Town(start_town().anvil, town.state)
    assert len(other.plan().changes) == TRANSACTIONS
    assert len(other.apply().receipts) == TRANSACTIONS
    assert other.plan().changes == ()


def test_one_run_at_a_time_works_in_a_state_folder(town: Town) -> None:
    with (town.state / "apply.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="another usufruct apply"):
            town.apply()
    assert town.apply().receipts == []


def test_another_version_at_a_recorded_address_is_named(town: Town) -> None:
    book = town.deployment.address("StatementBook")
    town.anvil.rpc("anvil_setCode", book, "0x6001")
    with pytest.raises(ConfigError, match="is not the StatementBook of this version"):
        town.plan()


# --- Trouble under way ---------------------------------------------------------------------------


def test_a_refusal_of_a_contract_stops_and_the_next_run_continues(
    start_town: Callable[..., Town],
) -> None:
    town = start_town()
    # Valid in the first period, expired by the time of the chain.
    expired = (
        'class = "retail"\nkyc_until = "2030-12-31"',
        'class = "retail"\nkyc_until = "2026-09-30"',
    )
    with pytest.raises(rr.TransferRefused) as caught:
        town.apply(expired)
    assert caught.value.reason == rr.Refusal.RECIPIENT_EXPIRED
    before = town.sent()
    assert len(town.apply().receipts) == TRANSACTIONS + 1 - before  # one to renew the check
    assert town.plan().changes == ()


class Intruder(Observer):
    """Sends a transaction of the deployer between two contracts that count on their nonces."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.done = False

    def begins(self, action: Action) -> None:
        if action.subject == "SeriesFactory" and not self.done:
            self.done = True
            self.town.anvil.send(**{"from": dev_address(0), "to": dev_address(1)})


def test_a_predicted_address_that_became_void_is_predicted_again(
    start_town: Callable[..., Town],
) -> None:
    town = start_town()
    town.apply(observer=Intruder(town))
    found = town.deployment
    client, series = town.client, found.series["VPP-SR"]
    assert client.call(series, rr.distributor()) == found.address("Waterfall")
    assert town.plan().changes == ()
    assert found.waterfall is None


# --- Separated duties, administrators, delays ----------------------------------------------------


def test_the_table_of_separated_duties_is_the_contracts(town: Town) -> None:
    manager = town.deployment.address("AccessManager")
    for number, office in enumerate(ROLES):
        assert town.client.call(manager, am.excluded_by(number)) == excluded_mask(office)


def test_the_set_up_is_finished(town: Town) -> None:
    assert not town.client.call(town.deployment.address("AccessManager"), am.setting_up())


def test_a_new_administrator_accepts(town: Town) -> None:
    change = ('admin = ["dev:0"]', 'admin = ["dev:0", "dev:8"]')
    assert [action.detail for action in town.plan(change).changes] == [
        f"offer admin to {dev_address(8)}"
    ]
    assert len(town.apply(change).receipts) == 2
    manager = town.deployment.address("AccessManager")
    assert town.client.call(manager, am.has_role(0, dev_address(8))).is_member
    assert town.client.call(manager, am.admin_count()) == 2
    assert town.plan(change).changes == ()
    assert len(town.apply(('admin = ["dev:0"]', 'admin = ["dev:8"]')).receipts) == 1
    assert town.client.call(manager, am.admin_count()) == 1


def test_an_administrator_whose_key_is_elsewhere_is_waited_for(town: Town) -> None:
    change = ('admin = ["dev:0"]', f'admin = ["dev:0", "{STRANGER}"]')
    assert len(town.apply(change).receipts) == 1
    assert town.apply(change).receipts == []
    manager = town.deployment.address("AccessManager")
    assert not town.client.call(manager, am.has_role(0, STRANGER)).is_member


DELAYED = (
    'rules = "7d"',
    'rules = "7d"\nadmin = "2d"\ngrant = { auditor = "1d" }\nexecution = { oracle_admin = "6h" }',
)


def test_delays_are_in_force_after_the_deployment(start_town: Callable[..., Town]) -> None:
    town = start_town()
    plan = town.plan(DELAYED)
    (finish,) = [action for action in plan.changes if action.subject == "delays"]
    assert "wait 2d" in finish.detail
    assert "auditor 1d" in finish.detail
    assert "oracle_admin 6h" in finish.detail
    # The deployment itself is under them from the finish of its second stage on.
    town.apply(DELAYED)
    assert {action.change for action in town.plan(DELAYED).waiting} == {Change.WAIT}
    town.pass_time(6 * 3_600)
    town.apply(DELAYED)
    assert not [each for each in town.plan(DELAYED).actions if each.change is not Change.NOTHING]


def test_a_delayed_grant_is_waited_for(start_town: Callable[..., Town]) -> None:
    town = start_town()
    town.apply(DELAYED)
    town.pass_time(6 * 3_600)
    town.apply(DELAYED)
    change = ('auditor = ["dev:3"]', 'auditor = ["dev:3", "dev:8"]')
    assert len(town.apply(DELAYED, change).receipts) == 1
    (waiting,) = town.plan(DELAYED, change).waiting
    assert waiting.detail == f"granted auditor {dev_address(8)}"
    town.pass_time(86_400)
    assert town.plan(DELAYED, change).waiting == ()


def test_a_function_that_is_opened_later_is_announced(start_town: Callable[..., Town]) -> None:
    town = start_town()
    town.apply(DELAYED)
    manager, where = town.deployment.address("AccessManager"), town.deployment.address("Waterfall")
    town.pass_time(6 * 3_600)
    town.apply(DELAYED)
    call = am.set_target_function_role(
        where, [wf.set_rules(1, wf.Rules((), (), (), (), 0, 0, 0)).data[:4]], 1
    )
    for step in (am.schedule(manager, call.data, 0), call):
        town.send(dev_address(0), manager, step)
        town.pass_time(2 * 86_400)
    (announcement,) = town.plan(DELAYED).changes
    assert announcement.detail == "announce: open to offices: Waterfall: 1 to issuer"
    town.apply(DELAYED)
    assert len(town.plan(DELAYED).waiting) == 1
    town.pass_time(2 * 86_400)
    town.apply(DELAYED)
    assert town.plan(DELAYED).changes == town.plan(DELAYED).waiting == ()


def test_delays_are_fixed(town: Town) -> None:
    with pytest.raises(ConfigError) as caught:
        town.plan(('rules = "7d"', 'rules = "7d"\nadmin = "1d"'))
    assert caught.value.field == "delays.admin"
    with pytest.raises(ConfigError) as caught:
        town.plan(('rules = "7d"', 'rules = "7d"\ngrant = { issuer = "1d" }'))
    assert caught.value.field == "delays.grant.issuer"


OWNERS = (
    """{ label = "owners' share", kind = "percent_of_receipts", share = "30%", payee = "dev:9" }"""
)
OWNERS_FIRST = ', purpose = "owners_share" }'


def test_a_stream_on_common_parts_waits_for_its_owners(start_town: Callable[..., Town]) -> None:
    town = start_town()
    parts = 'code = "PARKING"\ncommon_parts = true\nowners_share = "30%"'
    changes = [('code = "PARKING"', parts), (OWNERS, OWNERS.replace(" }", OWNERS_FIRST))]
    town.apply(*changes)
    waiting = {action.subject for action in town.plan(*changes).waiting}
    assert {"stream PARKING", "waterfall PARKING"} <= waiting
    stream = town.file(*changes).stream("PARKING")
    vote = town.deployment.address("OwnerVote")
    unit = ov.Unit(1, 7, 10_000)
    motion = activation(stream)
    for step in (
        ov.add_units([unit]),
        ov.propose(motion, ov.Kind.SPECIAL, [], bytes(32)),
        ov.record(1, [7], [ov.Choice.YES], b"\1" * 32),
    ):
        town.send(dev_address(0), vote, step)
    town.pass_time(town.file().votes.owners + 1)
    town.apply(*changes)
    assert town.plan(*changes).waiting == town.plan(*changes).changes == ()


# --- Offerings -----------------------------------------------------------------------------------

TRANCHE = """
[[series]]
code = "VPP-NX"
name = "Linden VPP next tranche"
symbol = "LNEXT"
stream = "VPP"
rank = "residual"
term = ["2027-09", "2031-08"]
decimals = 0
classes = ["professional", "institution"]
min_ticket = 1
holders = [{ wallet = "dev:13", units = 7 }]

[[offering]]
series = "VPP-NX"
opens = 2026-10-01
closes = 2026-10-31
deliver_until = 2026-11-30
beneficiary = "dev:1"
price = "20.00"
min_units = 100
max_units = 1_000
withdrawable = true
"""
LAST = "[[waterfall]]"
JUNIOR = '  { label = "junior", kind = "residual", payee = "series:VPP-JR" },\n'
PAID = (JUNIOR, '  { label = "next", kind = "residual", payee = "series:VPP-NX" },\n' + JUNIOR)


def offered(text: str = TRANCHE) -> tuple[str, str]:
    """The change of the example file that offers a further tranche."""
    return LAST, text + LAST


def test_an_offering_is_opened_once_and_its_series_sealed_when_it_is_over(town: Town) -> None:
    applied = town.apply(offered())
    assert len(applied.receipts) == 3  # created, issued to its first holder, offered
    where, series = town.deployment.address("Offering"), town.deployment.series["VPP-NX"]
    terms = town.client.call(where, of.terms_of(1))
    assert (terms.series, terms.price, terms.max_units) == (series, 20_000_000, 1_000)
    assert town.apply(offered()).receipts == []
    waits = {each.subject: each.reason for each in town.plan(offered()).waiting}
    assert waits == {"series VPP-NX": "sealed after the last"}
    waits = {each.subject: each.reason for each in town.plan(offered(), PAID).waiting}
    assert waits["waterfall VPP"] == "series VPP-NX can be paid once it is sealed"
    buyer, currency = dev_address(10), town.deployment.address("SettlementCurrency")
    town.anvil.rpc("anvil_impersonateAccount", buyer)
    town.anvil.rpc("anvil_setBalance", buyer, hex(10**18))
    town.send(dev_address(1), currency, sc.mint(buyer, 10**10))
    town.send(buyer, currency, sc.approve(where, 10**10))
    town.send(buyer, where, of.subscribe(1, 200))
    town.pass_time(terms.to - town.client.block("latest").timestamp)
    assert town.apply(offered()).receipts == []  # its subscriber waits for the units
    town.send(dev_address(5), where, of.deliver(1, buyer))
    assert len(town.apply(offered()).receipts) == 1
    state = town.client.call(series, rr.state())
    assert (state.sealed_, state.supply) == (True, 207)
    assert town.apply(offered()).receipts == []
    assert {each.change for each in town.plan(offered()).actions} == {Change.NOTHING}
    assert [each.subject for each in town.plan(offered(), PAID).changes] == ["waterfall VPP"]


def test_terms_of_an_open_offering_are_fixed_and_a_sealed_series_takes_none(town: Town) -> None:
    town.apply(offered())
    with pytest.raises(ConfigError, match=r"offering\[0\].price cannot be changed") as refused:
        town.plan(offered(TRANCHE.replace('"20.00"', '"21.00"')))
    assert "write cancelled = true" in refused.value.one_line()
    late = TRANCHE[TRANCHE.index("[[offering]]") :].replace("VPP-NX", "VPP-SR")
    with pytest.raises(ConfigError, match="VPP-SR is sealed"):
        town.plan((LAST, late + LAST))


def test_an_offering_is_cancelled_by_the_file_once_and_another_may_follow(town: Town) -> None:
    town.apply(offered())
    where = town.deployment.address("Offering")
    given_up = TRANCHE + "cancelled = true\n"
    (change,) = town.plan(offered(given_up)).changes
    assert (change.change, change.office) == (Change.CHANGE, "issuer")
    another = TRANCHE[TRANCHE.index("[[offering]]") :].replace('"20.00"', '"21.00"')
    assert len(town.apply(offered(given_up + another)).receipts) == 2
    assert [town.client.call(where, of.state_of(each)).status for each in (1, 2)] == [
        of.Status.FAILED,
        of.Status.OPEN,
    ]
    assert town.client.call(where, of.terms_of(2)).price == 21_000_000
    assert town.apply(offered(given_up + another)).receipts == []


def test_what_was_never_opened_or_has_succeeded_is_not_cancelled(town: Town) -> None:
    given_up = TRANCHE.replace("min_units = 100", "min_units = 0") + "cancelled = true\n"
    with pytest.raises(ConfigError, match="nothing to cancel") as never:
        town.plan(offered(given_up))
    assert never.value.field == "offering[0].cancelled"
    town.apply(offered(given_up.replace("cancelled = true\n", "")))
    where = town.deployment.address("Offering")
    terms = town.client.call(where, of.terms_of(1))
    town.pass_time(terms.to - town.client.block("latest").timestamp)
    with pytest.raises(ConfigError, match="its window is over") as over:
        town.plan(offered(given_up))
    assert over.value.field == "offering[0].cancelled"


def test_an_offering_whose_window_is_over_is_not_opened(town: Town) -> None:
    early = TRANCHE.replace("2026-10-31", "2026-10-02").replace("2026-11-30", "2026-10-30")
    assert len(town.apply(offered(early)).receipts) == 3  # created, issued, sealed
    plan = town.plan(offered(early))
    (late,) = [each for each in plan.actions if each.subject.startswith("offering")]
    assert (late.change, late.reason) == (Change.NOTHING, "its window is over")


def test_an_offering_after_one_that_was_missed_or_waits_is_named_before_anything_is_sent(
    town: Town,
) -> None:
    one = TRANCHE[TRANCHE.index("[[offering]]") :]
    series = TRANCHE[: TRANCHE.index("[[offering]]")]
    early = one.replace("2026-10-31", "2026-10-02").replace("2026-11-30", "2026-10-30")
    with pytest.raises(ConfigError, match=r"no. 2 cannot be opened: no. 1 was not") as refused:
        town.plan(offered(series + early + one))
    assert "remove no. 1" in refused.value.one_line()
    far = one.replace("2026-10-31", "2029-10-31").replace("2026-11-30", "2029-11-30")
    waits = {each.subject: each.reason for each in town.plan(offered(series + far + one)).waiting}
    assert waits["offering VPP-NX no. 1"].startswith("can be opened from")
    assert waits["offering VPP-NX no. 2"] == "after offering VPP-NX no. 1"
