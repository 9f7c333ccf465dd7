"""What somebody may know of jobs, and what is true of them now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bitgoeul.apps.compute.executor import Executor, LocalExecutor, Usage
from bitgoeul.apps.compute.models import Job, PriceList
from bitgoeul.apps.lake import queries as lake
from bitgoeul.apps.lake.queries.access import on_behalf_of
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import actor_for, organisations_of
from bitgoeul.engines import scheduling
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import NotFound, Refusal
from bitgoeul.kit.store import store
from bitgoeul.kit.text import Localised

PACKAGE = Path(__file__).resolve().parents[2]
LOG_PIECE = 65_536


# --- who sees what -----------------------------------------------------------------------


def visible_to(actor: Actor) -> QuerySet[Job]:
    """Jobs of the actor's organisations; every job for operators and auditors."""
    rows = Job.objects.select_related("organisation", "submitted_by", "prices")
    if not actor.allows("compute:read") and not actor.allows("compute:write"):
        return rows.none()
    if actor.is_operator or "auditor" in actor.roles:
        return rows
    return rows.filter(organisation__in=list(actor.memberships))


def organisation_for(actor: Actor, slug: str) -> Organisation:
    """The organisation that the actor works for; the only one when none is named."""
    mine = organisations_of(actor)
    if slug:
        return find(mine, slug=slug)
    if mine.count() != 1:
        raise NotFound
    return find(mine)


def prices() -> PriceList:
    """The price list that holds now."""
    return find(PriceList.objects.filter(since__lte=clock.now()))


# --- the machine -------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _executor(root: str, hidden: tuple[Path, ...]) -> LocalExecutor:
    return LocalExecutor(Path(root), hidden=hidden)


def executor() -> Executor:
    """The executor of this machine."""
    return _executor(f"{settings.HOME}/compute", (settings.HOME, Path(settings.STORE), PACKAGE))


def capacity() -> scheduling.Need:
    """What jobs may use of the machine, all together."""
    return scheduling.Need(settings.COMPUTE_CPUS, settings.COMPUTE_MEMORY_MIB, settings.COMPUTE_GPUS)


def need_of(job: Job) -> scheduling.Need:
    return scheduling.Need(job.cpus, job.memory_mib, job.gpus)


@dataclass(frozen=True)
class Machine:
    """What the machine has, and how much of it jobs hold now."""

    has: scheduling.Need
    used: scheduling.Need
    running: int
    waiting: int

    @property
    def free(self) -> scheduling.Need:
        return self.has - self.used

    def rows(self) -> list[dict[str, Any]]:
        """One row per resource that the machine has, for pages."""
        rows: list[dict[str, Any]] = [
            {"label": _("Processors"), "used": self.used.cpus, "has": self.has.cpus, "unit": ""},
            {
                "label": _("Memory"),
                "used": gib(self.used.memory_mib),
                "has": gib(self.has.memory_mib),
                "unit": "GiB",
            },
            {"label": _("GPUs"), "used": self.used.gpus, "has": self.has.gpus, "unit": ""},
        ]
        return [row for row in rows if row["has"]]


def gib(mib: int) -> str:
    """An amount of memory in GiB, as short as it can be said."""
    return f"{mib / 1024:.1f}".removesuffix(".0")


def machine() -> Machine:
    active = Job.objects.filter(state__in=Job.ON_MACHINE)
    sums = active.aggregate(cpus=Sum("cpus"), memory_mib=Sum("memory_mib"), gpus=Sum("gpus"))
    used = scheduling.Need(**{name: value or 0 for name, value in sums.items()})
    return Machine(capacity(), used, active.count(), Job.objects.filter(state=Job.State.QUEUED).count())


# --- the queue ---------------------------------------------------------------------------


def schedule() -> list[tuple[Job, scheduling.Start]]:
    """Every waiting job in its order, with the latest moment at which it starts."""
    now = clock.now().timestamp()
    running = [
        scheduling.Running(job.pk, need_of(job), job.ends_at_the_latest.timestamp())
        for job in Job.objects.filter(state__in=Job.ON_MACHINE)
        if job.ends_at_the_latest
    ]
    waiting = list(Job.objects.filter(state=Job.State.QUEUED).order_by("id"))
    starts = scheduling.plan(
        capacity(), running, [scheduling.Waiting(job.pk, need_of(job), job.wall_s) for job in waiting], now
    )
    return list(zip(waiting, starts, strict=True))


@dataclass(frozen=True)
class Wait:
    """Why a job waits, in one sentence, and until when at the latest."""

    position: int
    starts_at: dt.datetime | None
    why: str


def wait_of(job: Job) -> Wait | None:
    """The answer to "why is it waiting?", or None if it does not wait."""
    if job.state != Job.State.QUEUED:
        return None
    for position, (other, start) in enumerate(schedule(), 1):
        if other.pk == job.pk:
            at = dt.datetime.fromtimestamp(start.at, dt.UTC) if start.at is not None else None
            return Wait(position, at, _why(job, start, position))
    return None


def _why(job: Job, start: scheduling.Start, position: int) -> str:
    if not executor().probe().ok:
        return _("Jobs cannot be isolated on this machine at the moment, so none is started.")
    if start.at is None:
        return _("It needs more than the machine has: %(asked)s.") % {"asked": amounts(need_of(job))}
    if start.lacking:
        return _why_lacking(job, start)
    if start.at > clock.now().timestamp():
        why = _("There is room, but it is promised to a job that came earlier.")
    elif position > 1:
        why = _("It takes its place as soon as the jobs before it have taken theirs.")
    else:
        why = _("There is room. It starts within seconds.")
    return why


def _why_lacking(job: Job, start: scheduling.Start) -> str:
    facts = {
        "asked": amounts(need_of(job), start.lacking),
        "free": amounts(machine().free, start.lacking),
        "after": start.after,
    }
    if start.after is None:
        return _("It needs %(asked)s; %(free)s is free now.") % facts
    return _("It needs %(asked)s; %(free)s is free now. It starts when job %(after)s has ended.") % facts


def amounts(need: scheduling.Need, names: Iterable[str] = ("cpus", "memory_mib", "gpus")) -> str:
    """Resources in words, such as "2 processors, 4 GiB of memory"."""
    said = {
        "cpus": ngettext("%(n)s processor", "%(n)s processors", need.cpus) % {"n": need.cpus},
        "memory_mib": _("%(n)s GiB of memory") % {"n": gib(need.memory_mib)},
        "gpus": ngettext("%(n)s GPU", "%(n)s GPUs", need.gpus) % {"n": need.gpus},
    }
    wanted = [name for name in names if name != "gpus" or need.gpus or tuple(names) == ("gpus",)]
    return ", ".join(said[name] for name in wanted)


# --- one job -----------------------------------------------------------------------------


def live_usage(job: Job) -> Usage:
    """The meters now: of the run while it runs, of the whole once it has ended."""
    if job.has_ended:
        known = {name: job.usage[name] for name in Usage.__dataclass_fields__ if name in job.usage}
        return Usage(**known)
    return executor().inspect(job.key).usage


def cost_so_far(job: Job) -> int:
    """Milli-credits: what was settled, or what would be if the job ended now."""
    if job.spent is not None:
        return job.spent
    return metered_cost(job, live_usage(job))


def metered_cost(job: Job, usage: Usage) -> int:
    """The price of what was metered; never more than what was held for it."""
    cost = job.prices.cost(
        cpu_ms=usage.cpu_ms, memory_mib=job.memory_mib, gpus=job.gpus, wall_ms=usage.wall_ms
    )
    return min(cost, job.held)


def most_it_can_cost(price_list: PriceList, need: scheduling.Need, wall_s: int) -> int:
    """Milli-credits, if the job used every processor for all of its time; what is held for it."""
    cost = price_list.cost(
        cpu_ms=need.cpus * wall_s * 1000, memory_mib=need.memory_mib, gpus=need.gpus, wall_ms=wall_s * 1000
    )
    return max(1, cost)


@dataclass(frozen=True)
class Progress:
    fraction: float | None
    message: str

    @property
    def percent(self) -> int | None:
        return None if self.fraction is None else round(100 * self.fraction)


def progress(job: Job) -> Progress:
    """The last thing that the program said of its progress; what it says is only shown."""
    if job.state == Job.State.SUCCEEDED:
        return Progress(1.0, "")
    lines = executor().progress(job.key) if job.state in Job.ON_MACHINE else []
    fraction, message = None, ""
    for line in lines:
        value = line.get("fraction")
        if isinstance(value, int | float) and not isinstance(value, bool):
            fraction = min(1.0, max(0.0, float(value)))
        told = line.get("message")
        if isinstance(told, dict):
            message = str(Localised.of(told))[:200]
        elif isinstance(told, str):
            message = told[:200]
    return Progress(fraction, message)


@dataclass(frozen=True)
class LogPiece:
    text: str
    offset: int
    next: int
    ended: bool


def log_file(job: Job) -> str:
    """The name of the kept log in the store."""
    return f"compute/jobs/{job.pk}/log.txt"


def log_piece(job: Job, offset: int = 0, size: int = LOG_PIECE) -> LogPiece:
    """Read the log from ``offset`` on, also while the job writes it."""
    size = max(4, min(size, 1 << 20))
    kept = job.has_ended and store().exists(log_file(job))
    data = _kept_log(job, offset, size) if kept else executor().log(job.key, offset=offset, size=size)
    whole = data[: len(data) - _cut_character(data)]
    return LogPiece(whole.decode("utf-8", "replace"), offset, offset + len(whole), job.has_ended)


def log_end(job: Job, size: int = 16_384, lines: int = 1_000) -> str:
    """The last lines of the log."""
    begin = max(0, log_size(job) - size)
    text = log_piece(job, begin, size).text
    whole = text.partition("\n")[2] if begin else text
    return "".join(whole.splitlines(keepends=True)[-lines:])


def log_size(job: Job) -> int:
    if job.has_ended:
        return store().size(log_file(job)) if store().exists(log_file(job)) else 0
    return executor().log_size(job.key)


def whole_log(job: Job) -> str:
    """Everything that was printed and kept; the executor bounds it."""
    parts, offset = [], 0
    while (piece := log_piece(job, offset, 1 << 20)).text:
        parts.append(piece.text)
        offset = piece.next
    return "".join(parts)


def _kept_log(job: Job, offset: int, size: int) -> bytes:
    with store().open(log_file(job)) as file:
        file.seek(max(0, offset))
        return file.read(size)


def _cut_character(data: bytes) -> int:
    """How many bytes at the end begin a character that is not complete yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:  # not a continuation
            length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if length > back else 0
    return 0


def output_prefix(job: Job) -> str:
    return f"compute/jobs/{job.pk}/out"


def output_dir(job: Job) -> Path:
    """The folder with what the job left in /job/out: plain files that strangers wrote."""
    return store().path(output_prefix(job))


def open_output(job: Job, name: str) -> BinaryIO:
    """One output by its name."""
    entry = next((entry for entry in job.outputs if entry["name"] == name), None)
    if entry is None or not store().exists(entry["stored"]):
        raise NotFound
    return store().open(entry["stored"])


def timeline(job: Job) -> list[Fact]:
    """The facts about a job, oldest first."""
    return list(Fact.objects.filter(subject=job.subject).order_by("id"))


def models_of(job: Job) -> list[tuple[str, str]]:
    """The models that were registered from this job, as (label, address), read from the facts alone."""
    facts = Fact.objects.filter(name="registry.ModelRegistered", data__job=str(job.pk)).order_by("id")
    return [
        (f"{fact.data['model']} · v{fact.data['version']}", f"/registry/{fact.data['model']}/")
        for fact in facts
    ]


# --- use of claims -----------------------------------------------------------------------


def units_in_use(organisations: Collection[int], since: dt.datetime, until: dt.datetime) -> dict[int, int]:
    """Organisation -> how many thousandths of a unit of this machine's pool its jobs held on average.

    A job uses the processors or GPUs that it holds, from the moment it has its place until it ends.
    """
    rows = Job.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since),
        organisation__in=organisations,
        placed_at__lt=until,
    ).exclude(state=Job.State.QUEUED)
    used: dict[int, float] = {}
    for job in rows.only("organisation_id", "placed_at", "ended_at", "gpus", "cpus"):
        begun, ended = max(job.placed_at or since, since), min(job.ended_at or until, until)
        units = job.gpus if settings.COMPUTE_POOL_COUNTS == "gpus" else job.cpus
        seconds = (ended - begun).total_seconds()
        used[job.organisation_id] = used.get(job.organisation_id, 0) + units * seconds
    span = (until - since).total_seconds()
    return {organisation: int(1000 * held / span) for organisation, held in used.items()}


# --- data from the lake ------------------------------------------------------------------


def readable_inputs(actor: Actor, references: list[str]) -> list[str]:
    """Return each reference with its exact version.

    Raises: NotFound for what the actor may not read.
    """
    versions = [lake.readable_version(actor, reference) for reference in references]
    return [f"{version.dataset.slug}@{version.number}" for version in versions]


def input_files(job: Job) -> dict[str, tuple[Path, ...]]:
    """Return "dataset/table" -> the files of exactly the versions that the job was given.

    Raises: NotFound if whoever ordered the job, and its organisation, may no longer read one of them.
    """
    if not job.inputs:
        return {}
    submitter = actor_for(job.submitted_by) if job.submitted_by else ANONYMOUS
    reader = on_behalf_of(job.organisation, submitter)
    files: dict[str, tuple[Path, ...]] = {}
    for reference in job.inputs:
        version = lake.readable_version(reader, reference)
        for table in version.tables:
            files[f"{version.dataset.slug}/{table['name']}"] = tuple(lake.table_files(version, table["name"]))
    return files


@dataclass(frozen=True)
class Input:
    reference: str
    title: str
    url: str


def inputs_shown_to(actor: Actor, job: Job) -> list[Input]:
    """The inputs as chips; what the reader may no longer open is named without an address."""
    shown = []
    for reference in job.inputs:
        slug, _at, number = reference.partition("@")
        title, url = reference, ""
        try:
            version = lake.readable_version(actor, reference)
            title, url = f"{version.dataset.title} · v{number}", f"/lake/{slug}/"
        except Refusal:
            title = reference
        shown.append(Input(reference, title, url))
    return shown
