from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.applications import Application
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Decision(models.Model):
    """What was decided about an application, with the reason the applicant reads."""

    application = models.OneToOneField(Application, models.PROTECT, related_name="decision")
    accepted = models.BooleanField()
    automatic = models.BooleanField()
    by = models.CharField(max_length=80)
    reason = LocalisedField()
    clauses = models.JSONField(default=list)  # the names of the clauses that failed
    at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.application_id}: {'accepted' if self.accepted else 'rejected'}"


class Grant(models.Model):
    """What an accepted application got, from a day to a day; its parts say what it is made of.

    ``amount`` is what it took from the call's budget, in the budget's unit.
    """

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("grant", "active")
        SUSPENDED = "suspended", pgettext_lazy("grant", "suspended")
        ENDED = "ended", pgettext_lazy("grant", "ended")
        RETURNED = "returned", pgettext_lazy("grant", "given back")

    STATE_KINDS = {"active": "ok", "suspended": "wait", "ended": "quiet", "returned": "quiet"}
    FLOW = Flow(
        {
            State.ACTIVE: frozenset({State.SUSPENDED, State.ENDED, State.RETURNED}),
            State.SUSPENDED: frozenset({State.ACTIVE, State.ENDED, State.RETURNED}),
            State.ENDED: frozenset(),
            State.RETURNED: frozenset(),
        }
    )

    application = models.OneToOneField(Application, models.PROTECT, related_name="grant")
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE)
    amount = models.BigIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reference = models.CharField(max_length=80, unique=True)
    activated_at = models.DateTimeField(null=True)  # when its parts were handed over

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="programmes_grant_gives_something"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="programmes_grant_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"grant:{self.application.public_id}"


class GrantPart(models.Model):
    """One thing that a grant gives: planned with the grant, active once it is handed over."""

    class Part(models.TextChoices):
        CREDITS = "credits", pgettext_lazy("part", "credits")
        CAPACITY = "capacity", pgettext_lazy("part", "a claim on a pool")
        MONEY = "money", pgettext_lazy("part", "money")
        DATASET = "dataset", pgettext_lazy("part", "access to a dataset")
        DOCUMENT = "document", pgettext_lazy("part", "a document")

    class Unit(models.TextChoices):
        MILLI_CREDITS = "milli-credits", _("thousandths of a credit")
        WON = "won", pgettext_lazy("part", "won")
        UNITS = "units", _("units of the pool")
        ONE = "one", pgettext_lazy("part", "one")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("part", "planned")
        WAITING = "waiting", pgettext_lazy("part", "on the waiting list")
        ACTIVE = "active", pgettext_lazy("part", "active")
        ENDED = "ended", pgettext_lazy("part", "ended")
        RETURNED = "returned", pgettext_lazy("part", "given back")

    STATE_KINDS = {
        "planned": "wait",
        "waiting": "wait",
        "active": "ok",
        "ended": "quiet",
        "returned": "quiet",
    }
    FLOW = Flow(
        {
            State.PLANNED: frozenset({State.WAITING, State.ACTIVE, State.RETURNED}),
            State.WAITING: frozenset({State.ACTIVE, State.RETURNED}),
            State.ACTIVE: frozenset({State.ENDED, State.RETURNED}),
            State.ENDED: frozenset(),
            State.RETURNED: frozenset(),
        }
    )

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField()  # its place in the call's list, from 1
    part = models.CharField(max_length=8, choices=Part)
    quantity = models.BigIntegerField(default=1)
    unit = models.CharField(max_length=13, choices=Unit, default=Unit.ONE)
    about = models.CharField(max_length=120, blank=True)  # the pool or the dataset it is about
    title = LocalisedField(blank=True)
    numbered = models.BooleanField(default=False)  # one certain unit of the pool, such as a room
    waits = models.BooleanField(default=False)  # a full pool: wait for it instead of refusing
    claim = models.CharField(max_length=160, blank=True)  # the key of its claim on the pool
    reference = models.CharField(max_length=100, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)

    class Meta:
        ordering = ["grant", "number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="programmes_grantpart_number_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="programmes_grantpart_gives_something"),
        ]

    def __str__(self) -> str:
        return self.reference

    def as_data(self) -> dict[str, Any]:
        """The part as a fact and as the API tell it."""
        return {
            "number": self.number,
            "part": self.part,
            "quantity": self.quantity,
            "unit": self.unit,
            "about": self.about,
            "title": dict(self.title),
            "numbered": self.numbered,
            "reference": self.reference,
        }
