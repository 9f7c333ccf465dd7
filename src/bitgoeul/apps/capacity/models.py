"""Pools of things that can be given out once at a time: GPUs, seats, rooms, machines, hours."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Pool(models.Model):
    """Something there is so much of.  What is left is counted in its shards, never by counting claims."""

    class Kind(models.TextChoices):
        COMPUTE = "compute", pgettext_lazy("pool", "computing")
        EQUIPMENT = "equipment", pgettext_lazy("pool", "equipment")
        SPACE = "space", pgettext_lazy("pool", "rooms")
        SEATS = "seats", pgettext_lazy("pool", "seats")
        OTHER = "other", pgettext_lazy("pool", "other")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("pool", "open")
        PAUSED = "paused", pgettext_lazy("pool", "paused")
        CLOSED = "closed", pgettext_lazy("pool", "closed")

    class Order(models.TextChoices):
        ARRIVAL = "arrival", _("in the order of arrival")
        RANK = "rank", _("in the order of the published ranks, then of arrival")

    FLOW = Flow(
        {
            State.OPEN: frozenset({State.PAUSED, State.CLOSED}),
            State.PAUSED: frozenset({State.OPEN, State.CLOSED}),
            State.CLOSED: frozenset(),
        }
    )
    STATE_KINDS = {"open": "ok", "paused": "wait", "closed": "quiet"}

    slug = models.SlugField(max_length=60, unique=True)
    title = LocalisedField()
    unit = LocalisedField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.OTHER)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    capacity = models.PositiveIntegerField()
    shards = models.PositiveSmallIntegerField(default=1)
    numbered = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, null=True, related_name="+")
    order = models.CharField(max_length=8, choices=Order, default=Order.ARRIVAL)
    self_service = models.BooleanField(default=False)
    one_each = models.BooleanField(default=False)
    most = models.PositiveIntegerField(null=True)
    hold_for = models.DurationField(default=dt.timedelta(minutes=15))
    offer_for = models.DurationField(default=dt.timedelta(hours=24))
    is_public = models.BooleanField(default=True)
    is_example = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["kind", "slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="capacity_pool_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(shards__gt=0), name="capacity_pool_has_a_shard"),
        ]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def subject(self) -> str:
        """The subject under which the record keeps the facts about this pool."""
        return f"pool:{self.slug}"

    def is_within_its_time(self, moment: dt.datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= moment) and (
            self.ends_at is None or moment < self.ends_at
        )


class Shard(models.Model):
    """One counter of a pool.  A claim is one conditional update of one shard.

    The CHECK makes giving out too much impossible even if a program errs.  ``admits`` is false while the pool
    is paused or somebody waits, so that the same update also keeps latecomers from jumping the line.
    """

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="counters", db_index=False)
    number = models.PositiveSmallIntegerField()
    capacity = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    admits = models.BooleanField(default=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "number"], name="capacity_shard_once"),
            models.CheckConstraint(
                condition=Q(taken__gte=0) & Q(taken__lte=F("capacity")), name="capacity_shard_never_oversold"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool_id}/{self.number}: {self.taken} of {self.capacity}"

    @property
    def left(self) -> int:
        return self.capacity - self.taken


class Claim(models.Model):
    """So much of one pool for one holder, under the client's own key.

    A key that claims several pools at once has one row for each, in ``part``.
    """

    class State(models.TextChoices):
        HELD = "held", pgettext_lazy("claim", "held")
        CLAIMED = "claimed", pgettext_lazy("claim", "claimed")
        RELEASED = "released", pgettext_lazy("claim", "released")
        EXPIRED = "expired", pgettext_lazy("claim", "expired")

    FLOW = Flow(
        {
            State.HELD: frozenset({State.CLAIMED, State.RELEASED, State.EXPIRED}),
            State.CLAIMED: frozenset({State.RELEASED, State.EXPIRED}),
            State.RELEASED: frozenset(),
            State.EXPIRED: frozenset(),
        }
    )
    STATE_KINDS = {"held": "wait", "claimed": "ok", "released": "quiet", "expired": "quiet"}
    ACTIVE = (State.HELD, State.CLAIMED)

    key = models.CharField(max_length=160)
    part = models.PositiveSmallIntegerField(default=0)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="claims", db_index=False)
    shard = models.PositiveSmallIntegerField()
    asked = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.CLAIMED)
    holder = models.CharField(max_length=120)
    organisation = models.ForeignKey(
        "people.Organisation", models.PROTECT, null=True, related_name="+", db_index=False
    )
    sole = models.BooleanField(default=False)
    purpose = models.CharField(max_length=200, blank=True)
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "part"], name="capacity_claim_once"),
            models.UniqueConstraint(
                fields=["pool", "holder"],
                condition=Q(sole=True, state__in=["held", "claimed"]),
                name="capacity_claim_one_each",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) & Q(quantity__lte=F("asked")), name="capacity_claim_of_something"
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(expires_at__isnull=False), name="capacity_hold_expires"
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "state"], name="capacity_claim_pool"),
            models.Index(fields=["holder"], name="capacity_claim_holder"),
            models.Index(fields=["expires_at"], name="capacity_hold_due", condition=Q(state="held")),
            models.Index(
                fields=["until"],
                name="capacity_claim_due",
                condition=Q(state="claimed", until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.quantity} of {self.pool_id}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE


class Unit(models.Model):
    """One numbered thing of a pool: a machine, a room, a seat.  Whose it is now is one field of its row."""

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="units", db_index=False)
    label = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    in_service = models.BooleanField(default=True)
    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="units")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "label"], name="capacity_unit_once"),
            models.CheckConstraint(
                condition=Q(in_service=True) | Q(claim__isnull=True), name="capacity_unit_out_is_nobodys"
            ),
        ]
        indexes = [
            models.Index(
                fields=["pool", "position"],
                name="capacity_unit_free",
                condition=Q(claim__isnull=True, in_service=True),
            )
        ]

    def __str__(self) -> str:
        return self.label


class Waiting(models.Model):
    """Somebody's place in the line of a pool.  An offer to it is a hold of real units."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("line", "waiting")
        OFFERED = "offered", pgettext_lazy("line", "offered")
        ACCEPTED = "accepted", pgettext_lazy("line", "accepted")
        DECLINED = "declined", pgettext_lazy("line", "declined")
        EXPIRED = "expired", pgettext_lazy("line", "expired")
        LEFT = "left", pgettext_lazy("line", "left")

    FLOW = Flow(
        {
            State.WAITING: frozenset({State.OFFERED, State.LEFT}),
            State.OFFERED: frozenset({State.ACCEPTED, State.DECLINED, State.EXPIRED}),
            State.ACCEPTED: frozenset(),
            State.DECLINED: frozenset(),
            State.EXPIRED: frozenset(),
            State.LEFT: frozenset(),
        }
    )
    STATE_KINDS = {"waiting": "wait", "offered": "info", "accepted": "ok"}

    key = models.CharField(max_length=160, unique=True)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="line", db_index=False)
    quantity = models.PositiveIntegerField()
    rank = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    holder = models.CharField(max_length=120)
    organisation = models.ForeignKey(
        "people.Organisation", models.PROTECT, null=True, related_name="+", db_index=False
    )
    purpose = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField(null=True)
    joined_at = models.DateTimeField()
    claim = models.OneToOneField(Claim, models.PROTECT, null=True, related_name="offered_to")

    class Meta:
        ordering = ["rank", "joined_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="capacity_waiting_for_something"),
            models.UniqueConstraint(
                fields=["pool", "holder"],
                condition=Q(state="waiting"),
                name="capacity_waiting_one_place_each",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pool", "rank", "joined_at", "id"],
                name="capacity_line",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["holder"], name="capacity_waiting_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.key} in the line of {self.pool_id}"
