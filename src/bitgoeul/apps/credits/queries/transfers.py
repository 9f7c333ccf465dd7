"""What is left, where it went, and whether the books are true.  Amounts are whole milli-credits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bitgoeul.apps.credits.models import Account, Hold, Posting, Tranche, Transfer, Wallet
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_visible_to
from bitgoeul.engines import credits as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor

Kind = Account.Kind


@dataclass(frozen=True)
class Balance:
    """granted = spent + held + left + expired, always."""

    granted: int = 0
    spent: int = 0
    held: int = 0
    left: int = 0
    expired: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.granted + other.granted,
            self.spent + other.spent,
            self.held + other.held,
            self.left + other.left,
            self.expired + other.expired,
        )

    @property
    def holds_together(self) -> bool:
        return self.granted == self.spent + self.held + self.left + self.expired


@dataclass(frozen=True)
class Standing:
    """The tranches that are usable now, and how much of them is used."""

    granted: int
    left: int
    begun: bool

    @property
    def level(self) -> engine.Level:
        # Credits that have not begun cannot run out.
        return engine.level(granted=self.granted, left=self.left) if self.begun else engine.Level.ENOUGH

    @property
    def used_percent(self) -> int:
        return 100 * (self.granted - self.left) // self.granted if self.granted else 0


@dataclass(frozen=True)
class Line:
    """One transfer as its organisation reads it: how each figure changed, and what was left after it."""

    at: dt.datetime
    kind: str
    reference: str
    purpose: str
    change: Balance
    left: int = 0

    @property
    def kind_label(self) -> str:
        return str(Transfer.Kind(self.kind).label)


@dataclass(frozen=True)
class Statement:
    """Opening figures, every transfer, closing figures: opening + changes = closing."""

    organisation: Organisation
    since: dt.datetime | None
    until: dt.datetime | None
    opening: Balance
    lines: list[Line] = field(repr=False)
    closing: Balance


@dataclass(frozen=True)
class Discrepancy:
    """Something in the books that is not as it must be."""

    what: str
    where: str
    expected: int
    found: int


def organisations_seen_by(actor: Actor) -> QuerySet[Organisation]:
    """Whose credits the actor may look at."""
    return organisations_visible_to(actor)


def holds_seen_by(actor: Actor) -> QuerySet[Hold]:
    return Hold.objects.filter(wallet__organisation__in=organisations_seen_by(actor)).select_related(
        "wallet__organisation"
    )


def has_open_holds(organisation: Organisation) -> bool:
    """Whether credits of ``organisation`` are set aside for work that has not ended."""
    return Hold.objects.filter(wallet__organisation=organisation, state=Hold.State.OPEN).exists()


def transfers_seen_by(actor: Actor) -> QuerySet[Transfer]:
    return Transfer.objects.filter(wallet__organisation__in=organisations_seen_by(actor)).select_related(
        "wallet__organisation"
    )


def _sum(path: str, **condition: Any) -> Any:
    return Coalesce(Sum(path, filter=Q(**condition)) if condition else Sum(path), 0)


def balance(organisation: Organisation) -> Balance:
    """The figures now.  What is left of an ended tranche is expired, whether or not the sweep has come."""
    sums = Account.objects.filter(wallet__organisation=organisation).aggregate(
        **{str(kind.value): _sum("balance", kind=kind) for kind in Kind}
    )
    ended = _ended(organisation).aggregate(left=_sum("free__balance"))["left"]
    return Balance(
        granted=-sums["issued"],
        spent=sums["spent"],
        held=sums["held"],
        left=sums["free"] - ended,
        expired=sums["expired"] + ended,
    )


def standing(organisation: Organisation) -> Standing:
    """How far the tranches that have begun and not ended are used."""
    moment = clock.now()
    mine = Tranche.objects.filter(wallet__organisation=organisation, starts_at__lte=moment)
    usable = mine.filter(ends_at__gt=moment, grant__reversal=None).aggregate(
        granted=_sum("amount"), left=_sum("free__balance")
    )
    return Standing(granted=usable["granted"], left=usable["left"], begun=mine.exists())


def tranches(organisation: Organisation) -> QuerySet[Tranche]:
    """Every grant of the organisation that was not taken back, the one that ends first at the top."""
    return Tranche.objects.filter(wallet__organisation=organisation, grant__reversal=None).select_related(
        "free", "held", "grant"
    )


@dataclass(frozen=True)
class TrancheSeen:
    """A tranche as its page shows it."""

    row: Tranche
    kind: str
    state: str
    used: int  # spent or held


def tranches_with_state(organisation: Organisation) -> list[TrancheSeen]:
    """Each tranche with a word for where it stands; those that can be used come first."""
    moment = clock.now()
    expired = dict(
        Posting.objects.filter(
            transfer__kind=Transfer.Kind.EXPIRY,
            account__kind=Kind.FREE,
            transfer__wallet__organisation=organisation,
        )
        .values_list("account")
        .annotate(Sum("amount"))
    )
    seen = []
    for row in tranches(organisation):
        used = row.amount - row.free.balance + expired.get(row.free_id, 0)
        if row.ends_at <= moment:
            state = ("quiet", _("ended"))
        elif row.starts_at > moment:
            state = ("wait", _("begins later"))
        elif row.free.balance:
            state = ("ok", _("usable"))
        else:
            state = ("stop", _("used up"))
        seen.append(TrancheSeen(row, *state, used=used))
    return sorted(seen, key=lambda tranche: (tranche.row.ends_at <= moment, tranche.row.ends_at))


def _ended(organisation: Organisation | None = None) -> QuerySet[Tranche]:
    ended = Tranche.objects.filter(ends_at__lte=clock.now(), free__balance__gt=0)
    return ended if organisation is None else ended.filter(wallet__organisation=organisation)


def tranches_to_expire() -> QuerySet[Tranche]:
    """Ended tranches that still hold something free."""
    return _ended().order_by("ends_at", "id")


def transfers(organisation: Organisation) -> QuerySet[Transfer]:
    """Transfers of one organisation, oldest first, each with the change of every figure."""
    return (
        Transfer.objects.filter(wallet__organisation=organisation)
        .annotate(
            granted=-_sum("postings__amount", postings__account__kind=Kind.ISSUED),
            spent=_sum("postings__amount", postings__account__kind=Kind.SPENT),
            held=_sum("postings__amount", postings__account__kind=Kind.HELD),
            free=_sum("postings__amount", postings__account__kind=Kind.FREE),
            expired=_sum("postings__amount", postings__account__kind=Kind.EXPIRED),
        )
        .order_by("at", "id")
    )


def line_of(row: Transfer) -> Line:
    """The line of a row of :func:`transfers`."""
    figures: Any = row
    change = Balance(figures.granted, figures.spent, figures.held, figures.free, figures.expired)
    return Line(row.at, row.kind, row.reference, row.purpose, change)


def _lines_to_come(organisation: Organisation) -> list[Line]:
    """What the sweep will write for tranches that have ended meanwhile."""
    return [
        Line(
            at=max(tranche.ends_at, tranche.grant.at),
            kind=Transfer.Kind.EXPIRY,
            reference=expiry_reference(tranche),
            purpose=tranche.source,
            change=Balance(left=-tranche.free.balance, expired=tranche.free.balance),
        )
        for tranche in _ended(organisation).select_related("free", "grant")
    ]


def expiry_reference(tranche: Tranche) -> str:
    """A tranche expires again when a hold returns to it after its end."""
    before = Transfer.objects.filter(kind=Transfer.Kind.EXPIRY, postings__account=tranche.free_id).count()
    return f"tranche:{tranche.pk}:expired:{before + 1}"


def statement(
    organisation: Organisation, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> Statement:
    """Every transfer from ``since`` until just before ``until``, with the figures before and after."""
    rows = transfers(organisation)
    to_come = _lines_to_come(organisation)
    opening = Balance()
    if since:
        opening = _changes(rows.filter(at__lt=since))
        opening = sum((line.change for line in to_come if line.at < since), opening)
        rows = rows.filter(at__gte=since)
        to_come = [line for line in to_come if line.at >= since]
    if until:
        rows = rows.filter(at__lt=until)
        to_come = [line for line in to_come if line.at < until]
    closing = opening
    lines = []
    for line in sorted([*map(line_of, rows), *to_come], key=lambda line: line.at):
        closing += line.change
        lines.append(replace(line, left=closing.left))
    return Statement(organisation, since, until, opening, lines, closing)


def _changes(rows: QuerySet[Transfer]) -> Balance:
    """What many transfers change together."""
    kinds = dict(
        Posting.objects.filter(transfer__in=rows.order_by().values("pk"))
        .values_list("account__kind")
        .annotate(Sum("amount"))
    )
    figures = {str(kind.value): kinds.get(kind.value, 0) for kind in Kind}
    return Balance(
        granted=-figures["issued"],
        spent=figures["spent"],
        held=figures["held"],
        left=figures["free"],
        expired=figures["expired"],
    )


def discrepancies() -> list[Discrepancy]:
    """Whatever the books say twice and not alike; an empty list when all is true."""
    found = [
        Discrepancy("balance differs from its postings", account.code, account.posted, account.balance)
        for account in Account.objects.annotate(posted=_sum("postings__amount"))
        .exclude(balance=F("posted"))
        .order_by("code")
    ]
    found += [
        Discrepancy("postings do not add up to zero", transfer.reference, 0, transfer.total)
        for transfer in Transfer.objects.annotate(total=_sum("postings__amount")).exclude(total=0)
    ]
    found += [
        Discrepancy("balance is below its floor", account.code, account.floor or 0, account.balance)
        for account in Account.objects.filter(balance__lt=F("floor")).order_by("code")
    ]
    open_holds = dict(
        Hold.objects.filter(state=Hold.State.OPEN).values_list("wallet").annotate(total=Sum("amount"))
    )
    held = dict(Account.objects.filter(kind=Kind.HELD).values_list("wallet").annotate(total=Sum("balance")))
    codes = dict(Wallet.objects.values_list("pk", "organisation__slug"))
    found += [
        Discrepancy("open holds differ from what is held", codes[pk], open_holds.get(pk, 0), held.get(pk, 0))
        for pk in sorted(open_holds.keys() | held.keys())
        if open_holds.get(pk, 0) != held.get(pk, 0)
    ]
    return found
