"""The Merkle tree over facts.  Rows are only ever added."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Leaf(models.Model):
    """The seal of one fact: its place in the tree, its leaf hash, and the root of the tree after it."""

    position = models.BigIntegerField(primary_key=True)
    fact = models.OneToOneField("kit.Fact", models.PROTECT, related_name="+")
    hash = models.CharField(max_length=64)
    root = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=0), name="record_leaf_position_from_zero")
        ]

    def __str__(self) -> str:
        return f"{self.position}: fact {self.fact_id}"


class Node(models.Model):
    """The root of one complete subtree of 2**level leaves, level 1 and up; it never changes again."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="record_node_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Head(models.Model):
    """What the hub signed: so many facts, this root, at this moment."""

    size = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    last_fact = models.BigIntegerField()
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["size"]
        indexes = [models.Index(fields=["at"], name="record_head_at")]

    def __str__(self) -> str:
        return f"{self.size} facts, {self.root[:12]}"

    def statement(self) -> dict[str, Any]:
        """What is signed, and what everybody reads, together with key and signature."""
        return {
            "size": self.size,
            "root": self.root,
            "at": moment(self.at),
        }


def moment(at: Any) -> str:
    """A moment as leaves and heads write it: UTC with microseconds, one form on every database."""
    import datetime as dt

    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
