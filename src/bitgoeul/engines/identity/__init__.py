"""How organisations are identified: their registration number, and a name for addresses.

What is here: `business_number` reads what somebody typed, `check_digit` computes the last
digit from the first nine, `spaced` writes the number the way it is printed, `romanised`
writes Hangul in Latin letters.
"""

from bitgoeul.engines.identity._business_number import (
    BusinessNumberError,
    business_number,
    check_digit,
    spaced,
)
from bitgoeul.engines.identity._romanisation import romanised

__all__ = ["BusinessNumberError", "business_number", "check_digit", "romanised", "spaced"]
