"""The Korean business registration number (사업자등록번호): ten digits, the last one a check."""

import re

WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
FIRST_OFFICE = 100  # the first three digits are the tax office that registered the business


class BusinessNumberError(ValueError):
    """What was typed is no business registration number."""


def check_digit(nine: str) -> int:
    """Return the tenth digit that belongs to the first nine.

    The ninth digit counts five times and then its tens once more. Without that carry, five
    times an even digit would always end in 0 and a typing error there would go unseen.

    >>> check_digit("123456789")
    1
    """
    if not re.fullmatch(r"[0-9]{9}", nine):
        raise BusinessNumberError("nine digits are needed")
    digits = [int(digit) for digit in nine]
    total = sum(digit * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    total += digits[8] * WEIGHTS[8] // 10
    return -total % 10


def business_number(text: str) -> str:
    """Return the ten digits of ``text``, which may be spaced with hyphens or blanks.

    Raises: BusinessNumberError if there are not ten digits, the tax office cannot exist, or
    the check digit is wrong. Whether the business is registered and alive, only the tax
    office knows.

    >>> business_number("123-45-67891")
    '1234567891'
    """
    number = re.sub(r"[\s\-‐‑–]", "", text)
    if not re.fullmatch(r"[0-9]{10}", number):
        raise BusinessNumberError("ten digits are needed")
    if int(number[:3]) < FIRST_OFFICE:
        raise BusinessNumberError("no tax office has this number")
    if int(number[9]) != check_digit(number[:9]):
        raise BusinessNumberError("the check digit is wrong")
    return number


def spaced(number: str) -> str:
    """Write ten digits as printed on the certificate.

    >>> spaced("1234567891")
    '123-45-67891'
    """
    return f"{number[:3]}-{number[3:5]}-{number[5:]}"
