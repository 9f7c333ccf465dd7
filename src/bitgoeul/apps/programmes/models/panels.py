from __future__ import annotations

from django.db import models
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.models.applications import Application, public_id
from bitgoeul.apps.programmes.models.calls import Call
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


class Draw(models.Model):
    """The lot of one call: promised when it opens, drawn after its deadline, checked by anybody.

    The secret stays here until the draw is held; everybody knows its commitment from the first day.
    """

    class State(models.TextChoices):
        COMMITTED = "committed", pgettext_lazy("draw", "committed")
        CLOSED = "closed", pgettext_lazy("draw", "entries published")
        DRAWN = "drawn", pgettext_lazy("draw", "drawn")
        VOID = "void", pgettext_lazy("draw", "void")

    STATE_KINDS = {"committed": "info", "closed": "wait", "drawn": "ok", "void": "stop"}
    FLOW = Flow(
        {
            State.COMMITTED: frozenset({State.CLOSED, State.VOID}),
            State.CLOSED: frozenset({State.DRAWN, State.VOID}),
            State.DRAWN: frozenset(),
            State.VOID: frozenset(),
        }
    )

    call = models.OneToOneField(Call, models.PROTECT, related_name="draw")
    state = models.CharField(max_length=9, choices=State, default=State.COMMITTED)
    secret = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    rules_digest = models.CharField(max_length=64)
    committed_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    reveal_by = models.DateTimeField()
    entries = models.JSONField(default=list)  # the applications that take part, by public id
    pool = models.CharField(max_length=64, blank=True)  # the fingerprint of the entries
    pool_fact = models.BigIntegerField(null=True)  # the fact that published it
    sheet = models.JSONField(null=True)
    sheet_digest = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.call}: {self.state}"
