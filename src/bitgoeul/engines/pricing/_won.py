"""Whole won, and how a part is written with its hundredths."""

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import TypeAlias

Exact: TypeAlias = int | Fraction | Decimal


def won(value: Exact) -> int:
    """Round to whole won, half up (towards the greater amount).

    >>> [won(Fraction(n, 4)) for n in (1, 2, 3, 4, -2)]
    [0, 1, 1, 1, 0]
    """
    return floor(Fraction(value) + Fraction(1, 2))


def aid(value: Exact, percent: Exact) -> Fraction:
    """Return the part of a list value that is aid, exactly.

    >>> written(aid(20_000, Decimal("54.66")))
    '10,932.00'
    """
    return Fraction(value) * Fraction(percent) / 100


def percent_of(part: Exact, whole: Exact) -> Decimal:
    """Return how many percent a part is, rounded half up to hundredths; of nothing it is zero.

    >>> percent_of(70_800_000, 72_000_000)
    Decimal('98.33')
    """
    if not whole:
        return Decimal("0.00")
    return Decimal(won(Fraction(part) / Fraction(whole) * 10_000)).scaleb(-2)


def written(value: Exact, places: int = 2) -> str:
    """Write an amount with thousands apart and a fixed number of decimals, rounded half up.

    >>> written(Fraction(10932, 10)), written(72_000_000, 0)
    ('1,093.20', '72,000,000')
    """
    return f"{Decimal(won(Fraction(value) * 10**places)).scaleb(-places):,.{places}f}"
