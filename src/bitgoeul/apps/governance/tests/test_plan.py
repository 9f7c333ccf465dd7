"""The plan in its versions: history stays, baselines are carried over, every figure has its source."""

from __future__ import annotations

import copy
import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.apps.governance import commands, errors
from bitgoeul.apps.governance.models import Measurement, PlanVersion
from bitgoeul.apps.governance.queries import plan as queries
from bitgoeul.apps.governance.tests.factories import make_plan, measure, small_tree, words
from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.engines import plans
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, Refusal
from bitgoeul.kit.testing import examples, facts_recorded

pytestmark = pytest.mark.django_db

DAY = dt.date.fromisoformat


def renamed(key="base", word="Industry base"):
    commands.begin_plan(by=SYSTEM)
    commands.write_node(by=SYSTEM, kind="strategy", node={"key": key, "title": words(word)})


def test_a_plan_is_begun_written_and_published_with_one_fact_each():
    commands.begin_plan(by=SYSTEM)
    commands.write_node(by=SYSTEM, kind="strategy", node={"key": "base", "title": words("Base")})
    commands.write_node(by=SYSTEM, kind="task", node={"key": "data", "title": words("Data")}, parent="base")
    commands.drop_node(by=SYSTEM, key="data")
    version = commands.publish_plan(by=SYSTEM, effective_from=DAY("2020-01-01"), reason=words("Why"))

    assert (version.number, version.previous) == (1, "")
    assert facts_recorded() == [
        "governance.PlanBegun",
        "governance.PlanNodeWritten",
        "governance.PlanNodeWritten",
        "governance.PlanNodeDropped",
        "governance.PlanPublished",
    ]


def test_writing_the_same_node_again_changes_nothing():
    make_plan()
    renamed()
    before = facts_recorded()

    commands.write_node(by=SYSTEM, kind="strategy", node={"key": "base", "title": words("Industry base")})

    assert facts_recorded() == before


def test_re_planning_keeps_what_stood_on_every_earlier_day():
    first = make_plan()
    renamed()
    second = commands.publish_plan(by=SYSTEM, effective_from=DAY("2025-01-01"), reason=words("Phase 2"))

    assert queries.version_on(DAY("2019-12-31")) is None
    assert queries.version_on(DAY("2024-12-31")) == first
    assert queries.version_on(DAY("2025-01-01")) == second
    assert queries.version_on(DAY("2025-01-01"), known_at=first.published_at) == first
    assert (second.previous, queries.chain_problems()) == (first.fingerprint, [])


def test_the_results_of_one_phase_are_the_baselines_of_the_next():
    make_plan()
    measure("supports", "125", "2021-12-31")
    measure("supports", "1946", "2024-12-31")
    measure("supports", "2207", "2025-06-30")
    measure("granted", "1", "2024-12-31", denominator="4")

    draft = commands.begin_plan(by=SYSTEM, carry_until=DAY("2024-12-31"))

    supports, granted = draft.tree["strategies"][0]["tasks"][0]["indicators"]
    assert (supports["baseline"]["numerator"], supports["baseline"]["as_of"]) == ("1946", "2024-12-31")
    assert supports["baseline"]["source"] == words("Annual report")
    assert granted["baseline"]["denominator"] == "4"


def test_a_version_never_reaches_behind_the_one_before():
    make_plan(on="2025-01-01")
    renamed()

    for day in ("2025-01-01", "2024-06-01"):
        with pytest.raises(errors.BehindHistory):
            commands.publish_plan(by=SYSTEM, effective_from=DAY(day), reason=words("Late"))

    assert PlanVersion.objects.filter(state="draft").count() == 1


def test_a_draft_without_a_change_is_not_published_and_can_be_discarded():
    make_plan()
    commands.begin_plan(by=SYSTEM)

    with pytest.raises(errors.NothingChanged):
        commands.publish_plan(by=SYSTEM, effective_from=DAY("2026-01-01"), reason=words("Why"))
    commands.discard_plan(by=SYSTEM)

    assert queries.draft() is None
    with pytest.raises(errors.NoDraft):
        commands.discard_plan(by=SYSTEM)


def test_one_draft_at_a_time():
    commands.begin_plan(by=SYSTEM)

    with pytest.raises(errors.DraftExists):
        commands.begin_plan(by=SYSTEM)


@pytest.mark.parametrize(
    ("node", "kind", "parent"),
    [
        ({"key": "x", "title": words("x")}, "task", "nowhere"),
        ({"key": "x", "title": {"ko": "하나"}}, "strategy", ""),
        ({"key": "Big", "title": words("x")}, "strategy", ""),
        ({"key": "nul", "title": {"ko": "\x00", "en": "x"}}, "strategy", ""),
        ({"key": "x", "title": words("x")}, "galaxy", ""),
        ({"key": "p", "title": words("p"), "starts_on": "2024-01-01", "ends_on": "2026-01-01"}, "phase", ""),
    ],
)
def test_a_node_that_does_not_fit_is_refused_and_nothing_is_kept(node, kind, parent):
    make_plan()
    draft = commands.begin_plan(by=SYSTEM)

    with pytest.raises(Invalid):
        commands.write_node(by=SYSTEM, kind=kind, node=node, parent=parent)

    assert PlanVersion.objects.get(pk=draft.pk).tree == small_tree()


def test_a_version_rests_on_a_decision_only_if_there_is_one():
    commands.begin_plan(by=SYSTEM)
    commands.write_plan(by=SYSTEM, tree=small_tree())

    with pytest.raises(errors.DecisionUnknown):
        commands.publish_plan(
            by=SYSTEM, effective_from=DAY("2020-01-01"), reason=words("Why"), decision="decision:2020-01"
        )


@pytest.mark.parametrize("roles", [[], ["auditor"], ["steward"]])
def test_only_the_desk_writes_the_plan(roles):
    with pytest.raises(Forbidden):
        commands.begin_plan(by=actor(make_person(roles=roles)))


def test_a_later_figure_for_the_same_day_is_a_correction_and_the_first_stays():
    make_plan()
    measure("supports", "100", "2024-12-31")
    measure("supports", "100", "2024-12-31")
    measure("supports", "101", "2024-12-31")

    assert Measurement.objects.count() == 2
    assert [str(row.figure.value) for row in queries.history_of("supports")] == ["101.000000"]


@pytest.mark.parametrize(("precision", "last"), [("month", "2024-02-29"), ("year", "2024-12-31")])
def test_a_source_without_a_day_gives_the_month_or_the_year_and_no_invented_day(precision, last):
    make_plan()
    for day in ("2024-02-03", "2024-02-17"):  # any day in it says the same
        measure("supports", "100", day, precision=precision)

    row = Measurement.objects.get()
    assert (row.as_of.isoformat(), row.precision) == (last, precision)
    assert Fact.objects.get(name="governance.MeasurementRecorded").data["precision"] == precision


def test_a_month_or_a_year_is_measured_when_it_is_over():
    make_plan()
    with clock.frozen(dt.datetime(2024, 11, 28, tzinfo=dt.UTC)):
        with pytest.raises(Invalid):
            measure("supports", "100", "2024-11-01", precision="month")
        with pytest.raises(Invalid):
            measure("supports", "100", "2024-01-01", precision="year")
        assert measure("supports", "100", "2024-10-01", precision="month").as_of == DAY("2024-10-31")


def test_a_baseline_is_known_as_exactly_as_the_figure_it_was_carried_from():
    make_plan()
    measure("supports", "100", "2024-12-31", precision="year")

    draft = commands.begin_plan(by=SYSTEM, carry_until=DAY("2024-12-31"))

    (found,) = [node for node in plans.nodes(draft.tree) if node.key == "supports"]
    assert found.content["baseline"]["precision"] == "year"


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"indicator": "none"}, errors.NotMeasured),
        ({"numerator": "many"}, Invalid),
        ({"numerator": "NaN"}, Invalid),
        ({"numerator": "0.0000001"}, Invalid),
        ({"denominator": "3"}, Invalid),
        ({"indicator": "granted"}, Invalid),
        ({"indicator": "granted", "denominator": "0"}, Invalid),
        ({"as_of": "2999-01-01"}, Invalid),
        ({"precision": "decade"}, Invalid),
        ({"url": "javascript:alert(1)"}, Invalid),
    ],
)
def test_a_figure_without_sense_or_source_is_refused(wrong, refusal):
    make_plan()

    with pytest.raises(refusal):
        measure(**wrong)

    assert not Measurement.objects.exists()


def test_the_outline_shows_where_each_indicator_began_is_and_should_go():
    tree = small_tree()
    tree["strategies"][0]["tasks"][0]["indicators"][0]["baseline"] = {
        "numerator": "1000",
        "as_of": "2024-12-31",
    }
    version = make_plan(tree)
    measure("supports", "2000", "2026-01-01")

    (strategy,) = queries.outline(version, DAY("2026-06-01"))
    supports, granted = strategy.tasks[0].lines

    assert (supports.percent, supports.pace, granted.percent, granted.pace) == (
        50,
        "on_pace",
        None,
        "unknown",
    )
    assert strategy.paces == {"reached": 0, "on_pace": 1, "behind": 0, "unknown": 1}
    (earlier,) = queries.outline(version, DAY("2025-06-01"))
    assert earlier.tasks[0].lines[0].now is None


def test_somebody_who_changes_a_published_version_is_found_out():
    version = make_plan()
    renamed()
    commands.publish_plan(by=SYSTEM, effective_from=DAY("2025-01-01"), reason=words("Phase 2"))
    tree = copy.deepcopy(version.tree)
    tree["strategies"][0]["title"]["ko"] = "다른 이름"

    PlanVersion.objects.filter(pk=version.pk).update(tree=tree)
    assert queries.chain_problems() == ["1"]

    PlanVersion.objects.filter(pk=version.pk).update(fingerprint=plans.fingerprint(tree))
    assert queries.chain_problems() == ["1", "2"]


days = st.integers(0, 12).map(lambda month: dt.date(2020 + month // 4, 1 + 3 * (month % 4), 1))
steps = st.lists(st.tuples(st.sampled_from(["begin", "name", "drop", "publish", "discard", "measure"]),
                           st.integers(0, 3), days), max_size=14)  # fmt: skip


@settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_whatever_is_done_what_stood_on_a_day_never_changes(moves):
    PlanVersion.objects.all().delete()
    Measurement.objects.all().delete()
    start, seen = dt.datetime(2030, 1, 1, tzinfo=dt.UTC), {}
    for number, (move, which, day) in enumerate(moves):
        moment = start + dt.timedelta(hours=number)
        with clock.frozen(moment):
            try:
                if move == "begin":
                    commands.begin_plan(by=SYSTEM, carry_until=day)
                elif move == "name":
                    node = {"key": f"s{which}", "title": words(f"{number}")}
                    commands.write_node(by=SYSTEM, kind="strategy", node=node)
                elif move == "drop":
                    commands.drop_node(by=SYSTEM, key=f"s{which}")
                elif move == "publish":
                    commands.publish_plan(by=SYSTEM, effective_from=day, reason=words("Why"))
                elif move == "discard":
                    commands.discard_plan(by=SYSTEM)
                else:
                    measure("supports", str(which), day.isoformat())
            except Refusal:
                continue
        for month in range(13):
            asked = dt.date(2020 + month // 4, 1 + 3 * (month % 4), 1)
            stood = queries.version_on(asked, known_at=moment)
            seen[asked, moment] = plans.fingerprint(stood.tree) if stood else None
    for (asked, moment), print_ in seen.items():
        stood = queries.version_on(asked, known_at=moment)
        assert (plans.fingerprint(stood.tree) if stood else None) == print_
    began = [version.effective_from for version in queries.published().order_by("number")]
    assert began == sorted(set(began))
