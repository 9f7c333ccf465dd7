"""Price lists: who writes them, what fixes them, and the price that a running grant keeps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from bitgoeul.apps.credits.commands import (
    agree_price,
    drop_tariff,
    edit_tariff,
    publish_tariff,
    start_tariff,
)
from bitgoeul.apps.credits.errors import BenefitDiffers, DayTaken, NoPriceYet, RuleNotInForce, TariffFixed
from bitgoeul.apps.credits.models import AgreedPrice, Tariff
from bitgoeul.apps.credits.queries import prices
from bitgoeul.apps.credits.tests.factories import make_tariff
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 1)
LATER = dt.date(2026, 6, 1)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def team():
    return make_organisation()


def agree(team, reference="grant:1", by=SYSTEM, **fields):
    asked = {"machine": "h100", "count": 8, "months": Decimal(3)}
    return agree_price(by=by, organisation=team, reference=reference, **asked | fields)


def dearer(content, percent=200):
    machines = [row | {"user_won": row["user_won"] * percent // 100} for row in content["machines"]]
    return {"machines": machines}


def test_eight_h100_for_three_months_cost_a_firm_in_gwangju_1_200_000_won(team):
    make_tariff()

    price = agree(team)

    assert (price.list_won, price.paid_won, price.in_kind_won) == (72_000_000, 1_200_000, 70_800_000)
    assert (price.discount, price.grounds) == ("gwangju", ["gwangju"])
    assert agree(team) == price
    assert facts_recorded()[-1:] == ["credits.PriceAgreed"]
    assert Fact.objects.get(name="credits.PriceAgreed").data == {
        "organisation": team.slug,
        "reference": "grant:1",
        "tariff": 1,
        "machine": "h100",
        "count": 8,
        "months": "3",
        "discount": "gwangju",
        "list_won": 72_000_000,
        "paid_won": 1_200_000,
        "in_kind_won": 70_800_000,
    }


@pytest.mark.parametrize(
    ("region", "stage", "confirmed", "paid"),
    [
        ("서울특별시", "startup", (), 2_400_000),
        ("서울특별시", "startup", ("youth",), 1_200_000),
        ("광주광역시", "startup", ("youth",), 1_200_000),
        ("서울특별시", "institute", (), 0),
    ],
)
def test_discounts_do_not_stack(region, stage, confirmed, paid):
    make_tariff()
    team = make_organisation(region=region, stage=stage)

    assert agree(team, confirmed=confirmed).paid_won == paid


def test_only_what_a_person_can_confirm_is_confirmed(team):
    make_tariff()

    for name in ("academia", "nothing"):
        with pytest.raises(Invalid) as refused:
            agree(team, confirmed=[name])
        assert list(refused.value.errors) == ["confirmed"]


def test_a_running_grant_keeps_its_price_and_its_extension_too(team):
    first = make_tariff()
    agree(team)
    with clock.frozen(NOON + dt.timedelta(days=31)):
        make_tariff(LATER, **dearer(first.content))

        assert agree(team).paid_won == 1_200_000
        assert agree(team, "grant:1:extended", like="grant:1").paid_won == 1_200_000
        assert agree(team, "grant:2").paid_won == 2_400_000
        with pytest.raises(NotFound):
            agree(make_organisation(), "grant:3", like="grant:1")


def test_a_list_is_in_force_from_its_day_until_the_next_begins():
    first, second = make_tariff(), make_tariff(LATER)

    assert prices.in_force(TODAY - dt.timedelta(days=1)) is None
    assert (prices.in_force(TODAY), prices.in_force(LATER)) == (first, second)
    assert prices.in_force(LATER - dt.timedelta(days=1)) == first
    assert list(prices.coming(TODAY)) == [second]
    with pytest.raises(NoPriceYet):
        prices.tariff_on(dt.date(2020, 1, 1))


def test_a_published_list_is_fixed_and_a_copy_is_not():
    first = make_tariff()
    with pytest.raises(TariffFixed):
        edit_tariff(
            by=SYSTEM,
            number=first.number,
            title=dict(first.title),
            valid_from=LATER,
            content=first.content,
            example=False,
        )
    with pytest.raises(TariffFixed):
        publish_tariff(by=SYSTEM, number=first.number)

    copy = start_tariff(by=SYSTEM, copy_of=first.number)

    assert (copy.number, copy.content, copy.copy_of, copy.state) == (2, first.content, first, "draft")
    with pytest.raises(DayTaken):
        publish_tariff(by=SYSTEM, number=copy.number)
    assert drop_tariff(by=SYSTEM, number=copy.number).state == "dropped"
    with pytest.raises(TariffFixed):
        publish_tariff(by=SYSTEM, number=copy.number)
    assert facts_recorded() == [
        "credits.TariffDrafted",
        "credits.TariffPublished",
        "credits.TariffDrafted",
        "credits.TariffDropped",
    ]


def test_the_fact_names_the_fingerprint_of_what_was_published():
    first = make_tariff(LATER)

    assert Fact.objects.get(name="credits.TariffPublished").data == {
        "number": 1,
        "valid_from": "2026-06-01",
        "fingerprint": first.fingerprint,
        "example": True,
    }
    assert len(first.fingerprint) == 64


def edited(**changes):
    draft = start_tariff(by=SYSTEM)
    fields = {
        "title": dict(draft.title),
        "valid_from": LATER,
        "content": draft.content,
        "example": True,
    }
    return edit_tariff(by=SYSTEM, number=draft.number, **fields | changes)


def test_a_wrong_draft_is_refused_at_its_place():
    content = prices.example()["content"]

    with pytest.raises(Invalid) as refused:
        edited(content=content | dearer(content, percent=10_000))
    assert list(refused.value.errors) == ["machines.0.user_won"]
    with pytest.raises(Invalid) as refused:
        edited(title={"ko": "한국어만"})
    assert list(refused.value.errors) == ["title"]
    past = edited(valid_from=dt.date(2026, 4, 30))
    with pytest.raises(Invalid) as refused:
        publish_tariff(by=SYSTEM, number=past.number)
    assert list(refused.value.errors) == ["valid_from"]


def test_an_edit_that_changes_nothing_is_no_fact():
    draft = edited()
    before = len(facts_recorded())

    edit_tariff(
        by=SYSTEM,
        number=draft.number,
        title=dict(draft.title),
        valid_from=LATER,
        content=draft.content,
        example=True,
    )

    assert len(facts_recorded()) == before


@pytest.mark.parametrize("roles", [[], ["auditor"], ["steward"]])
def test_only_operators_write_prices(team, roles):
    person = actor(make_person(roles=roles))
    make_tariff()

    for attempt in (
        lambda: start_tariff(by=person),
        lambda: drop_tariff(by=person, number=1),
        lambda: publish_tariff(by=person, number=1),
        lambda: agree(team, by=person),
    ):
        with pytest.raises(Forbidden):
            attempt()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"machine": "b300"}, "machine"),
        ({"count": 0}, "count"),
        ({"count": 10_001}, "count"),
        ({"months": Decimal(0)}, "months"),
        ({"months": Decimal("NaN")}, "months"),
        ({"months": Decimal("0.00001")}, "months"),
        ({"months": Decimal("1.00001")}, "months"),
    ],
)
def test_a_price_of_nothing_is_refused(team, fields, named):
    make_tariff()

    with pytest.raises(Invalid) as refused:
        agree(team, **fields)

    assert list(refused.value.errors) == [named]


def test_one_reference_is_one_price(team):
    make_tariff()
    agree(team)

    with pytest.raises(BenefitDiffers):
        agree(team, count=9)
    with pytest.raises(BenefitDiffers):
        agree(make_organisation())


def test_the_database_keeps_its_own_rules(team):
    make_tariff()
    price = agree(team)

    for breach in (
        lambda: AgreedPrice.objects.filter(pk=price.pk).update(paid_won=price.list_won + 1),
        lambda: Tariff.objects.create(
            number=9, content={}, valid_from=TODAY, state="published", fingerprint=""
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            breach()


def test_an_incentive_is_estimated_for_days_on_which_its_text_is_known():
    amounts = {"invested_won": 70_000_000, "income_won": 80_000_000}

    assert prices.incentive("venture-deduction", amounts, dt.date(2025, 6, 1)).won == 40_000_000
    with pytest.raises(RuleNotInForce):
        prices.incentive("venture-deduction", amounts, TODAY)
    with pytest.raises(Invalid) as refused:
        prices.incentive("nothing", {}, TODAY)
    assert list(refused.value.errors) == ["rule"]
    with pytest.raises(Invalid) as refused:
        prices.incentive("city-equipment", {"threshold_won": 1}, TODAY)
    assert list(refused.value.errors) == ["equipment_won", "threshold_won"]
