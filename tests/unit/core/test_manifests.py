import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.commitments import N
from usufruct.core.keccak import keccak256
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.errors import EvidenceError, InputError, UsufructError

U32, U40, U64 = (st.integers(0, 2**bits - 1) for bits in (32, 40, 64))
lines = st.lists(
    st.builds(
        ManifestLine,
        row=st.text(max_size=10).filter(lambda each: each.isprintable()),
        count=st.integers(1, 1000),
        quantity=st.integers(0, 2**63),
        blinding=st.none() | st.integers(0, N - 1),
    ),
    max_size=4,
)


@st.composite
def manifests(draw):
    parts = draw(lines)
    quantity = sum(part.quantity for part in parts)
    expected = draw(st.integers(0, 10_000))
    return Manifest(
        stream=draw(U32),
        seq=draw(U32),
        from_=draw(U40),
        to=draw(U40),
        first=draw(U64),
        count=sum(part.count for part in parts),
        root=draw(st.binary(min_size=32, max_size=32)),
        expected=expected,
        covered=draw(st.integers(0, expected)),
        quantity=quantity,
        estimated=draw(st.integers(0, quantity)),
        lines=tuple(parts),
    )


@given(manifests())
def test_a_manifest_survives_its_document(manifest):
    data = manifest.canonical()
    assert Manifest.from_json(data) == manifest
    assert Manifest.from_json(data).canonical() == data
    assert manifest.content() == keccak256(data)


EXAMPLE = Manifest(
    stream=1,
    seq=3,
    from_=1_790_000_000,
    to=1_790_086_400,
    first=48,
    count=24,
    root=bytes(range(32)),
    expected=24,
    covered=24,
    quantity=18_250,
    estimated=0,
    lines=(ManifestLine("peak", 5, 9000, 7), ManifestLine("low", 19, 9250, 8)),
)
DOCUMENT = json.loads(EXAMPLE.canonical())


def test_the_document_of_the_protocol():
    assert {
        "v": 1,
        "stream": 1,
        "seq": 3,
        "from": 1_790_000_000,
        "to": 1_790_086_400,
        "first": 48,
        "count": 24,
        "root": "0x" + bytes(range(32)).hex(),
        "expected": 24,
        "covered": 24,
        "quantity": "18250",
        "estimated": "0",
        "lines": [
            {"row": "peak", "count": 5, "quantity": "9000", "blinding": f"0x{7:064x}"},
            {"row": "low", "count": 19, "quantity": "9250", "blinding": f"0x{8:064x}"},
        ],
    } == DOCUMENT


LINE = DOCUMENT["lines"][0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": 2},
        {"stream": "1"},
        {"seq": -1},
        {"count": True},
        {"root": "0x00"},
        {"quantity": 18_250},
        {"quantity": "018250"},
        {"quantity": "١"},
        {"quantity": "-1"},
        {"quantity": "9" * 100},
        {"estimated": "0.5"},
        {"lines": "none"},
        {"lines": [{**LINE, "count": 0}]},
        {"lines": [{**LINE, "blinding": f"0x{N:064x}"}]},
        {"lines": [{**LINE, "blinding": "0x07"}]},
        {"lines": [{"row": "peak"}]},
        {"more": 1},
    ],
)
def test_another_document_is_no_manifest(wrong):
    with pytest.raises(InputError):
        Manifest.from_json(json.dumps({**DOCUMENT, **wrong}).encode())


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 23},
        {"quantity": "18251"},
        {"covered": 25},
        {"estimated": "18251"},
        {"lines": [LINE]},
    ],
)
def test_sums_that_do_not_agree_are_evidence_against_it(wrong):
    with pytest.raises(EvidenceError):
        Manifest.from_json(json.dumps({**DOCUMENT, **wrong}).encode())


@given(st.binary(max_size=40))
def test_any_bytes_end_in_a_named_error(data):
    with pytest.raises(UsufructError):
        Manifest.from_json(data)
