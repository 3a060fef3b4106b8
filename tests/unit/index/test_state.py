"""Names of series, and JSON of decoded structs."""

from __future__ import annotations

from usufruct.contracts.revenue_right import Refusal
from usufruct.contracts.waterfall import Kpi, Line
from usufruct.index.handlers import as_json, ascii_text
from usufruct.index.rights import countries


def test_structs_become_plain_json_without_loss() -> None:
    line = Line(due=2**64 - 1, paid=1, released=0, balance=2**53)
    assert as_json((line,)) == [
        {"due": str(2**64 - 1), "paid": 1, "released": 0, "balance": str(2**53)}
    ]
    assert as_json(Kpi(0, 1, 2, 3, 4))["weight_bp"] == 4
    assert as_json([b"\1\2", Refusal.RECIPIENT_FROZEN, True, None, "x", -(2**63)]) == [
        *("0x0102", "recipient_frozen", True, None, "x", str(-(2**63))),
    ]


def test_packed_words_are_unpacked() -> None:
    assert countries(0) == []
    assert countries(344 | 702 << 16 | 276 << 112) == [344, 702, 276]
    assert ascii_text(b"VPP".ljust(32, b"\0")) == "VPP"
    assert ascii_text(b"\xff".ljust(32, b"\0")) == "\N{REPLACEMENT CHARACTER}"
