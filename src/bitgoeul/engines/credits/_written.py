"""Milli-credits as people write and read them."""

import re

_WRITTEN = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?")


def written(amount: int) -> str:
    """Return milli-credits as credits, exactly, without trailing zeros.

    >>> [written(amount) for amount in (18_400, 1_000_000, 1, 0, -500)]
    ['18.4', '1000', '0.001', '0', '-0.5']
    """
    whole, rest = divmod(abs(amount), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if amount < 0 else text


def read(text: str) -> int:
    """Return the milli-credits that ``text`` writes in credits.

    Raises: ValueError unless it is a plain number with at most three decimals.

    >>> read("18.4")
    18400
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an amount of credits")
    return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
