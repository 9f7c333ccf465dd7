"""What each support was worth, in double entry.  Every amount is in whole won."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from bitgoeul.kit.text import LocalisedField


class BenefitAccount(models.Model):
    """One organisation's side of the ledger: what it was given, what it paid of that, what was in kind."""

    class Kind(models.TextChoices):
        GIVEN = "given", pgettext_lazy("benefit", "given")
        PAID = "paid", pgettext_lazy("benefit", "paid")
        IN_KIND = "in_kind", pgettext_lazy("benefit", "in kind")

    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind)
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind"], name="credits_benefit_account_once"),
            models.CheckConstraint(
                condition=(Q(kind="given") & Q(balance__lte=0)) | (~Q(kind="given") & Q(balance__gte=0)),
                name="credits_benefit_account_on_its_side",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.kind}"


class Benefit(models.Model):
    """One support: list value = paid + in kind.  Never edited: a mistake is reversed by another line."""

    reference = models.CharField(max_length=140, unique=True)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    programme = models.CharField(max_length=120)
    item = models.CharField(max_length=120)
    list_won = models.BigIntegerField()
    paid_won = models.BigIntegerField()
    in_kind_won = models.BigIntegerField()
    legal_basis = LocalisedField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    beside = models.JSONField(default=list)  # references that paid for the same item when this was posted
    reason = models.CharField(max_length=200, blank=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversal")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(list_won=F("paid_won") + F("in_kind_won")), name="credits_benefit_adds_up"
            ),
            models.CheckConstraint(
                condition=(
                    Q(reverses__isnull=True) & Q(list_won__gt=0) & Q(paid_won__gte=0) & Q(in_kind_won__gte=0)
                )
                | (
                    Q(reverses__isnull=False) & Q(list_won__lt=0) & Q(paid_won__lte=0) & Q(in_kind_won__lte=0)
                ),
                name="credits_benefit_of_something",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="credits_benefit_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "starts_on"], name="credits_benefit_statement")]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_reversal(self) -> bool:
        return self.reverses_id is not None


class BenefitPosting(models.Model):
    """What one line moved on one account."""

    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="postings")
    account = models.ForeignKey(BenefitAccount, models.PROTECT, related_name="postings")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["benefit", "account"], name="credits_benefit_posting_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="credits_benefit_posting_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"
