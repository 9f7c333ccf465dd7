"""What a use is worth and what is paid for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from ._tariff import Discount, Equipment, Machine, Tariff, hours_counted
from ._won import Exact, won


@dataclass(frozen=True)
class Quote:
    """list = paid + in kind, all in whole won and none below zero."""

    list_won: int
    paid_won: int
    discount: str  # the name of the one that applies, or ""

    def __post_init__(self) -> None:
        if not 0 <= self.paid_won <= self.list_won:
            raise ValueError(f"{self.paid_won} paid of {self.list_won} is no price")

    @property
    def in_kind_won(self) -> int:
        return self.list_won - self.paid_won


def best(tariff: Tariff, grounds: Collection[str]) -> Discount | None:
    """Return the one discount that applies: the greatest of those that hold, the first of equals."""
    holding = [discount for name, discount in tariff.discounts.items() if name in grounds]
    return max(holding, key=lambda discount: discount.percent, default=None)


def convert(hours: Exact, source: Machine, target: Machine) -> Fraction:
    """Return how many hours of ``target`` cost as many credits, exactly."""
    return Fraction(hours) * source.hour_milli_credits / target.hour_milli_credits


def milli_credits(hours: Exact, machine: Machine) -> int:
    """Return what hours of a machine cost in milli-credits, rounded half up."""
    return won(Fraction(hours) * machine.hour_milli_credits)


def quote_machine(
    tariff: Tariff, machine: str, *, count: int, months: Exact, grounds: Collection[str] = ()
) -> Quote:
    """Return the price of so many machines for so many months (parts of a month count in parts).

    Raises: KeyError if the list has no such machine; ValueError unless count and months are positive.
    """
    row = tariff.machines[machine]
    span = Fraction(months)
    if count < 1 or span <= 0:
        raise ValueError("a price is asked for at least one machine and some time")
    discount = best(tariff, grounds)
    return Quote(
        list_won=won(row.list_won * count * span),
        paid_won=won(row.user_won * count * span * _left(discount)),
        discount=discount.name if discount else "",
    )


def quote_equipment(
    tariff: Tariff,
    equipment: str,
    *,
    hours: Exact,
    consumables_won: int = 0,
    operator: bool = False,
    grounds: Collection[str] = (),
) -> Quote:
    """Return ``rate × max(hours, least hours) × (1 − discount) + consumables + operator``.

    An operator costs a percent of the undiscounted rate × hours: a person's work and what is used up
    are never discounted.

    Raises: KeyError if the list has no such equipment; ValueError unless hours are positive.
    """
    row: Equipment = tariff.equipment[equipment]
    span = Fraction(hours)
    if span <= 0 or consumables_won < 0:
        raise ValueError("a price is asked for some hours and no less than nothing used up")
    use = row.hour_won * hours_counted(row, span)
    extra = consumables_won + (use * tariff.operator_percent / 100 if operator else 0)
    discount = best(tariff, grounds)
    return Quote(
        list_won=won(use + extra),
        paid_won=won(use * _left(discount) + extra),
        discount=discount.name if discount else "",
    )


def _left(discount: Discount | None) -> Fraction:
    return Fraction(100 - discount.percent, 100) if discount else Fraction(1)
