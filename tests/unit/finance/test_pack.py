"""Dossiers: the same bytes for the same files, sources everywhere, nothing that a file says becomes code."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct.finance.files import Loaded
from usufruct.finance.pack.charts import bars, short, svg
from usufruct.finance.pack.gather import gather, load_pack
from usufruct.finance.pack.make import files_of
from usufruct.finance.pack.manifest import manifest_of, read_manifest, write
from usufruct.finance.pack.model import part_of
from usufruct.finance.pack.verify import check_dossier
from usufruct.finance.report import Figure, Section

EVIL = '=HYPERLINK(\\"http://evil.example\\";\\"x\\")<script>alert(1)</script>'
PACK = 'schema = 1\ntitle = "{title}"\nvaluation = "v.toml"\nstructure = "s.toml"\n'
VALUATION = """\
schema = 1
title = "t"
currency = "CNY"
[unit]
area_m2 = "10万"
[flows]
investment = "1亿"
incomes = ["0.1亿", "0.3亿", "1亿"]
rate = "5%"
[dcf]
income = "1000万"
years = 5
rate = "6%"
terminal_cap = "7%"
ramp = {{ start = "40%", years = 3 }}
[[headline]]
name = "{name}"
amount = "1000"
[tornado]
of = "dcf"
bounds = {{ rate = ["5%", "7%"], income = ["900万", "1100万"] }}
[sensitivity]
of = "flows"
rows = {{ input = "rate", values = ["4%", "5%"] }}
columns = {{ input = "investment", values = ["1亿", "2亿"] }}
"""
STRUCTURE = """\
schema = 1
title = "s"
kind = "abs"
currency = { code = "CNY", decimals = 2 }
first_period = "2026-01"
periods = 4
[pool]
streams = ["MALL"]
receipts = ["1000.01", "200", "900", "1200"]
[[tranche]]
code = "A"
rank = "senior"
notional = "1000"
rate = "5%"
amortisation = "equal"
holders = [{ name = "Ada", units = 2 }, { name = "Ben", units = 1 }]
[[step]]
label = "interest"
kind = "interest"
tranche = "A"
account = 1
draws = 3
[[step]]
label = "principal"
kind = "principal"
tranche = "A"
account = 2
[[step]]
label = "reserve"
kind = "reserve"
amount = "50"
account = 3
[[step]]
label = "rest"
kind = "residual"
payee = "sponsor"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "v.toml").write_text(VALUATION.format(name=EVIL), "utf-8")
    (tmp_path / "s.toml").write_text(STRUCTURE, "utf-8")
    path = tmp_path / "pack.toml"
    path.write_text(PACK.format(title=EVIL), "utf-8")
    return path


def made(project: Path) -> dict[str, bytes]:
    return files_of(gather(load_pack(project), project.parent))


def put(project: Path, folder: Path) -> Path:
    files = made(project)
    write(folder, files, manifest_of("asset-pack", "", files))
    return folder


def test_the_same_files_make_the_same_bytes(project: Path) -> None:
    one, other = made(project), made(project)
    assert one == other
    assert set(one) == {f"inputs/{n}.toml" for n in "sv"} | {
        f"pack.{each}" for each in ("json", "html", "pdf", "xlsx")
    }
    assert one["pack.pdf"].startswith(b"%PDF-")


def test_every_figure_has_a_source_and_one_without_does_not_appear(project: Path) -> None:
    found = json.loads(made(project)["pack.json"])
    figures = [f for c in found["chapters"] for p in c["parts"] for f in p["figures"]]
    assert len(figures) > 30
    assert all(each["source"]["on"] for each in figures)
    assert {each["source"]["kind"] for each in figures} == {"assumption", "formula"}
    loaded: Loaded[None] = Loaded("v.toml", None, {"a": 1})
    section = Section(
        "x", [Figure("known", 1, "", "sum", "", ("a",)), Figure("rumour", 2, "", "sum", "", ("b",))]
    )
    assert [each.figure.label for each in part_of(section, loaded).entries] == ["known"]


def test_nothing_that_a_file_says_becomes_a_formula_or_markup(project: Path) -> None:
    files = made(project)
    html = files["pack.html"].decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "default-src 'none'" in html
    sheets = workbook_sheets(files["pack.xlsx"])
    formulas = [each.text or "" for root in sheets.values() for each in root.iter(f"{NS}f")]
    assert formulas
    assert not [each for each in formulas if "HYPERLINK" in each]
    with zipfile.ZipFile(io.BytesIO(files["pack.xlsx"])) as book:
        assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()


NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def workbook_sheets(data: bytes) -> dict[str, ET.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        names = [
            each.get("name") or ""
            for each in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{NS}sheet")  # noqa: S314
        ]
        return {
            name: ET.fromstring(book.read(f"xl/worksheets/sheet{at}.xml"))  # noqa: S314
            for at, name in enumerate(names, 1)
        }


def cells(root: ET.Element) -> dict[str, float]:
    return {
        each.get("r") or "": float(each.findtext(f"{NS}v") or 0)
        for each in root.iter(f"{NS}c")
        if each.get("t") is None
    }


def test_the_workbook_computes_what_the_dossier_says(project: Path) -> None:
    sheets = workbook_sheets(made(project)["pack.xlsx"])
    assert list(sheets) == ["Figures", "Investment", "DCF", "Waterfall", "Holders"]
    flows = cells(sheets["Investment"])
    npv = flows["B5"] + sum(flows[f"B{5 + t}"] / (1 + flows["B1"]) ** t for t in (1, 2, 3))
    assert flows["B2"] == pytest.approx(npv)
    at_irr = sum(flows[f"B{5 + t}"] / (1 + flows["B3"]) ** t for t in range(4))
    assert at_irr == pytest.approx(0, abs=1e-3)
    dcf = cells(sheets["DCF"])
    assert dcf["B2"] == pytest.approx(sum(dcf[f"D{row}"] for row in range(6, 11)))
    assert dcf["B4"] == pytest.approx(dcf["B2"] + dcf["B3"] * dcf["C10"])
    money = cells(sheets["Waterfall"])
    for row in range(2, 6):
        steps = sum(money[f"{column}{row}"] for column in "CDEF")
        assert money[f"B{row}"] + money[f"G{row}"] == pytest.approx(steps)
    assert money["B6"] == pytest.approx(3300.01)
    holders = cells(sheets["Holders"])
    assert sum(holders[f"{column}6"] for column in "BCD") + 50 == pytest.approx(3300.01)


def test_a_dossier_is_checked_file_by_file(project: Path, tmp_path: Path) -> None:
    folder = put(project, tmp_path / "out")
    checked = [each.what for each in check_dossier(folder, read_manifest(folder))]
    assert checked == ["files", "figures", "assumptions"]
    for name in ("pack.html", "inputs/v.toml"):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before + b"\n")
        with pytest.raises(EvidenceError, match="changed"):
            list(check_dossier(folder, read_manifest(folder)))
        (folder / name).write_bytes(before)
    (folder / "letter.txt").write_text("trust me")
    with pytest.raises(EvidenceError, match="not in the manifest"):
        list(check_dossier(folder, read_manifest(folder)))
    (folder / "letter.txt").unlink()
    (folder / "pack.pdf").unlink()
    with pytest.raises(EvidenceError, match="missing"):
        list(check_dossier(folder, read_manifest(folder)))


@pytest.mark.parametrize("what", ["hash", "source"])
def test_a_forged_figure_with_a_fresh_manifest_is_found(
    project: Path, tmp_path: Path, what: str
) -> None:
    files = made(project)
    pack = json.loads(files["pack.json"])
    figure = pack["chapters"][0]["parts"][0]["figures"][0]
    if what == "hash":
        figure["source"]["on"][0]["hash"] = "0x" + "11" * 32
    else:
        figure["source"] = {"kind": "assumption", "on": []}
    files["pack.json"] = json.dumps(pack).encode()
    folder = tmp_path / "forged"
    write(folder, files, manifest_of("asset-pack", "", files))
    with pytest.raises(EvidenceError, match="does not hold"):
        list(check_dossier(folder, read_manifest(folder)))


def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    told = {"bytes": 1, "sha256": "", "keccak256": ""}
    for path in ("../secret", "/etc/passwd", "a/../../b"):
        document = {"format": "usufruct/pack-manifest/1", "name": "a", "stream": ""}
        (tmp_path / "manifest.json").write_text(json.dumps(document | {"files": {path: told}}))
        with pytest.raises(InputError, match="leads out"):
            read_manifest(tmp_path)


def test_a_dossier_takes_the_place_of_an_earlier_one_alone(project: Path, tmp_path: Path) -> None:
    folder = put(project, tmp_path / "out")
    (folder / "old.txt").write_text("old")
    put(project, folder)
    assert not (folder / "old.txt").exists()
    assert {each.name for each in tmp_path.iterdir()} == {"out", "pack.toml", "s.toml", "v.toml"}
    other = tmp_path / "work"
    other.mkdir()
    (other / "thesis.doc").write_text("mine")
    with pytest.raises(ConfigError, match="something else"):
        put(project, other)
    assert (other / "thesis.doc").read_text() == "mine"


def test_the_command_makes_and_checks(project: Path, tmp_path: Path) -> None:
    out = tmp_path / "dossier"
    for arguments in (["pack", str(project), "--out", str(out)], ["pack", "verify", str(out)]):
        result = CliRunner().invoke(build("pack"), arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    assert "not checked: what is anchored" in result.output
    with pytest.raises(InputError, match="--key"):
        CliRunner().invoke(
            build("pack"), ["pack", str(project), "--anchor"], catch_exceptions=False
        )


def test_charts_stay_inside_and_name_what_they_show() -> None:
    drawing = bars("<b>", ["1", "2"], [("a", [0.0, 3.0]), ("b", [1.0, 2.0])], "CNY")
    text = svg(drawing)
    assert "<b>" not in text
    ET.fromstring(text)  # noqa: S314  # our own
    for mark in drawing.marks:
        if mark.kind == "rect":
            (x, y), (width, height) = mark.points
            assert 0 <= x <= x + width <= 680
            assert 0 <= y <= y + height <= drawing.height
    assert [short(n, "CNY") for n in (0, 12.5, 3e5, 2.5e8)] == ["0", "12.5", "30万", "2.5亿"]
    assert short(2_163_591.0, "USDX") == "2.16m"
