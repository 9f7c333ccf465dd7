from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.calls import Call
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def public_id() -> str:
    """A random name for an application: its address tells nothing about how many there are."""
    return secrets.token_hex(8)


class Case(models.Model):
    """A package: several applications of one organisation for one need, decided part by part."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    title = models.CharField(_("what it is for"), max_length=120)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"case:{self.public_id}"


class Application(models.Model):
    """One organisation's answer to one call.

    What was decided on is frozen with it: the facts, the outcome of each clause, the version of the rules.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", pgettext_lazy("application", "submitted")
        WAITING = "waiting", pgettext_lazy("application", "waiting for a person")
        RETURNED = "returned", pgettext_lazy("application", "returned for completion")
        IN_REVIEW = "in_review", pgettext_lazy("application", "in review")
        RESERVE = "reserve", pgettext_lazy("application", "on the reserve list")
        OFFERED = "offered", pgettext_lazy("application", "offered")
        ACCEPTED = "accepted", pgettext_lazy("application", "accepted")
        REJECTED = "rejected", pgettext_lazy("application", "rejected")
        DECLINED = "declined", pgettext_lazy("application", "declined by the winner")
        LAPSED = "lapsed", pgettext_lazy("application", "offer lapsed")
        WITHDRAWN = "withdrawn", pgettext_lazy("application", "withdrawn")

    STATE_KINDS = {
        "draft": "quiet",
        "submitted": "info",
        "waiting": "wait",
        "returned": "wait",
        "in_review": "info",
        "reserve": "wait",
        "offered": "ok",
        "accepted": "ok",
        "rejected": "stop",
        "declined": "quiet",
        "lapsed": "quiet",
        "withdrawn": "quiet",
    }
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.SUBMITTED, State.WITHDRAWN}),
            State.SUBMITTED: frozenset(
                {State.WAITING, State.IN_REVIEW, State.OFFERED, State.ACCEPTED, State.REJECTED}
            ),
            State.WAITING: frozenset(
                {
                    State.IN_REVIEW,
                    State.OFFERED,
                    State.ACCEPTED,
                    State.REJECTED,
                    State.RETURNED,
                    State.WITHDRAWN,
                }
            ),
            State.RETURNED: frozenset({State.SUBMITTED, State.REJECTED, State.WITHDRAWN}),
            State.IN_REVIEW: frozenset({State.OFFERED, State.RESERVE, State.REJECTED, State.WITHDRAWN}),
            State.RESERVE: frozenset({State.OFFERED, State.REJECTED, State.WITHDRAWN}),
            State.OFFERED: frozenset({State.ACCEPTED, State.DECLINED, State.LAPSED}),
            State.ACCEPTED: frozenset(),
            State.REJECTED: frozenset({State.RESERVE}),  # an appeal was upheld
            State.DECLINED: frozenset(),
            State.LAPSED: frozenset(),
            State.WITHDRAWN: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="applications")
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="applications")
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
    ask = models.BigIntegerField(null=True)  # what was asked for, in the unit of the call's budget
    amount = models.BigIntegerField(null=True)  # what is offered or granted, in the same unit
    order = models.PositiveIntegerField(null=True)  # in the reserve: 1 is the next
    offer_ends_at = models.DateTimeField(null=True)
    completion_due_at = models.DateTimeField(null=True)
    completion_asks = LocalisedField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "organisation"],
                condition=Q(alone=True) & ~Q(state="withdrawn"),
                name="programmes_application_one_each",
            ),
            models.UniqueConstraint(
                fields=["call", "order"],
                condition=Q(state="reserve"),
                name="programmes_application_one_order",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="programmes_application_desk"),
            models.Index(fields=["state", "offer_ends_at"], name="programmes_application_offers"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} → {self.call}"

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"application:{self.public_id}"

    @property
    def is_editable(self) -> bool:
        """Whether its answers may still change: a draft, or returned for completion."""
        return self.state in (self.State.DRAFT, self.State.RETURNED)

    @property
    def is_undecided(self) -> bool:
        """Handed in, and somebody has still to decide about it."""
        return self.state in (self.State.WAITING, self.State.IN_REVIEW, self.State.RESERVE)
