"""The benefit ledger: what is written, what is refused, and what a person is warned of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitgoeul.apps.credits.commands import post_benefit, reverse_benefit
from bitgoeul.apps.credits.errors import BenefitDiffers, BenefitNotReversible
from bitgoeul.apps.credits.models import Benefit, BenefitAccount
from bitgoeul.apps.credits.queries import benefits, discrepancies
from bitgoeul.apps.credits.queries.benefits import Sums
from bitgoeul.apps.credits.tests.factories import make_benefit, make_tariff
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.engines.pricing import Worry
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, Refusal
from bitgoeul.kit.testing import examples, facts_recorded

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def team(mina):
    return make_organisation(owner=mina)


def test_a_support_is_worth_what_was_paid_and_what_was_in_kind(team):
    benefit = make_benefit(team, reference="grant:1")

    assert (benefit.list_won, benefit.paid_won, benefit.in_kind_won) == (72_000_000, 1_200_000, 70_800_000)
    assert {p.account.kind: p.amount for p in benefit.postings.select_related("account")} == {
        "given": -72_000_000,
        "paid": 1_200_000,
        "in_kind": 70_800_000,
    }
    assert benefits.total(team) == Sums(72_000_000, 1_200_000, 70_800_000)
    assert benefits.total(team).aid_percent == Decimal("98.33")
    assert Fact.objects.get(name="credits.BenefitPosted").data == {
        "organisation": team.slug,
        "reference": "grant:1",
        "programme": "compute-large",
        "item": "compute",
        "list_won": 72_000_000,
        "paid_won": 1_200_000,
        "in_kind_won": 70_800_000,
        "legal_basis": {"ko": "예시 규정 제3조 (2026-01-01)", "en": "Example rule, article 3 (2026-01-01)"},
        "starts_on": "2026-05-01",
        "ends_on": "2026-07-31",
        "beside": [],
    }


def test_the_aid_statement_of_a_discount_of_54_66_percent(team):
    first = make_benefit(team, list_won=2_000_000, paid_won=2_000_000 - 1_093_200)

    assert first.in_kind_won == 1_093_200
    assert benefits.total(team).aid_percent == Decimal("54.66")


def test_the_same_reference_posts_once_and_another_support_under_it_is_refused(team):
    first = make_benefit(team, reference="grant:1")

    assert make_benefit(team, reference="grant:1") == first
    for difference in ({"paid_won": 0}, {"item": "room"}, {"legal_basis": "다른 규정"}):
        with pytest.raises(BenefitDiffers):
            make_benefit(team, reference="grant:1", **difference)
    with pytest.raises(BenefitDiffers):
        make_benefit(make_organisation(), reference="grant:1")
    assert facts_recorded() == ["credits.BenefitPosted"]
    assert benefits.total(team).list_won == 72_000_000


def test_a_reversal_takes_back_both_sides_once(team):
    make_benefit(team, reference="grant:1")

    reversal = reverse_benefit(by=SYSTEM, reference="grant:1", reason="잘못된 기관")

    assert (reversal.reference, reversal.list_won, reversal.in_kind_won) == (
        "grant:1:reversed",
        -72_000_000,
        -70_800_000,
    )
    assert reverse_benefit(by=SYSTEM, reference="grant:1", reason="다시") == reversal
    assert benefits.total(team) == Sums()
    assert benefits.statement(team).by_year == [(2026, Sums())]
    assert benefits.standing(team).count() == 0
    with pytest.raises(BenefitNotReversible):
        reverse_benefit(by=SYSTEM, reference="grant:1:reversed", reason="되돌림의 되돌림")
    with pytest.raises(BenefitDiffers):
        make_benefit(team, reference="grant:1:reversed")
    assert facts_recorded() == ["credits.BenefitPosted", "credits.BenefitReversed"]
    assert discrepancies() == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"list_won": 0}, "list_won"),
        ({"list_won": 10**13 + 1}, "list_won"),
        ({"list_won": True}, "list_won"),
        ({"paid_won": -1}, "paid_won"),
        ({"paid_won": 72_000_001}, "paid_won"),
        ({"paid_won": 1.5}, "paid_won"),
        ({"item": " "}, "item"),
        ({"programme": "두\n줄"}, "programme"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"ends_on": dt.date(2026, 4, 30)}, "ends_on"),
        ({"reference": ""}, "reference"),
    ],
)
def test_a_support_that_says_nothing_is_refused_at_its_field(team, fields, named):
    with pytest.raises(Invalid) as refused:
        make_benefit(team, **fields)

    assert list(refused.value.errors) == [named]
    assert not Benefit.objects.exists()


def test_only_operators_post_and_reverse_and_strangers_find_nothing(team, mina):
    make_benefit(team, reference="grant:1")

    with pytest.raises(Forbidden):
        make_benefit(team, by=actor(mina))
    with pytest.raises(Forbidden):
        reverse_benefit(by=actor(mina), reference="grant:1", reason="제 것입니다")
    with pytest.raises(NotFound):
        reverse_benefit(by=actor(make_person()), reference="grant:1", reason="남의 것")
    with pytest.raises(Invalid):
        reverse_benefit(by=SYSTEM, reference="grant:1", reason=" ")


def asked(team, **fields):
    question = {
        "programme": "voucher",
        "item": "compute",
        "starts_on": dt.date(2026, 7, 1),
        "ends_on": dt.date(2026, 12, 31),
        "list_won": 72_000_000,
        "paid_won": 72_000_000,
    }
    return benefits.double_funding(team, **question | fields)


def test_a_person_is_warned_of_the_same_item_at_the_same_time_and_nobody_is_stopped(team):
    make_benefit(team, reference="grant:1")

    found = asked(team)

    assert [(f.worry, f.references, f.programmes) for f in found] == [
        (Worry.SAME_ITEM, ("grant:1",), ("compute-large",))
    ]
    assert (found[0].starts_on, found[0].ends_on) == (dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert "grant:1" in benefits.said(found[0])
    second = make_benefit(team, reference="voucher:1", programme="voucher", paid_won=72_000_000)
    assert second.beside == ["grant:1"]
    assert [f.references for f in benefits.funded_twice(team)] == [("grant:1",)]


def test_what_does_not_overlap_or_was_taken_back_is_no_double_funding(team):
    make_benefit(team, reference="grant:1")

    assert asked(team, starts_on=dt.date(2026, 8, 1)) == []
    assert asked(team, item="room") == []
    assert asked(team, programme="compute-large", paid_won=72_000_000) == []
    assert asked(make_organisation()) == []
    reverse_benefit(by=SYSTEM, reference="grant:1", reason="시험")
    assert asked(team) == []


def test_a_person_is_warned_of_aid_above_the_ceiling(team):
    make_benefit(team, reference="grant:1")

    both = asked(team, paid_won=0)

    assert [(f.worry, f.percent, f.ceiling_percent) for f in both] == [
        (Worry.SAME_ITEM, Decimal("198.33"), 100),
        (Worry.ABOVE_CEILING, Decimal("198.33"), 100),
    ]
    assert "198.33" in benefits.said(both[1])
    alone = asked(make_organisation(), paid_won=0, ceiling=70)
    assert [(f.worry, f.percent) for f in alone] == [(Worry.ABOVE_CEILING, Decimal("100.00"))]
    make_tariff(ceiling_percent=70)
    assert [f.ceiling_percent for f in asked(make_organisation(), paid_won=0)] == [70]


def test_the_statement_is_divided_by_year_and_by_programme(team):
    make_benefit(team)
    make_benefit(team, programme="voucher", item="data", list_won=10_000_000, paid_won=4_000_000)
    make_benefit(
        team,
        programme="voucher",
        item="room",
        list_won=5_000_000,
        paid_won=0,
        starts_on=dt.date(2027, 1, 1),
        ends_on=dt.date(2027, 1, 31),
    )

    everything = benefits.statement(team)

    assert everything.by_year == [
        (2026, Sums(82_000_000, 5_200_000, 76_800_000)),
        (2027, Sums(5_000_000, 0, 5_000_000)),
    ]
    assert everything.by_programme == [
        ("compute-large", Sums(72_000_000, 1_200_000, 70_800_000)),
        ("voucher", Sums(15_000_000, 4_000_000, 11_000_000)),
    ]
    assert everything.total == benefits.total(team)
    assert benefits.statement(team, year=2027).total == Sums(5_000_000, 0, 5_000_000)
    assert len(benefits.statement(team, programme="voucher").lines) == 2
    assert benefits.statement(team, year=99_999).lines == []
    assert (benefits.years(team), benefits.programmes(team)) == ([2027, 2026], ["compute-large", "voucher"])


def test_the_database_keeps_its_own_rules(team):
    benefit = make_benefit(team)

    for breach in (
        lambda: Benefit.objects.filter(pk=benefit.pk).update(paid_won=0),
        lambda: Benefit.objects.filter(pk=benefit.pk).update(list_won=-1, paid_won=-1, in_kind_won=0),
        lambda: BenefitAccount.objects.filter(kind="paid").update(balance=-1),
        lambda: BenefitAccount.objects.filter(kind="given").update(balance=1),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            breach()


def test_the_check_of_the_books_sees_a_wrong_balance(team):
    make_benefit(team)
    assert discrepancies() == []

    BenefitAccount.objects.filter(kind="paid").update(balance=7)
    BenefitAccount.objects.filter(kind="given").update(balance=-7)

    assert len(discrepancies()) == 3


steps = st.lists(
    st.tuples(
        st.sampled_from(["post", "again", "reverse", "repost"]),
        st.integers(0, 4),
        st.integers(1, 1000),
        st.integers(0, 1000),
    ),
    max_size=20,
)


@settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_the_ledger_is_conserved_after_every_step(todo):
    team = make_organisation()
    refused = set()
    for kind, number, listed, paid in todo:
        reference = f"{team.slug}:{number}"
        try:
            if kind == "reverse":
                reverse_benefit(by=SYSTEM, reference=reference, reason="시험")
            else:
                make_benefit(team, reference=reference, list_won=listed, paid_won=paid)
        except Refusal as refusal:
            refused.add(refusal.code)
        sums = benefits.total(team)
        assert sums.list_won == sums.paid_won + sums.in_kind_won
        assert min(sums.list_won, sums.paid_won, sums.in_kind_won) >= 0
        assert benefits.statement(team).total == sums
    assert discrepancies() == []
    assert refused <= {"kit.Invalid", "kit.NotFound", "credits.BenefitDiffers"}


def test_the_arguments_that_other_capabilities_use(team):
    benefit = post_benefit(
        by=SYSTEM,
        organisation=team,
        reference="equipment:7",
        programme="equipment",
        item="dil-simulator",
        list_won=2_360_000,
        paid_won=1_460_000,
        legal_basis="예시 규정",
        starts_on=dt.date(2026, 5, 1),
        ends_on=dt.date(2026, 5, 1),
    )

    assert (benefit.in_kind_won, str(benefit.legal_basis)) == (900_000, "예시 규정")
