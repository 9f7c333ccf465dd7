"""How close an organisation is to the end of its credits."""

from enum import IntEnum


class Level(IntEnum):
    """Ordered by gravity: a step upward is announced, a step downward is only noted."""

    ENOUGH = 0
    LOW = 1
    EXHAUSTED = 2


WARN_AT_PERCENT = 80


def level(*, granted: int, left: int) -> Level:
    """Return the level of the tranches that are usable now.

    Args:
        granted: what these tranches were granted, milli-credits.
        left:    what is left of them, milli-credits.

    >>> [level(granted=1000, left=left).name for left in (201, 200, 1, 0)]
    ['ENOUGH', 'LOW', 'LOW', 'EXHAUSTED']
    """
    if left <= 0:
        return Level.EXHAUSTED
    if (granted - left) * 100 >= granted * WARN_AT_PERCENT:
        return Level.LOW
    return Level.ENOUGH
