"""Figures for a fleet: exactly one point per drone, and never two nearer than their spacing."""

from ._placing import Placed, Placing, closest
from ._text import text

__all__ = ["Placed", "Placing", "closest", "text"]
