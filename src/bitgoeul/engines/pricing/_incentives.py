"""Incentives as dated rules. Estimates only: the law in force and the authority decide.

Each rule names its text and the days for which that text was found. Asked for another day, nothing is
estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ._tariff import MOST_WON
from ._won import won


class NotInForce(ValueError):
    """A rule was asked for a day outside of the days for which its text was found."""

    def __init__(self, rule: Rule, on: date) -> None:
        super().__init__(f"{rule.name} is not known for {on}")
        self.rule = rule
        self.on = on


@dataclass(frozen=True)
class Asked:
    """One amount a rule needs."""

    name: str
    title: Mapping[str, str]
    least: int = 0
    most: int = MOST_WON
    default: int | None = None

    @property
    def is_yes_or_no(self) -> bool:
        """Asked as 1 for yes and 0 for no."""
        return (self.least, self.most) == (0, 1)

    def accepts(self, value: object) -> bool:
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True)
class Rule:
    """One incentive: what it is called, on which text it rests, for which days that text was found."""

    name: str
    title: Mapping[str, str]
    law: Mapping[str, str]
    starts_on: date
    ends_on: date | None  # None: no end was found, which does not mean that there is none
    asks: tuple[Asked, ...]
    note: Mapping[str, str]
    is_example: bool = False  # parts of it are an example, not the text


@dataclass(frozen=True)
class Step:
    """``won`` is ``percent`` of ``base_won``; a cap is a step of its own."""

    base_won: int
    percent: Fraction
    won: int
    is_cap: bool = False


@dataclass(frozen=True)
class Estimate:
    rule: Rule
    on: date
    won: int
    steps: tuple[Step, ...] = field(repr=False)


@dataclass(frozen=True)
class Deal:
    """One investment of a fund with a regional mandate."""

    won: int
    invested_on: date
    is_local: bool  # head office or branch in the region when invested
    moved_on: date | None = None  # head office, laboratory or plant moved there


DAYS_TO_MOVE = 365


def mandate(deals: Iterable[Deal], *, on: date) -> int:
    """Return what counts towards the mandate on a day.

    A company from elsewhere counts from the investment on, for whoever moves within 365 days; on day 366
    without a move it counts no longer.
    """
    return sum(deal.won for deal in deals if deal.invested_on <= on and _counts(deal, on))


def _counts(deal: Deal, on: date) -> bool:
    if deal.is_local:
        return True
    moved_in_time = deal.moved_on is not None and (deal.moved_on - deal.invested_on).days <= DAYS_TO_MOVE
    return moved_in_time or (on - deal.invested_on).days <= DAYS_TO_MOVE


def in_force(rule: Rule, on: date) -> bool:
    """Tell whether the text of the rule was found for that day."""
    return rule.starts_on <= on and (rule.ends_on is None or on <= rule.ends_on)


def estimate(name: str, amounts: Mapping[str, int], *, on: date) -> Estimate:
    """Estimate one incentive.

    Args:
        name:    a key of RULES.
        amounts: whole won (or what the rule asks) by the names of ``rule.asks``.
        on:      the day of the investment or the application.
    Raises: KeyError for an unknown rule; NotInForce; ValueError for an amount missing or out of bounds.
    """
    rule = RULES[name]
    if not in_force(rule, on):
        raise NotInForce(rule, on)
    given = {}
    for asked in rule.asks:
        value = amounts.get(asked.name, asked.default)
        if value is None or not asked.accepts(value):
            raise ValueError(f"{asked.name} is a whole number from {asked.least} to {asked.most}")
        given[asked.name] = value
    total, steps = _ESTIMATES[name](given)
    return Estimate(rule, on, total, tuple(steps))


def _part(base: int, percent: int) -> Step:
    return Step(base, Fraction(percent), won(Fraction(base * percent, 100)))


def _capped(total: int, cap: Step) -> int:
    return min(total, cap.won)


def _venture(given: Mapping[str, int]) -> tuple[int, list[Step]]:
    """100 % up to 30 million, 70 % up to 50 million, 30 % above; at most half of the year's income."""
    invested = given["invested_won"]
    bands = ((0, 30_000_000, 100), (30_000_000, 50_000_000, 70), (50_000_000, MOST_WON, 30))
    steps = [_part(min(invested, top) - low, percent) for low, top, percent in bands if invested > low]
    half = _part(given["income_won"], 50)
    cap = Step(half.base_won, half.percent, half.won, is_cap=True)
    return _capped(sum(step.won for step in steps), cap), [*steps, cap]


def _zone(given: Mapping[str, int]) -> tuple[int, list[Step]]:
    """All of the tax for five years, half of it for two more."""
    tax, years = given["tax_won"], given["years"]
    steps = [_part(tax, 100 if year <= 5 else 50) for year in range(1, min(years, 7) + 1)]
    return sum(step.won for step in steps), steps


def _site(given: Mapping[str, int]) -> tuple[int, list[Step]]:
    step = _part(given["lot_won"], 30)
    return step.won, [step]


def _equipment(given: Mapping[str, int]) -> tuple[int, list[Step]]:
    """14 % of what lies above the threshold; 2 % more of the same base in the favoured industries."""
    base = max(0, given["equipment_won"] - given["threshold_won"])
    steps = [_part(base, 14)]
    if given["favoured"]:
        steps.append(_part(base, 2))
    return sum(step.won for step in steps), steps


def _test_fee(given: Mapping[str, int]) -> tuple[int, list[Step]]:
    part = _part(given["fee_won"], 70)
    cap = Step(70_000_000, Fraction(100), 70_000_000, is_cap=True)
    return _capped(part.won, cap), [part, cap]


_ESTIMATES: Mapping[str, Callable[[Mapping[str, int]], tuple[int, list[Step]]]] = {
    "venture-deduction": _venture,
    "opportunity-zone": _zone,
    "city-site": _site,
    "city-equipment": _equipment,
    "equipment-use": _test_fee,
}

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            name="venture-deduction",
            title={"ko": "벤처투자 소득공제", "en": "Income deduction for venture investment"},
            law={
                "ko": "조세특례제한법 제16조 (2025년 12월 31일까지의 투자)",
                "en": "Restriction of Special Taxation Act, article 16 (investments until 31 December 2025)",
            },
            starts_on=date(2018, 1, 1),
            ends_on=date(2025, 12, 31),
            asks=(
                Asked("invested_won", {"ko": "투자금액 (원)", "en": "Invested (won)"}, least=1),
                Asked("income_won", {"ko": "종합소득금액 (원)", "en": "Income of the year (won)"}),
            ),
            note={
                "ko": "공제 대상 소득이지 세액이 아닙니다. 그 뒤의 적용 기한은 확인하지 못했습니다.",
                "en": "This is income deducted, not tax. A later end of the rule was not verified.",
            },
        ),
        Rule(
            name="opportunity-zone",
            title={"ko": "기회발전특구 창업기업 세액감면", "en": "Tax relief in an opportunity zone"},
            law={
                "ko": "조세특례제한법 제121조의33 (2026년 12월 31일까지의 창업·신설)",
                "en": "Restriction of Special Taxation Act, article 121-33 (founded until 31 December 2026)",
            },
            starts_on=date(2024, 1, 1),
            ends_on=date(2026, 12, 31),
            asks=(
                Asked(
                    "tax_won",
                    {"ko": "감면 전 연간 법인세 (원)", "en": "Corporate tax each year (won)"},
                    least=1,
                ),
                Asked("years", {"ko": "햇수", "en": "Years"}, least=1, most=50, default=8),
            ),
            note={
                "ko": "투자액과 상시근로자 수에 따른 감면 한도는 계산하지 않습니다.",
                "en": "The limits by investment and staff are not part of the estimate.",
            },
        ),
        Rule(
            name="city-site",
            title={"ko": "입지 보조금", "en": "City subsidy for a site"},
            law={
                "ko": "광주광역시 투자유치 지원 기준 (2023년)",
                "en": "Investment rule of Gwangju City (2023)",
            },
            starts_on=date(2023, 1, 1),
            ends_on=None,
            asks=(Asked("lot_won", {"ko": "부지 매입비 (원)", "en": "Price of the lot (won)"}, least=1),),
            note={
                "ko": "많아야 이만큼입니다. 2023년 뒤의 개정은 확인하지 못했습니다.",
                "en": "At most this much. Changes after 2023 were not verified.",
            },
        ),
        Rule(
            name="city-equipment",
            title={"ko": "설비 보조금", "en": "City subsidy for equipment"},
            law={
                "ko": "광주광역시 투자유치 지원 기준 (2023년)",
                "en": "Investment rule of Gwangju City (2023)",
            },
            starts_on=date(2023, 1, 1),
            ends_on=None,
            asks=(
                Asked("equipment_won", {"ko": "설비 투자비 (원)", "en": "Spent on equipment (won)"}, least=1),
                Asked(
                    "threshold_won",
                    {"ko": "기준 금액 (원, 5억~10억)", "en": "Threshold (won, 500 million to a billion)"},
                    least=500_000_000,
                    most=1_000_000_000,
                    default=500_000_000,
                ),
                Asked(
                    "favoured",
                    {
                        "ko": "자동차·인공지능·에너지·반도체 업종",
                        "en": "Cars, AI, energy or semiconductors",
                    },
                    most=1,
                    default=1,
                ),
            ),
            note={
                "ko": "많아야 이만큼입니다. 2 % 추가를 같은 금액에서 세는 것은 예시입니다.",
                "en": "At most this much. That the 2 % are of the same base is an example.",
            },
            is_example=True,
        ),
        Rule(
            name="equipment-use",
            title={"ko": "중소기업 장비 이용료 지원", "en": "Aid for small firms' equipment fees"},
            law={
                "ko": "2017년 연구장비 공동활용 지원 선례",
                "en": "Precedent of shared research equipment, 2017",
            },
            starts_on=date(2017, 1, 1),
            ends_on=None,
            asks=(Asked("fee_won", {"ko": "이용료 (원)", "en": "Fee (won)"}, least=1),),
            note={
                "ko": "70 %, 많아야 7천만 원. 5백만 원까지는 간이 절차가 있었습니다.",
                "en": "70 %, at most 70 million won. Up to 5 million won there was a short procedure.",
            },
            is_example=True,
        ),
    )
}
