from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.applications import Application, public_id
from bitgoeul.apps.programmes.models.calls import Call
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow


class Reviewer(models.Model):
    """Somebody who reads applications: what they know, and how many they read at a time."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    person = models.OneToOneField("people.Person", models.PROTECT, related_name="+")
    sectors = models.JSONField(default=list)
    kinds = models.JSONField(default=list)  # of calls
    load_most = models.PositiveSmallIntegerField(default=10)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"reviewer:{self.public_id}"


class Tie(models.Model):
    """What a reviewer said they are to an organisation or a person.

    ``party`` stays as it was written: an organisation that comes to the hub later is recognised then.
    """

    class Kind(models.TextChoices):
        MEMBER = "member", _("belongs to it")
        COAUTHOR = "coauthor", _("wrote with them")
        INVESTOR = "investor", _("invested in it")
        MENTOR = "mentor", _("was its mentor")
        LANDLORD = "landlord", _("lets rooms to it")
        FAMILY = "family", _("has family there")

    reviewer = models.ForeignKey(Reviewer, models.CASCADE, related_name="ties")
    kind = models.CharField(max_length=8, choices=Kind)
    party = models.CharField(max_length=120)
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    declared_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["party", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "kind", "party"], name="programmes_tie_once"),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
                name="programmes_tie_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} {self.kind} {self.party}"


class Review(models.Model):
    """One reviewer's reading of one application."""

    class State(models.TextChoices):
        ASSIGNED = "assigned", pgettext_lazy("review", "to be answered")
        ACCEPTED = "accepted", pgettext_lazy("review", "being written")
        SUBMITTED = "submitted", pgettext_lazy("review", "submitted")
        RECUSED = "recused", pgettext_lazy("review", "recused")
        BARRED = "barred", pgettext_lazy("review", "conflict of interest")

    STATE_KINDS = {
        "assigned": "wait",
        "accepted": "info",
        "submitted": "ok",
        "recused": "quiet",
        "barred": "stop",
    }
    STANDING = (State.ASSIGNED, State.ACCEPTED, State.SUBMITTED)
    OPEN = (State.ASSIGNED, State.ACCEPTED)
    FLOW = Flow(
        {
            State.ASSIGNED: frozenset({State.ACCEPTED, State.RECUSED, State.BARRED}),
            State.ACCEPTED: frozenset({State.SUBMITTED, State.RECUSED, State.BARRED}),
            State.SUBMITTED: frozenset({State.BARRED}),
            State.RECUSED: frozenset(),
            State.BARRED: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(Reviewer, models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=9, choices=State, default=State.ASSIGNED)
    kept = models.JSONField(default=dict)  # the form as it was typed so far
    kept_at = models.DateTimeField(null=True)
    marks = models.JSONField(default=dict)  # criterion -> whole number, once submitted
    to_applicant = models.TextField(blank=True)
    to_panel = models.TextField(blank=True)
    reason = models.TextField(blank=True)  # why recused or barred
    assigned_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "reviewer"], name="programmes_review_once")
        ]
        indexes = [models.Index(fields=["reviewer", "state"], name="programmes_review_desk")]

    def __str__(self) -> str:
        return f"{self.reviewer} → {self.application}"

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"review:{self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Panel(models.Model):
    """The panel of one call: who reads what with its bound, then the decision."""

    class State(models.TextChoices):
        REVIEWING = "reviewing", pgettext_lazy("panel", "reviewing")
        DECIDED = "decided", pgettext_lazy("panel", "decided")

    STATE_KINDS = {"reviewing": "info", "decided": "ok"}
    FLOW = Flow({State.REVIEWING: frozenset({State.DECIDED}), State.DECIDED: frozenset()})

    call = models.OneToOneField(Call, models.PROTECT, related_name="panel")
    state = models.CharField(max_length=9, choices=State, default=State.REVIEWING)
    affinity = models.BigIntegerField(default=0)  # of the last assignment, with its cost and lower bound
    cost = models.BigIntegerField(default=0)
    bound = models.BigIntegerField(default=0)
    bonuses = models.JSONField(default=dict)  # application -> names of the bonuses its frozen facts earn
    assigned_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    result = models.JSONField(default=dict)  # what was decided, as the public page tells it

    def __str__(self) -> str:
        return f"{self.call}: {self.state}"

    def numbers(self) -> dict[str, Any]:
        return {"affinity": self.affinity, "cost": self.cost, "bound": self.bound}
