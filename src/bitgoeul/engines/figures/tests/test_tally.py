from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines.figures import Figures, Happening, tally

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
MIDNIGHT = NOON.replace(hour=0)


def counted(*facts: tuple[str, dict], at: dt.datetime = NOON) -> Figures:
    return tally((Happening(name, at, data) for name, data in facts), now=NOON, midnight=MIDNIGHT)


def opened(call: str, begins: int, ends: int) -> tuple[str, dict]:
    hours = {"opens_at": begins, "closes_at": ends}
    moments = {name: (NOON + dt.timedelta(hours=value)).isoformat() for name, value in hours.items()}
    return "programmes.CallOpened", {"call": call, **moments}


def test_no_facts_make_no_figures():
    assert counted() == Figures()


def test_a_call_is_open_from_its_first_moment_until_before_its_last():
    hours = {"now": (0, 1), "over": (-2, 0), "ahead": (1, 2), "shut": (-1, 1)}
    figures = counted(
        *(opened(call, *given) for call, given in hours.items()),
        ("programmes.CallClosed", {"call": "shut"}),
    )

    assert figures == Figures(facts=5, open_calls=1)


def test_of_a_dataset_the_newest_version_that_still_stands_is_counted():
    published = [("lake.VersionPublished", {"dataset": "d", "version": n, "rows": 10**n}) for n in (2, 1, 3)]
    figures = counted(
        ("lake.DatasetCreated", {"dataset": "d", "visibility": "public"}),
        *published,
        ("lake.VersionWithdrawn", {"dataset": "d", "version": 3}),
    )

    assert (figures.datasets, figures.rows) == (1, 100)


def test_what_was_answered_yesterday_is_not_of_today():
    facts = [
        ("services.ServiceDeployed", {"service": "s", "public": True}),
        ("services.ServiceLive", {"service": "s"}),
        ("services.PredictionsMetered", {"service": "s", "predictions": 5}),
    ]

    assert counted(*facts).predictions_today == 5
    assert counted(*facts, at=MIDNIGHT - dt.timedelta(seconds=1)).predictions_today == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 50)), max_size=30))
def test_figures_are_those_of_each_dataset_counted_alone(steps):
    """Counting is a sum over things: what happens to one never changes the figure of another."""
    facts = [
        ("lake.DatasetCreated", {"dataset": name, "visibility": "public" if name != "c" else "organisation"})
        for name in "abc"
    ]
    for number, (name, stays, rows) in enumerate(steps):
        facts.append(("lake.VersionPublished", {"dataset": name, "version": number, "rows": rows}))
        if not stays:
            facts.append(("lake.VersionWithdrawn", {"dataset": name, "version": number}))

    alone = [counted(*(fact for fact in facts if fact[1]["dataset"] == name)) for name in "abc"]

    assert counted(*facts).rows == sum(one.rows for one in alone)
    assert counted(*facts).datasets == sum(one.datasets for one in alone)
