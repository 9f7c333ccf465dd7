"""Credits in double entry: integers that balance, or do not exist.

The unit is the milli-credit everywhere. A :class:`Transfer` is a reference and postings that add up to
zero; there is no other way to move anything. Credits live in tranches, each with a start and an end;
:func:`draw` says which tranches pay for an amount.

Moving:  :class:`Posting`, :class:`Transfer`, :class:`Unbalanced`
Drawing: :class:`Tranche`, :class:`Portion`, :func:`draw`, :func:`usable`, :class:`Shortfall`
Warning: :class:`Level`, :func:`level`
Writing: :func:`written`, :func:`read`
"""

from ._level import Level, level
from ._tranches import Portion, Shortfall, Tranche, draw, usable
from ._transfer import Posting, Transfer, Unbalanced
from ._written import read, written

__all__ = [
    "Level",
    "Portion",
    "Posting",
    "Shortfall",
    "Tranche",
    "Transfer",
    "Unbalanced",
    "draw",
    "level",
    "read",
    "usable",
    "written",
]
