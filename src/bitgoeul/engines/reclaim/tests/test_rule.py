from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.reclaim import DAY, Rule, Sample, Standing, Step, mean_percent, needed, next_step

RULE = Rule(below_percent=20, window_days=7, shrink_after_days=14, return_after_days=21)
WEEK = 7 * DAY


def hours(*used: int) -> list[Sample]:
    return [Sample(start=3600 * hour, seconds=3600, used=level) for hour, level in enumerate(used)]


uses = st.lists(st.integers(0, 8_000), min_size=1, max_size=200)


def test_the_mean_is_of_the_measured_time():
    assert mean_percent(hours(8000, 0), held=8, since=0, until=7200) == 50
    assert mean_percent(hours(8000, 0), held=8, since=0, until=14_400) == 50
    assert mean_percent(hours(8000, 0), held=8, since=0, until=14_401) is None
    assert mean_percent([], held=8, since=0, until=1) is None


def test_a_sample_counts_only_within_the_window():
    assert mean_percent([Sample(0, 7200, 4000)], held=8, since=3600, until=7200) == 50
    assert mean_percent([*hours(8000), Sample(3600, 3600, 0)], held=8, since=3600, until=7200) == 0


@pytest.mark.parametrize(("held", "since", "until"), [(0, 0, 1), (1, 5, 5)])
def test_nothing_to_measure_is_an_error(held, since, until):
    with pytest.raises(ValueError, match="nothing to measure"):
        mean_percent([], held=held, since=since, until=until)


@given(uses, st.integers(1, 16))
def test_the_mean_is_a_percentage_and_grows_with_use(levels, held):
    end = 3600 * len(levels)
    percent = mean_percent(hours(*levels), held=held, since=0, until=end)
    more = mean_percent(hours(*(level + 1000 for level in levels)), held=held, since=0, until=end)
    assert 0 <= percent <= more <= 100


@given(uses, st.randoms())
def test_the_order_of_samples_does_not_matter(levels, chance):
    samples = hours(*levels)
    mixed = chance.sample(samples, len(samples))
    end = 3600 * len(levels)
    assert needed(samples, since=0, until=end) == needed(mixed, since=0, until=end)
    assert mean_percent(samples, held=4, since=0, until=end) == mean_percent(
        mixed, held=4, since=0, until=end
    )


@given(uses)
def test_95_percent_of_the_time_needs_no_more_and_less_would_not_do(levels):
    units = needed(hours(*levels), since=0, until=3600 * len(levels))
    enough = sum(level <= 1000 * units for level in levels)
    assert 100 * enough >= 95 * len(levels)
    if units > 1:
        fewer = sum(level <= 1000 * (units - 1) for level in levels)
        assert 100 * fewer < 95 * len(levels)


def test_a_short_peak_does_not_keep_everything():
    assert needed(hours(*[1500] * 99, 8000), since=0, until=360_000) == 2
    assert needed([], since=0, until=1) == 1


@pytest.mark.parametrize(
    ("standing", "percent", "days", "step"),
    [
        (Standing.IN_USE, 19, 0, Step.NOTICE),
        (Standing.IN_USE, 20, 0, Step.NOTHING),
        (Standing.NOTICED, 19, 13, Step.NOTHING),
        (Standing.NOTICED, 19, 14, Step.SHRINK),
        (Standing.NOTICED, 20, 14, Step.CLEAR),
        (Standing.NOTICED, 0, 21, Step.RETURN),
        (Standing.SHRUNK, 19, 20, Step.NOTHING),
        (Standing.SHRUNK, 19, 21, Step.RETURN),
        (Standing.SHRUNK, 20, 21, Step.CLEAR),
    ],
)
def test_the_steps_of_the_rule(standing, percent, days, step):
    assert next_step(RULE, standing, percent=percent, days=days) == step


@given(st.sampled_from(Standing), st.integers(0, 400))
def test_nothing_happens_without_measurements(standing, days):
    assert next_step(RULE, standing, percent=None, days=days) == Step.NOTHING


@given(st.sampled_from(Standing), st.integers(20, 100), st.integers(0, 400))
def test_whoever_uses_what_they_hold_never_loses_it(standing, percent, days):
    assert next_step(RULE, standing, percent=percent, days=days) in (Step.NOTHING, Step.CLEAR)


@given(st.integers(0, 19), st.integers(0, 20))
def test_nothing_is_returned_before_its_day(percent, days):
    steps = {next_step(RULE, standing, percent=percent, days=days) for standing in Standing}
    assert Step.RETURN not in steps
