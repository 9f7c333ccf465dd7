"""Numbers as people write them, exactly, and the one way to round them."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from ._errors import NotExact, ReviewError

Exact = int | str | Decimal | Fraction
TRIM_FROM = 5


def exact(value: Exact) -> Fraction:
    """Return a number as a fraction.

    Raises: NotExact for a float, a truth value, or text that is no decimal number.

    >>> exact("51.2")
    Fraction(256, 5)
    """
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise NotExact(f"{value!r} is no number") from None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction):
        raise NotExact(f"{value!r} has no exact written form")
    if isinstance(value, Decimal) and not value.is_finite():
        raise NotExact(f"{value} is no number")
    return Fraction(value)


def rounded(value: Fraction, places: int) -> Decimal:
    """Return a number with so many decimals, halves away from zero (commercial rounding).

    >>> [str(rounded(Fraction(n, 200), 2)) for n in (1, -1, 12600)]
    ['0.01', '-0.01', '63.00']
    """
    units = (2 * abs(value.numerator) * 10**places + value.denominator) // (2 * value.denominator)
    # Made from text, a decimal is not cut to the precision of the thread's context.
    return Decimal(f"{units if value >= 0 else -units}e-{places}")


def mean(values: Iterable[Exact]) -> Fraction:
    """Return the mean, exactly. Raises ReviewError if there is nothing to average."""
    numbers = [exact(value) for value in values]
    if not numbers:
        raise ReviewError("nothing to average")
    return sum(numbers, Fraction(0)) / len(numbers)


def trimmed_mean(values: Iterable[Exact], *, trim_from: int = TRIM_FROM) -> Fraction:
    """Return the mean without one highest and one lowest value, if there are at least ``trim_from``.

    Raises: ReviewError if there is nothing to average, or trimming would leave nothing (trim_from < 3).

    >>> str(rounded(trimmed_mean(["51.2", 60, 62, 64, 66, "70.1"]), 1))
    '63.0'
    """
    if trim_from < 3:
        raise ReviewError("a trimmed mean needs at least three values")
    numbers = sorted(exact(value) for value in values)
    return mean(numbers[1:-1] if len(numbers) >= trim_from else numbers)
