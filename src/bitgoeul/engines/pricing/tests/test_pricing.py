"""Prices to the digit, and what must hold for every price."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.engines import pricing
from bitgoeul.engines.pricing import (
    RULES,
    BadTariff,
    Deal,
    NotInForce,
    Quote,
    Support,
    Tariff,
    Worry,
    aid,
    convert,
    double_funding,
    estimate,
    mandate,
    milli_credits,
    percent_of,
    quote_equipment,
    quote_machine,
    won,
    written,
)

WORDS = {"ko": "예시", "en": "example"}
CONTENT = {
    "basis": WORDS,
    "basis_on": "2026-01-01",
    "machines": [
        {
            "name": name,
            "title": WORDS,
            "hour_milli_credits": hour,
            "list_won": listed,
            "user_won": user,
        }
        for name, hour, listed, user in (
            ("a100", 1000, 750_000, 25_000),
            ("h100", 4000, 3_000_000, 100_000),
            ("h200", 4000, 3_000_000, 100_000),
        )
    ],
    "equipment": [
        {"name": "dil", "title": WORDS, "hour_won": 450_000, "min_hours": 4},
        {"name": "sil", "title": WORDS, "hour_won": 20_000, "min_hours": 0},
    ],
    "discounts": [
        {
            "name": name,
            "title": WORDS,
            "percent": percent,
            "regions": regions,
            "stages": stages,
            "basis": WORDS,
            "basis_on": "2026-01-01",
        }
        for name, percent, regions, stages in (
            ("gwangju", 50, ["광주광역시", "Gwangju"], []),
            ("youth", 50, [], []),
            ("academia", 100, [], ["institute"]),
        )
    ],
    "operator_percent": 30,
    "cancellation": {
        "steps": [{"days": 7, "percent": 0}, {"days": 3, "percent": 30}, {"days": 0, "percent": 50}],
        "no_show_percent": 100,
        "strikes": 3,
        "stop_days": 30,
    },
    "ceiling_percent": 100,
}
TARIFF = Tariff.of(CONTENT)


def figures(quote):
    return quote.list_won, quote.paid_won, quote.in_kind_won, quote.discount


def test_eight_h100_for_three_months_to_the_won():
    def price(*grounds):
        return figures(quote_machine(TARIFF, "h100", count=8, months=3, grounds=grounds))

    assert price() == (72_000_000, 2_400_000, 69_600_000, "")
    assert price("gwangju") == (72_000_000, 1_200_000, 70_800_000, "gwangju")
    assert price("youth", "gwangju") == (72_000_000, 1_200_000, 70_800_000, "gwangju")
    assert price("gwangju", "academia") == (72_000_000, 0, 72_000_000, "academia")
    assert price("unknown") == price()


def test_one_h100_is_four_a100_and_one_h200():
    a100, h100, h200 = (TARIFF.machines[name] for name in ("a100", "h100", "h200"))

    assert (convert(1, h100, a100), convert(1, h100, h200), convert(1, a100, h100)) == (4, 1, Fraction(1, 4))
    assert [milli_credits(1, machine) for machine in (a100, h100, h200)] == [1000, 4000, 4000]
    assert milli_credits(Fraction(1, 3000), a100) == 0
    assert milli_credits(Fraction(1, 2000), a100) == 1


def test_equipment_is_paid_for_its_least_hours_and_people_are_never_discounted():
    dil = quote_equipment(TARIFF, "dil", hours=3, consumables_won=20_000, operator=True, grounds={"gwangju"})

    # 450,000 × 4 = 1,800,000; operator 540,000; used up 20,000
    assert figures(dil) == (2_360_000, 1_460_000, 900_000, "gwangju")
    assert figures(quote_equipment(TARIFF, "dil", hours=6)) == (2_700_000, 2_700_000, 0, "")
    assert figures(quote_equipment(TARIFF, "sil", hours=Decimal("1.5"))) == (30_000, 30_000, 0, "")


def test_whoever_cancels_late_pays_more():
    days = (30, 7, 6, 3, 2, 0, -1)

    assert [TARIFF.cancellation.percent(day) for day in days] == [0, 0, 30, 30, 50, 50, 100]


def test_aid_is_exact_to_the_hundredth():
    assert written(aid(20_000, Decimal("54.66"))) == "10,932.00"
    assert written(aid(2_000, Decimal("54.66"))) == "1,093.20"
    assert percent_of(70_800_000, 72_000_000) == Decimal("98.33")
    assert percent_of(0, 0) == 0


def test_discounts_are_read_from_the_company_file_or_confirmed_by_a_person():
    def holding(region, stage):
        return [d.name for d in TARIFF.discounts.values() if d.holds_for(region=region, stage=stage)]

    assert holding("광주광역시", "startup") == ["gwangju"]
    assert holding(" gwangju ", "institute") == ["gwangju", "academia"]
    assert holding("서울특별시", "startup") == []
    assert [d.name for d in TARIFF.discounts.values() if d.is_confirmed_by_a_person] == ["youth"]


def broken(path, value):
    content = copy.deepcopy(CONTENT)
    place = content
    *way, last = path.split(".")
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("machines.1.user_won", 3_000_001, "machines.1.user_won"),
        ("machines.0.list_won", 0, "machines.0.list_won"),
        ("machines.0.list_won", 1.5, "machines.0.list_won"),
        ("machines.0.list_won", True, "machines.0.list_won"),
        ("machines.1.name", "a100", "machines.1.name"),
        ("machines.1.name", "H 100", "machines.1.name"),
        ("machines.1.title", {"ko": "예시"}, "machines.1.title"),
        ("machines", None, "machines"),
        ("discounts.0.percent", 101, "discounts.0.percent"),
        ("discounts.0.basis_on", "soon", "discounts.0.basis_on"),
        ("discounts.0.regions", "광주", "discounts.0.regions"),
        ("cancellation.steps", [], "cancellation.steps"),
        (
            "cancellation.steps",
            [{"days": 0, "percent": 50}, {"days": 3, "percent": 30}],
            "cancellation.steps",
        ),
        (
            "cancellation.steps",
            [{"days": 3, "percent": 60}, {"days": 0, "percent": 50}],
            "cancellation.steps",
        ),
        ("cancellation.no_show_percent", 40, "cancellation.steps"),
        ("cancellation", [], "cancellation"),
        ("basis_on", None, "basis_on"),
        ("ceiling_percent", 0, "ceiling_percent"),
    ],
)
def test_a_price_list_that_contradicts_itself_names_the_place(path, value, where):
    with pytest.raises(BadTariff) as refused:
        Tariff.of(broken(path, value))

    assert refused.value.where == where


def test_a_price_list_without_a_price_is_none():
    with pytest.raises(BadTariff):
        Tariff.of(CONTENT | {"machines": [], "equipment": []})
    with pytest.raises(BadTariff):
        Tariff.of([])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: quote_machine(TARIFF, "h100", count=0, months=1),
        lambda: quote_machine(TARIFF, "h100", count=1, months=0),
        lambda: quote_equipment(TARIFF, "dil", hours=0),
        lambda: quote_equipment(TARIFF, "dil", hours=1, consumables_won=-1),
        lambda: Quote(1, 2, ""),
    ],
)
def test_nothing_has_no_price(ask):
    with pytest.raises(ValueError, match="price"):
        ask()


spans = st.fractions(min_value=Fraction(1, 720), max_value=60)
subsets = st.sets(st.sampled_from(["gwangju", "youth", "academia", "other"]))


@given(st.sampled_from(sorted(TARIFF.machines)), st.integers(1, 5000), spans, subsets)
def test_list_is_paid_plus_in_kind_and_only_the_best_discount_counts(machine, count, months, grounds):
    quote = quote_machine(TARIFF, machine, count=count, months=months, grounds=grounds)
    single = [
        quote_machine(TARIFF, machine, count=count, months=months, grounds={one}).paid_won for one in grounds
    ]
    whole = quote_machine(TARIFF, machine, count=count, months=months).paid_won

    assert quote.list_won == quote.paid_won + quote.in_kind_won
    assert quote.in_kind_won >= 0
    assert quote.paid_won == min([whole, *single])


@given(spans, st.integers(0, 10**9), st.booleans(), subsets)
def test_equipment_never_pays_less_than_its_best_discount_alone(hours, consumables, operator, grounds):
    asked = {"hours": hours, "consumables_won": consumables, "operator": operator}
    quote = quote_equipment(TARIFF, "dil", grounds=grounds, **asked)
    single = [quote_equipment(TARIFF, "dil", grounds={one}, **asked).paid_won for one in grounds]

    assert quote.paid_won == min([quote_equipment(TARIFF, "dil", **asked).paid_won, *single])
    assert quote.paid_won >= consumables
    assert quote.list_won == quote.paid_won + quote.in_kind_won


@given(
    st.fractions(),
    st.lists(st.sampled_from(sorted(TARIFF.machines)), min_size=1, max_size=6),
)
def test_converting_around_any_ring_of_machines_gives_the_same_hours_back(hours, ring):
    kinds = [TARIFF.machines[name] for name in ring]
    moved = hours
    for source, target in zip(kinds, [*kinds[1:], kinds[0]], strict=True):
        moved = convert(moved, source, target)

    assert moved == hours


@given(st.fractions())
def test_rounding_is_never_off_by_more_than_half_a_won(value):
    assert -Fraction(1, 2) < won(value) - value <= Fraction(1, 2)


def support(reference="a", programme="one", item="H100", days=(1, 30), list_won=100, in_kind_won=40):
    first, last = (dt.date(2026, 5, day) for day in days)
    return Support(reference, programme, item, first, last, list_won, in_kind_won)


def test_the_same_item_at_the_same_time_from_another_programme_is_found():
    others = [
        support("same programme"),
        support("another time", "two", days=(16, 20)),
        support("touching", "two", " h100 ", days=(15, 31)),
        support("another item", "two", "room"),
    ]

    found = double_funding(support("new", days=(1, 15)), others, ceiling_percent=100)

    assert [(f.worry, f.references, f.programmes) for f in found] == [
        (Worry.SAME_ITEM, ("touching",), ("two",))
    ]
    assert (found[0].starts_on, found[0].ends_on) == (dt.date(2026, 5, 15), dt.date(2026, 5, 15))
    # one programme: 100 + 100 of different pieces, the other 100 of the same; aid 40 × 3 of 200
    assert found[0].percent == 60


def test_aid_of_all_programmes_above_the_ceiling_is_found():
    found = double_funding(
        support("new", in_kind_won=70), [support("old", "two", in_kind_won=70)], ceiling_percent=100
    )

    assert [(f.worry, f.percent) for f in found] == [(Worry.SAME_ITEM, 140), (Worry.ABOVE_CEILING, 140)]
    assert double_funding(support("new", in_kind_won=100), [], ceiling_percent=100) == []
    alone = double_funding(support("new", in_kind_won=71), [], ceiling_percent=70)
    assert [(f.worry, f.references, f.percent) for f in alone] == [(Worry.ABOVE_CEILING, (), 71)]


DAY = dt.date(2025, 5, 1)


def guess(rule, on=DAY, **amounts):
    return estimate(rule, amounts, on=on).won


def test_incentives_to_the_won():
    deduction = estimate("venture-deduction", {"invested_won": 70_000_000, "income_won": 10**9}, on=DAY)
    assert [step.won for step in deduction.steps[:3]] == [30_000_000, 14_000_000, 6_000_000]
    assert deduction.won == 50_000_000
    assert guess("venture-deduction", invested_won=70_000_000, income_won=80_000_000) == 40_000_000
    assert guess("opportunity-zone", tax_won=100_000_000, years=8) == 600_000_000
    assert guess("opportunity-zone", tax_won=100_000_000, years=6) == 550_000_000
    assert guess("city-site", lot_won=10**9) == 300_000_000
    equipment = estimate(
        "city-equipment", {"equipment_won": 800_000_000, "threshold_won": 500_000_000}, on=DAY
    )
    assert [(step.base_won, step.won) for step in equipment.steps] == [
        (300_000_000, 42_000_000),
        (300_000_000, 6_000_000),
    ]
    assert guess("city-equipment", equipment_won=400_000_000) == 0
    assert guess("equipment-use", fee_won=10_000_000) == 7_000_000
    assert guess("equipment-use", fee_won=200_000_000) == 70_000_000


def test_a_rule_says_nothing_outside_of_its_days():
    amounts = {"invested_won": 1, "income_won": 10}

    assert estimate("venture-deduction", amounts, on=dt.date(2025, 12, 31)).won == 1
    with pytest.raises(NotInForce):
        estimate("venture-deduction", amounts, on=dt.date(2026, 1, 1))
    with pytest.raises(NotInForce):
        estimate("opportunity-zone", {"tax_won": 1}, on=dt.date(2027, 1, 1))
    with pytest.raises(KeyError):
        estimate("nothing", {}, on=DAY)
    with pytest.raises(ValueError, match="lot_won"):
        estimate("city-site", {"lot_won": 0}, on=DAY)


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_rule_speaks_both_languages_and_names_its_text(rule):
    texts = [rule.title, rule.law, rule.note, *(asked.title for asked in rule.asks)]

    assert [text for text in texts if set(text) != {"ko", "en"} or not all(text.values())] == []


def test_a_deal_that_does_not_move_within_a_year_stops_counting_on_day_366():
    invested = dt.date(2026, 1, 1)
    deals = [
        Deal(5, invested, is_local=True),
        Deal(7, invested, is_local=False),
        Deal(11, invested, is_local=False, moved_on=dt.date(2027, 1, 1)),
        Deal(13, invested, is_local=False, moved_on=dt.date(2027, 1, 2)),
    ]

    assert mandate(deals, on=dt.date(2025, 12, 31)) == 0
    assert mandate(deals, on=dt.date(2027, 1, 1)) == 36
    assert mandate(deals, on=dt.date(2027, 1, 2)) == 16


def test_the_table_of_contents_is_whole():
    assert [name for name in pricing.__all__ if not hasattr(pricing, name)] == []
