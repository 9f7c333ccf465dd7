from __future__ import annotations

import datetime as dt
import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.engines.votes import Rules
from bitgoeul.kit import clock
from bitgoeul.kit.text import LocalisedField


def public_id() -> str:
    """A random name: an address tells nothing about how many there are."""
    return secrets.token_hex(8)


class Committee(models.Model):
    """A body that meets and decides, on one of three levels."""

    class Level(models.TextChoices):
        STEERING = "steering", _("steering committee")
        WORKING = "working", _("working-level committee")
        GROUP = "group", _("sub-working group")

    class Share(models.TextChoices):
        MAJORITY = "majority", _("more than half")
        TWO_THIRDS = "two_thirds", _("at least two thirds")

    slug = models.SlugField(max_length=60, unique=True)
    level = models.CharField(max_length=8, choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    title = LocalisedField()
    remit = LocalisedField()
    quorum = models.CharField(max_length=10, choices=Share, default=Share.MAJORITY)
    passes = models.CharField(max_length=10, choices=Share, default=Share.MAJORITY)
    founded_on = models.DateField()
    dissolved_on = models.DateField(null=True, blank=True)
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(dissolved_on__isnull=True) | Q(dissolved_on__gte=F("founded_on")),
                name="governance_committee_dissolved_after_founding",
            ),
            models.CheckConstraint(
                condition=Q(level="steering", parent__isnull=True) | ~Q(level="steering"),
                name="governance_committee_steering_on_top",
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def rules(self) -> Rules:
        return Rules(quorum=self.quorum, passes=self.passes)  # type: ignore[arg-type]

    def sits_on(self, day: dt.date) -> bool:
        return self.founded_on <= day and (self.dissolved_on is None or day <= self.dissolved_on)


class Seat(models.Model):
    """One member's term in one committee.  Somebody without an account takes part in the room."""

    class Role(models.TextChoices):
        CHAIR = "chair", pgettext_lazy("committee", "chair")
        VICE = "vice", pgettext_lazy("committee", "vice chair")
        MEMBER = "member", pgettext_lazy("committee", "member")
        SECRETARY = "secretary", pgettext_lazy("committee", "secretary")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    committee = models.ForeignKey(Committee, models.PROTECT, related_name="seats")
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=80)
    affiliation = LocalisedField(blank=True)
    role = models.CharField(max_length=9, choices=Role, default=Role.MEMBER)
    starts_on = models.DateField()
    ends_on = models.DateField()
    ended_because = LocalisedField(blank=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ["committee", "starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="governance_seat_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def votes(self) -> bool:
        """The secretary keeps the meeting and has no vote."""
        return self.role != self.Role.SECRETARY

    def holds_on(self, day: dt.date) -> bool:
        return self.starts_on <= day <= self.ends_on
