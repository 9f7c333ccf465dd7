"""Writing, opening and closing calls."""

from __future__ import annotations

import datetime as dt

import pytest

from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.apps.programmes.commands import apply, close_call, open_call, save_call, save_programme, seed
from bitgoeul.apps.programmes.commands.calls import RULE_PROBLEMS
from bitgoeul.apps.programmes.errors import BlueprintUnknown, CallFixed, CallNotReady
from bitgoeul.apps.programmes.models import Call, Programme
from bitgoeul.apps.programmes.queries import blueprints, calls_visible_to
from bitgoeul.apps.programmes.queries.eligibility import clauses_of, months_between
from bitgoeul.apps.programmes.tasks import close_due_calls
from bitgoeul.apps.programmes.tests.factories import AGREED, FORM, YOUNG, clause, make_call, make_draft
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", blueprints.names())
def test_every_blueprint_opens_as_a_call_and_again_changes_nothing(name):
    call = seed(by=SYSTEM, name=name)
    before = Fact.objects.count()

    again = seed(by=SYSTEM, name=name)

    assert (again.pk, again.state) == (call.pk, "open")
    assert Fact.objects.count() == before
    assert call.is_example
    assert "예시" in call.title["ko"]
    assert clauses_of(call)


def test_the_try_blueprint_gives_a_young_company_its_credits():
    seed(by=SYSTEM, name="try")
    person = make_person()
    organisation = make_organisation(person)

    application = apply(
        by=actor(person),
        call="try",
        organisation=organisation.slug,
        answers={"purpose": "비행기 도착 지연을 예측해 봅니다", "personal_data": False},
        accept_terms=True,
    )

    assert [(o["clause"], o["result"]) for o in application.outcomes] == [
        ("first-time", "pass"),
        ("young-or-public", "pass"),
        ("no-personal-data", "pass"),
    ]
    assert application.grant.amount == 100_000


def test_the_deadline_of_a_seeded_call_falls_at_the_end_of_an_office_day_in_the_hubs_zone():
    from zoneinfo import ZoneInfo

    closes_at = seed(by=SYSTEM, name="try").closes_at.astimezone(ZoneInfo("Asia/Seoul"))

    assert (closes_at.hour, closes_at.minute) == (18, 0)


def test_an_unknown_blueprint_is_refused_with_the_known_ones():
    with pytest.raises(BlueprintUnknown) as refused:
        seed(by=SYSTEM, name="../settings")

    assert "try" in refused.value.facts["known"]


def test_each_change_of_the_rules_of_a_draft_is_a_new_version():
    draft = make_draft()
    same = make_draft(slug=draft.slug, opens_at=draft.opens_at, closes_at=draft.closes_at)
    changed = make_draft(slug=draft.slug, clauses=[clause("many", "organisation.members >= 2")])

    assert [same.rules_version, changed.rules_version] == [1, 2]
    assert changed.rules_fingerprint != draft.rules_fingerprint


def test_an_opened_call_keeps_its_rules():
    call = make_call()

    with pytest.raises(CallFixed):
        make_draft(slug=call.slug, clauses=[clause("many", "organisation.members >= 2")])

    assert Call.objects.get().clauses == [YOUNG]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"slug": "desk"}, "slug"),
        ({"slug": "No Slug"}, "slug"),
        ({"tier": " "}, "tier"),
        ({"title": {"ko": "가"}}, "title"),
        ({"budget": 99_999}, "budget"),
        ({"share_most": 0}, "budget"),
        ({"gives_days": 0}, "gives_days"),
        ({"closes_at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)}, "closes_at"),
        ({"clauses": []}, "clauses"),
        ({"clauses": [clause("a", "organisation.salary > 1")]}, "clauses"),
        ({"clauses": [clause("a", "[1].all(a, [1].all(b, a + b > organisation.members))")]}, "clauses"),
        ({"clauses": [clause("a", "answers.nothing == 1")]}, "clauses"),
        ({"clauses": [clause("a", 'organisation.stage == "startap"')]}, "clauses"),
        ({"closes_at": dt.datetime(9999, 12, 31)}, "closes_at"),
        ({"title": {"ko": "가\x00", "en": "a"}}, "title"),
        ({"clauses": [YOUNG | {"title": {"ko": "\ud800", "en": "a"}}]}, "form"),
        (
            {
                "form": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "title": AGREED, "x-from": 1}},
                }
            },
            "form",
        ),
        (
            {
                "form": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "title": AGREED, "enum": [{}]}},
                }
            },
            "form",
        ),
        ({"form": {"type": "array"}}, "form"),
        ({"form": FORM | {"allOf": []}}, "form"),
        ({"form": FORM | {"required": ["nothing"]}}, "form"),
        ({"form": {"type": "object", "properties": {"A b": {"type": "string", "title": AGREED}}}}, "form"),
        ({"form": {"type": "object", "properties": {"a": {"type": "string"}}}}, "form"),
        ({"form": {"type": "object", "properties": {"a": {"type": "object", "title": AGREED}}}}, "form"),
        ({"form": {"type": "object", "properties": {"a": {"type": "array", "title": AGREED}}}}, "form"),
        (
            {
                "form": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "title": AGREED, "pattern": "(a+)+$"}},
                }
            },
            "form",
        ),
        (
            {
                "form": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "title": AGREED, "minLength": "x"}},
                }
            },
            "form",
        ),
    ],
)
def test_a_draft_that_cannot_work_is_refused_by_field(changes, wrong):
    with pytest.raises(Invalid) as refused:
        make_draft(**changes)

    assert list(refused.value.errors) == [wrong]
    assert Call.objects.count() == 0


def test_a_refused_rule_is_explained_with_its_clause():
    with pytest.raises(Invalid) as refused:
        make_draft(clauses=[clause("pay", "organisation.salary > 1")])

    assert refused.value.errors["clauses"][0].startswith("pay: ")
    assert "organisation.salary" in refused.value.errors["clauses"][0]


def test_every_problem_of_the_engine_has_a_sentence():
    import re
    from pathlib import Path

    from bitgoeul.engines import eligibility

    folder = Path(eligibility.__file__).parent
    source = "".join((folder / name).read_text() for name in ("_clauses.py", "_guard.py"))
    codes = set(re.findall(r'(?:Problem\([^"]*|NotAllowed\()"([a-z-]+)"', source))

    assert codes - {""} <= set(RULE_PROBLEMS)
    assert len(codes) > 15


def test_only_the_desk_writes_opens_and_closes_and_drafts_are_not_seen():
    person = actor(make_person())
    draft = make_draft()

    with pytest.raises(Forbidden):
        save_programme(by=person, slug="mine", title=AGREED, summary=AGREED)
    for run in (open_call, close_call):
        with pytest.raises(NotFound):
            run(by=person, slug=draft.slug)
    opened = open_call(by=SYSTEM, slug=draft.slug)
    with pytest.raises(Forbidden):
        close_call(by=person, slug=opened.slug)
    assert [call.slug for call in calls_visible_to(ANONYMOUS)] == [opened.slug]


def test_opening_and_closing_again_changes_nothing():
    call = make_call()
    open_call(by=SYSTEM, slug=call.slug)
    close_call(by=SYSTEM, slug=call.slug)
    close_call(by=SYSTEM, slug=call.slug)

    assert facts_recorded() == [
        f"programmes.{name}" for name in ("ProgrammeSaved", "CallSaved", "CallOpened", "CallClosed")
    ]


def test_a_call_whose_deadline_has_passed_cannot_be_opened():
    draft = make_draft()

    with clock.frozen(draft.closes_at), pytest.raises(CallNotReady):
        open_call(by=SYSTEM, slug=draft.slug)


def test_calls_close_by_themselves_at_the_deadline():
    due, later = make_call(), make_call(closes_at=clock.now() + dt.timedelta(days=60))

    with clock.frozen(due.closes_at):
        close_due_calls()
        close_due_calls()

    assert dict(Call.objects.values_list("slug", "state")) == {due.slug: "closed", later.slug: "open"}


def test_a_call_under_an_unknown_programme_is_not_found():
    with pytest.raises(NotFound):
        make_draft(programme="nothing")

    assert Programme.objects.count() == 1


def test_months_are_whole_months():
    assert months_between(dt.date(2024, 3, 2), dt.date(2024, 4, 1)) == 0
    assert months_between(dt.date(2024, 3, 2), dt.date(2024, 4, 2)) == 1
    assert months_between(dt.date(2016, 1, 31), dt.date(2026, 1, 31)) == 120


def test_saving_by_an_officer_is_in_their_name():
    officer = actor(make_person(roles=["operator"]))
    draft = make_draft()

    kept = ("slug", "title", "summary", "terms", "opens_at", "closes_at", "budget", "share_most",
            "gives_days", "form", "clauses")  # fmt: skip
    save_call(by=officer, programme="compute", tier="FAST", **{name: getattr(draft, name) for name in kept})

    assert Fact.objects.order_by("id").last().actor == officer.id
    assert Call.objects.get().rules_version == 1
