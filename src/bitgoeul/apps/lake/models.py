from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


def public_id() -> str:
    return secrets.token_hex(8)


class Dataset(models.Model):
    """Tables that belong together, published by one organisation in numbered versions.

    The words follow DCAT: title, description, keyword, theme (sector), licence, publisher (organisation),
    source.
    """

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("everybody")
        RESTRICTED = "restricted", _("on request")
        ORGANISATION = "organisation", _("my organisation only")

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    title = LocalisedField()
    description = LocalisedField(blank=True)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    sector = models.CharField(max_length=10, choices=Organisation.Sector, db_index=True)
    licence = models.CharField(max_length=40)
    keywords = models.JSONField(default=list, blank=True)
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.PUBLIC)
    source = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now, db_index=True)
    downloads = models.PositiveBigIntegerField(default=0)

    # ``dct:accessRights`` in the words of the European vocabulary that DCAT-AP names.
    ACCESS_RIGHTS = {
        Visibility.PUBLIC: "PUBLIC",
        Visibility.RESTRICTED: "RESTRICTED",
        Visibility.ORGANISATION: "NON_PUBLIC",
    }

    class Meta:
        ordering = ["-updated_at", "-id"]

    def __str__(self) -> str:
        return str(self.title)

    @property
    def access_rights(self) -> str:
        return self.ACCESS_RIGHTS[self.Visibility(self.visibility)]

    @property
    def subject(self) -> str:
        """Its name in the record."""
        return f"dataset:{self.slug}"


class DatasetVersion(models.Model):
    """One numbered, unchanging state of a dataset.

    ``plan`` says what the worker makes it from, ``tables`` and ``profiles`` what came of it, ``lineage``
    where it comes from, ``problem`` why it failed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("waiting")
        PUBLISHING = "publishing", _("being published")
        PUBLISHED = "published", _("published")
        FAILED = "failed", _("failed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    STATE_KINDS = {
        "draft": "wait",
        "publishing": "wait",
        "published": "ok",
        "failed": "stop",
        "withdrawn": "quiet",
    }
    FLOW = Flow(
        {
            State.DRAFT: frozenset({State.PUBLISHING}),
            State.PUBLISHING: frozenset({State.PUBLISHED, State.FAILED, State.DRAFT}),
            State.FAILED: frozenset({State.DRAFT}),
            State.PUBLISHED: frozenset({State.WITHDRAWN}),
            State.WITHDRAWN: frozenset(),
        }
    )

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    note = models.CharField(max_length=300, blank=True)
    plan = models.JSONField(default=dict)
    tables = models.JSONField(default=list)
    profiles = models.JSONField(default=dict)
    lineage = models.JSONField(default=dict)
    problem = models.JSONField(default=dict)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    claim = models.CharField(max_length=160, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="lake_datasetversion_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.dataset.slug}@{self.number}"

    @property
    def is_at_work(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.PUBLISHING}

    def table(self, name: str) -> dict[str, Any] | None:
        return next((table for table in self.tables if table["name"] == name), None)


class Upload(models.Model):
    """A file on its way in, piece by piece.  Its pieces lie in the store until it is whole."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        FINISHED = "finished", _("finished")
        USED = "used", _("used")
        ABANDONED = "abandoned", _("abandoned")

    FLOW = Flow(
        {
            State.OPEN: frozenset({State.FINISHED, State.ABANDONED}),
            State.FINISHED: frozenset({State.USED, State.ABANDONED}),
            State.USED: frozenset(),
            State.ABANDONED: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    received = models.PositiveBigIntegerField(default=0)
    pieces = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=clock.now)
    touched_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received__lte=models.F("size")), name="lake_upload_not_more_than_declared"
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file(self) -> str:
        """The name in the store of the whole file."""
        return f"lake/uploads/{self.public_id}/file"


class SearchToken(models.Model):
    """One word, or pair of syllables, under which a dataset is found."""

    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="tokens")
    token = models.CharField(max_length=40)
    weight = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "dataset"], name="lake_searchtoken_once")]

    def __str__(self) -> str:
        return self.token


class Access(models.Model):
    """One organisation may read the rows of a dataset from a moment to a moment, for a purpose.

    Given by hand, or as the part of a grant.  After its end it opens nothing, whether or not the clock has
    already said so here.
    """

    class State(models.TextChoices):
        GIVEN = "given", pgettext_lazy("access", "given")
        ENDED = "ended", pgettext_lazy("access", "ended")
        TAKEN_BACK = "taken_back", pgettext_lazy("access", "taken back")

    STATE_KINDS = {"given": "ok", "ended": "quiet", "taken_back": "stop"}
    FLOW = Flow(
        {
            State.GIVEN: frozenset({State.ENDED, State.TAKEN_BACK}),
            State.ENDED: frozenset(),
            State.TAKEN_BACK: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="accesses")
    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.GIVEN)
    purpose = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    part = models.OneToOneField("programmes.GrantPart", models.PROTECT, null=True, related_name="+")
    given_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-given_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "dataset", "state"], name="lake_access_of_organisation"),
            models.Index(fields=["state", "ends_at"], name="lake_access_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="lake_access_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dataset.slug}: {self.organisation}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.GIVEN and self.starts_at <= clock.now() < self.ends_at
