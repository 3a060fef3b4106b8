"""Payment files and confirmations: exact, valid, and nothing counts twice."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct.exports.bank.camt import read_notification
from usufruct.exports.bank.pain import Message, check_message, write_message
from usufruct.exports.bank.payees import Debtor, load_payees
from usufruct.exports.bank.record import Transfer, end_to_end_id, split

EXAMPLE = Path(__file__).parents[3] / "examples" / "payees.toml"
PAYOUT = "po_lvpps_1_" + "ab" * 20


def transfer(net: int = 12_345, payout: str = PAYOUT, **more: object) -> Transfer:
    made = Transfer(
        end_to_end=end_to_end_id(payout, 1), message="M", payout=payout, attempt=1, wallet="0x" + "ab" * 20,
        period="2026-09", gross=net * 10_000, carry_in=0, carry_out=0, tax_bp=0, withheld=0, net=net,
        currency="USD", payee="Ada & Söhne <GmbH>", account="GB29NWBK60161331926819", agent="NWBKGB2LXXX",
        made_at=1_790_000_000, state="made",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def message(*transfers: Transfer) -> bytes:
    debtor = Debtor(name="Agent", iban="DE89370400440532013000", bic="COBADEFFXXX", currency="USD")
    return write_message(
        Message("USUFRUCT-2026-09-0001", 1_790_000_000, "2026-10-10", debtor, transfers)
    )


# --- Splitting ---


@given(
    st.lists(st.integers(0, 10**15), max_size=30),
    st.integers(0, 10_000),
    st.integers(2, 12),
)
def test_nothing_is_lost_or_made_between_payouts_and_cents(
    payouts: list[int], tax_bp: int, decimals: int
) -> None:
    carry, net, withheld, cent = 0, 0, 0, 10 ** (decimals - 2)
    for gross in payouts:
        parts = split(gross, carry, tax_bp, decimals)
        assert 0 <= parts.carry_out < cent
        assert parts.net >= 0
        assert parts.withheld >= 0
        carry, net, withheld = parts.carry_out, net + parts.net, withheld + parts.withheld
    assert sum(payouts) == (net + withheld) * cent + carry


@given(st.integers(0, 10**15), st.integers(0, 1))
def test_a_currency_with_fewer_decimals_than_cents_is_exact_too(gross: int, decimals: int) -> None:
    parts = split(gross, 0, 0, decimals)
    assert (parts.net, parts.carry_out) == (gross * 10 ** (2 - decimals), 0)


def test_what_is_below_a_cent_is_paid_once_it_makes_one() -> None:
    first = split(6_000, 0, 0, 6)
    assert (first.net, first.carry_out) == (0, 6_000)
    second = split(6_000, first.carry_out, 0, 6)
    assert (second.net, second.carry_out) == (1, 2_000)


def test_end_to_end_ids_are_short_plain_and_of_one_payout() -> None:
    found = {
        end_to_end_id(f"{PAYOUT}{number}", attempt) for number in range(50) for attempt in (1, 2)
    }
    assert len(found) == 100
    assert all(re.fullmatch(r"[A-Z0-9]{34}", each) for each in found)


# --- pain.001 ---


def test_a_message_has_the_standards_structure_and_sums() -> None:
    content = message(transfer(), transfer(1, PAYOUT + "x", account="012-345 1", agent=""))
    check_message(content)
    text = content.decode()
    assert "<CtrlSum>123.46</CtrlSum>" in text
    assert "<NbOfTxs>2</NbOfTxs>" in text
    assert "Ada &amp; Söhne &lt;GmbH&gt;" in text
    assert f"<Ustrd>{PAYOUT} 2026-09</Ustrd>" in text
    assert "<Othr><Id>012-345 1</Id></Othr>" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<CtrlSum>123.45</CtrlSum>", "<CtrlSum>123.44</CtrlSum>"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>2</NbOfTxs>"),
        ("<PmtMtd>TRF</PmtMtd>", "<PmtMtd>CHK</PmtMtd>"),
        ("<PmtMtd>TRF</PmtMtd>", ""),
        ("<ChrgBr>SHAR</ChrgBr>", "<Extra>1</Extra><ChrgBr>SHAR</ChrgBr>"),
        ("pain.001.001.09", "pain.001.001.03"),
        ("2026-10-10", "10.10.2026"),
        ('Ccy="USD"', 'Ccy="usd"'),
        ('Ccy="USD"', ""),
        ("DE89370400440532013000", "89"),
        (">123.45</InstdAmt>", ">123.456</InstdAmt>"),
        (">123.45</InstdAmt>", ">-123.45</InstdAmt>"),
        ("<BICFI>COBADEFFXXX</BICFI>", "<BICFI>cob</BICFI>"),
        ("<BICFI>COBADEFFXXX</BICFI>", "<BICFI>COBADEFFXXX</BICFI><Othr><Id>1</Id></Othr>"),
    ],
)
def test_every_change_that_breaks_the_structure_or_a_sum_is_found(old: str, new: str) -> None:
    text = message(transfer()).decode()
    assert old in text
    with pytest.raises((EvidenceError, InputError)):
        check_message(text.replace(old, new, 1).encode())


def test_a_transfer_of_nothing_or_one_twice_is_never_written() -> None:
    with pytest.raises(EvidenceError):
        message(transfer(0))
    with pytest.raises(EvidenceError, match="EndToEndId"):
        message(transfer(), transfer())
    with pytest.raises(EvidenceError):
        message()


# --- Payees ---


def test_the_example_book_can_be_read() -> None:
    book = load_payees(EXAMPLE)
    assert book.debtor.currency == "USD"
    assert [each.tax_bp for each in book.payees.values()] == [1_000, 0]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("GB29NWBK60161331926819", "GB28NWBK60161331926819", "check digits"),
        ("GB29NWBK60161331926819", "GB29", "check digits"),
        ("NWBKGB2LXXX", "nwbk", "BIC"),
        ('currency = "USD"', 'currency = "JPY"', "two decimals"),
        ('currency = "USD"', 'currency = "dollars"', "pattern"),
        ('"10%"', '"101%"', "at most 100%"),
        ('"10%"', '"ten"', "percentage"),
        ("0xBcd4042DE499D14e55001CcbB24a551F3b954096", "0xBcd4", "address"),
        (
            "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
            "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
            "named once",
        ),
        ('account = "012-345678-001"', "", "either iban or account"),
        ('name = "Ada Lindgren"', 'name = "Ada\\u0007"', "printable"),
        ("[debtor]", "[[debtor]]", "valid"),
    ],
)
def test_a_book_that_is_not_usable_names_what_is_wrong(
    tmp_path: Path, old: str, new: str, rule: str
) -> None:
    text = EXAMPLE.read_text()
    assert old in text
    path = tmp_path / "payees.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as refused:
        load_payees(path)
    assert rule in str(refused.value.rule)
    assert (
        "NWBK60161331926819" not in refused.value.one_line()
    )  # an account number is no text for logs


# --- camt.054 ---


def notification(body: str, version: str = "08") -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.054.001.{version}"
    return (
        f'<Document xmlns="{space}"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>1</MsgId></GrpHdr>'
        f"<Ntfctn><Id>N1</Id>{body}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def test_bookings_are_read_in_both_ways_that_banks_write_them() -> None:
    single = (
        '<Ntry><Amt Ccy="USD">1.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<BookgDt><Dt>2026-10-10</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>"
        "<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    )
    (one,) = read_notification(notification(single))
    assert (one.reference, one.end_to_end, one.amount, one.currency) == ("R1/0", "E1", 150, "USD")
    assert (one.outgoing, one.booked, one.day) == (True, True, "2026-10-10")
    old = (
        '<Ntry><Amt Ccy="USD">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts><NtryDtls>'
        "<TxDtls><Refs><AcctSvcrRef>A</AcctSvcrRef><EndToEndId>E1</EndToEndId></Refs>"
        '<AmtDtls><TxAmt><Amt Ccy="USD">1</Amt></TxAmt></AmtDtls></TxDtls>'
        '<TxDtls><Refs><EndToEndId>E2</EndToEndId></Refs><Amt Ccy="USD">2.0</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls></Ntry>"
    )
    first, second = read_notification(notification(old, "02"))
    assert (first.reference, first.amount, first.booked) == ("A", 100, False)
    assert (second.reference, second.amount, second.outgoing) == ("N1/0/1", 200, False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<x/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><Document/>',
        notification("<Ntry><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts></Ntry>"),
        notification('<Ntry><Amt Ccy="USD">1.005</Amt><CdtDbtInd>DBIT</CdtDbtInd></Ntry>'),
        notification('<Ntry><Amt Ccy="USD">1e5</Amt><CdtDbtInd>DBIT</CdtDbtInd></Ntry>'),
        notification('<Ntry><Amt Ccy="USD">1</Amt><CdtDbtInd>BOTH</CdtDbtInd></Ntry>'),
        notification("").replace(b"camt.054", b"camt.053"),
    ],
)
def test_what_is_no_notification_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        read_notification(content)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_notification_or_an_input_error(content: bytes) -> None:
    try:
        read_notification(content)
    except InputError:
        return
    raise AssertionError("no random bytes are a notification")
