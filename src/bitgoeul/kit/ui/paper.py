"""Faces for documents on paper."""

from __future__ import annotations

from functools import lru_cache

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from bitgoeul.kit.ui.assets import DIST

FONTS = DIST / "print"


@lru_cache(maxsize=1)
def fonts() -> tuple[str, str]:
    """The names of a plain and a bold face that can set Korean.

    The front end brings Pretendard, whose used letters are embedded.  Without a built front end a face is
    named that readers of PDF bring themselves.
    """
    faces = {name: FONTS / f"{name}.ttf" for name in ("Pretendard-Regular", "Pretendard-Bold")}
    if not all(path.is_file() for path in faces.values()):
        pdfmetrics.registerFont(UnicodeCIDFont("HYGothic-Medium"))
        return "HYGothic-Medium", "HYGothic-Medium"
    for name, path in faces.items():
        pdfmetrics.registerFont(TTFont(name, str(path)))
    return "Pretendard-Regular", "Pretendard-Bold"
