"""The dossier as a PDF of A4 pages; the same dossier gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from io import BytesIO
from typing import Any, Final

from reportlab.graphics import shapes
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import (
    CondPageBreak,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from usufruct.finance.pack.charts import GRID, INK, WIDTH, Drawing, Mark
from usufruct.finance.pack.model import Chapter, Dossier, Part
from usufruct.fonts import chinese_runs, register_chinese

__all__ = ["pdf"]

_WIDE: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3300-\u33ff，。、（）]+")
_GREY: Final = "#616e7c"
_ACCENT: Final = "#2b6cb0"
_COLUMNS: Final = (46 * mm, 34 * mm, 56 * mm, 38 * mm)
_FULL: Final = sum(_COLUMNS)
_FRAME: Final = 6
"""What reportlab keeps free within a frame, points."""


def _style(size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{sorted(more)}",
        fontName="Helvetica",
        fontSize=size,
        leading=size * 1.32,
        textColor=HexColor(INK),
        **more,
    )


_TITLE: Final = _style(22, spaceAfter=4)
_CHAPTER: Final = _style(15, spaceBefore=12, spaceAfter=4)
_PART: Final = _style(10.5, spaceBefore=9, spaceAfter=3)
_CELL: Final = _style(7.6, splitLongWords=1)
_VALUE: Final = _style(7.6, alignment=2)
_QUIET: Final = _style(7.2, splitLongWords=1)
_BODY: Final = _style(9)
_FLAG: Final = _style(
    8.2, backColor=HexColor("#fdf3e1"), borderPadding=4, leftIndent=4, spaceBefore=7, spaceAfter=5
)


def pdf(dossier: Dossier) -> bytes:
    """The file."""
    register_chinese()
    out = BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm - _FRAME,
        rightMargin=18 * mm - _FRAME,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        invariant=1,
        title=dossier.title,
        author="Usufruct",
        pageCompression=1,
    )

    def footer(canvas: Any, _: object) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(HexColor(_GREY))
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(canvas.getPageNumber()))
        _string(canvas, 18 * mm, 10 * mm, dossier.title, 7.5)
        canvas.restoreState()

    template.build(list(_story(dossier)), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _story(dossier: Dossier) -> Iterator[Any]:
    yield Paragraph(_marked(f"{dossier.title}  资产包"), _TITLE)
    count = len(dossier.flags)
    words = (
        "Every figure names its source; a figure without one does not appear. "
        f"{count or 'No'} flag{'' if count == 1 else 's'} raised. The hash of manifest.json binds all files."
    )
    yield Paragraph(_marked(words), _BODY)
    yield Spacer(1, 4 * mm)
    for number, chapter in enumerate(dossier.chapters, 1):
        yield from _chapter(number, chapter)
    yield from _sources(dossier)


def _chapter(number: int, chapter: Chapter) -> Iterator[Any]:
    yield CondPageBreak(60 * mm)
    yield Paragraph(_marked(f"{number}  {chapter.title}  {chapter.chinese}"), _CHAPTER)
    for part in chapter.parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[Any]:
    heading = Paragraph(_marked(part.title), _PART)
    if part.charts:
        first, *others = [_picture(each) for each in part.charts]
        yield KeepTogether([heading, first])
        yield from others
    else:
        yield CondPageBreak(30 * mm)
        yield heading
    rows = [[Paragraph(_grey(each), _QUIET) for each in ("Figure", "Value", "Source", "Note")]]
    rows[0][1] = Paragraph(_grey("Value"), _VALUE)
    rows += [
        [
            Paragraph(_marked(each.figure.label), _CELL),
            Paragraph(_marked(each.figure.text), _VALUE),
            Paragraph(_grey(each.words), _QUIET),
            Paragraph(_grey(each.figure.note), _QUIET),
        ]
        for each in part.entries
    ]
    yield _table(rows, list(_COLUMNS))
    for flag in part.flags:
        yield Paragraph(_marked(flag), _FLAG)


def _sources(dossier: Dossier) -> Iterator[Any]:
    yield CondPageBreak(50 * mm)
    yield Paragraph(_marked("Sources  数据来源"), _CHAPTER)
    for name in dossier.inputs:
        yield Paragraph(_marked(f"inputs/{name}"), _BODY)
    if not dossier.receipts:
        return
    rows = [[Paragraph(_grey(each), _QUIET) for each in ("Statement", "Month", "Digest")]]
    rows += [
        [
            Paragraph(_marked(name), _CELL),
            Paragraph(each.month, _CELL),
            Paragraph(f'<font name="Courier" size="6.6">{each.digest}</font>', _CELL),
        ]
        for name, each in dossier.receipts.items()
    ]
    yield Spacer(1, 2 * mm)
    yield _table(rows, [30 * mm, 22 * mm, _FULL - 52 * mm])


def _table(rows: list[Any], widths: list[float]) -> Table:
    return Table(
        rows,
        colWidths=widths,
        repeatRows=1,
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.6, HexColor(_GREY)),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, HexColor(GRID)),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ]
        ),
    )


def _marked(text: str) -> str:
    """Markup of a paragraph: Chinese characters in their own font."""
    return _WIDE.sub(_set_chinese, escape(text, quote=False))


def _set_chinese(found: re.Match[str]) -> str:
    return "".join(f'<font name="{font}">{run}</font>' for run, font in chinese_runs(found[0]))


def _grey(text: str) -> str:
    return f'<font color="{_GREY}">{_marked(text)}</font>'


# --- Charts ----------------------------------------------------------------------------------------


def _picture(drawing: Drawing) -> shapes.Drawing:
    scale = _FULL / WIDTH
    group = shapes.Group(
        *(shape for mark in drawing.marks for shape in _shapes(mark, drawing.height))
    )
    group.scale(scale, scale)
    picture = shapes.Drawing(_FULL, drawing.height * scale)
    picture.add(group)
    return picture


def _shapes(mark: Mark, height: float) -> Iterator[Any]:
    (x, y), *rest = mark.points
    colour = HexColor(mark.colour)
    if mark.kind == "rect":
        (wide, high) = rest[0]
        yield shapes.Rect(x, height - y - high, wide, high, fillColor=colour, strokeColor=None)
    elif mark.kind == "text":
        yield from _text(mark, x, height - y)
    else:
        flat = [n for px, py in mark.points for n in (px, height - py)]
        if mark.kind == "area":
            yield shapes.Polygon(flat, fillColor=colour, strokeColor=None)
        else:
            yield shapes.PolyLine(flat, strokeColor=colour, strokeWidth=1.1)


def _text(mark: Mark, x: float, y: float) -> Iterator[Any]:
    """A text in runs of one font each."""
    runs = list(_runs(mark.text))
    wide = sum(pdfmetrics.stringWidth(text, font, mark.size) for text, font in runs)
    x -= {"start": 0.0, "middle": wide / 2, "end": wide}[mark.anchor]
    for text, font in runs:
        yield shapes.String(
            x, y, text, fontName=font, fontSize=mark.size, fillColor=HexColor(mark.colour)
        )
        x += pdfmetrics.stringWidth(text, font, mark.size)


def _string(canvas: Any, x: float, y: float, text: str, size: float) -> None:
    for run, font in _runs(text):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += pdfmetrics.stringWidth(run, font, size)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    for found in _WIDE.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], "Helvetica"
        yield from chinese_runs(found[0])
        at = found.end()
    if at < len(text):
        yield text[at:], "Helvetica"
