"""Votes of a committee: whether enough of it is there, and whether a motion is carried.

Counting: :class:`Rules`, :func:`quorum_needed`, :func:`has_quorum`, :func:`tally`, :class:`Tally`
Refusing to count nonsense: :class:`VotesInvalid`

>>> tally(office={"a", "b", "c"}, present={"a", "b"}, recused=set(), votes={"a": "yes", "b": "yes"}).result
'carried'
>>> tally(office={"a", "b", "c"}, present={"a"}, recused=set(), votes={"a": "yes"}).result
'no_quorum'
"""

from bitgoeul.engines.votes._tally import (
    CHOICES,
    Choice,
    Result,
    Rules,
    Share,
    Tally,
    VotesInvalid,
    has_quorum,
    quorum_needed,
    tally,
)

__all__ = [
    "CHOICES",
    "Choice",
    "Result",
    "Rules",
    "Share",
    "Tally",
    "VotesInvalid",
    "has_quorum",
    "quorum_needed",
    "tally",
]
