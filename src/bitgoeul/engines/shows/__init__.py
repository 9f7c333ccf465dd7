"""Drone light shows: formations, transitions that are proved safe, lights, and the files other tools read.

What flies is :class:`Curves`: cubics on a grid of whole numbers.
What it keeps to are :class:`Limits` and the :class:`Site`.
Refusing: :class:`ShowInvalid`, with a :class:`Problem` for each reason.
"""

from . import formations
from ._curves import CANONICAL, Curves
from ._formation import Formation
from ._limits import Limits, Ring, Site
from ._problems import Problem, ShowInvalid

__all__ = [
    "CANONICAL",
    "Curves",
    "Formation",
    "Limits",
    "Problem",
    "Ring",
    "ShowInvalid",
    "Site",
    "formations",
]
