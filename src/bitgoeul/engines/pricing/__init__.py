"""Prices in whole won: what a thing is worth, what is paid for it, and what is given in kind.

Every amount of money is an ``int`` of won. Between the figures stand exact fractions; a figure is rounded
once, at its end, half up to the whole won. Discounts never stack: the best single one applies.

Money:      :func:`won`, :func:`aid`, :func:`written`, :func:`percent_of`
Machines:   :class:`Machine`, :func:`convert`, :func:`milli_credits`
Price list: :class:`Tariff`, :class:`Equipment`, :class:`Discount`, :class:`Cancellation`, :class:`BadTariff`
Quoting:    :class:`Quote`, :func:`best`, :func:`quote_machine`, :func:`quote_equipment`
Checking:   :class:`Support`, :class:`Finding`, :func:`double_funding`
Estimating: :data:`RULES`, :class:`Rule`, :class:`Estimate`, :func:`estimate`, :class:`NotInForce`,
            :class:`Deal`, :func:`mandate`; never more than an estimate
"""

from ._checks import Finding, Support, Worry, double_funding
from ._incentives import RULES, Deal, Estimate, NotInForce, Rule, Step, estimate, in_force, mandate
from ._quote import Quote, best, convert, milli_credits, quote_equipment, quote_machine
from ._tariff import MOST_WON, BadTariff, Cancellation, Discount, Equipment, Machine, Tariff
from ._won import aid, percent_of, won, written

__all__ = [
    "MOST_WON",
    "RULES",
    "BadTariff",
    "Cancellation",
    "Deal",
    "Discount",
    "Equipment",
    "Estimate",
    "Finding",
    "Machine",
    "NotInForce",
    "Quote",
    "Rule",
    "Step",
    "Support",
    "Tariff",
    "Worry",
    "aid",
    "best",
    "convert",
    "double_funding",
    "estimate",
    "in_force",
    "mandate",
    "milli_credits",
    "percent_of",
    "quote_equipment",
    "quote_machine",
    "won",
    "written",
]
