"""What was proved: bounds, each with its limit, and where it is tightest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

TOLERANCE = 1e-6
"""How far beyond its limit a bound may lie and still be kept, in its own unit: a micrometre, or as much per
second.  It makes room for rounding, so that a hover at exactly the limit can be proved."""

_DIGITS = 10**7


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One drone, or one pair, that breaks a limit, at its worst moment."""

    drones: tuple[int, ...]
    at_ms: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A bound over a whole show.

    ``value`` is guaranteed: nothing is beyond it at any moment.  ``at_ms`` and ``drones`` say where it is
    tightest; drones are counted from 0.  Without drones nothing came near, and ``value`` is how far was
    looked; without a value there was nothing to bound.  ``violations`` names all drones or pairs beyond it;
    ``unnamed`` counts meetings that were too many to be kept.
    """

    name: str
    unit: str
    least: bool
    limit: float
    value: float | None
    at_ms: float | None = None
    drones: tuple[int, ...] = ()
    violations: tuple[Violation, ...] = ()
    unnamed: int = 0

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        if self.violations or self.unnamed:
            return False
        if self.value is None:
            return True
        beyond = self.limit - self.value if self.least else self.value - self.limit
        return beyond <= TOLERANCE


def outward(value: float, least: bool) -> float:
    """Round to a tenth of a micrometre so that the bound stays a bound, to within a nanometre.

    >>> outward(2.99999998, least=True), outward(2.9999999999, least=True), outward(7.00000002, least=False)
    (2.9999999, 3.0, 7.0000001)
    """
    units = value * _DIGITS
    # The nanometre keeps rounding of the last place from costing a whole digit; it adds nothing to -0.0.
    return (floor(units + 0.01) if least else ceil(units - 0.01)) / _DIGITS + 0.0


def moment(at_ms: float) -> float:
    """Round a show time to a microsecond."""
    return round(float(at_ms), 3)


def tightest(bounds: Sequence[Bound]) -> Bound:
    """Join bounds of the same name and limit over parts of one show."""
    known = [bound for bound in bounds if bound.value is not None]
    if not known:
        return bounds[0]
    first = (min if known[0].least else max)(known, key=lambda bound: bound.value or 0.0)
    return Bound(
        name=first.name,
        unit=first.unit,
        least=first.least,
        limit=first.limit,
        value=first.value,
        at_ms=first.at_ms,
        drones=first.drones,
        violations=tuple(violation for bound in bounds for violation in bound.violations),
        unnamed=sum(bound.unnamed for bound in bounds),
    )
