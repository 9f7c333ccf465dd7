from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField
from bitgoeul.kit.ui import wording


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


MILLI = 1000  # milli-credits in a credit


def automatic_procedure() -> dict[str, Any]:
    """The procedure of calls written before procedures were: the rules decide at once."""
    return {"decision": "automatic"}


def credits_only() -> list[dict[str, Any]]:
    return [{"part": "credits"}]


class Call(models.Model):
    """An offer to apply for, from a day to a deadline: who can have it, what it gives, how it is decided.

    Rules, form and procedure change only while it is a draft; applications then all meet the same version.
    Its budget, what one grant takes from it and what was given are in one unit: ``budget_unit``.
    """

    class Kind(models.TextChoices):
        COMPUTE = "compute", _("compute credits")
        DATASET_ACCESS = "dataset-access", _("access to a dataset")
        EQUIPMENT = "equipment", _("demonstration equipment")
        SPACE = "space", _("rooms of the startup camp")
        ACADEMY = "academy", _("seats in the academy")
        INCUBATION = "incubation", _("incubation")
        RND_VOUCHER = "rnd-voucher", _("R&D voucher")
        FUND_IR = "fund-ir", _("pitch to the startup fund")
        INCENTIVE_PACKAGE = "incentive-package", _("incentive package")
        CERTIFICATION_SUPPORT = "certification-support", _("support of a certification")
        SANDBOX_CASE = "sandbox-case", _("regulatory sandbox")
        ATTRACTION_MOU = "attraction-mou", _("memorandum to come to the cluster")
        JOINT_RESEARCH = "joint-research", _("joint research")
        EXHIBITOR = "exhibitor", _("exhibition booth")
        COMPETITION_ENTRY = "competition-entry", _("entry to a competition")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", pgettext_lazy("call", "open")
        CLOSED = "closed", pgettext_lazy("call", "closed")

    class Unit(models.TextChoices):
        CREDITS = "credits", pgettext_lazy("budget", "credits")  # kept in milli-credits
        WON = "won", pgettext_lazy("budget", "won")
        PLACES = "places", pgettext_lazy("budget", "places")

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
    kind = models.CharField(max_length=24, choices=Kind, default=Kind.COMPUTE)
    tier = models.CharField(max_length=20)
    blueprint = models.CharField(max_length=60, blank=True)
    blueprint_version = models.PositiveSmallIntegerField(default=0)
    title = LocalisedField()
    summary = LocalisedField()
    stages = models.JSONField(default=list)  # of organisations it is for; empty: all
    sectors = models.JSONField(default=list)  # it is for; empty: all
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    budget_unit = models.CharField(max_length=7, choices=Unit, default=Unit.CREDITS)
    budget = models.BigIntegerField()
    reserved = models.BigIntegerField(default=0)  # in offers that wait for an answer
    granted = models.BigIntegerField(default=0)
    share_most = models.BigIntegerField()  # the most that one grant takes from the budget
    share_least = models.BigIntegerField()
    ask = models.CharField(max_length=40, blank=True)  # the question with which an applicant asks for a share
    gives_days = models.PositiveSmallIntegerField()
    gives = models.JSONField(default=credits_only)
    procedure = models.JSONField(default=automatic_procedure)
    procedure_fingerprint = models.CharField(max_length=64, blank=True)
    clauses = models.JSONField()
    rules_version = models.PositiveSmallIntegerField(default=1)
    rules_fingerprint = models.CharField(max_length=64)
    form = models.JSONField()
    terms = LocalisedField()
    repeatable = models.BooleanField(default=False)
    decisions = models.JSONField(default=list, blank=True)  # of committees: {"reference", "title"} of each
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["closes_at", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="programmes_call_closes_after_opening"
            ),
            models.CheckConstraint(
                condition=Q(granted__gte=0)
                & Q(reserved__gte=0)
                & Q(budget__gte=F("granted") + F("reserved")),
                name="programmes_call_within_budget",
            ),
            models.CheckConstraint(
                condition=Q(share_least__gt=0) & Q(share_most__gte=F("share_least")) & Q(gives_days__gt=0),
                name="programmes_call_gives_something",
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"call:{self.slug}"

    @property
    def decision(self) -> str:
        """Who decides: "automatic", "officer", "panel" or "panel-lottery"."""
        return str(self.procedure["decision"])

    @property
    def is_for_a_panel(self) -> bool:
        return self.decision in ("panel", "panel-lottery")

    @property
    def offer_days(self) -> int:
        """How long a winner may think about an offer; 0: whoever wins has it at once."""
        return int(self.procedure.get("offer_days", 0))

    @property
    def left(self) -> int:
        """What the budget still holds, offers that wait for an answer taken off."""
        return self.budget - self.granted - self.reserved

    @property
    def grants_left(self) -> int:
        return self.left // self.share_least

    def share_asked(self, answers: dict[str, Any]) -> int | None:
        """What these answers ask for in the budget's unit; the most if the form does not ask.

        People write credits, the budget holds milli-credits.  None while the question is open.
        """
        if not self.ask:
            return self.share_most
        asked = answers.get(self.ask)
        if not isinstance(asked, int) or isinstance(asked, bool):
            return None
        return asked * MILLI if self.budget_unit == self.Unit.CREDITS else asked

    def written(self, amount: int) -> str:
        """An amount of its budget as people read it, without its unit."""
        return wording.credits_of(amount) if self.budget_unit == self.Unit.CREDITS else f"{amount:,}"

    def accepts_at(self, moment: dt.datetime) -> bool:
        """Whether an application can be handed in at this moment."""
        return self.state == self.State.OPEN and self.opens_at <= moment < self.closes_at

    def is_past_at(self, moment: dt.datetime) -> bool:
        return self.state == self.State.CLOSED or (self.state == self.State.OPEN and moment >= self.closes_at)
