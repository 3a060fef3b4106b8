"""The font in which PDFs set Chinese: embedded, so that every reader shows it.

`NotoSansSC-common.ttf` is Noto Sans SC Regular of the npm package @expo-google-fonts/noto-sans-sc 0.4.3 under the SIL
Open Font License 1.1 (OFL.txt beside it), reduced by fontTools to the 3 755 characters of level 1 of GB 2312, those of
the platform's own texts, and punctuation. Of these a document embeds the few that it shows. What the font lacks is set
in STSong-Light, which readers are to bring along (ISO 32000-1, 9.7.5.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

__all__ = ["EMBEDDED", "OF_READERS", "chinese_runs", "register_chinese"]

EMBEDDED: Final = "NotoSansSC"
"""Name of the font that is embedded."""
OF_READERS: Final = "STSong-Light"
"""Name of the one that is not."""
_FILE: Final = Path(__file__).parent / "NotoSansSC-common.ttf"


@cache
def register_chinese() -> frozenset[int]:
    """Makes both fonts known to the library; the code points that the embedded one has."""
    font = TTFont(EMBEDDED, str(_FILE))
    pdfmetrics.registerFont(font)
    pdfmetrics.registerFont(UnicodeCIDFont(OF_READERS))
    return frozenset(font.face.charToGlyph)


def chinese_runs(text: str) -> Iterator[tuple[str, str]]:
    """A text in runs that one font has, each with the font's name."""
    known = register_chinese()
    for there, run in groupby(text, lambda each: ord(each) in known):
        yield "".join(run), EMBEDDED if there else OF_READERS
