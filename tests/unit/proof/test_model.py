"""What is no proof is refused, in little time however it is made."""

from __future__ import annotations

import time

import pytest

from usufruct import proof
from usufruct.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        b'{"version":-0}',
        b"\xef\xbb\xbf{}",
        '{"version":2}'.encode("utf-16"),
        b'{"version":2,"version":2}',
        b'{"version":2.0}',
        b"NaN",
        b"\xff",
        b"",
    ],
)
def test_what_is_written_otherwise_is_refused(text: bytes) -> None:
    with pytest.raises(InputError):
        proof.parse(text)


def test_a_key_that_is_repeated_among_many_is_found_at_once() -> None:
    """In time that grows with the file: the square of a file of four megabytes is hours."""
    many = b",".join(b'"%d":0' % number for number in range(200_000))
    began = time.process_time()
    with pytest.raises(InputError) as caught:
        proof.parse(b"{" + many + b',"199999":0}')
    assert caught.value.value == "199999"
    assert time.process_time() - began < 10


def test_a_file_is_no_deeper_than_a_proof_is() -> None:
    """Else what is hashed of it overflows the stack, which is a defect and no verdict."""
    with pytest.raises(InputError, match="nested deeper"):
        proof.parse(b'{"tariff":' + b'{"a":' * 985 + b"1" + b"}" * 986)
