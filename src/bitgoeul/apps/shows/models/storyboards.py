"""Shows as they are drawn, and versions as they are made and proved."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def public_id() -> str:
    return secrets.token_hex(8)


class Show(models.Model):
    """A drone light show of one organisation.  What is drawn now is the draft that ``draft`` names."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    title = LocalisedField()
    description = LocalisedField(blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    draft = models.PositiveIntegerField(default=1)
    is_example = models.BooleanField(default=False)
    published = models.ForeignKey("shows.Version", models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        ordering = ["-updated_at", "-id"]

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        return reverse("shows:show", args=[self.slug])


class Draft(models.Model):
    """One saved state of a storyboard.  Undo goes back to an earlier one, redo forward again."""

    show = models.ForeignKey(Show, models.CASCADE, related_name="drafts")
    number = models.PositiveIntegerField()
    story = models.JSONField()
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["show", "number"], name="shows_draft_number")]

    def __str__(self) -> str:
        return f"{self.show_id}#{self.number}"


class Asset(models.Model):
    """A file that a storyboard uses by its name: a drawing, a picture, a mesh, points, a sound."""

    class Kind(models.TextChoices):
        SVG = "svg", _("drawing (SVG)")
        PICTURE = "picture", _("picture")
        MESH = "mesh", _("mesh")
        POINTS = "points", _("points (CSV)")
        SOUND = "sound", _("sound")
        FONT = "font", _("font")

    show = models.ForeignKey(Show, models.CASCADE, related_name="assets")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=200)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["show", "name"], name="shows_asset_name")]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A storyboard as it was handed to the studio, and what came of it.  Never edited.

    ``plan`` is the story and the files it uses, by digest; ``report`` what was planned; ``certificate`` what
    was proved; ``files`` what can be downloaded; ``problem`` why it failed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("show version", "waiting")
        MAKING = "making", pgettext_lazy("show version", "being made")
        CERTIFIED = "certified", pgettext_lazy("show version", "certified")
        UNSAFE = "unsafe", pgettext_lazy("show version", "not certified")
        FAILED = "failed", pgettext_lazy("show version", "failed")

    STATE_KINDS = {
        "waiting": "wait",
        "making": "wait",
        "certified": "ok",
        "unsafe": "stop",
        "failed": "stop",
    }
    FLOW = Flow(
        {
            State.WAITING: frozenset({State.MAKING}),
            State.MAKING: frozenset({State.CERTIFIED, State.UNSAFE, State.FAILED, State.WAITING}),
            State.FAILED: frozenset({State.WAITING}),
            State.CERTIFIED: frozenset(),
            State.UNSAFE: frozenset(),
        }
    )

    show = models.ForeignKey(Show, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    origin = models.CharField(max_length=8, default="story")  # or "import"
    plan = models.JSONField()
    claim = models.CharField(max_length=100, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    certificate = models.JSONField(default=dict, blank=True)
    files = models.JSONField(default=list, blank=True)
    drones = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    created_at = models.DateTimeField(default=clock.now)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["show", "number"], name="shows_version_number"),
            models.CheckConstraint(
                condition=~models.Q(state="certified") | ~models.Q(digest=""),
                name="shows_version_certified_has_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.show.slug}@{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("shows:version", args=[self.show.slug, self.number])

    @property
    def is_at_work(self) -> bool:
        return self.state in {self.State.WAITING, self.State.MAKING}

    @property
    def is_certified(self) -> bool:
        return self.state == self.State.CERTIFIED

    @property
    def seconds(self) -> float:
        return self.duration_ms / 1000

    @property
    def poster_url(self) -> str:
        poster = self.file("poster")
        return reverse("shows:file", args=[self.show.slug, self.number, poster["name"]]) if poster else ""

    def file(self, kind: str) -> dict[str, Any] | None:
        """The first file of this kind: skyc, certificate, pack, poster, video."""
        return next((file for file in self.files if file["kind"] == kind), None)


class Film(models.Model):
    """The film of a version: asked for by a designer, recorded by the studio, kept among its files."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("show film", "waiting")
        KEPT = "kept", pgettext_lazy("show film", "recorded")
        FAILED = "failed", pgettext_lazy("show film", "not recorded")

    STATE_KINDS = {"waiting": "wait", "kept": "ok", "failed": "stop"}
    FLOW = Flow(
        {
            State.WAITING: frozenset({State.KEPT, State.FAILED}),
            State.KEPT: frozenset({State.WAITING}),
            State.FAILED: frozenset({State.WAITING}),
        }
    )

    version = models.OneToOneField(Version, models.CASCADE, related_name="film")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.JSONField(default=dict, blank=True)
    asked_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.version} {self.state}"

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING
