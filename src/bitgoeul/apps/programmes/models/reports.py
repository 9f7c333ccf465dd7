"""What comes back: reports, outcomes, pledges, and the files that prove them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.outcomes import Grant
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Report(models.Model):
    """A report that is due on a day: handed in by the organisation, verified or returned by a person."""

    class Kind(models.TextChoices):
        PROGRESS = "progress", pgettext_lazy("report", "progress")
        FINAL = "final", pgettext_lazy("report", "final")
        OUTCOME = "outcome", pgettext_lazy("report", "outcome")

    class State(models.TextChoices):
        DUE = "due", pgettext_lazy("report", "due")
        HANDED_IN = "handed_in", pgettext_lazy("report", "handed in")
        RETURNED = "returned", pgettext_lazy("report", "returned")
        VERIFIED = "verified", pgettext_lazy("report", "verified")

    STATE_KINDS = {"due": "wait", "handed_in": "info", "returned": "stop", "verified": "ok"}
    FLOW = Flow(
        {
            State.DUE: frozenset({State.HANDED_IN}),
            State.HANDED_IN: frozenset({State.VERIFIED, State.RETURNED}),
            State.RETURNED: frozenset({State.HANDED_IN}),
            State.VERIFIED: frozenset(),
        }
    )
    OPEN = (State.DUE, State.RETURNED)

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="reports")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    title = LocalisedField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.DUE)
    words = models.TextField(blank=True)
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    handed_in_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    remark = LocalisedField(blank=True)
    reminded = models.SmallIntegerField(null=True)  # the last reminder: days after the due day, before it < 0

    class Meta:
        ordering = ["due_at", "number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="programmes_report_number_once")
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="programmes_report_due")]

    def __str__(self) -> str:
        return f"{self.grant_id}/{self.number}: {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at < clock.now()


class Pledge(models.Model):
    """What an organisation promised: so much until a day; a person verifies how much of it came true."""

    class Kind(models.TextChoices):
        JOBS = "jobs", pgettext_lazy("pledge", "jobs")
        INVESTMENT = "investment", pgettext_lazy("pledge", "investment in won")
        OFFICE = "office", pgettext_lazy("pledge", "an office in the region")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("pledge", "open")
        CLAIMED = "claimed", pgettext_lazy("pledge", "reported as fulfilled")
        FULFILLED = "fulfilled", pgettext_lazy("pledge", "fulfilled")
        PARTLY = "partly", pgettext_lazy("pledge", "fulfilled in part")
        MISSED = "missed", pgettext_lazy("pledge", "not fulfilled")

    STATE_KINDS = {"open": "wait", "claimed": "info", "fulfilled": "ok", "partly": "wait", "missed": "stop"}
    FLOW = Flow(
        {
            State.OPEN: frozenset({State.CLAIMED, State.MISSED}),
            State.CLAIMED: frozenset({State.FULFILLED, State.PARTLY, State.MISSED, State.OPEN}),
            State.FULFILLED: frozenset(),
            State.PARTLY: frozenset({State.CLAIMED}),
            State.MISSED: frozenset({State.CLAIMED}),
        }
    )

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="pledges")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    target = models.BigIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    reported = models.BigIntegerField(null=True)
    verified = models.BigIntegerField(null=True)
    words = models.TextField(blank=True)
    remark = LocalisedField(blank=True)

    class Meta:
        ordering = ["due_at", "number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="programmes_pledge_number_once"),
            models.CheckConstraint(condition=Q(target__gt=0), name="programmes_pledge_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}/{self.number}: {self.kind}"

    @property
    def is_overdue(self) -> bool:
        return self.state == self.State.OPEN and self.due_at < clock.now()

    @property
    def percent(self) -> int:
        """How much of it is verified."""
        return min(100, 100 * (self.verified or 0) // self.target)


class Evidence(models.Model):
    """One file that proves a report or a pledge; what lies in the store is named by its fingerprint."""

    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="files")
    pledge = models.ForeignKey(Pledge, models.PROTECT, null=True, related_name="files")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=200)
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(report__isnull=False, pledge__isnull=True)
                | Q(report__isnull=True, pledge__isnull=False),
                name="programmes_evidence_of_one_thing",
            ),
            models.UniqueConstraint(fields=["report", "sha256"], name="programmes_evidence_once_a_report"),
            models.UniqueConstraint(fields=["pledge", "sha256"], name="programmes_evidence_once_a_pledge"),
        ]

    def __str__(self) -> str:
        return self.name
