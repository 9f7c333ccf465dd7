"""Accounts in double entry.  Every amount is in whole milli-credits."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.engines.credits import Level
from bitgoeul.kit.flow import Flow


class Wallet(models.Model):
    """One organisation's credits: the row that two commands about one organisation queue at."""

    class Level(models.IntegerChoices):
        ENOUGH = int(Level.ENOUGH), _("enough")
        LOW = int(Level.LOW), _("running low")
        EXHAUSTED = int(Level.EXHAUSTED), _("exhausted")

    organisation = models.OneToOneField("people.Organisation", models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.ENOUGH)

    def __str__(self) -> str:
        return str(self.organisation)


class Account(models.Model):
    """A place where credits are.  The database refuses to let the balance fall below the floor."""

    class Kind(models.TextChoices):
        ISSUED = "issued", pgettext_lazy("account", "issued")
        FREE = "free", pgettext_lazy("account", "free")
        HELD = "held", pgettext_lazy("account", "held")
        SPENT = "spent", pgettext_lazy("account", "spent")
        EXPIRED = "expired", pgettext_lazy("account", "expired")

    code = models.CharField(max_length=160, unique=True)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="accounts")
    kind = models.CharField(max_length=8, choices=Kind)
    balance = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True, default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")),
                name="credits_account_not_below_floor",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Hold(models.Model):
    """Credits set aside before work begins, so that what runs can be paid."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("hold", "open")
        SETTLED = "settled", pgettext_lazy("hold", "settled")
        RELEASED = "released", pgettext_lazy("hold", "released")

    FLOW = Flow(
        {
            State.OPEN: frozenset({State.SETTLED, State.RELEASED}),
            State.SETTLED: frozenset(),
            State.RELEASED: frozenset(),
        }
    )
    STATE_KINDS = {"open": "wait", "settled": "ok", "released": "quiet"}

    reference = models.CharField(max_length=120, unique=True)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="holds")
    purpose = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    settled = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    held_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="credits_hold_of_something"),
            models.CheckConstraint(
                condition=Q(settled__gte=0) & Q(settled__lte=F("amount")), name="credits_hold_settled_within"
            ),
        ]
        indexes = [models.Index(fields=["wallet", "state"], name="credits_hold_open")]

    def __str__(self) -> str:
        return self.reference


class Transfer(models.Model):
    """Postings that belong together, under one reference.  Never edited: a mistake is reversed."""

    class Kind(models.TextChoices):
        GRANT = "grant", pgettext_lazy("transfer", "grant")
        HOLD = "hold", pgettext_lazy("transfer", "hold")
        SETTLEMENT = "settlement", pgettext_lazy("transfer", "settlement")
        RELEASE = "release", pgettext_lazy("transfer", "release")
        SPENDING = "spending", pgettext_lazy("transfer", "spending")
        EXPIRY = "expiry", pgettext_lazy("transfer", "expiry")
        REVERSAL = "reversal", pgettext_lazy("transfer", "reversal")

    reference = models.CharField(max_length=160, unique=True)
    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="transfers")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    purpose = models.CharField(max_length=200, blank=True)
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="transfers")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversal")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["wallet", "at", "id"], name="credits_transfer_statement")]

    def __str__(self) -> str:
        return self.reference


class Posting(models.Model):
    """What one account gained or gave in one transfer."""

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transfer", "account"], name="credits_posting_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="credits_posting_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"


class Tranche(models.Model):
    """One grant of credits, usable from its start until just before its end."""

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="tranches")
    grant = models.OneToOneField(Transfer, models.PROTECT, related_name="tranche")
    source = models.CharField(max_length=200)
    amount = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    free = models.OneToOneField(Account, models.PROTECT, related_name="+")
    held = models.OneToOneField(Account, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["ends_at", "starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="credits_tranche_of_something"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="credits_tranche_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.amount}"
