from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.applications import Application, public_id
from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow
from bitgoeul.kit.text import LocalisedField


class Appeal(models.Model):
    """An applicant's objection to the decision of a panel, answered once."""

    class State(models.TextChoices):
        FILED = "filed", pgettext_lazy("appeal", "waiting for an answer")
        UPHELD = "upheld", pgettext_lazy("appeal", "upheld")
        DISMISSED = "dismissed", pgettext_lazy("appeal", "dismissed")

    STATE_KINDS = {"filed": "wait", "upheld": "ok", "dismissed": "stop"}
    FLOW = Flow(
        {
            State.FILED: frozenset({State.UPHELD, State.DISMISSED}),
            State.UPHELD: frozenset(),
            State.DISMISSED: frozenset(),
        }
    )

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    application = models.OneToOneField(Application, models.PROTECT, related_name="appeal")
    person = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.FILED)
    words = models.TextField()
    answer = LocalisedField(blank=True)
    answered_by = models.CharField(max_length=80, blank=True)
    filed_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["filed_at"]

    def __str__(self) -> str:
        return f"{self.application}: {self.state}"
