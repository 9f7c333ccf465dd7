"""Price lists.  Every amount is in whole won."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from bitgoeul.engines import pricing
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Tariff(models.Model):
    """One version of every price, valid from a day until the next one begins.  Once published it is fixed."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("price list", "draft")
        PUBLISHED = "published", pgettext_lazy("price list", "published")
        DROPPED = "dropped", pgettext_lazy("price list", "dropped")

    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.PUBLISHED, State.DROPPED}),
            State.PUBLISHED: frozenset(),
            State.DROPPED: frozenset(),
        }
    )
    STATE_KINDS = {"draft": "quiet", "published": "ok", "dropped": "stop"}

    number = models.PositiveIntegerField(unique=True)
    title = LocalisedField()
    content = models.JSONField()
    valid_from = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    is_example = models.BooleanField(default=False)
    copy_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["valid_from"],
                condition=Q(state="published"),
                name="credits_tariff_one_from_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"prices:{self.number}"

    def prices(self) -> pricing.Tariff:
        """The prices as the engine reads them."""
        return pricing.Tariff.of(self.content)


class AgreedPrice(models.Model):
    """What one grant pays, by the list of the day on which it was agreed; later lists do not touch it."""

    reference = models.CharField(max_length=120, unique=True)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="agreed")
    machine = models.CharField(max_length=40)
    count = models.PositiveIntegerField()
    months = models.DecimalField(max_digits=9, decimal_places=4)
    grounds = models.JSONField(default=list)
    discount = models.CharField(max_length=40, blank=True)
    list_won = models.BigIntegerField()
    paid_won = models.BigIntegerField()
    agreed_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(paid_won__gte=0) & Q(paid_won__lte=F("list_won")),
                name="credits_agreed_price_paid_within_list",
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def in_kind_won(self) -> int:
        return self.list_won - self.paid_won
