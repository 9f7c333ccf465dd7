"""When idle capacity is noticed, shrunk and taken back.  Pure: samples and moments in, the next step out.

>>> rule = Rule(below_percent=20, window_days=7, shrink_after_days=14, return_after_days=21)
>>> idle = [Sample(start=hour * 3600, seconds=3600, used=500) for hour in range(7 * 24)]
>>> mean_percent(idle, held=8, since=0, until=7 * DAY)
6
>>> next_step(rule, Standing.IN_USE, percent=6, days=0)
<Step.NOTICE: 'notice'>
"""

from bitgoeul.engines.reclaim._rule import (
    DAY,
    Rule,
    Sample,
    Standing,
    Step,
    mean_percent,
    needed,
    next_step,
)

__all__ = ["DAY", "Rule", "Sample", "Standing", "Step", "mean_percent", "needed", "next_step"]
