from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.governance.models.committees import Committee, Seat, public_id
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Meeting(models.Model):
    """One sitting of one committee, from its plan to its end."""

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("meeting", "planned")
        CONVENED = "convened", pgettext_lazy("meeting", "convened")
        SITTING = "sitting", pgettext_lazy("meeting", "in session")
        ENDED = "ended", pgettext_lazy("meeting", "ended")
        CANCELLED = "cancelled", pgettext_lazy("meeting", "cancelled")

    STATE_KINDS = {
        "planned": "quiet",
        "convened": "info",
        "sitting": "wait",
        "ended": "ok",
        "cancelled": "stop",
    }
    FLOW = Flow(
        {
            State.PLANNED: frozenset({State.CONVENED, State.CANCELLED}),
            State.CONVENED: frozenset({State.SITTING, State.CANCELLED}),
            State.SITTING: frozenset({State.ENDED}),
            State.ENDED: frozenset(),
            State.CANCELLED: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    committee = models.ForeignKey(Committee, models.PROTECT, related_name="meetings")
    number = models.PositiveIntegerField()  # within the committee
    title = LocalisedField()
    place = LocalisedField(blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["committee", "number"], name="governance_meeting_number_in_committee"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="governance_meeting_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def held_on(self) -> dt.date:
        """The day by which terms of office are looked at."""
        return timezone.localdate(self.opened_at or self.starts_at)

    @property
    def subject(self) -> str:
        return f"meeting:{self.public_id}"


class Item(models.Model):
    """One point of an agenda.  A motion is voted on, word for word as it stands when the vote opens."""

    class Kind(models.TextChoices):
        REPORT = "report", pgettext_lazy("agenda", "report")
        DISCUSSION = "discussion", pgettext_lazy("agenda", "discussion")
        MOTION = "motion", pgettext_lazy("agenda", "motion")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("agenda", "to come")
        DONE = "done", pgettext_lazy("agenda", "dealt with")
        VOTING = "voting", pgettext_lazy("agenda", "being voted on")
        CARRIED = "carried", pgettext_lazy("agenda", "carried")
        REJECTED = "rejected", pgettext_lazy("agenda", "rejected")
        WITHDRAWN = "withdrawn", pgettext_lazy("agenda", "withdrawn")

    STATE_KINDS = {
        "waiting": "quiet",
        "done": "ok",
        "voting": "wait",
        "carried": "ok",
        "rejected": "stop",
        "withdrawn": "quiet",
    }
    FLOW = Flow(
        {
            # A vote that ends without a quorum decided nothing: the point waits again.
            State.WAITING: frozenset({State.DONE, State.VOTING, State.WITHDRAWN}),
            State.VOTING: frozenset({State.CARRIED, State.REJECTED, State.WAITING}),
            State.DONE: frozenset(),
            State.CARRIED: frozenset(),
            State.REJECTED: frozenset(),
            State.WITHDRAWN: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    title = LocalisedField()
    text = LocalisedField(blank=True)
    tasks = models.JSONField(default=list, blank=True)  # keys of tasks of the plan
    supersedes = models.CharField(max_length=30, blank=True)  # reference of a decision it would replace
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    round = models.PositiveSmallIntegerField(default=0)  # how often it was put to the vote
    tally = models.JSONField(default=dict, blank=True)
    voted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["meeting", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="governance_item_position"),
            models.UniqueConstraint(
                fields=["meeting"], condition=Q(state="voting"), name="governance_item_one_vote_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return str(self.title)


class Attendance(models.Model):
    """Whether a member is there; the last word counts."""

    class State(models.TextChoices):
        PRESENT = "present", pgettext_lazy("attendance", "present")
        EXCUSED = "excused", pgettext_lazy("attendance", "excused")
        ABSENT = "absent", pgettext_lazy("attendance", "absent")

    STATE_KINDS = {"present": "ok", "excused": "info", "absent": "quiet"}

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="attendance")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="attendance")
    state = models.CharField(max_length=7, choices=State)
    noted_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "seat"], name="governance_attendance_once")]

    def __str__(self) -> str:
        return f"{self.seat} {self.state}"


class Interest(models.Model):
    """A member's declaration that a point concerns them; they then take no part in its vote."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="interests")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="interests")
    reason = models.CharField(max_length=500, blank=True)
    declared_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "seat"], name="governance_interest_once")]

    def __str__(self) -> str:
        return f"{self.seat} {self.item_id}"


class Vote(models.Model):
    """One member's vote on one point, once."""

    class Choice(models.TextChoices):
        YES = "yes", pgettext_lazy("vote", "yes")
        NO = "no", pgettext_lazy("vote", "no")
        ABSTAIN = "abstain", pgettext_lazy("vote", "abstain")

    item = models.ForeignKey(Item, models.PROTECT, related_name="votes")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="cast")
    round = models.PositiveSmallIntegerField(default=1)  # a vote without a quorum is held again
    choice = models.CharField(max_length=7, choices=Choice)
    in_the_room = models.BooleanField(default=False)  # noted by the secretary as said aloud
    cast_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "seat", "round"], name="governance_vote_once")]

    def __str__(self) -> str:
        return f"{self.seat} {self.item_id}"


class Minutes(models.Model):
    """What was said and decided, written by the secretary, approved by another, then published."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("minutes", "draft")
        APPROVED = "approved", pgettext_lazy("minutes", "approved")
        PUBLISHED = "published", pgettext_lazy("minutes", "published")

    STATE_KINDS = {"draft": "wait", "approved": "info", "published": "ok"}
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.APPROVED}),
            State.APPROVED: frozenset({State.PUBLISHED, State.DRAFT}),
            State.PUBLISHED: frozenset(),
        }
    )

    meeting = models.OneToOneField(Meeting, models.PROTECT, related_name="minutes")
    text = LocalisedField()
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    fingerprint = models.CharField(max_length=64, blank=True)
    drafted_by = models.CharField(max_length=80)  # the actor, who does not approve their own
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("minutes")

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.state}"
