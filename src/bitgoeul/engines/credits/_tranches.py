"""Which tranches pay: of those that have begun and not ended, the one that ends first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


class Shortfall(ValueError):
    """The tranches usable now hold less than the amount asked for."""

    def __init__(self, *, asked: int, left: int) -> None:
        super().__init__(f"{asked} asked for, {left} left")
        self.asked = asked
        self.left = left


@dataclass(frozen=True)
class Tranche:
    """What is left of one grant, usable from ``starts_at`` until just before ``ends_at``."""

    key: int
    left: int  # milli-credits
    starts_at: datetime
    ends_at: datetime

    def is_usable(self, at: datetime) -> bool:
        """Say whether this tranche pays at that moment."""
        return self.left > 0 and self.starts_at <= at < self.ends_at


@dataclass(frozen=True)
class Portion:
    """How much of an amount one tranche pays, in milli-credits."""

    key: int
    amount: int


def usable(tranches: Iterable[Tranche], *, at: datetime) -> int:
    """Return what all tranches usable at that moment add up to, in milli-credits."""
    return sum(tranche.left for tranche in tranches if tranche.is_usable(at))


def draw(tranches: Iterable[Tranche], amount: int, *, at: datetime) -> list[Portion]:
    """Split an amount over tranches: the one that ends first pays first, then the one that began first.

    Args:
        amount: milli-credits, > 0.
        at:     the moment of spending; tranches not begun or already ended pay nothing.
    Returns: portions that add up to exactly ``amount``, in the order of paying.
    Raises:  Shortfall if the usable tranches do not suffice; ValueError if the amount is not positive.
    """
    if amount <= 0:
        raise ValueError(f"{amount} is nothing to draw")
    open_now = sorted((t for t in tranches if t.is_usable(at)), key=lambda t: (t.ends_at, t.starts_at, t.key))
    portions: list[Portion] = []
    missing = amount
    for tranche in open_now:
        part = min(missing, tranche.left)
        portions.append(Portion(tranche.key, part))
        missing -= part
        if not missing:
            return portions
    raise Shortfall(asked=amount, left=amount - missing)
