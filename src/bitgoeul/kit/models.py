from __future__ import annotations

import hashlib
import json

from django.db import models
from django.utils.translation import gettext_lazy as _


class Fact(models.Model):
    """One thing that happened.  Never edited; personal values may be forgotten, their hashes stay."""

    name = models.CharField(max_length=80, db_index=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80, db_index=True)
    organisation = models.CharField(max_length=40, blank=True, db_index=True)
    subject = models.CharField(max_length=160, db_index=True)
    data = models.JSONField(default=dict)
    personal = models.JSONField(default=dict)
    salts = models.JSONField(default=dict)
    redacted = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.id} {self.name} {self.subject}"

    def personal_hashes(self) -> dict[str, str]:
        """Field -> SHA-256 of salt and value, for present and for forgotten values alike."""
        hashes = dict(self.redacted)
        for name, value in self.personal.items():
            text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            hashes[name] = hashlib.sha256(
                f"{self.salts[name]}:{text}".encode("utf-8", "backslashreplace")
            ).hexdigest()
        return hashes


class Delivery(models.Model):
    """One fact on its way to one handler, delivered at least once by the worker."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        GIVEN_UP = "given_up", _("given up")

    fact = models.ForeignKey(Fact, models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_by = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "handler"], name="kit_delivery_once")]
        indexes = [models.Index(fields=["state", "due_at"], name="kit_delivery_due")]

    def __str__(self) -> str:
        return f"{self.fact_id} -> {self.handler}"


class OnceKey(models.Model):
    """The answer to a request that carried an idempotency key."""

    owner = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="kit_oncekey_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"


class Schedule(models.Model):
    """When a piece of periodic work is due next; the row is the lock between workers."""

    name = models.CharField(max_length=200, primary_key=True)
    due_at = models.DateTimeField()
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name
