from __future__ import annotations

import datetime as dt
import re

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.governance.models.committees import Committee, public_id
from bitgoeul.apps.governance.models.meetings import Item, Meeting
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField

REFERENCE = re.compile(r"decision:(\d{4})-(\d{2,4})")


class DecisionYear(models.Model):
    """Counts the decisions of a year; its row is the lock that keeps the numbers without gaps or twins."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Decision(models.Model):
    """What a committee carried, under a reference that anything may cite: ``decision:2026-03``."""

    class State(models.TextChoices):
        IN_FORCE = "in_force", pgettext_lazy("decision", "in force")
        SUPERSEDED = "superseded", pgettext_lazy("decision", "superseded")
        REVOKED = "revoked", pgettext_lazy("decision", "revoked")

    STATE_KINDS = {"in_force": "ok", "superseded": "quiet", "revoked": "stop"}
    FLOW = Flow(
        {
            State.IN_FORCE: frozenset({State.SUPERSEDED, State.REVOKED}),
            State.SUPERSEDED: frozenset(),
            State.REVOKED: frozenset(),
        }
    )

    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    committee = models.ForeignKey(Committee, models.PROTECT, related_name="decisions")
    item = models.OneToOneField(Item, models.PROTECT, related_name="decision")
    title = LocalisedField()
    text = LocalisedField(blank=True)
    tasks = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.IN_FORCE)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")
    decided_at = models.DateTimeField(default=clock.now)
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="governance_decision_number"),
            models.CheckConstraint(
                condition=Q(state="superseded", replaced_by__isnull=False) | ~Q(state="superseded"),
                name="governance_decision_superseded_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def name(self) -> str:
        """Its part of the address: ``2026-03``."""
        return f"{self.year}-{self.number:02d}"

    @property
    def reference(self) -> str:
        """What others cite, and its subject in the record."""
        return f"decision:{self.name}"


class Action(models.Model):
    """Something that somebody has to do by a day."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("action", "open")
        DONE = "done", pgettext_lazy("action", "done")
        CANCELLED = "cancelled", pgettext_lazy("action", "cancelled")

    STATE_KINDS = {"open": "wait", "done": "ok", "cancelled": "quiet"}
    FLOW = Flow(
        {
            State.OPEN: frozenset({State.DONE, State.CANCELLED}),
            State.DONE: frozenset(),
            State.CANCELLED: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    committee = models.ForeignKey(Committee, models.PROTECT, related_name="actions")
    meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, blank=True, related_name="actions")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, blank=True, related_name="actions")
    title = LocalisedField()
    owner = LocalisedField()  # the office that answers for it; public
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, blank=True, related_name="+")
    first_due_on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    outcome = LocalisedField(blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["state", "due_on"], name="governance_action_due")]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def subject(self) -> str:
        return f"action:{self.public_id}"

    def is_overdue_on(self, day: dt.date) -> bool:
        return self.state == self.State.OPEN and self.due_on < day
