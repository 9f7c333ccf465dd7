from __future__ import annotations

import datetime as dt
import secrets

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def public_id() -> str:
    """A random name for an application: its address tells nothing about how many there are."""
    return secrets.token_hex(8)


class Programme(models.Model):
    """What the cluster supports, over years; calls open under it."""

    slug = models.SlugField(max_length=60, unique=True)
    title = LocalisedField()
    summary = LocalisedField(blank=True)
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return str(self.title)


class Call(models.Model):
    """An offer to apply for, from a day to a deadline: who can have it, what it gives, how much there is.

    Rules and form change only while it is a draft; applications then all meet the same version.
    """

    class Kind(models.TextChoices):
        COMPUTE = "compute", _("compute credits")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", pgettext_lazy("call", "open")
        CLOSED = "closed", pgettext_lazy("call", "closed")

    STATE_KINDS = {"draft": "quiet", "open": "ok", "closed": "quiet"}
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.OPEN}),
            State.OPEN: frozenset({State.CLOSED}),
            State.CLOSED: frozenset(),
        }
    )

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="calls")
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.COMPUTE)
    tier = models.CharField(max_length=20)
    title = LocalisedField()
    summary = LocalisedField()
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    budget = models.BigIntegerField()  # milli-credits
    granted = models.BigIntegerField(default=0)  # milli-credits
    gives_credits = models.BigIntegerField()  # milli-credits for each grant
    gives_days = models.PositiveSmallIntegerField()
    clauses = models.JSONField()
    rules_version = models.PositiveSmallIntegerField(default=1)
    rules_fingerprint = models.CharField(max_length=64)
    form = models.JSONField()
    terms = LocalisedField()
    repeatable = models.BooleanField(default=False)
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["closes_at", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="programmes_call_closes_after_opening"
            ),
            models.CheckConstraint(
                condition=Q(granted__gte=0) & Q(granted__lte=F("budget")),
                name="programmes_call_within_budget",
            ),
            models.CheckConstraint(
                condition=Q(gives_credits__gt=0) & Q(gives_days__gt=0), name="programmes_call_gives_something"
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def left(self) -> int:
        """What the budget still holds, in milli-credits."""
        return self.budget - self.granted

    @property
    def grants_left(self) -> int:
        return self.left // self.gives_credits

    def accepts_at(self, moment: dt.datetime) -> bool:
        """Whether an application can be handed in at this moment."""
        return self.state == self.State.OPEN and self.opens_at <= moment < self.closes_at

    def is_past_at(self, moment: dt.datetime) -> bool:
        return self.state == self.State.CLOSED or (self.state == self.State.OPEN and moment >= self.closes_at)


class Application(models.Model):
    """One organisation's answer to one call.

    What was decided on is frozen with it: the facts, the outcome of each clause, the version of the rules.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", pgettext_lazy("application", "submitted")
        WAITING = "waiting", pgettext_lazy("application", "waiting for a person")
        ACCEPTED = "accepted", pgettext_lazy("application", "accepted")
        REJECTED = "rejected", pgettext_lazy("application", "rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("application", "withdrawn")

    STATE_KINDS = {
        "draft": "quiet",
        "submitted": "info",
        "waiting": "wait",
        "accepted": "ok",
        "rejected": "stop",
        "withdrawn": "quiet",
    }
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
            State.SUBMITTED: frozenset({State.ACCEPTED, State.REJECTED, State.WAITING}),
            State.WAITING: frozenset({State.ACCEPTED, State.REJECTED, State.WITHDRAWN}),
            State.ACCEPTED: frozenset(),
            State.REJECTED: frozenset(),
            State.WITHDRAWN: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="applications")
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    alone = models.BooleanField(default=True)  # the call allows one application for each organisation
    answers = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    outcomes = models.JSONField(default=list)
    verdict = models.CharField(max_length=7, blank=True)
    rules_version = models.PositiveSmallIntegerField(default=0)
    rules_fingerprint = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "organisation"],
                condition=Q(alone=True) & ~Q(state="withdrawn"),
                name="programmes_application_one_each",
            )
        ]
        indexes = [models.Index(fields=["state", "submitted_at"], name="programmes_application_desk")]

    def __str__(self) -> str:
        return f"{self.organisation} → {self.call}"

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"application:{self.public_id}"


class Decision(models.Model):
    """The end of an application, with the reason the applicant reads."""

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
    """What an accepted application got: credits from a day to a day, posted under ``reference``."""

    application = models.OneToOneField(Application, models.PROTECT, related_name="grant")
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    amount = models.BigIntegerField()  # milli-credits
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reference = models.CharField(max_length=80, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="programmes_grant_gives_something"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="programmes_grant_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
