from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from bitgoeul.engines.plans import EMPTY, Figure
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def empty_tree() -> dict[str, list[object]]:
    return {name: [] for name in EMPTY}


class PlanVersion(models.Model):
    """The whole plan as it stands from a day on: phases, and strategies > tasks > indicators.

    A published version never changes.  Re-planning writes another one; each names the fingerprint of the
    one before it, so the versions are a chain.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("plan", "draft")
        PUBLISHED = "published", pgettext_lazy("plan", "published")
        DISCARDED = "discarded", pgettext_lazy("plan", "discarded")

    STATE_KINDS = {"draft": "wait", "published": "ok", "discarded": "quiet"}
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.PUBLISHED, State.DISCARDED}),
            State.PUBLISHED: frozenset(),
            State.DISCARDED: frozenset(),
        }
    )

    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    number = models.PositiveIntegerField(null=True, blank=True, unique=True)
    tree = models.JSONField(default=empty_tree)
    reason = LocalisedField(blank=True)
    decision = models.CharField(max_length=30, blank=True)  # reference of the decision it rests on
    effective_from = models.DateField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64, blank=True)  # fingerprint of the version before
    created_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="draft"), name="governance_plan_one_draft"
            ),
            models.CheckConstraint(
                condition=~Q(state="published")
                | Q(number__isnull=False, effective_from__isnull=False, published_at__isnull=False),
                name="governance_plan_published_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or self.state}"


class Measurement(models.Model):
    """What an indicator was at a time, and who says so.  A correction is a newer row; the old one stays.

    Where the source names a month or a year only, ``as_of`` is its last day and ``precision`` says so.
    """

    class Precision(models.TextChoices):
        DAY = "day", pgettext_lazy("precision", "the day")
        MONTH = "month", pgettext_lazy("precision", "the month")
        YEAR = "year", pgettext_lazy("precision", "the year")

    indicator = models.CharField(max_length=60)
    numerator = models.DecimalField(max_digits=24, decimal_places=6)
    denominator = models.DecimalField(max_digits=24, decimal_places=6, null=True, blank=True)
    as_of = models.DateField()
    precision = models.CharField(max_length=5, choices=Precision, default=Precision.DAY)
    source = LocalisedField()
    url = models.URLField(max_length=500, blank=True)
    is_example = models.BooleanField(default=False)
    automatic = models.BooleanField(default=False)  # counted by the hub itself
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["as_of", "id"]
        indexes = [models.Index(fields=["indicator", "as_of"], name="governance_measurement_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | ~Q(denominator=0),
                name="governance_measurement_divides",
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.as_of}"

    @property
    def figure(self) -> Figure:
        return Figure(
            Decimal(self.numerator),
            Decimal(self.denominator) if self.denominator is not None else None,
            self.as_of,
        )
