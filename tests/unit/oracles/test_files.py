"""Hardening of whole files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct_oracles.sources.records import HEADER
from usufruct_oracles.validation import files
from usufruct_oracles.validation.files import MAX_LINE, check_file, lines_of
from usufruct_oracles.validation.verdicts import Rule

HEAD = HEADER.encode() + b"\n"
LINE = b"home-01,2026-09-10T12:00:00+08:00,3600,1.234,kWh,0"


@pytest.mark.parametrize("body", [b"", LINE, LINE + b"\n", LINE + b"\n" + LINE + b"\n", b"\n"])
def test_clean_files_pass(body: bytes) -> None:
    assert check_file(HEAD + body) is None


def test_lines_are_verbatim() -> None:
    assert lines_of(HEAD + LINE + b"\n\n" + LINE) == [LINE.decode(), "", LINE.decode()]
    assert lines_of(HEAD) == []
    assert lines_of(HEADER.encode()) == []


@pytest.mark.parametrize(
    ("csv", "rule"),
    [
        (b"", Rule.FILE_HEADER),
        (LINE + b"\n", Rule.FILE_HEADER),
        (b"\n" + HEAD + LINE, Rule.FILE_HEADER),
        (HEADER.encode() + b",extra\n" + LINE, Rule.FILE_HEADER),
        (HEADER.upper().encode() + b"\n" + LINE, Rule.FILE_HEADER),
        (HEADER.replace("meter,start", "start,meter").encode() + b"\n", Rule.FILE_HEADER),
        (HEAD + LINE + b"\n" + HEAD + LINE, Rule.FILE_HEADER),
        (b"\xef\xbb\xbf" + HEAD + LINE, Rule.FILE_BYTE_ORDER_MARK),
        (HEAD.replace(b"\n", b"\r\n") + LINE, Rule.FILE_LINE_ENDS),
        (HEAD + LINE + b"\r", Rule.FILE_LINE_ENDS),
        (HEAD + b"home\x00-01", Rule.FILE_BINARY),
        (HEAD + b"home\t-01", Rule.FILE_BINARY),
        (HEAD + "hömé".encode(), Rule.FILE_BINARY),
        (HEAD + b"\x1b[31mred", Rule.FILE_BINARY),
        (b"\x1f\x8b\x08\x00", Rule.FILE_BINARY),
        (HEAD + b"x" * (MAX_LINE + 1), Rule.FILE_LONG_LINE),
    ],
)
def test_a_file_that_is_not_clean_is_rejected_whole(csv: bytes, rule: Rule) -> None:
    verdict = check_file(csv)
    assert verdict is not None
    assert verdict.rule is rule
    assert verdict.detail
    assert verdict.remedy


def test_the_place_is_named() -> None:
    verdict = check_file(HEAD + LINE + b"\n" + b"\x00")
    assert verdict is not None
    assert verdict.detail == "byte 0x00 in line 3"


def test_a_file_may_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", len(HEAD))
    assert check_file(HEAD) is None
    verdict = check_file(HEAD + b"x")
    assert verdict is not None
    assert verdict.rule is Rule.FILE_TOO_LARGE


@given(st.binary(max_size=400))
def test_no_bytes_raise(body: bytes) -> None:
    if check_file(HEAD + body) is None:
        assert "\n".join(lines_of(HEAD + body)).rstrip("\n") == body.decode().rstrip("\n")
