import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usufruct.core.commitments import INFINITY, N, add_commitments, commit
from usufruct.core.range_proofs import BIT_LENGTH, prove_range, verify_range
from usufruct.errors import InputError

R = 0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF0
CONTEXT = b"leaf"


@settings(max_examples=15, deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(1, N - 1), st.binary(max_size=40))
def test_a_number_in_the_range_is_proved(data, bits, blinding, context):
    value = data.draw(st.integers(0, 2**bits - 1))
    proof = prove_range(value, blinding, bits, context)
    assert len(proof) == 32 + BIT_LENGTH * bits
    assert verify_range(commit(value, blinding), bits, context, proof)


@pytest.mark.parametrize("value", [0, 1, 2**32 - 1, 1_234_567])
def test_thirty_two_bits(value):
    assert verify_range(commit(value, R), 32, CONTEXT, prove_range(value, R, 32, CONTEXT))


def test_the_widest_range():
    value = 2**63 - 1
    assert verify_range(commit(value, R), 63, CONTEXT, prove_range(value, R, 63, CONTEXT))


def test_a_sum_of_readings_is_proved_from_its_own_opening():
    openings = [(100 + i, R + i) for i in range(5)]
    total = add_commitments(commit(v, r) for v, r in openings)
    value, blinding = (sum(column) % N for column in zip(*openings, strict=True))
    assert verify_range(total, 10, CONTEXT, prove_range(value, blinding, 10, CONTEXT))


@pytest.mark.parametrize("value", [256, -1, 2**63])
def test_a_number_outside_has_no_proof(value):
    with pytest.raises(InputError) as caught:
        prove_range(value, R, 8, CONTEXT)
    assert str(value) not in caught.value.one_line()


@pytest.mark.parametrize("blinding", [0, N, -1])
def test_without_a_blinding_there_is_nothing_to_prove(blinding):
    with pytest.raises(InputError):
        prove_range(1, blinding, 8, CONTEXT)


@pytest.mark.parametrize("bits", [0, 64, -1])
def test_other_widths_are_refused(bits):
    with pytest.raises(InputError):
        prove_range(0, R, bits, CONTEXT)
    with pytest.raises(InputError):
        verify_range(commit(1, R), bits, CONTEXT, b"")


def test_a_proof_holds_for_its_statement_alone():
    proof, commitment = prove_range(5, R, 4, CONTEXT), commit(5, R)
    assert verify_range(commitment, 4, CONTEXT, proof)
    assert not verify_range(commit(6, R), 4, CONTEXT, proof)
    assert not verify_range(commit(5, R + 1), 4, CONTEXT, proof)
    assert not verify_range(commitment, 4, b"another leaf", proof)
    assert not verify_range(commitment, 5, CONTEXT, proof)
    assert not verify_range(INFINITY, 4, CONTEXT, proof)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, (32 + BIT_LENGTH * 3) * 8 - 1))
def test_no_changed_proof_is_believed(bit):
    proof = bytearray(prove_range(5, R, 3, CONTEXT))
    proof[bit // 8] ^= 1 << bit % 8
    assert not verify_range(commit(5, R), 3, CONTEXT, bytes(proof))


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=32 + BIT_LENGTH * 2))
def test_noise_is_no_proof(noise):
    assert not verify_range(commit(5, R), 2, CONTEXT, noise.ljust(32 + BIT_LENGTH * 2, b"\x02"))


def test_a_digit_of_two_cannot_be_passed_off():
    """The classic forgery: bits that add up to the commitment, one of which is no bit."""
    bits, value = 3, 9  # 9 = 1 + 4·2 is outside [0, 8)
    honest = prove_range(1, R, bits, CONTEXT)
    parts = [
        bytearray(honest[32:][at : at + BIT_LENGTH]) for at in range(0, 3 * BIT_LENGTH, BIT_LENGTH)
    ]
    top = add_commitments([bytes(parts[2][:33]), commit(8, 0)])
    parts[2][:33] = top
    forged = honest[:32] + b"".join(parts)
    assert add_commitments(bytes(each[:33]) for each in parts) == commit(value, R)
    assert not verify_range(commit(value, R), bits, CONTEXT, forged)


def test_a_number_beyond_the_order_does_not_wrap_around():
    """−1 is N − 1: its commitment has no proof that reuses another's bits."""
    proof = prove_range(7, R, 3, CONTEXT)
    assert not verify_range(commit(N - 1, R), 3, CONTEXT, proof)


def test_scalars_have_one_form():
    proof = prove_range(5, R, 3, CONTEXT)
    start = 32 + 33 + 32
    scalar = int.from_bytes(proof[start : start + 32], "big")
    for other in (0, N, scalar + N):
        if other < 2**256:
            changed = proof[:start] + other.to_bytes(32, "big") + proof[start + 32 :]
            assert not verify_range(commit(5, R), 3, CONTEXT, changed)


def test_proofs_show_neither_number_nor_blinding_and_share_no_nonce():
    one, other = prove_range(5, R, 3, CONTEXT), prove_range(5, R, 3, b"elsewhere")
    assert one == prove_range(5, R, 3, CONTEXT)
    words = [{proof[at : at + 32] for at in range(len(proof) - 31)} for proof in (one, other)]
    assert not words[0] & words[1]
    assert R.to_bytes(32, "big") not in words[0]
