"""What follows a grant: its agreement, conditions, changes, and how what it gave is used and taken back."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.outcomes import Grant, GrantPart
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Agreement(models.Model):
    """The text that both sides agree on, written out from the call's text when the grant was made.

    The text is never edited.  What is agreed on later are numbered addenda.
    """

    class State(models.TextChoices):
        OFFERED = "offered", pgettext_lazy("agreement", "waits for a signature")
        SIGNED = "signed", pgettext_lazy("agreement", "signed")
        IN_FORCE = "in_force", pgettext_lazy("agreement", "in force")
        EXPIRED = "expired", pgettext_lazy("agreement", "not signed in time")
        ENDED = "ended", pgettext_lazy("agreement", "ended")

    STATE_KINDS = {"offered": "wait", "signed": "info", "in_force": "ok", "expired": "stop", "ended": "quiet"}
    FLOW = Flow(
        {
            State.OFFERED: frozenset({State.SIGNED, State.EXPIRED}),
            State.SIGNED: frozenset({State.IN_FORCE}),
            State.IN_FORCE: frozenset({State.ENDED}),
            State.EXPIRED: frozenset(),
            State.ENDED: frozenset(),
        }
    )

    grant = models.OneToOneField(Grant, models.PROTECT, related_name="agreement")
    state = models.CharField(max_length=8, choices=State, default=State.OFFERED)
    text = LocalisedField()
    fingerprint = models.CharField(max_length=64)
    issued_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    signed_name = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "expires_at"], name="programmes_agreement_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["offered", "expired"]) | Q(signed_at__isnull=False),
                name="programmes_agreement_is_signed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}: {self.fingerprint[:16]}"


class Addendum(models.Model):
    """What both sides agreed on later, numbered, with its own fingerprint."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="addenda")
    number = models.PositiveSmallIntegerField()
    text = LocalisedField()
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="programmes_addendum_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id}/{self.number}"


class Condition(models.Model):
    """Something the organisation does in return; a person says whether it is met."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("condition", "open")
        MET = "met", pgettext_lazy("condition", "met")
        WAIVED = "waived", pgettext_lazy("condition", "waived")

    STATE_KINDS = {"open": "wait", "met": "ok", "waived": "quiet"}
    FLOW = Flow(
        {
            State.OPEN: frozenset({State.MET, State.WAIVED}),
            State.MET: frozenset(),
            State.WAIVED: frozenset(),
        }
    )

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="conditions")
    number = models.PositiveSmallIntegerField()
    text = LocalisedField()
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="programmes_condition_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}/{self.number}"


class Change(models.Model):
    """A change of a grant that the organisation asks for and an officer decides."""

    class Kind(models.TextChoices):
        EXTENSION = "extension", pgettext_lazy("change", "a later end")
        AMOUNT = "amount", pgettext_lazy("change", "another amount")
        DATES = "dates", pgettext_lazy("change", "other dates")

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("change", "asked for")
        AGREED = "agreed", pgettext_lazy("change", "agreed")
        REFUSED = "refused", pgettext_lazy("change", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("change", "withdrawn")

    STATE_KINDS = {"asked": "wait", "agreed": "ok", "refused": "stop", "withdrawn": "quiet"}
    FLOW = Flow(
        {
            State.ASKED: frozenset({State.AGREED, State.REFUSED, State.WITHDRAWN}),
            State.AGREED: frozenset(),
            State.REFUSED: frozenset(),
            State.WITHDRAWN: frozenset(),
        }
    )

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    amount = models.BigIntegerField(null=True)
    words = models.TextField()
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)
    reason = LocalisedField(blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="programmes_change_number_once"),
            models.UniqueConstraint(
                fields=["grant"], condition=Q(state="asked"), name="programmes_change_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}/{self.number}: {self.kind}"


class UseSample(models.Model):
    """How much of a claimed part was in use over a span of time, in thousandths of a unit."""

    part = models.ForeignKey(GrantPart, models.CASCADE, related_name="samples", db_index=False)
    starts_at = models.DateTimeField()
    seconds = models.PositiveIntegerField()
    used = models.PositiveIntegerField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["part", "starts_at"], name="programmes_usesample_once"),
            models.CheckConstraint(
                condition=Q(seconds__gt=0) & Q(seconds__lte=86_400), name="programmes_usesample_of_some_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part_id}: {self.used} for {self.seconds} s"


class Reclaim(models.Model):
    """One run of the rule against idle capacity, from the notice to its end.

    A contest stands still the rule until an officer decides; the time that took is not counted.
    """

    class State(models.TextChoices):
        NOTICED = "noticed", pgettext_lazy("reclaim", "noticed")
        SHRUNK = "shrunk", pgettext_lazy("reclaim", "shrunk")
        RETURNED = "returned", pgettext_lazy("reclaim", "returned to the pool")
        CLEARED = "cleared", pgettext_lazy("reclaim", "lifted")

    STATE_KINDS = {"noticed": "wait", "shrunk": "wait", "returned": "stop", "cleared": "ok"}
    FLOW = Flow(
        {
            State.NOTICED: frozenset({State.SHRUNK, State.RETURNED, State.CLEARED}),
            State.SHRUNK: frozenset({State.RETURNED, State.CLEARED}),
            State.RETURNED: frozenset(),
            State.CLEARED: frozenset(),
        }
    )

    part = models.ForeignKey(GrantPart, models.PROTECT, related_name="reclaims")
    state = models.CharField(max_length=8, choices=State, default=State.NOTICED)
    percent = models.PositiveSmallIntegerField()  # the mean use that the last step was taken on
    held = models.PositiveIntegerField()  # when the notice was given
    noticed_at = models.DateTimeField()
    shrunk_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    contested_at = models.DateTimeField(null=True)
    contest = models.TextField(blank=True)
    contest_person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    contest_decided_at = models.DateTimeField(null=True)
    contest_reason = LocalisedField(blank=True)
    stood_still = models.DurationField(default=dt.timedelta)

    class Meta:
        ordering = ["-noticed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["part"],
                condition=Q(state__in=["noticed", "shrunk"]),
                name="programmes_reclaim_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.part_id}: {self.state}"

    @property
    def grant(self) -> Grant:
        return self.part.grant

    @property
    def is_contested(self) -> bool:
        """Whether it stands still until an officer decides."""
        return self.contested_at is not None and self.contest_decided_at is None
