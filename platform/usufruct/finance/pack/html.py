"""The dossier as one HTML page: nothing is loaded, it prints well."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from usufruct.finance.pack.charts import svg
from usufruct.finance.pack.model import Chapter, Dossier, Part

__all__ = ["page"]

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def page(dossier: Dossier) -> bytes:
    """The page, UTF-8."""
    title = escape(dossier.title)
    body = "".join(_chapters(dossier))
    links = "".join(
        f'<a href="#c{at}">{at} {escape(each.title)}</a>'
        for at, each in enumerate(dossier.chapters, 1)
    )
    text = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_style()}</style></head><body>"
        f'<header><h1>{title}<span lang="zh">资产包</span></h1><nav>{links}'
        f'<a href="#sources">Sources</a></nav></header>{_flags(dossier)}{body}{_sources(dossier)}'
        "<footer>Every figure names its source; a figure without one does not appear. The hash of "
        "manifest.json, which binds all files of this dossier, is what is anchored.</footer>"
        "</body></html>\n"
    )
    return text.encode()


@cache
def _style() -> str:
    return (Path(__file__).parent / "pack.css").read_text("utf-8")


def _flags(dossier: Dossier) -> str:
    count = len(dossier.flags)
    if not count:
        return ""
    noun = "flag is" if count == 1 else "flags are"
    return (
        f'<p class="flag">{count} {noun} raised in this dossier; each stands below its figures.</p>'
    )


def _chapters(dossier: Dossier) -> Iterator[str]:
    for number, chapter in enumerate(dossier.chapters, 1):
        yield _chapter(number, chapter)


def _chapter(number: int, chapter: Chapter) -> str:
    parts = "".join(_part(each) for each in chapter.parts)
    return (
        f'<section id="c{number}"><h2>{number} {escape(chapter.title)}'
        f'<span lang="zh">{escape(chapter.chinese)}</span></h2>{parts}</section>'
    )


def _part(part: Part) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.figure.label)}</td>"
        f'<td class="value">{escape(each.figure.text)}</td>'
        f'<td class="source">{escape(each.words)}</td>'
        f'<td class="note">{escape(each.figure.note)}</td></tr>'
        for each in part.entries
    )
    charts = "".join(f"<figure>{svg(each)}</figure>" for each in part.charts)
    flags = "".join(f'<p class="flag">{escape(each)}</p>' for each in part.flags)
    return (
        f"<h3>{escape(part.title)}</h3>{charts}<table><thead><tr><th>Figure</th>"
        '<th class="value">Value</th><th>Source</th><th>Note</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{flags}"
    )


def _sources(dossier: Dossier) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(each.month)}</td><td>{each.version}</td>"
        f"<td><code>{escape(each.digest)}</code></td></tr>"
        for name, each in dossier.receipts.items()
    )
    statements = (
        '<h3>Attested statements</h3><table class="digests"><thead><tr><th>Statement</th><th>Month</th>'
        f"<th>Version</th><th>Digest</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else ""
    )
    files = "".join(f"<li>inputs/{escape(name)}</li>" for name in dossier.inputs)
    return (
        '<section id="sources"><h2>Sources<span lang="zh">数据来源</span></h2>'
        f"<h3>Files of assumptions</h3><ul>{files}</ul>{statements}</section>"
    )
