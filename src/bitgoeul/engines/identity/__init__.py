"""Numbers that identify organisations, and the arithmetic that catches a mistyped one.

What is here: `business_number` reads what somebody typed, `check_digit` computes the last
digit from the first nine, `spaced` writes the number the way it is printed.
"""

from bitgoeul.engines.identity._business_number import (
    BusinessNumberError,
    business_number,
    check_digit,
    spaced,
)

__all__ = ["BusinessNumberError", "business_number", "check_digit", "spaced"]
