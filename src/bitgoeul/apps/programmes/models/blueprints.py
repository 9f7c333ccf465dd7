from __future__ import annotations

from django.db import models

from bitgoeul.kit import clock
from bitgoeul.kit.text import LocalisedField


class Blueprint(models.Model):
    """One version of a blueprint that the desk copied from a shipped one and changed.

    Versions are never edited: each change is a new row, and a call keeps the name and version it came from.
    """

    slug = models.SlugField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    based_on = models.CharField(max_length=60)  # the shipped blueprint
    title = LocalisedField()
    content = models.JSONField()
    by = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="programmes_blueprint_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.slug}@{self.version}"
