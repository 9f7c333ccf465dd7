"""What each organisation was given, by year and by programme, and what was funded twice.  Whole won."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bitgoeul.apps.credits.models import Benefit, BenefitAccount
from bitgoeul.apps.credits.queries import prices
from bitgoeul.apps.credits.queries.transfers import Discrepancy, organisations_seen_by
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import pricing
from bitgoeul.kit.actor import Actor

Kind = BenefitAccount.Kind
Key = TypeVar("Key", int, str)
SOONEST, LATEST = dt.date(2000, 1, 1), dt.date(2200, 1, 1)
CEILING_PERCENT = 100  # of what an item costs, where no price list says another


@dataclass(frozen=True)
class Sums:
    """list = paid + in kind, always."""

    list_won: int = 0
    paid_won: int = 0
    in_kind_won: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.list_won + other.list_won,
            self.paid_won + other.paid_won,
            self.in_kind_won + other.in_kind_won,
        )

    @property
    def aid_percent(self) -> Decimal:
        """How much of the list value was in kind."""
        return pricing.percent_of(self.in_kind_won, self.list_won)


@dataclass(frozen=True)
class Statement:
    """Every line of one organisation, or of one year or programme of it, with their sums."""

    organisation: Organisation
    year: int | None
    programme: str
    lines: list[Benefit] = field(repr=False)

    @property
    def total(self) -> Sums:
        return _total(self.lines)

    @property
    def by_year(self) -> list[tuple[int, Sums]]:
        """A support counts in the year in which it starts; its reversal in the same."""
        return _grouped(self.lines, lambda line: line.starts_on.year)

    @property
    def by_programme(self) -> list[tuple[str, Sums]]:
        return _grouped(self.lines, lambda line: line.programme)


def _total(lines: Iterable[Benefit]) -> Sums:
    return sum((Sums(line.list_won, line.paid_won, line.in_kind_won) for line in lines), Sums())


def _grouped(lines: list[Benefit], key: Callable[[Benefit], Key]) -> list[tuple[Key, Sums]]:
    return [(one, _total(line for line in lines if key(line) == one)) for one in sorted(set(map(key, lines)))]


def seen_by(actor: Actor) -> QuerySet[Benefit]:
    return Benefit.objects.filter(organisation__in=organisations_seen_by(actor)).select_related(
        "organisation"
    )


def lines(organisation: Organisation) -> QuerySet[Benefit]:
    """Every line, oldest first."""
    return Benefit.objects.filter(organisation=organisation).select_related("reverses", "reversal")


def statement(organisation: Organisation, *, year: int | None = None, programme: str = "") -> Statement:
    """What the organisation was given, all of it or of one year or one programme."""
    rows = lines(organisation)
    if year is not None:
        rows = rows.filter(starts_on__year=year) if dt.MINYEAR <= year <= dt.MAXYEAR else rows.none()
    if programme:
        rows = rows.filter(programme=programme)
    return Statement(organisation, year, programme, list(rows.order_by("id")))


def years(organisation: Organisation) -> list[int]:
    dates = Benefit.objects.filter(organisation=organisation).dates("starts_on", "year")
    return sorted((date.year for date in dates), reverse=True)


def programmes(organisation: Organisation) -> list[str]:
    rows = Benefit.objects.filter(organisation=organisation)
    return list(rows.order_by("programme").values_list("programme", flat=True).distinct())


def total(organisation: Organisation) -> Sums:
    """What the accounts say."""
    accounts = dict(BenefitAccount.objects.filter(organisation=organisation).values_list("kind", "balance"))
    return Sums(-accounts.get(Kind.GIVEN, 0), accounts.get(Kind.PAID, 0), accounts.get(Kind.IN_KIND, 0))


def standing(organisation: Organisation) -> QuerySet[Benefit]:
    """Supports that were not taken back."""
    return Benefit.objects.filter(organisation=organisation, reverses=None, reversal=None)


def support_of(row: Benefit) -> pricing.Support:
    """The line as the engine reads it."""
    return pricing.Support(
        reference=row.reference,
        programme=row.programme,
        item=row.item,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        list_won=row.list_won,
        in_kind_won=row.in_kind_won,
    )


def ceiling_percent() -> int:
    """The ceiling of the list in force."""
    tariff = prices.in_force(prices.today())
    return tariff.prices().ceiling_percent if tariff else CEILING_PERCENT


def unlikely(starts_on: dt.date, ends_on: dt.date, list_won: int, paid_won: int) -> dict[str, list[str]]:
    """What is wrong with the figures and the days of a support, by field."""
    errors: dict[str, list[str]] = {}
    if type(list_won) is not int or not 0 < list_won <= pricing.MOST_WON:
        errors["list_won"] = [_("The list value is a whole number of won, more than zero.")]
    elif type(paid_won) is not int or not 0 <= paid_won <= list_won:
        errors["paid_won"] = [_("What is paid is a whole number of won, at most the list value.")]
    if not SOONEST <= starts_on <= ends_on <= LATEST:
        errors["ends_on"] = [_("The end lies before the start, or in another century.")]
    return errors


def standing_on(
    organisations: Iterable[int], starts_on: dt.date, ends_on: dt.date
) -> dict[int, list[pricing.Support]]:
    """Organisation -> its supports that stand on some of these days, read at once for however many."""
    rows = Benefit.objects.filter(
        organisation__in=set(organisations), reverses=None, reversal=None,
        starts_on__lte=ends_on, ends_on__gte=starts_on,
    )  # fmt: skip
    found: dict[int, list[pricing.Support]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.organisation_id, []).append(support_of(row))
    return found


def double_funding(
    organisation: Organisation,
    *,
    programme: str,
    item: str,
    starts_on: dt.date,
    ends_on: dt.date,
    list_won: int,
    paid_won: int = 0,
    ceiling: int | None = None,
) -> list[pricing.Finding]:
    """What a person should see before granting this: it warns and blocks nothing.

    Findings: the same cost item on overlapping days from another programme; aid of all of them together
    above the ceiling percent of what the item costs.  :func:`said` puts one into words.
    """
    new = pricing.Support("", programme, item, starts_on, ends_on, list_won, list_won - paid_won)
    beside = standing(organisation).filter(starts_on__lte=ends_on, ends_on__gte=starts_on)
    return pricing.double_funding(
        new,
        map(support_of, beside),
        ceiling_percent=ceiling_percent() if ceiling is None else ceiling,
    )


def funded_twice(organisation: Organisation) -> list[pricing.Finding]:
    """The same question about every support that stands: each pair once, seen from the later line."""
    rows = [support_of(row) for row in standing(organisation).order_by("id")]
    ceiling = ceiling_percent()
    return [
        finding
        for number, row in enumerate(rows)
        for finding in pricing.double_funding(row, rows[:number], ceiling_percent=ceiling)
    ]


def said(finding: pricing.Finding) -> str:
    """One finding in words."""
    facts = {
        "item": finding.item,
        "programmes": ", ".join(finding.programmes),
        "references": ", ".join(finding.references),
        "first": finding.starts_on.isoformat(),
        "last": finding.ends_on.isoformat(),
        "percent": f"{finding.percent:f}",
        "ceiling": finding.ceiling_percent,
    }
    if finding.worry is pricing.Worry.SAME_ITEM:
        return (
            _(
                "“%(item)s” is supported by %(programmes)s from %(first)s to %(last)s as well"
                " (%(references)s)."
            )
            % facts
        )
    return (
        _(
            "From %(first)s to %(last)s all supports of “%(item)s” together are %(percent)s %% of what it"
            " costs; the ceiling is %(ceiling)s %%."
        )
        % facts
    )


def discrepancies() -> list[Discrepancy]:
    """Whatever the benefit ledger says twice and not alike."""
    found = [
        Discrepancy(
            "balance differs from its postings", f"benefit:{account}", account.posted, account.balance
        )
        for account in BenefitAccount.objects.annotate(posted=Coalesce(Sum("postings__amount"), 0))
        .exclude(balance=F("posted"))
        .order_by("pk")
    ]
    found += [
        Discrepancy("postings do not add up to zero", row.reference, 0, row.total)
        for row in Benefit.objects.annotate(total=Coalesce(Sum("postings__amount"), 0)).exclude(total=0)
    ]
    given = dict(Benefit.objects.order_by().values_list("organisation").annotate(Sum("list_won")))
    accounts = dict(BenefitAccount.objects.filter(kind=Kind.GIVEN).values_list("organisation", "balance"))
    found += [
        Discrepancy("lines differ from what was given", f"organisation:{pk}", given[pk], -accounts.get(pk, 0))
        for pk in sorted(given)
        if given[pk] != -accounts.get(pk, 0)
    ]
    return found
