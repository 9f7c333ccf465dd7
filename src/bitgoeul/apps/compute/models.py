from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit import clock
from bitgoeul.kit.flow import Flow

HOUR_MS = 3_600_000


class PriceList(models.Model):
    """What an hour of each resource costs, in milli-credits; the newest list is the one that holds."""

    cpu_hour = models.PositiveIntegerField()
    memory_gib_hour = models.PositiveIntegerField()
    gpu_hour = models.PositiveIntegerField()
    is_example = models.BooleanField(default=False)
    since = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-since", "-id"]

    def __str__(self) -> str:
        return f"{self.cpu_hour} / {self.memory_gib_hour} / {self.gpu_hour}"

    def cost(self, *, cpu_ms: int, memory_mib: int, gpus: int, wall_ms: int) -> int:
        """Return the price in milli-credits: CPU as used, memory and GPUs as reserved; parts count whole.

        >>> PriceList(cpu_hour=1000, memory_gib_hour=100, gpu_hour=0).cost(
        ...     cpu_ms=3_600_000, memory_mib=2048, gpus=0, wall_ms=1_800_000)
        1100
        """
        reserved = memory_mib * self.memory_gib_hour + 1024 * gpus * self.gpu_hour
        total = 1024 * cpu_ms * self.cpu_hour + wall_ms * reserved
        return -(-total // (1024 * HOUR_MS))


class Job(models.Model):
    """One program on chosen data with chosen resources, run once to its end."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        STARTING = "starting", _("starting")
        RUNNING = "running", _("running")
        LOST = "lost", _("interrupted")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    class Reason(models.TextChoices):
        EXIT = "exit", _("The program ended with an error.")
        WALL_TIME = "wall_time", _("The program ran longer than its time limit.")
        CPU_TIME = "cpu_time", _("The program used more processor time than it asked for.")
        MEMORY = "memory", _("The program used more memory than it asked for.")
        OUTPUT = "output", _("The program wrote more than it may.")
        INTERRUPTED = "interrupted", _("The machine stopped during every attempt.")
        LOST = "lost", _("Every attempt was lost with the process that watched it.")
        SANDBOX = "sandbox", _("The isolated room for the program could not be built.")
        STAGING = "staging", _("The program or its data could not be laid out.")
        CREDITS = "credits", _("The credits for another attempt are no longer there.")

    FLOW = Flow(
        {
            State.QUEUED: frozenset({State.STARTING, State.CANCELLED}),
            # A short job may have ended before anybody saw it run.
            State.STARTING: frozenset(
                {State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST}
            ),
            State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST}),
            State.LOST: frozenset({State.QUEUED, State.FAILED}),
            State.SUCCEEDED: frozenset(),
            State.FAILED: frozenset(),
            State.CANCELLED: frozenset(),
        }
    )
    WAITING = (State.QUEUED,)
    ON_MACHINE = (State.STARTING, State.RUNNING)
    OPEN = (State.QUEUED, State.STARTING, State.RUNNING, State.LOST)
    STATE_KINDS = {
        State.QUEUED: "wait",
        State.STARTING: "wait",
        State.RUNNING: "info",
        State.LOST: "wait",
        State.SUCCEEDED: "ok",
        State.FAILED: "stop",
        State.CANCELLED: "quiet",
    }

    organisation = models.ForeignKey("people.Organisation", models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey("people.Person", models.SET_NULL, null=True, related_name="+")
    title = models.CharField(_("title"), max_length=120)
    recipe = models.CharField(max_length=60, blank=True)
    copy_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")

    code_name = models.CharField(max_length=200)  # in the store, named by its content
    code_sha256 = models.CharField(max_length=64)
    command = models.JSONField()  # a list of words
    inputs = models.JSONField(default=list)  # "slug@version"
    parameters = models.JSONField(default=dict)

    cpus = models.PositiveSmallIntegerField()
    memory_mib = models.PositiveIntegerField()
    gpus = models.PositiveSmallIntegerField(default=0)
    wall_s = models.PositiveIntegerField()

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, db_index=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    gpu_numbers = models.JSONField(default=list)
    cancel_requested_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(default=clock.now)
    queued_at = models.DateTimeField(default=clock.now)
    placed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    prices = models.ForeignKey(PriceList, models.PROTECT, related_name="+")
    held = models.PositiveBigIntegerField()  # milli-credits, the most it can cost
    spent = models.PositiveBigIntegerField(null=True)  # milli-credits, what was metered

    reason = models.CharField(max_length=12, blank=True, choices=Reason)
    exit_code = models.IntegerField(null=True)
    exit_signal = models.IntegerField(null=True)
    usage = models.JSONField(default=dict)
    outputs = models.JSONField(default=list)  # {"name", "size", "sha256"}
    outputs_left_out = models.JSONField(default=list)  # names of links, devices and the like

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(spent=None) | Q(spent__lte=F("held")), name="compute_job_spends_what_was_held"
            ),
            models.CheckConstraint(
                condition=Q(cpus__gt=0, memory_mib__gt=0, wall_s__gt=0, held__gt=0),
                name="compute_job_asks_for_something",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="compute_job_of_organisation")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("compute:job", args=[self.pk])

    @property
    def key(self) -> str:
        """The name of the present attempt at the executor."""
        return f"{self.pk}-{self.attempt}"

    @property
    def reference(self) -> str:
        """The name of the present attempt in the books."""
        return f"job:{self.pk}:{self.attempt}"

    @property
    def subject(self) -> str:
        return f"job:{self.pk}"

    @property
    def has_ended(self) -> bool:
        return self.state not in self.OPEN

    @property
    def ends_at_the_latest(self) -> dt.datetime | None:
        begun = self.started_at or self.placed_at
        return begun + dt.timedelta(seconds=self.wall_s) if begun and not self.has_ended else None
