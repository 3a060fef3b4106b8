from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.redaction import (
    redact_csv,
    redact_folder,
    redact_signatures,
    replace_file,
    without,
)

HEADER = b"meter,start,duration_s,value,unit,quality\n"


@given(
    st.lists(st.sampled_from([b"home-1,a\n", b"home-10,b\r\n", b'"home-1",c\n', b"\xff\xfe,d\n"]))
)
def test_a_meter_s_lines_and_no_others_go(lines: list[bytes]) -> None:
    kept = [each for each in lines if b"home-10" in each or b"\xff" in each]
    assert redact_csv(HEADER + b"".join(lines), ["home-1"]) == HEADER + b"".join(kept)


def test_a_last_line_without_an_end_goes_too() -> None:
    assert redact_csv(HEADER + b"home-1,3.1", ["home-1"]) == HEADER


def test_signatures_of_the_meter_go() -> None:
    data = b'{"signatures":[{"meter":"home-1","x":1},{"meter":"home-2","x":2}],"v":1}'
    assert redact_signatures(data, ["home-1"]) == b'{"signatures":[{"meter":"home-2","x":2}],"v":1}'
    assert redact_signatures(data, ["home-3"]) is data


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"signatures":3}', b'{"signatures":["home-1"]}', b"\xff"]
)
def test_a_signature_file_that_cannot_be_read_goes_if_it_names_the_meter(data: bytes) -> None:
    assert redact_signatures(data, ["home-2"]) == data
    assert redact_signatures(data + b"home-1", ["home-1"]) is None


def test_a_file_is_what_it_was_without_the_meter() -> None:
    file = SourceFile("here", "VPP", "2026-09-01", HEADER + b"home-1,1\nhome-2,2\n", None)
    assert without(file, []) is file
    assert without(file, ["home-1"]).csv == HEADER + b"home-2,2\n"
    assert without(file, ["home-9"]) == file


def test_a_folder_is_cleared_of_the_stream_s_files_alone(tmp_path: Path) -> None:
    for stream in ("VPP", "EV"):
        (tmp_path / stream).mkdir()
        (tmp_path / stream / "2026-09-01.csv").write_bytes(HEADER + b"home-1,1\n")
        (tmp_path / stream / "2026-09-01.sig.json").write_bytes(b"broken home-1")
    assert redact_folder(tmp_path, "VPP", ["home-1"]) == 2
    assert redact_folder(tmp_path, "VPP", ["home-1"]) == 0
    assert redact_folder(tmp_path, "NONE", ["home-1"]) == 0
    assert (tmp_path / "VPP" / "2026-09-01.csv").read_bytes() == HEADER
    assert not (tmp_path / "VPP" / "2026-09-01.sig.json").exists()
    assert b"home-1" in (tmp_path / "EV" / "2026-09-01.csv").read_bytes()


def test_replacing_overwrites_what_stood_there(tmp_path: Path) -> None:
    path, other = tmp_path / "secret", tmp_path / "link"
    path.write_bytes(b"old secret")
    other.hardlink_to(path)  # the old blocks, still in reach
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert other.read_bytes() == bytes(10)
