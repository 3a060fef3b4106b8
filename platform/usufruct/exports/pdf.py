"""Documents as PDF, for people: A4, English and Chinese, the same bytes for the same content.

Chinese is set in a font that is embedded: the one of `usufruct.fonts`, or a TrueType file that is named.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Final

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from usufruct.errors import ConfigError
from usufruct.exports.document import Amount, Document, Kind, Table, Text, without_controls
from usufruct.fonts import EMBEDDED, chinese_runs, register_chinese

__all__ = ["to_pdf"]

_NAMED: Final = "UsufructCJK"
_WIDE: Final = re.compile(r"[^\x00-\xff\u2010-\u2026\u20ac\u2212]+")
"""What the standard Latin fonts do not have."""
_INK: Final = HexColor("#1b2430")
_SOFT: Final = HexColor("#5b6675")
_RULE: Final = HexColor("#c9d1da")
_BAND: Final = HexColor("#f4f6f8")
_ACCENT: Final = HexColor("#0b5c55")
_MARGIN: Final = 16 * mm
_MANY_COLUMNS: Final = 7


def to_pdf(document: Document, font: Path | None = None) -> bytes:
    """The document on A4, upright where its tables are narrow.

    Args:
        document: What to print.
        font: TrueType file with Chinese characters, embedded in place of our own.

    Raises:
        ConfigError: The font cannot be used.
    """
    styles = _Styles(_registered(font))
    wide = max((len(each.columns) for each in document.tables), default=0) >= _MANY_COLUMNS
    size = landscape(A4) if wide else A4
    width = size[0] - 2 * _MARGIN
    out = io.BytesIO()
    template = SimpleDocTemplate(
        out,
        pagesize=size,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 4 * mm,
        title=f"{document.title.en} {without_controls(document.subject)}",
        author="Usufruct",
        subject=document.title.en,
        invariant=1,
        lang="en",
    )
    story = [*_head(document, styles, width)]
    for table in document.tables:
        story += _table(table, styles, width)
    story += _notes(document, styles)
    digest = _digest(document)

    def canvas(*args: Any, **more: Any) -> _Numbered:
        return _Numbered(digest, styles.cjk, *args, **more)

    template.build(story, canvasmaker=canvas)
    return out.getvalue()


def _registered(font: Path | None) -> str:
    """The name of the font for Chinese, made known to the library."""
    register_chinese()
    if font is None:
        return EMBEDDED
    try:
        pdfmetrics.registerFont(TTFont(_NAMED, str(font)))
    except (TTFError, OSError) as error:
        raise ConfigError(
            f"the font cannot be used: {error}",
            field="--font",
            value=str(font),
            rule="a TrueType file (.ttf) with Chinese characters",
            remedy="leave --font out, or name another file",
        ) from None
    return _NAMED


class _Styles:
    """Paragraph styles around the font for Chinese."""

    def __init__(self, cjk: str) -> None:
        self.cjk = cjk
        self.title = self._style("Helvetica-Bold", 17, 22, _INK)
        self.subject = self._style("Helvetica", 9.5, 13, _SOFT)
        self.section = self._style(
            "Helvetica-Bold", 10.5, 14, _ACCENT, spaceBefore=10, spaceAfter=4
        )
        self.name = self._style("Helvetica", 7.6, 10.5, _SOFT)
        self.value = self._style("Helvetica", 8.6, 10.5, _INK)
        self.head = self._style("Helvetica-Bold", 7.2, 9, _INK)
        self.head_right = self._style("Helvetica-Bold", 7.2, 9, _INK, alignment=TA_RIGHT)
        self.cell = self._style("Helvetica", 7.6, 9.6, _INK, splitLongWords=1)
        self.number = self._style("Helvetica", 7.6, 9.6, _INK, alignment=TA_RIGHT)
        self.strong = self._style("Helvetica-Bold", 7.6, 9.6, _INK)
        self.sum = self._style("Helvetica-Bold", 7.6, 9.6, _INK, alignment=TA_RIGHT)
        self.note = self._style("Helvetica", 7.6, 10.4, _SOFT, spaceAfter=3)

    def _style(
        self, font: str, size: float, leading: float, color: Color, **more: Any
    ) -> ParagraphStyle:
        return ParagraphStyle(
            font, fontName=font, fontSize=size, leading=leading, textColor=color, **more
        )

    def text(self, words: str) -> str:
        """Markup of plain words, what is not Latin in the font that has it."""
        clean = without_controls(words)
        parts, at = [], 0
        for found in _WIDE.finditer(clean):
            parts.append(escape(clean[at : found.start()]))
            parts += [
                f'<font name="{font}">{escape(run)}</font>' for run, font in self._runs(found[0])
            ]
            at = found.end()
        return "".join([*parts, escape(clean[at:])])

    def _runs(self, text: str) -> Iterable[tuple[str, str]]:
        return chinese_runs(text) if self.cjk == EMBEDDED else [(text, self.cjk)]

    def both(self, words: Text, between: str = " ") -> str:
        """Markup of both languages."""
        return (
            f"{self.text(words.en)}{between}{self.text(words.zh)}"
            if words.zh
            else self.text(words.en)
        )


def _head(document: Document, styles: _Styles, width: float) -> list[Any]:
    pairs = [
        [Paragraph(styles.both(name), styles.name), Paragraph(styles.text(value), styles.value)]
        for name, value in document.facts
    ]
    half = -(-len(pairs) // 2)
    blank: list[Any] = ["", ""]
    rows = [
        [*pairs[at], *(pairs[half + at] if half + at < len(pairs) else blank)] for at in range(half)
    ]
    story: list[Any] = [
        Paragraph(styles.both(document.title, "&nbsp;&nbsp;"), styles.title),
        Paragraph(styles.text(document.subject), styles.subject),
        Spacer(1, 3 * mm),
    ]
    if rows:
        shares = (0.17, 0.33, 0.17, 0.33)
        grid = Grid(rows, colWidths=[width * each for each in shares], hAlign="LEFT")
        grid.setStyle(
            [
                ("LINEABOVE", (0, 0), (-1, 0), 1.2, _ACCENT),
                ("LINEBELOW", (0, -1), (-1, -1), 0.4, _RULE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 2.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
            ]
        )
        story.append(grid)
    return story


def _table(table: Table, styles: _Styles, width: float) -> list[Any]:
    title = Paragraph(styles.both(table.title, "&nbsp;&nbsp;"), styles.section)
    if not table.rows:
        return [KeepTogether([title, Paragraph(styles.both(table.empty), styles.note)])]
    weights = [each.weight for each in table.columns]
    widths = [width * each / sum(weights) for each in weights]
    rows = [_heads(table, styles), *(_row(row, styles, total=False) for row in table.rows)]
    look: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, _INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, _RULE),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), (HexColor("#ffffff"), _BAND)),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        *(
            ("RIGHTPADDING", (place, 0), (place, -1), 9)
            for place, column in enumerate(table.columns[:-1])
            if column.kind is Kind.AMOUNT
        ),
        ("TOPPADDING", (0, 0), (-1, -1), 2.4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ]
    if table.total is not None:
        rows.append(_row(table.total, styles, total=True))
        look += [
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, _INK),
            ("BACKGROUND", (0, -1), (-1, -1), HexColor("#ffffff")),
        ]
    grid = Grid(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
    grid.setStyle(look)
    few = len(rows) <= 12  # noqa: PLR2004  # a short table is not torn apart
    return [KeepTogether([title, grid])] if few else [title, grid]


def _heads(table: Table, styles: _Styles) -> list[Any]:
    return [
        Paragraph(
            styles.both(each.title, "<br/>"),
            styles.head_right if each.kind is Kind.AMOUNT else styles.head,
        )
        for each in table.columns
    ]


def _row(row: Sequence[Any], styles: _Styles, *, total: bool) -> list[Any]:
    words, number = (styles.strong, styles.sum) if total else (styles.cell, styles.number)
    return [
        Paragraph(_grouped(cell), number)
        if isinstance(cell, Amount)
        else Paragraph(styles.text(cell), words)
        for cell in row
    ]


def _grouped(amount: Amount) -> str:
    """The amount with commas between thousands."""
    whole, point, rest = str(amount).partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{rest}"


def _notes(document: Document, styles: _Styles) -> list[Any]:
    if not document.notes:
        return []
    notes = [Paragraph(styles.both(each, "<br/>"), styles.note) for each in document.notes]
    return [KeepTogether([Spacer(1, 5 * mm), *notes])]


def _digest(document: Document) -> str:
    """Names the content, so that two prints can be told to be of the same."""
    return sha256(repr(document).encode("utf-8", "surrogatepass")).hexdigest()


class _Numbered(Canvas):  # type: ignore[misc]  # the library has no types
    """A canvas that knows on every page how many there are."""

    def __init__(self, digest: str, cjk: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._digest = digest
        self._cjk = cjk
        self._saved: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  # the library's name
        """Keeps the page until their number is known."""
        self._saved.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Writes the pages with their footers."""
        for number, page in enumerate(self._saved, 1):
            self.__dict__.update(page)
            self._footer(number, len(self._saved))
            super().showPage()
        super().save()

    def _footer(self, number: int, count: int) -> None:
        right = self._pagesize[0] - _MARGIN
        self.setStrokeColor(_RULE)
        self.setLineWidth(0.4)
        self.line(_MARGIN, _MARGIN, right, _MARGIN)
        self.setFillColor(_SOFT)
        self.setFont("Helvetica", 6.6)
        self.drawString(_MARGIN, _MARGIN - 9, f"SHA-256 of the content: {self._digest}")
        self.setFont(self._cjk, 7)
        self.drawRightString(
            right, _MARGIN - 9, f"Page {number} of {count}  |  第 {number} 页 / 共 {count} 页"
        )
