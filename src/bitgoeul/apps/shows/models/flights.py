"""One evening on which a version flies: its permit file, its go or no-go, what was flown."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Person
from bitgoeul.apps.shows.models.storyboards import Version, public_id
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Flight(models.Model):
    """A planned performance.  Who flies it is personal and forgotten when it need not be known any more."""

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("flight", "planned")
        GO = "go", pgettext_lazy("flight", "go")
        NO_GO = "no_go", pgettext_lazy("flight", "no go")
        FLOWN = "flown", pgettext_lazy("flight", "flown")

    STATE_KINDS = {"planned": "wait", "go": "ok", "no_go": "stop", "flown": "quiet"}
    FLOW = Flow(
        {
            State.PLANNED: frozenset({State.GO, State.NO_GO}),
            State.GO: frozenset({State.FLOWN, State.NO_GO, State.PLANNED}),
            State.NO_GO: frozenset({State.PLANNED}),
            State.FLOWN: frozenset(),
        }
    )

    class Permit(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("permit", "being prepared")
        HANDED_IN = "handed_in", pgettext_lazy("permit", "handed in")
        APPROVED = "approved", pgettext_lazy("permit", "approved")
        REFUSED = "refused", pgettext_lazy("permit", "refused")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    version = models.ForeignKey(Version, models.PROTECT, related_name="flights")
    place = LocalisedField()
    starts_at = models.DateTimeField()
    backup_at = models.DateTimeField(null=True, blank=True)
    is_night = models.BooleanField(default=True)
    rules = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=300, blank=True)
    permit = models.CharField(max_length=10, choices=Permit, default=Permit.DRAFT)
    permit_number = models.CharField(max_length=60, blank=True)
    crew = models.JSONField(default=list, blank=True)  # [{"role", "name", "licence"}]
    insurance = models.JSONField(default=dict, blank=True)  # insurer, number, until, covers_won
    answers = models.JSONField(default=dict, blank=True)  # what the permit asks and the show does not know
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(backup_at__isnull=True) | models.Q(backup_at__gt=models.F("starts_at")),
                name="shows_flight_backup_is_later",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version.show.title} · {self.starts_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("shows:flight", args=[self.public_id])


class Reading(models.Model):
    """One press on the go/no-go board.  Readings are added, never changed; the newest counts."""

    flight = models.ForeignKey(Flight, models.CASCADE, related_name="readings")
    gate = models.CharField(max_length=40)
    value = models.CharField(max_length=40)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["flight", "gate", "-at"], name="shows_reading_newest")]

    def __str__(self) -> str:
        return f"{self.gate}={self.value}"


class Attachment(models.Model):
    """A document of the permit file that somebody brought."""

    flight = models.ForeignKey(Flight, models.CASCADE, related_name="attachments")
    document = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=200)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["document", "name"]
        constraints = [
            models.UniqueConstraint(fields=["flight", "document", "name"], name="shows_attachment_name")
        ]

    def __str__(self) -> str:
        return self.name


class FlightLog(models.Model):
    """Where the drones really were, compared with where they should have been."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        COMPARED = "compared", pgettext_lazy("flight log", "compared")
        FAILED = "failed", pgettext_lazy("flight log", "unreadable")

    STATE_KINDS = {"waiting": "wait", "compared": "ok", "failed": "stop"}
    FLOW = Flow(
        {
            State.WAITING: frozenset({State.COMPARED, State.FAILED}),
            State.COMPARED: frozenset(),
            State.FAILED: frozenset(),
        }
    )

    flight = models.ForeignKey(Flight, models.CASCADE, related_name="logs")
    name = models.CharField(max_length=120)
    stored = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    result = models.JSONField(default=dict, blank=True)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-added_at", "-id"]

    def __str__(self) -> str:
        return self.name
