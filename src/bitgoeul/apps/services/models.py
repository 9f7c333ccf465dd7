"""Services, how often they answered, what that cost, and how often they fell."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def folder_key() -> str:
    return secrets.token_hex(8)


class Price(models.Model):
    """What 1,000 predictions cost from a moment on, in milli-credits.  Prices are data; the newest holds."""

    per_thousand = models.PositiveIntegerField()
    starts_at = models.DateTimeField(unique=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return f"{self.per_thousand} / 1000"


class Service(models.Model):
    """One model version that answers people and programs."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("service", "draft")
        STARTING = "starting", pgettext_lazy("service", "starting")
        LIVE = "live", pgettext_lazy("service", "live")
        SUSPENDED = "suspended", pgettext_lazy("service", "suspended")
        FAILED = "failed", pgettext_lazy("service", "failed")
        STOPPED = "stopped", pgettext_lazy("service", "stopped")

    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.STARTING}),
            State.STARTING: frozenset({State.LIVE, State.SUSPENDED, State.FAILED, State.STOPPED}),
            State.LIVE: frozenset({State.STARTING, State.SUSPENDED, State.FAILED, State.STOPPED}),
            State.SUSPENDED: frozenset({State.STARTING, State.STOPPED}),
            State.FAILED: frozenset({State.STARTING, State.STOPPED}),
            State.STOPPED: frozenset({State.STARTING}),
        }
    )
    STATE_KINDS = {
        "draft": "quiet", "starting": "wait", "live": "ok", "suspended": "wait", "failed": "stop",
        "stopped": "quiet",
    }  # fmt: skip
    RUNNING = (State.STARTING, State.LIVE)

    slug = models.SlugField(max_length=60, unique=True)
    # Names its folder: never used again, so that no meter is read for another service.
    key = models.CharField(max_length=16, unique=True, default=folder_key, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    title = LocalisedField()
    description = LocalisedField(blank=True)
    sector = models.CharField(max_length=10, choices=Organisation.Sector)
    version = models.ForeignKey("registry.ModelVersion", models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    is_public = models.BooleanField(default=True)
    # Each start counts up; a process that was started for an earlier count is replaced.
    generation = models.PositiveIntegerField(default=0)
    # What is to take over as soon as it answers, and the count of its start.
    next_version = models.ForeignKey("registry.ModelVersion", models.PROTECT, null=True, related_name="+")
    next_generation = models.PositiveIntegerField(default=0)
    note = models.JSONField(default=dict)  # why it is suspended or failed: {"code", "facts"}
    predictions = models.PositiveBigIntegerField(default=0)
    carry = models.PositiveIntegerField(default=0)  # thousandths of a milli-credit not charged yet
    spent = models.PositiveBigIntegerField(default=0)  # milli-credits
    owed = models.PositiveBigIntegerField(default=0)  # milli-credits metered and not yet paid
    meter_epoch = models.CharField(max_length=16, blank=True)
    meter_read = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    live_since = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(carry__lt=1000), name="services_service_carry_is_a_part")
        ]

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        return reverse("services:service", args=[self.slug])

    @property
    def subject(self) -> str:
        return f"service:{self.slug}"

    @property
    def is_running(self) -> bool:
        return self.state in self.RUNNING

    def restarted(self) -> dict[str, Any]:
        """The fields of a start from nothing, of the version that was asked for last."""
        return {
            "generation": max(self.generation, self.next_generation) + 1,
            "version": self.next_version or self.version,
            "next_version": None,
        }


class Usage(models.Model):
    """Predictions counted between two readings of a meter, and what they cost.  Never edited."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="usage")
    reference = models.CharField(max_length=120, unique=True)
    predictions = models.PositiveBigIntegerField()
    cost = models.PositiveBigIntegerField()  # milli-credits
    price = models.ForeignKey(Price, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["service", "at"], name="services_usage_day")]
        constraints = [
            models.CheckConstraint(condition=Q(predictions__gt=0), name="services_usage_of_something")
        ]

    def __str__(self) -> str:
        return self.reference


class Crash(models.Model):
    """One time that a predictor fell, and when the service answered again."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="crashes")
    at = models.DateTimeField()
    exit_status = models.IntegerField(null=True)  # negative: the signal; null: it no longer answered
    detail = models.CharField(max_length=400, blank=True)
    recovered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(recovered_at=None) | Q(recovered_at__gte=F("at")),
                name="services_crash_recovers_later",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.at}"

    @property
    def outage_s(self) -> float | None:
        return (self.recovered_at - self.at).total_seconds() if self.recovered_at else None


class VisitorMinute(models.Model):
    """What one visitor asked for in one minute, as far as the web processes have settled it."""

    visitor = models.CharField(max_length=32)  # a keyed hash of the address
    minute = models.PositiveBigIntegerField()  # since 1970
    asked = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["visitor", "minute"], name="services_visitorminute_once")
        ]
        indexes = [models.Index(fields=["minute"], name="services_visitorminute_past")]

    def __str__(self) -> str:
        return f"{self.minute}: {self.asked}"
