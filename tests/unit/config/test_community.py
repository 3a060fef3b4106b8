"""The example file, and one change of it for each rule that a file can break."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import FrozenInstanceError
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.config import Community, ConfigErrors, Estimation, load_community, parse_community
from usufruct.core.waterfall import Entry, Purpose, StepKind, Trigger, TriggerKind, When
from usufruct.errors import ConfigError
from usufruct.keys import dev_address

FILE = Path(__file__).resolve().parents[3] / "examples" / "community.toml"
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def community() -> Community:
    return load_community(FILE)


# --- The example ---------------------------------------------------------------------------------


def test_the_project_is_read(community: Community) -> None:
    project = community.project
    assert (project.code, project.timezone, project.gfa_m2) == (
        "LINDENCOURT",
        "Asia/Shanghai",
        100_000,
    )
    assert project.start == 1788192000  # 2026-08-31T16:00:00Z, midnight in Shanghai
    assert community.currency.decimals == 6
    assert (community.delays.signers, community.delays.rules) == (172_800, 604_800)


def test_the_salt_is_never_shown(community: Community) -> None:
    assert community.project.salt not in repr(community)


def test_accounts_are_resolved(community: Community) -> None:
    assert community.roles["admin"] == (dev_address(0),)
    assert community.roles["auditor"] == (dev_address(3),)
    assert set(community.oracle.signers) == {dev_address(number) for number in (4, 5, 6)}
    assert community.dev_accounts[dev_address(15)] == 15


@pytest.mark.parametrize(
    "account",
    [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    ],
)
def test_an_address_is_right_by_its_checksum_not_by_having_both_cases(account: str) -> None:
    """The first two are examples of EIP-55: by chance all their letters are capitals, or none is."""
    text = TEXT.replace('pauser = ["dev:2"]', f'pauser = ["{account}"]')
    assert parse_community(text).roles["pauser"] == (account,)


def test_signers_are_in_the_order_of_the_table(community: Community) -> None:
    numbers = [int(signer, 16) for signer in community.oracle.signers]
    assert numbers == sorted(numbers)


def test_prices_are_exact_integers_per_quoted_unit(community: Community) -> None:
    rows = {row.id: (row.price, row.per) for row in community.stream("VPP").tariff.rows}
    assert rows == {
        "peak": (540_000, 1_000),
        "shoulder": (380_000, 1_000),
        "valley": (210_000, 1_000),
    }
    day, _ = community.stream("PARKING").tariff.rows
    assert (day.price, day.per) == (800_000, 3_600)


def test_a_price_finer_than_the_minor_unit_stays_exact() -> None:
    changed = parse_community(
        TEXT.replace('price = "0.54", per = "kWh"', 'price = "0.00000054", per = "Wh"')
    )
    row = changed.stream("VPP").tariff.rows[0]
    assert (row.price, row.per) == (54, 100)


def test_streams_carry_their_terms(community: Community) -> None:
    vpp, ev = community.stream("VPP"), community.stream("EV")
    assert (vpp.id, vpp.kind_code, vpp.committed, vpp.min_coverage_bp) == (1, 4, True, 9_500)
    assert (ev.measure, ev.depends_on) == ("session", ("PARKING",))
    order = [stream.code for stream in community.streams_in_order()]
    assert order.index("PARKING") < order.index("EV")


def test_estimation_is_off_unless_the_file_says_how() -> None:
    assert {stream.estimation for stream in parse_community(TEXT).streams} == {None}
    table = "[stream.estimation]\nlongest_gap = 4\nweeks = 3\nlast_year = true\n\n[stream.tariff]"
    changed = parse_community(TEXT.replace("[stream.tariff]", table, 1))
    assert changed.stream("VPP").estimation == Estimation(4, 3, last_year=True)
    assert changed.stream("PARKING").estimation is None


def test_dependencies_come_first_whatever_the_order_of_the_file() -> None:
    changed = parse_community(
        TEXT.replace(
            'base_unit = "Wh"\nprivacy = "committed"',
            'base_unit = "Wh"\nprivacy = "committed"\ndepends_on = ["EV"]',
            1,
        )
    )
    order = [stream.code for stream in changed.streams_in_order()]
    assert order == ["PARKING", "EV", "VPP", "WATER"]


def test_meter_groups_are_expanded(community: Community) -> None:
    homes = [meter for meter in community.meters if meter.stream == "VPP"]
    assert [homes[0].code, homes[-1].code] == ["home-01", "home-12"]
    assert [homes[0].id, homes[-1].id] == [101, 112]
    assert homes[0].multiplier == Fraction(1000)
    assert homes[0].interval == 3_600
    assert len({meter.public_key for meter in community.meters}) == len(community.meters) == 21
    assert homes[0].calibrated_until == 1924963200  # the end of 2030-12-31 in Shanghai


def test_sessions_have_no_interval(community: Community) -> None:
    assert {meter.interval for meter in community.meters if meter.stream == "EV"} == {None}


def test_a_single_meter_may_stand_alone() -> None:
    changed = parse_community(
        TEXT
        + """
[[meter]]
id = 900
code = "roof-meter"
stream = "VPP"
unit = "kWh"
multiplier = "1/3"
interval = "15m"
nameplate = 5000
scheme = "device-secp256k1"
key = "0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
calibrated_until = 2031-01-31
"""
    )
    meter = changed.meters[-1]
    assert (meter.code, meter.multiplier, meter.dev) == ("roof-meter", Fraction(1, 3), False)
    assert meter.public_key.hex().startswith("0279be667e")


def test_series_are_resolved(community: Community) -> None:
    senior = community.series[0]
    assert (senior.term_from, senior.term_to) == (1, 60)
    assert senior.class_mask == 0b1100
    assert senior.supply == 1_000_000
    assert senior.rank_code == 0


OFFERING = """
[[offering]]
series = "PARK-A"
opens = 2026-10-01
closes = 2026-10-31
deliver_until = 2026-11-30
beneficiary = "dev:1"
price = "20.50"
min_units = 400
max_units = 1_000
max_each = 500
withdrawable = true
"""


def test_offerings_are_resolved_to_whole_days_of_the_project() -> None:
    found = parse_community(TEXT + OFFERING + OFFERING.replace("2026", "2027"), "t.toml").offerings
    assert [(each.series, each.number) for each in found] == [("PARK-A", 1), ("PARK-A", 2)]
    first = found[0]
    assert (first.opens, first.closes) == (1790784000, 1793462400)  # 31 days from 0:00 in Shanghai
    assert first.deliver_until == 1793462400 + 30 * 86_400
    assert (first.price, first.beneficiary) == (20_500_000, dev_address(1))
    assert (first.min_units, first.max_units, first.min_each, first.max_each) == (400, 1000, 0, 500)


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ('"PARK-A"', '"NONE"', "series", "no series has this name"),
        ("closes = 2026-10-31", "closes = 2026-09-30", "closes", "not before the first"),
        ("2026-11-30", "2026-10-31", "deliver_until", "1 to 365 days"),
        ("2026-11-30", "2027-11-01", "deliver_until", "1 to 365 days"),
        ('"20.50"', '"0.00"', "price", "above 0"),
        ('"20.50"', '"0.0000001"', "price", "places"),
        ('"20.50"', '"9223372036.854776"', "price", "at most 9223372036.854775 USDX"),
        ("opens = 2026-10-01", "opens = 1970-01-01", "opens", "1970-01-02 to 2149-06-06"),
        ("2026-11-30", "9999-12-31", "deliver_until", "1970-01-02 to 2149-06-06"),
        ("max_units = 1_000", "max_units = 399", "max_units", "at least min_units = 400"),
        ("max_each = 500", "min_each = 1_001", "min_each", "at most max_units = 1000"),
        ("max_each = 500", "max_each = 5\nmin_each = 6", "max_each", "at least min_each = 6"),
        ("withdrawable = true\n", "", "withdrawable", "required"),
    ],
)
def test_what_is_wrong_with_an_offering_is_named(old: str, new: str, field: str, says: str) -> None:
    assert old in OFFERING
    with pytest.raises(ConfigErrors) as caught:
        parse_community(TEXT + OFFERING.replace(old, new), "t.toml")
    assert [each.field for each in caught.value.problems] == [f"offering[0].{field}"]
    assert says in caught.value.problems[0].one_line()


def test_a_series_without_holders_needs_an_offering() -> None:
    start = TEXT.index("holders = [", TEXT.index('code = "PARK-A"'))
    text = TEXT[:start] + "holders = []" + TEXT[TEXT.index("]\n", start) + 1 :]
    assert parse_community(text + OFFERING, "t.toml").offerings
    with pytest.raises(ConfigErrors, match="has first holders, or an offering"):
        parse_community(text, "t.toml")


def test_waterfalls_are_resolved(community: Community) -> None:
    vpp = community.waterfalls[0]
    tax, cost, fee, coupon, reserve, junior, owners = vpp.steps
    assert (tax.kind, tax.bp, tax.payee) == (StepKind.PERCENT_OF_RECEIPTS, 600, dev_address(7))
    assert (cost.amount, cost.account) == (150_000_000, 1)
    assert (fee.amount, fee.bp) == (40_000_000, 300)
    assert (coupon.series, coupon.payee) == ("VPP-SR", None)
    assert (reserve.payee, reserve.series) == (None, None)
    assert junior.series == "VPP-JR"
    assert owners.payee == dev_address(9)
    assert (vpp.kpis[0].floor_bp, vpp.kpis[0].target_bp) == (9_000, 9_950)


def test_triggers_switch_steps_by_name() -> None:
    changed = parse_community(
        TEXT.replace(
            'max_change = "0%"                 # 0% = no bound',
            "triggers = [\n"
            '  { name = "dscr", kind = "dscr", before = "operator fee", dues = ["senior coupon"],'
            ' threshold = "120%", cure = "130%" },\n'
            '  { name = "dispute", kind = "open_dispute" },\n]',
        )
        .replace(
            'payee = "series:VPP-SR", account = 2',
            'payee = "series:VPP-SR", account = 2, draws = 3,'
            ' schedule = [{ period = 2, amount = "880.00" }, { period = 4, amount = "910.00" }]',
        )
        .replace('label = "junior", kind', 'label = "junior", when = "not dscr", kind')
        .replace('label = "operator fee"', 'label = "operator fee", when = "dispute"')
    )
    vpp = changed.waterfalls[0]
    assert [each.rule for each in vpp.triggers] == [
        Trigger(TriggerKind.DSCR, 2, 0b1000, 12_000, 13_000),
        Trigger(TriggerKind.OPEN_DISPUTE),
    ]
    rules = vpp.rules({"VPP-SR": dev_address(50), "VPP-JR": dev_address(51)})
    assert (rules.steps[5].when, rules.steps[5].trigger) == (When.SOUND, 0)
    assert (rules.steps[2].when, rules.steps[2].trigger) == (When.BREACHED, 1)
    assert (rules.steps[3].account, rules.steps[3].draw_from) == (2, 3)
    assert rules.schedule == (Entry(3, 2, 880_000_000), Entry(3, 4, 910_000_000))


def test_a_step_cannot_wait_for_a_trigger_that_is_judged_after_it() -> None:
    text = TEXT.replace(
        'max_change = "0%"                 # 0% = no bound',
        'triggers = [{ name = "dscr", kind = "dscr", before = "senior coupon",'
        ' dues = ["senior coupon"], threshold = "120%" }]',
    ).replace('label = "operator fee"', 'label = "operator fee", when = "dscr"')
    with pytest.raises(ConfigErrors) as caught:
        parse_community(text)
    assert caught.value.field == "waterfall[0].steps[2].when"
    assert "judged only before senior coupon" in str(caught.value.rule)


def test_owners_come_first_where_a_stream_uses_common_parts() -> None:
    text = TEXT.replace(
        'code = "PARKING"', 'code = "PARKING"\ncommon_parts = true\nowners_share = "30%"', 1
    )
    with pytest.raises(ConfigErrors) as caught:
        parse_community(text)
    assert caught.value.field == "waterfall[1].steps[0]"
    assert "owners_share of at least 30.0%" in str(caught.value.rule)
    share = 'kind = "percent_of_receipts", share = "30%"'
    marked = text.replace(share, share + ', purpose = "owners_share"')
    assert parse_community(marked).waterfalls[1].steps[0].purpose is Purpose.OWNERS_SHARE
    with pytest.raises(ConfigErrors):
        parse_community(marked.replace(share, share.replace("30%", "29.99%")))


@pytest.mark.parametrize(
    ("charge", "valid"),
    [
        ('kind = "percent_of_receipts", share = "70%"', True),
        ('kind = "percent_of_receipts", share = "70.01%"', False),
        ('kind = "fixed", amount = "1"', False),
    ],
)
def test_public_charges_leave_the_owners_their_share(charge: str, valid: bool) -> None:
    text = TEXT.replace(
        'code = "PARKING"', 'code = "PARKING"\ncommon_parts = true\nowners_share = "30%"', 1
    )
    share = 'kind = "percent_of_receipts", share = "30%"'
    line = next(each for each in text.splitlines() if share in each)
    owners = line.replace(share, share + ', purpose = "owners_share"')
    tax = f'  {{ label = "land tax", {charge}, payee = "dev:9", purpose = "public_charge" }},'
    text = text.replace(line, f"{tax}\n{owners}")
    if valid:
        assert parse_community(text).waterfalls[1].steps[0].purpose is Purpose.PUBLIC_CHARGE
        return
    with pytest.raises(ConfigErrors) as caught:
        parse_community(text)
    assert "leave them 30.0%" in str(caught.value)


def test_rules_name_the_addresses_of_the_series(community: Community) -> None:
    where = {"VPP-SR": dev_address(50), "VPP-JR": dev_address(51)}
    rules = community.waterfalls[0].rules(where)
    assert [step.payee for step in rules.steps if step.to_series] == list(where.values())
    assert int(rules.steps[4].payee, 16) == 0
    assert rules.kpis[0].weight_bp == 10_000


def test_a_community_cannot_be_changed(community: Community) -> None:
    with pytest.raises(FrozenInstanceError):
        community.file = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        community.roles["admin"] = ()  # type: ignore[index]


# --- What can be wrong ---------------------------------------------------------------------------

KEY = '"0x0379be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f8179a"'

WRONG = [
    # old text, new text, field, part of the rule or remedy
    ("gfa_m2 = 100_000", "gfa_m2 = 100_000\nfloors = 3", "project.floors", "no such key"),
    ("households =", "housholds =", "project.housholds", "did you mean households?"),
    (
        'min_coverage = "95%"',
        'min_coverag = "95%"',
        "stream[0].min_coverag",
        "did you mean min_coverage?",
    ),
    ('name = "Linden Court"\n', "", "project.name", "required"),
    ("schema = 1", "schema = 2", "schema", "must be 1"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Peking2"', "project.timezone", "IANA"),
    ("gfa_m2 = 100_000", "gfa_m2 = true", "project.gfa_m2", "integer"),
    ("gfa_m2 = 100_000", 'gfa_m2 = "100000"', "project.gfa_m2", "integer"),
    ('first_period = "2026-09"', 'first_period = "2026-13"', "project.first_period", "YYYY-MM"),
    ('salt = "linden-court-public-demo-salt"', 'salt = "short"', "project.salt", "at least 16"),
    ("decimals = 6", "decimals = 18", "currency.decimals", "must be 6"),
    ('signers = "2d"', 'signers = "2 days"', "delays.signers", "whole number"),
    ('admin = ["dev:0"]', "admin = []", "roles.admin", "at least 1"),
    ('admin = ["dev:0"]', 'admin = ["dev:0", "dev:0"]', "roles.admin[1]", "named once"),
    ('pauser = ["dev:2"]', 'pauser = ["dev:-2"]', "roles.pauser[0]", "checksum"),
    (
        'pauser = ["dev:2"]',
        'pauser = ["0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"]',
        "roles.pauser[0]",
        "capital letters",
    ),
    ("threshold = 2", "threshold = 4", "oracle.threshold", "from 1 to 3"),
    ("threshold = 2", "threshold = 0", "oracle.threshold", "greater than or equal to 1"),
    ('["dev:4", "dev:5", "dev:6"]', '["dev:4", "dev:5", "dev:4"]', "oracle.signers[2]", "once"),
    # streams
    ("[[stream]]\nid = 2", "[[stream]]\nid = 1", "stream[1].id", "stream[0].id in line"),
    ('code = "WATER"\n', 'code = "VPP"\n', "stream[2].code", "stream code is used once"),
    ('kind = "WATER"', 'kind = "WIND"', "stream[2].kind", '"SUBUNIT"'),
    (
        'challenge_window = "3d"',
        'challenge_window = "13w"',
        "stream[0].challenge_window",
        "90 days",
    ),
    ('funding_grace = "5d"', 'funding_grace = "366d"', "stream[0].funding_grace", "365 days"),
    ('min_coverage = "95%"', 'min_coverage = "101%"', "stream[0].min_coverage", "at most 100%"),
    (
        'min_coverage = "95%"',
        "min_coverage = 0.95",
        "stream[0].min_coverage",
        "percentage in quotes",
    ),
    ('max_estimated = "5%"', 'max_estimated = "5.001%"', "stream[0].max_estimated", "2 decimal"),
    ('resolution_time = "7d"', 'resolution_time = "23h"', "stream[0].resolution_time", "1 to 90"),
    ('resolution_time = "7d"', 'resolution_time = "91d"', "stream[0].resolution_time", "1 to 90"),
    (
        'unanswered_dispute = "dismiss"',
        'unanswered_dispute = "ignore"',
        "stream[0].unanswered_dispute",
        '"uphold"',
    ),
    (
        'unanswered_dispute = "dismiss"',
        'unanswered_dispute = "dismiss"\ncommon_parts = 1',
        "stream[0].common_parts",
        "valid boolean",
    ),
    (
        'unanswered_dispute = "dismiss"',
        'unanswered_dispute = "dismiss"\nowners_share = "101%"',
        "stream[0].owners_share",
        "at most 100%",
    ),
    (
        '[stream.tariff]\nid = "vpp-tou-2026"',
        '[stream.estimation]\nlongest_gap = 97\n\n[stream.tariff]\nid = "vpp-tou-2026"',
        "stream[0].estimation.longest_gap",
        "96",
    ),
    (
        '[stream.tariff]\nid = "vpp-tou-2026"',
        '[stream.estimation]\nweeks = -1\n\n[stream.tariff]\nid = "vpp-tou-2026"',
        "stream[0].estimation.weeks",
        "0",
    ),
    (
        'depends_on = ["PARKING"]',
        'depends_on = ["PARKING"]\nestimation = { weeks = 2 }',
        "stream[3].estimation",
        "streams of intervals",
    ),
    ('depends_on = ["PARKING"]', 'depends_on = ["PARKIN"]', "stream[3].depends_on[0]", "there are"),
    ('depends_on = ["PARKING"]', 'depends_on = ["EV"]', "stream[3].depends_on", "no circle"),
    ('base_unit = "L"', 'base_unit = "unit"', "stream[2].base_unit", "money"),
    (
        'price = "1.60", per = "m3"',
        'price = "1.60", per = "kWh"',
        "stream[2].tariff.rows[0].per",
        "L, m3",
    ),
    ('price = "0.54"', "price = 0.54", "stream[0].tariff.rows[0].price", "in quotes"),
    ('price = "0.54"', 'price = "-0.54"', "stream[0].tariff.rows[0].price", "no sign"),
    ('price = "0.54"', 'price = "5.4e-1"', "stream[0].tariff.rows[0].price", "no exponent"),
    ('{ id = "valley", price', '{ id = "peak", price', "stream[0].tariff.rows[2].id", "used once"),
    (
        '{ row = "valley" },',
        '{ row = "valey" },',
        "stream[0].tariff.calendar[2].row",
        "peak, shoulder",
    ),
    ('  { row = "valley" },\n', "", "stream[0].tariff.calendar[1]", "no conditions"),
    (
        'from = "14:00", to = "17:00"',
        'from = "22:00", to = "06:00"',
        "stream[0].tariff.calendar[0].from",
        "two rules",
    ),
    ('from = "14:00"', 'from = "24:01"', "stream[0].tariff.calendar[0].from", "24:00"),
    (
        "weekdays = [1, 2, 3, 4, 5]",
        "weekdays = [0]",
        "stream[0].tariff.calendar[0].weekdays[0]",
        "equal to 1",
    ),
    # meters
    (
        'stream = "WATER"\nprefix',
        'stream = "SEWER"\nprefix',
        "meters[2].stream",
        "no stream has this name",
    ),
    ("first_id = 201", "first_id = 112", "meters[1]", "meters[0] in line"),
    ('prefix = "garage"', 'prefix = "home"', "meters[1]", "meter code is used once"),
    ('interval = "15m"\n', "", "meters[1].interval", "measures intervals"),
    ('interval = "15m"\n', 'interval = "7m"\n', "meters[1].interval", "divides the day"),
    (
        'nameplate = "22000"',
        'interval = "1h"\nnameplate = "22000"',
        "meters[3].interval",
        "no interval",
    ),
    ('nameplate = "8000"', 'nameplate = "0"', "meters[0].nameplate", "above 0"),
    ('nameplate = "8000"', 'nameplate = "8e3"', "meters[0].nameplate", "whole number"),
    ('multiplier = "1000"', 'multiplier = "0"', "meters[0].multiplier", "above 0"),
    ('multiplier = "1000"', 'multiplier = "0.5"', "meters[0].multiplier", "fraction of two"),
    ('scheme = "device-p256"', 'scheme = "ed25519"', "meters[2].scheme", "device-p256"),
    ('\nkey = "dev"', f"\nkey = {KEY}", "meters[0].key", "its own key"),
    (
        'scheme = "device-p256"\nkey = "dev"',
        f'scheme = "device-p256"\nkey = {KEY}',
        "meters[2].key",
        "on the curve",
    ),
    ('\nkey = "dev"', '\nkey = "0x1234"', "meters[0].key", "33 bytes"),
    (
        'calibrated_until = "2030-12-31"',
        'calibrated_until = "2026-08-31"',
        "meters[0].calibrated_until",
        "2026-09",
    ),
    (
        'calibrated_until = "2030-12-31"',
        'calibrated_until = "2030-02-30"',
        "meters[0].calibrated_until",
        "YYYY-MM-DD",
    ),
    # participants
    ("[[participant]]\nid = 2", "[[participant]]\nid = 1", "participant[1].id", "used once"),
    (
        'wallets = ["dev:13"]',
        'wallets = ["dev:12"]',
        "participant[2].wallets[0]",
        "participant[1].wallets[1]",
    ),
    ('class = "retail"', 'class = "friend"', "participant[4].class", '"retail"'),
    ("country = 702", "country = 1000", "participant[1].country", "999"),
    ('kyc_until = "2030-12-31"', 'kyc_until = "2150-01-01"', "participant[0].kyc_until", "16 bits"),
    (
        'kyc_until = "2030-12-31"',
        'kyc_until = "2026-08-31"',
        "series[0].holders[0].wallet",
        "ran out",
    ),
    # series
    ('code = "VPP-JR"', 'code = "VPP-SR"', "series[1].code", "used once"),
    ('code = "VPP-JR"', 'code = "../VPP"', "series[1].code", "ASCII letters"),
    ('symbol = "LPARK"', 'symbol = "LPÄRK"', "series[2].symbol", "ASCII"),
    ('name = "Linden Parking Income"', f'name = "{"x" * 33}"', "series[2].name", "1 to 32"),
    ('rank = "junior"', 'rank = "first"', "series[1].rank", '"senior"'),
    (
        'term = ["2026-09", "2031-08"]',
        'term = ["2026-08", "2031-08"]',
        "series[0].term[0]",
        "2026-09",
    ),
    (
        'term = ["2026-09", "2031-08"]',
        'term = ["2026-10", "2026-09"]',
        "series[0].term[1]",
        "[first, last]",
    ),
    ('term = ["2026-09", "2031-08"]', 'term = ["2026-09"]', "series[0].term", "at least 2"),
    ("countries = []", "countries = [344, 344]", "series[0].countries[1]", "used once"),
    ("countries = []", "countries = [276]", "series[0].holders[0].wallet", "countries 276 only"),
    (
        'wallet = "dev:10", units = 600_000',
        'wallet = "dev:16", units = 600_000',
        "series[0].holders[0].wallet",
        "[[participant]]",
    ),
    (
        'wallet = "dev:10", units = 600_000',
        'wallet = "dev:15", units = 600_000',
        "series[0].holders[0].wallet",
        "professional, institution",
    ),
    (
        'wallet = "dev:13", units = 100_000',
        'wallet = "dev:10", units = 100_000',
        "series[0].holders[2].wallet",
        "used once",
    ),
    ("units = 100_000 },", "units = 999 },", "series[0].holders[2].units", "min_ticket = 1000"),
    ("units = 600_000", "units = 9_223_372_036_854_775_807", "series[0].holders", "below 2^63"),
    (
        "min_ticket = 100\n",
        "min_ticket = 281_474_976_710_656\n",
        "series[1].min_ticket",
        "less than",
    ),
    ("tail = 3", "tail = 65_476", "series[0].tail", "65535"),
    ("tail = 3", "tail = -1", "series[0].tail", "equal to 0"),
    ("holder_cap = 200", "holder_cap = 2", "series[0].holder_cap", "3 participants"),
    ("country_cap = 0", "country_cap = 1", "series[0].country_cap", "of country"),
    ("consent = false", 'window_every = "7d"', "series[0].window_length", "window_every"),
    ("consent = false", 'window_length = "7d"', "series[0].window_length", "window_every"),
    ("units = 600_000", "units = 0", "series[0].holders[0].units", "equal to 1"),
    # waterfalls
    (
        '[[waterfall]]\nstream = "EV"',
        '[[waterfall]]\nstream = "WATER"',
        "waterfall[3].stream",
        "used once",
    ),
    (
        'payee = "series:VPP-SR"',
        'payee = "series:PARK-A"',
        "waterfall[0].steps[3].payee",
        "belongs to PARKING",
    ),
    (
        'payee = "series:VPP-SR"',
        'payee = "series:NONE"',
        "waterfall[0].steps[3].payee",
        "there is no series NONE",
    ),
    ('payee = "series:VPP-SR"', 'payee = "dev:9"', "waterfall[0].steps[3].payee", "pays a series"),
    (
        'share = "6%", payee = "dev:7"',
        'share = "6%", payee = "series:VPP-SR"',
        "waterfall[0].steps[0].payee",
        "pays an account",
    ),
    (
        'share = "6%", payee',
        'amount = "1", share = "6%", payee',
        "waterfall[0].steps[0].amount",
        "takes no amount",
    ),
    ('share = "6%", payee', "payee", "waterfall[0].steps[0].share", "needs share"),
    (
        'amount = "500.00", account = 3 },',
        'amount = "500.00", account = 3, payee = "dev:8" },',
        "waterfall[0].steps[4].payee",
        "takes no payee",
    ),
    (
        'share = "6%", payee = "dev:7"',
        'share = "6%", payee = "dev:7", account = 4',
        "waterfall[0].steps[0].account",
        "fixed, due and reserve",
    ),
    (
        'amount = "500.00", account = 3',
        'amount = "500.00"',
        "waterfall[0].steps[4].account",
        "lies in an account",
    ),
    (
        'amount = "500.00", account = 3',
        'amount = "500.00", account = 1',
        "waterfall[0].steps[4].account",
        "arrears to one payee",
    ),
    (
        "account = 2",
        "account = 2, draws = 1",
        "waterfall[0].steps[3].draws",
        "account of a reserve",
    ),
    (
        'share = "6%", payee = "dev:7"',
        'share = "6%", payee = "dev:7", draws = 3',
        "waterfall[0].steps[0].draws",
        "fixed and due draw",
    ),
    (
        'share = "6%", payee = "dev:7"',
        'share = "6%", payee = "dev:7", when = "dscr"',
        "waterfall[0].steps[0].when",
        "no trigger dscr",
    ),
    (
        'label = "junior", kind = "residual", payee = "series:VPP-JR"',
        'label = "junior", kind = "residual", payee = "series:VPP-JR", purpose = "owners_share"',
        "waterfall[0].steps[5].purpose",
        "a percentage that always",
    ),
    (
        'payee = "series:VPP-SR", account = 2',
        'payee = "series:VPP-SR", account = 2, schedule = [{ period = 3, amount = "1" }, { period = 3, amount = "2" }]',
        "waterfall[0].steps[3].schedule[1].period",
        "ascend",
    ),
    (
        'payee = "dev:7" }',
        'payee = "dev:7", schedule = [{ period = 3, amount = "1" }] }',
        "waterfall[0].steps[0].schedule",
        "steps of kind due",
    ),
    (
        'max_change = "0%"                 # 0% = no bound',
        'triggers = [{ name = "dscr", kind = "dscr", before = "nobody", dues = ["senior coupon"], threshold = "1%" }]',
        "waterfall[0].triggers[0].before",
        "by its label",
    ),
    (
        'max_change = "0%"                 # 0% = no bound',
        'triggers = [{ name = "dscr", kind = "dscr", before = "tax", dues = ["tax"], threshold = "1%" }]',
        "waterfall[0].triggers[0].dues[0]",
        "fixed and due steps",
    ),
    (
        'max_change = "0%"                 # 0% = no bound',
        'triggers = [{ name = "dscr", kind = "dscr", before = "tax", threshold = "1%" }]',
        "waterfall[0].triggers[0].dues",
        "needs dues",
    ),
    (
        'max_change = "0%"                 # 0% = no bound',
        (
            'triggers = [{ name = "dscr", kind = "dscr", before = "tax", dues = ["senior coupon"],'
            ' threshold = "2%", cure = "1%" }]'
        ),
        "waterfall[0].triggers[0].threshold",
        "cure not below it",
    ),
    (
        'max_change = "0%"                 # 0% = no bound',
        'triggers = [{ name = "open", kind = "open_dispute", threshold = "2%" }]',
        "waterfall[0].triggers[0].kind",
        "a name only",
    ),
    (
        'amount = "150.00"',
        'amount = "150.0000001"',
        "waterfall[0].steps[1].amount",
        "6 decimal places",
    ),
    (
        'amount = "150.00"',
        'amount = "999999999999"',
        "waterfall[0].steps[1].amount",
        "at most 144115188075",
    ),
    ('{ label = "tax"', '{ label = "owners"', "waterfall[0].steps[6].label", "used once"),
    (
        '  { label = "owners", kind = "residual", payee = "dev:9" },\n]',
        "]",
        "waterfall[0].steps[5]",
        "nothing is ever left over",
    ),
    ('weight = "100%"', 'weight = "90%"', "waterfall[0].kpis", "sum to 100%"),
    ('target = "99.5%"', 'target = "90%"', "waterfall[0].kpis[0].target", "differ"),
    ("index = 0", "index = 16", "waterfall[0].kpis[0].index", "15"),
    (
        'multiplier = ["0%", "100%"]',
        'multiplier = ["50%", "10%"]',
        "waterfall[0].multiplier",
        "[least, most]",
    ),
    (
        'kpis = [{ name = "coverage", index = 0, floor = "90%", target = "99.5%", cap = "100%", weight = "100%" }]\n',
        "",
        "waterfall[0].kpis",
        "needs KPIs",
    ),
    (
        '  { label = "junior", kind = "residual", payee = "series:VPP-JR" },\n',
        "",
        "series[1].code",
        "no step",
    ),
]


@pytest.mark.parametrize(("old", "new", "field", "says"), WRONG)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, field: str, says: str) -> None:
    assert old in TEXT
    changed = TEXT.replace(old, new, 1)
    with pytest.raises(ConfigErrors) as caught:
        parse_community(changed, "town.toml")
    errors = {error.field: error for error in caught.value.problems}
    assert field in errors, [error.one_line() for error in caught.value.problems]
    error = errors[field]
    assert says in f"{error.rule}; {error.remedy}"
    assert error.file == "town.toml"
    assert error.line is not None
    assert_line(changed, field, error.line)
    assert error.one_line().startswith(f"town.toml:{error.line}: {field}=")


def assert_line(text: str, field: str, line: int) -> None:
    """The line holds the field's own key, or begins the table or element at fault."""
    key = field.rsplit(".", 1)[-1].partition("[")[0]
    shown = text.splitlines()[line - 1]
    table = field.partition(".")[0].partition("[")[0]
    assert key in shown or f"[{table}" in shown or "{" in shown, shown


def test_the_line_is_exact_inside_a_list_of_tables() -> None:
    changed = TEXT.replace("units = 333_334", "units = 0")
    with pytest.raises(ConfigErrors) as caught:
        parse_community(changed)
    expected = changed[: changed.index("units = 0")].count("\n") + 1
    assert (caught.value.field, caught.value.line) == ("series[1].holders[2].units", expected)


def test_everything_that_is_wrong_is_reported_at_once_in_the_order_of_lines() -> None:
    changed = (
        TEXT.replace("country = 702", "country = 0")
        .replace('"2d"', '"2"')
        .replace("threshold = 2", "treshold = 2")
    )
    with pytest.raises(ConfigErrors) as caught:
        parse_community(changed)
    fields = [error.field for error in caught.value.problems]
    assert fields == [
        "delays.signers",
        "oracle.threshold",
        "oracle.treshold",
        "participant[1].country",
    ]
    assert caught.value.one_line().endswith("(and 3 more)")


def test_rules_between_tables_are_reported_at_once_too() -> None:
    changed = TEXT.replace("threshold = 2", "threshold = 9").replace(
        "units = 100_000 }", "units = 1 }"
    )
    with pytest.raises(ConfigErrors) as caught:
        parse_community(changed)
    assert [error.field for error in caught.value.problems] == [
        "oracle.threshold",
        "series[0].holders[2].units",
    ]


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_community(TEXT.replace('code = "USDX"', "code = USDX"), "town.toml")
    line = TEXT[: TEXT.index('code = "USDX"')].count("\n") + 1
    assert (caught.value.file, caught.value.line) == ("town.toml", line)


@pytest.mark.parametrize("text", ["", "[", "a = 1\na = 2", "\x00", "a = '''"])
def test_any_broken_text_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_community(text)


def test_the_salt_is_not_repeated_in_an_error() -> None:
    with pytest.raises(ConfigErrors) as caught:
        parse_community(
            TEXT.replace('salt = "linden-court-public-demo-salt"', 'salt = "tell-nobody"')
        )
    assert "tell-nobody" not in caught.value.one_line()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_community(tmp_path / "town.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_community(tmp_path / "town.toml")


def test_windows_line_ends_do_no_harm() -> None:
    assert parse_community(TEXT.replace("\n", "\r\n")).project.code == "LINDENCOURT"


def test_development_accounts_are_found_wherever_they_stand(community: Community) -> None:
    fields = {reference.field for reference in community.dev_references}
    assert {
        "roles.admin[0]",
        "meters[0].key",
        "series[0].holders[0].wallet",
        "waterfall[0].steps[0].payee",
    } <= fields


# --- Any damage ----------------------------------------------------------------------------------

SNIPPETS = st.one_of(
    st.sampled_from(
        ["", "[", "]", "{", "}", '"', "'", ",", "\n", "=", "#", "[[meter]]\n", "true", "1e9"]
    ),
    st.sampled_from(
        ["-1", "9" * 30, "2026-10-01", "inf", "nan", "0x7f", '"dev:1"', "[[[[", "\x00"]
    ),
    st.text(max_size=6),
)


@given(start=st.integers(0, len(TEXT)), length=st.integers(0, 40), snippet=SNIPPETS)
def test_any_damage_is_a_config_error_or_none(start: int, length: int, snippet: str) -> None:
    with suppress(ConfigError):
        assert parse_community(TEXT[:start] + snippet + TEXT[start + length :]).streams


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000, "a." * 50_000 + "b = 1", "schema = nan"]
)
def test_bombs_are_config_errors(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_community(text)


@pytest.mark.parametrize("text", ["x = [", "x = [\n", "", "\n", "[", 'x = "', "x = {a = [\n\n"])
def test_a_text_that_ends_too_early_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_community(text)
    assert refused.value.one_line()
