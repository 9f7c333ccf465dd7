"""Public figures, recomputed from nothing but the facts of the record.

A hub counts its figures from its tables, because that is quick. The same figures follow from the facts
alone, so anybody with an export of the record can count again; both ways must agree.

Counting: :class:`Happening`, :func:`tally`, :class:`Figures`
"""

from ._tally import Figures, Happening, tally

__all__ = ["Figures", "Happening", "tally"]
