"""Charts as marks on a plane: laid out once, drawn alike in HTML and PDF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

__all__ = ["Drawing", "Mark", "band", "bars", "rows", "svg"]

WIDTH: Final = 680.0
"""Width of every chart."""
INK: Final = "#1f2933"
GREY: Final = "#9aa5b1"
GRID: Final = "#e4e7eb"
COLOURS: Final = ("#2b6cb0", "#dd8b2a", "#2f855a", "#805ad5", "#c05621", "#718096")
SHADE: Final = "#bcd4ec"

_LEFT, _RIGHT, _TOP, _BOTTOM = 72.0, 16.0, 34.0, 40.0
_HEIGHT = 230.0
_ROW = 24.0
_TICKS = 4
_SMALL = 9.0
_CHINESE_GROUPS = ((1e8, "亿"), (1e4, "万"))
_GROUPS = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
_CHARACTERS = 7.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark; y grows downwards.

    Attributes:
        kind: `rect` from (x, y) with width and height in `points`, `line` or `area` through `points`, `text` at (x, y).
        points: Coordinates.
        colour: Its colour.
        text: Text of a text.
        anchor: Which end of a text stands at its place.
        size: Size of a text.
    """

    kind: Literal["rect", "line", "area", "text"]
    points: tuple[tuple[float, float], ...]
    colour: str
    text: str = ""
    anchor: Literal["start", "middle", "end"] = "start"
    size: float = _SMALL


@dataclass(slots=True)
class Drawing:
    """A chart.

    Attributes:
        title: What it shows.
        height: Its height; the width is `WIDTH`.
        marks: What is drawn, in order.
    """

    title: str
    height: float = _HEIGHT
    marks: list[Mark] = field(default_factory=list)

    def rect(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        self.marks.append(Mark("rect", ((x, y), (width, height)), colour))

    def line(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """A line through points."""
        self.marks.append(Mark("line", tuple(points), colour))

    def label(
        self,
        x: float,
        y: float,
        text: str,
        anchor: Literal["start", "middle", "end"] = "start",
        colour: str = INK,
        size: float = _SMALL,
    ) -> None:
        """A text with its baseline at `y`."""
        self.marks.append(Mark("text", ((x, y),), colour, text, anchor, size))


def bars(
    title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], unit: str
) -> Drawing:
    """Stacked bars, one for each label; values are not negative."""
    drawing = Drawing(title)
    sums = [sum(values[at] for _, values in series) for at in range(len(labels))]
    scale = _axis(drawing, 0.0, max(sums, default=0.0), unit)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    wide = min(step * 0.7, 46.0)
    for at in range(len(labels)):
        base = 0.0
        for number, (_, values) in enumerate(series):
            top = scale(base + values[at])
            x = _LEFT + step * (at + 0.5) - wide / 2
            drawing.rect(x, top, wide, scale(base) - top, COLOURS[number % len(COLOURS)])
            base += values[at]
    _labels(drawing, labels, step)
    _legend(drawing, [name for name, _ in series])
    return drawing


def band(
    title: str,
    labels: Sequence[str],
    middle: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    unit: str,
) -> Drawing:
    """A line with the band around it."""
    drawing = Drawing(title)
    scale = _axis(drawing, min(0.0, *low), max(high), unit)
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    xs = [_LEFT + step * (at + 0.5) for at in range(len(labels))]
    edge = [(x, scale(v)) for x, v in zip(xs, high, strict=True)]
    edge += [(x, scale(v)) for x, v in reversed(list(zip(xs, low, strict=True)))]
    drawing.marks.append(Mark("area", tuple(edge), SHADE))
    drawing.line([(x, scale(v)) for x, v in zip(xs, middle, strict=True)], COLOURS[0])
    _labels(drawing, labels, step)
    return drawing


def rows(title: str, items: Sequence[tuple[str, float, float]], unit: str) -> Drawing:
    """Horizontal bars from one value to another, each on its own row."""
    drawing = Drawing(title, height=_TOP + _ROW * len(items) + _BOTTOM)
    low = min([0.0, *(min(a, b) for _, a, b in items)])
    high = max([0.0, *(max(a, b) for _, a, b in items)])
    if low == 0.0 and all(a and b for _, a, b in items):
        # A tornado's bars stand around a value far from nothing.
        low = min(min(a, b) for _, a, b in items) * 0.95
    left = _LEFT + 90.0
    span = WIDTH - left - 90.0
    each = span / (high - low or 1.0)
    for at, (label, a, b) in enumerate(items):
        y = _TOP + _ROW * at
        x, width = left + (min(a, b) - low) * each, abs(b - a) * each
        drawing.rect(x, y + 4, max(width, 1.0), _ROW - 9, COLOURS[0])
        drawing.label(left - 8, y + 16, label, "end")
        words = (
            short(b, unit)
            if a in {0.0, low}
            else f"{short(min(a, b), unit)} – {short(max(a, b), unit)}"
        )
        drawing.label(x + max(width, 1.0) + 6, y + 16, words, "start", INK)
    drawing.line([(left, _TOP), (left, _TOP + _ROW * len(items))], GREY)
    drawing.label(left, drawing.height - 18, unit, "start", GREY)
    _heading(drawing)
    return drawing


def svg(drawing: Drawing) -> str:
    """The chart as an SVG element."""
    marks = "".join(_svg(each) for each in drawing.marks)
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {drawing.height:.0f}" role="img" '
        f'aria-label="{escape(drawing.title)}" xmlns="http://www.w3.org/2000/svg">{marks}</svg>'
    )


def short(value: float, unit: str) -> str:
    """A number for an axis: three figures, in 万 or 亿 of a CNY, in k, m or bn of other units, where it is large."""
    for size, word in _CHINESE_GROUPS if unit == "CNY" else _GROUPS:
        if abs(value) >= size:
            return f"{_three(value / size)}{word}"
    return _three(value)


def _three(value: float) -> str:
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _axis(drawing: Drawing, low: float, high: float, unit: str) -> _Scale:
    """Grid and ticks; returns the scale from values to y."""
    step = _nice((high - low or 1.0) / _TICKS)
    low = math.floor(low / step) * step
    high = math.ceil(high / step - 1e-9) * step or step
    scale = _Scale(low, high, _TOP, drawing.height - _BOTTOM)
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        y = scale(value)
        drawing.line([(_LEFT, y), (WIDTH - _RIGHT, y)], GRID if number else GREY)
        drawing.label(_LEFT - 6, y + 3, short(value, unit), "end", GREY)
    drawing.label(_LEFT - 6, _TOP - 10, unit, "end", GREY)
    _heading(drawing)
    return scale


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    top: float
    bottom: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.bottom - part * (self.bottom - self.top)


def _nice(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next(size * each for each in (1.0, 2.0, 2.5, 5.0, 10.0) if size * each >= step * 0.999)


def _heading(drawing: Drawing) -> None:
    drawing.label(_LEFT, 14, drawing.title, "start", INK, 11.0)


def _labels(drawing: Drawing, labels: Sequence[str], step: float) -> None:
    widest = max((len(each) for each in labels), default=1) * _SMALL * 0.62
    every = max(1, math.ceil(widest / step))
    for at in range(0, len(labels), every):
        x = _LEFT + step * (at + 0.5)
        drawing.label(x, drawing.height - _BOTTOM + 14, labels[at], "middle", GREY)


def _legend(drawing: Drawing, names: Sequence[str]) -> None:
    x = _LEFT
    for number, name in enumerate(names):
        y = drawing.height - 14
        drawing.rect(x, y - 8, 9, 9, COLOURS[number % len(COLOURS)])
        drawing.label(x + 13, y, name, "start")
        x += 26 + _CHARACTERS * len(name)


def _svg(mark: Mark) -> str:
    (x, y), *rest = mark.points
    if mark.kind == "rect":
        (width, height) = rest[0]
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{mark.colour}"/>'
        )
    if mark.kind == "text":
        return (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{mark.size:g}" fill="{mark.colour}" '
            f'text-anchor="{mark.anchor}">{escape(mark.text)}</text>'
        )
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in mark.points)
    if mark.kind == "area":
        return f'<polygon points="{points}" fill="{mark.colour}"/>'
    return f'<polyline points="{points}" fill="none" stroke="{mark.colour}" stroke-width="1.2"/>'
