"""Models, their versions, and what became of each job that left one."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Model(models.Model):
    """One question that an organisation has taught a machine to answer."""

    slug = models.SlugField(max_length=80, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    title = LocalisedField()
    sector = models.CharField(max_length=10, choices=Organisation.Sector)
    task = models.CharField(max_length=40)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.title)

    def get_absolute_url(self) -> str:
        return reverse("registry:model", args=[self.slug])


class ModelVersion(models.Model):
    """One trained file with its schema, its measures and where it came from.  Never edited."""

    class State(models.TextChoices):
        AVAILABLE = "available", pgettext_lazy("model version", "available")
        WITHDRAWN = "withdrawn", pgettext_lazy("model version", "withdrawn")

    FLOW = Flow(
        {
            State.AVAILABLE: frozenset({State.WITHDRAWN}),
            State.WITHDRAWN: frozenset({State.AVAILABLE}),
        }
    )
    STATE_KINDS = {"available": "ok", "withdrawn": "quiet"}

    model = models.ForeignKey(Model, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.AVAILABLE)
    reference = models.CharField(max_length=120, unique=True)  # "job:<id>" or "upload:<key>"
    artefact = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    document = models.JSONField()  # model.json, checked
    graph = models.JSONField(default=dict)  # what the check found in the file
    lineage = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_modelversion_number"),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="registry_modelversion_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.model.slug}@{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("registry:version", args=[self.model.slug, self.number])

    @property
    def fingerprint(self) -> str:
        """Names this version and no other, ever: what is drawn of its document can be kept under it."""
        return f"{self.pk} {self} {self.reference} {self.sha256} {self.created_at.isoformat()}"


class Registration(models.Model):
    """The outcome of one attempt to register a model: a version, or a refusal with its reason."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", pgettext_lazy("registration", "registered")
        REFUSED = "refused", pgettext_lazy("registration", "refused")

    STATE_KINDS = {"accepted": "ok", "refused": "stop"}

    reference = models.CharField(max_length=120, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome)
    version = models.OneToOneField(ModelVersion, models.PROTECT, null=True, related_name="registration")
    code = models.CharField(max_length=80, blank=True)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome="accepted", version__isnull=False, code="")
                | (models.Q(outcome="refused", version__isnull=True) & ~models.Q(code="")),
                name="registry_registration_has_one_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.outcome}"

    @property
    def job(self) -> str:
        """The job that left the model, if one did."""
        return self.reference.removeprefix("job:") if self.reference.startswith("job:") else ""
