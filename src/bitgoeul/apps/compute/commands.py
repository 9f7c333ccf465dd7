"""Everything that changes a job.  People submit, cancel and retry; the runner does the rest as the system."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from bitgoeul.apps.compute import archives, policies, queries, recipes
from bitgoeul.apps.compute.errors import CannotIsolate, LargerThanMachine, QueueFull, StillRunning
from bitgoeul.apps.compute.events import (
    JobCancelled,
    JobCancelRequested,
    JobFailed,
    JobPlaced,
    JobRequeued,
    JobStarted,
    JobSubmitted,
    JobSucceeded,
    PricesSet,
)
from bitgoeul.apps.compute.executor import End, Usage
from bitgoeul.apps.compute.models import Job, PriceList
from bitgoeul.apps.credits.commands import hold_credits, release_hold, settle_hold
from bitgoeul.apps.credits.errors import InsufficientCredits
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.engines import scheduling
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.store import store

MOST_OPEN = 200  # jobs of one organisation that have not ended
MOST_ATTEMPTS = 3
MOST_WORDS, LONGEST_WORD = 60, 2_000
LARGEST_PARAMETERS = 256 << 10
MOST_INPUTS = 20
LEAST_MEMORY_MIB = 64
DEFAULT_RESOURCES = {"cpus": 1, "memory_mib": 1024, "wall_s": 600, "gpus": 0}
State, Reason = Job.State, Job.Reason


@command
def submit_job(
    *,
    by: Actor,
    organisation: Organisation,
    title: str = "",
    recipe: str = "",
    code: tuple[str, bytes] | None = None,
    command: Sequence[str] | str = (),
    inputs: Sequence[str] = (),
    parameters: dict[str, Any] | None = None,
    resources: dict[str, int] | None = None,
    copy_of: Job | None = None,
) -> Job:
    """Put a program into the queue and set aside the most that it can cost.

    The program is a recipe, or ``code`` (a file name and its content) with a ``command``.
    """
    require(policies.may_submit(by, organisation.pk))
    _refuse_without_isolation()
    _refuse_beyond_the_queue(organisation)
    if bool(recipe) == (code is not None):
        raise Invalid({"recipe": [_("Choose a recipe or send code, one of the two.")]})
    if recipe:
        chosen = recipes.named(recipe)
        files, words = archives.of_folder(chosen.folder), list(chosen.command)
        values = chosen.checked(parameters or {})
        asked = chosen.resources | (resources or {})
        title = title or str(chosen.title)
    else:
        files = archives.read(*code) if code is not None else {}
        words = _words(command)
        values = parameters or {}
        asked = resources or {}
    title = title.strip()
    if not title or len(title) > 120:
        raise Invalid({"title": [_("Write a title of at most 120 characters.")]})
    if len(json.dumps(values)) > LARGEST_PARAMETERS:
        raise Invalid({"parameters": [_("The parameters are too large.")]})
    need, wall_s = resources_checked(asked)
    references = _inputs(by, inputs)
    sha256 = archives.digest(files)
    return _queue(
        by,
        need,
        wall_s,
        organisation=organisation,
        title=title,
        recipe=recipe,
        copy_of=copy_of,
        code_name=_keep_code(files, sha256),
        code_sha256=sha256,
        command=words,
        inputs=references,
        parameters=values,
    )


@command
def retry_job(*, by: Actor, job_id: int) -> Job:
    """Submit the same program with the same data and resources again, as a new job."""
    job = find(queries.visible_to(by), pk=job_id)
    require(policies.may_submit(by, job.organisation_id))
    if not job.has_ended:
        raise StillRunning(job=job.pk)
    _refuse_without_isolation()
    _refuse_beyond_the_queue(job.organisation)
    need, wall_s = resources_checked(
        {"cpus": job.cpus, "memory_mib": job.memory_mib, "gpus": job.gpus, "wall_s": job.wall_s}
    )
    return _queue(
        by,
        need,
        wall_s,
        organisation=job.organisation,
        title=job.title,
        recipe=job.recipe,
        copy_of=job,
        code_name=job.code_name,
        code_sha256=job.code_sha256,
        command=job.command,
        inputs=_inputs(by, job.inputs),
        parameters=job.parameters,
    )


@command
def cancel_job(*, by: Actor, job_id: int) -> Job:
    """Take a waiting job out of the queue, or ask a running one to end.  Asking again changes nothing."""
    job = find(queries.visible_to(by), pk=job_id)
    require(policies.may_cancel(by, job))
    if job.state == State.QUEUED:
        try:
            Job.FLOW.move(job, State.CANCELLED, ended_at=clock.now(), spent=0)
        except StateChanged:
            job.refresh_from_db()
        else:
            release_hold(by=by, reference=job.reference)
            _record(job, JobCancelled(job.pk, job.attempt, cpu_ms=0, wall_ms=0, spent=0), by)
            return job
    if job.has_ended:
        if job.state != State.CANCELLED:
            raise StateChanged(now=str(job.get_state_display()))
        unchanged()
        return job
    asked = Job.objects.filter(pk=job.pk, cancel_requested_at=None).update(cancel_requested_at=clock.now())
    job.refresh_from_db()
    if asked:
        _record(job, JobCancelRequested(job.pk), by)
    else:
        unchanged()
    return job


@command
def set_prices(*, by: Actor, cpu_hour: int, memory_gib_hour: int, gpu_hour: int) -> PriceList:
    """Set what an hour costs from now on, in milli-credits; jobs keep the prices they were submitted at."""
    require(policies.may_set_prices(by))
    if min(cpu_hour, memory_gib_hour, gpu_hour) < 0 or max(cpu_hour, memory_gib_hour, gpu_hour) > 10**9:
        raise Invalid({"cpu_hour": [_("A price is a whole number of milli-credits, not below zero.")]})
    prices = PriceList.objects.create(
        cpu_hour=cpu_hour, memory_gib_hour=memory_gib_hour, gpu_hour=gpu_hour, since=clock.now()
    )
    record(PricesSet(cpu_hour, memory_gib_hour, gpu_hour), by=by, subject="compute:prices")
    return prices


# --- what the runner says ----------------------------------------------------------------


@command
def place_job(*, by: Actor, job_id: int, gpu_numbers: Sequence[int] = ()) -> Job:
    """Give a waiting job its place on the machine."""
    require(by.is_system)
    job = find(queries.visible_to(by), pk=job_id)
    Job.FLOW.move(job, State.STARTING, placed_at=clock.now(), started_at=None, gpu_numbers=list(gpu_numbers))
    _record(job, JobPlaced(job.pk, job.attempt), by)
    return job


@command
def start_job(*, by: Actor, job_id: int, attempt: int) -> Job:
    """Note that the program of this attempt runs."""
    require(by.is_system)
    job = find(queries.visible_to(by), pk=job_id, attempt=attempt)
    if job.state == State.RUNNING:
        unchanged()
        return job
    Job.FLOW.move(job, State.RUNNING, started_at=clock.now())
    _record(job, JobStarted(job.pk, job.attempt), by)
    return job


@command
def end_job(
    *,
    by: Actor,
    job_id: int,
    attempt: int,
    end: End,
    outputs: Sequence[dict[str, Any]] = (),
    left_out: Sequence[str] = (),
) -> Job:
    """Note the end of an attempt, once, and spend what was metered of what was held."""
    require(by.is_system)
    job = find(queries.visible_to(by), pk=job_id)
    if job.attempt != attempt or job.has_ended:
        unchanged()
        return job
    state, reason = _verdict(end)
    usage = end.usage
    spent = queries.metered_cost(job, usage)
    Job.FLOW.move(
        job,
        state,
        reason=reason,
        exit_code=end.code,
        exit_signal=end.signal,
        usage=_as_json(usage),
        outputs=list(outputs),
        outputs_left_out=list(left_out)[:100],
        started_at=job.started_at or _moment(end.started_at),
        ended_at=clock.now(),
        spent=spent,
    )
    settle_hold(by=by, reference=job.reference, amount=spent)
    meters = {"cpu_ms": usage.cpu_ms, "wall_ms": usage.wall_ms, "spent": spent}
    if state == State.SUCCEEDED:
        event: Any = JobSucceeded(
            job.pk,
            job.attempt,
            code_sha256=job.code_sha256,
            inputs=list(job.inputs),
            peak_memory_bytes=usage.peak_memory_bytes,
            outputs=len(job.outputs),
            **meters,
        )
    elif state == State.CANCELLED:
        event = JobCancelled(job.pk, job.attempt, **meters)
    else:
        event = JobFailed(job.pk, job.attempt, reason=str(reason), code=end.code, **meters)
    _record(job, event, by)
    return job


@command
def lose_job(*, by: Actor, job_id: int, attempt: int, reason: str) -> Job:
    """Note that an attempt was lost through no fault of the job: it costs nothing, and another one waits.

    After the last attempt, or when the credits for another are no longer there, the job has failed.
    """
    require(by.is_system)
    job = find(queries.visible_to(by), pk=job_id)
    if job.attempt != attempt or job.has_ended:
        unchanged()
        return job
    if job.cancel_requested_at is not None:
        Job.FLOW.move(job, State.CANCELLED, ended_at=clock.now(), spent=0)
        release_hold(by=by, reference=job.reference)
        _record(job, JobCancelled(job.pk, job.attempt, cpu_ms=0, wall_ms=0, spent=0), by)
        return job
    Job.FLOW.move(job, State.LOST)
    release_hold(by=by, reference=job.reference)
    if job.attempt < MOST_ATTEMPTS:
        again = f"job:{job.pk}:{job.attempt + 1}"
        try:
            with transaction.atomic():
                hold_credits(
                    by=by,
                    organisation=job.organisation,
                    amount=job.held,
                    reference=again,
                    purpose=job.title,
                )
        except InsufficientCredits:
            reason = Reason.CREDITS
        else:
            Job.FLOW.move(
                job,
                State.QUEUED,
                attempt=job.attempt + 1,
                queued_at=clock.now(),
                placed_at=None,
                started_at=None,
            )
            _record(job, JobRequeued(job.pk, attempt, reason=str(reason)), by)
            return job
    Job.FLOW.move(job, State.FAILED, reason=reason, ended_at=clock.now(), spent=0)
    _record(
        job, JobFailed(job.pk, job.attempt, reason=str(reason), code=None, cpu_ms=0, wall_ms=0, spent=0), by
    )
    return job


# --- parts ---------------------------------------------------------------------------------


def _record(job: Job, event: Any, by: Actor) -> None:
    record(event, by=by, subject=job.subject, organisation=job.organisation)


def _record_submission(job: Job, by: Actor) -> None:
    event = JobSubmitted(
        job=job.pk,
        recipe=job.recipe,
        code_sha256=job.code_sha256,
        inputs=list(job.inputs),
        cpus=job.cpus,
        memory_mib=job.memory_mib,
        gpus=job.gpus,
        wall_s=job.wall_s,
        held=job.held,
    )
    _record(job, event, by)


def _queue(by: Actor, need: scheduling.Need, wall_s: int, **program: Any) -> Job:
    """Write the job down with what it needs, and set aside the most that it can cost."""
    prices = queries.prices()
    job = Job.objects.create(
        submitted_by=Person.objects.filter(pk=by.person_id or 0).first(),
        cpus=need.cpus,
        memory_mib=need.memory_mib,
        gpus=need.gpus,
        wall_s=wall_s,
        submitted_at=clock.now(),
        queued_at=clock.now(),
        prices=prices,
        held=queries.most_it_can_cost(prices, need, wall_s),
        **program,
    )
    hold_credits(
        by=by, organisation=job.organisation, amount=job.held, reference=job.reference, purpose=job.title
    )
    _record_submission(job, by)
    return job


def _refuse_beyond_the_queue(organisation: Organisation) -> None:
    if Job.objects.filter(organisation=organisation, state__in=Job.OPEN).count() >= MOST_OPEN:
        raise QueueFull(count=MOST_OPEN)


def _refuse_without_isolation() -> None:
    probe = queries.executor().probe()
    if not probe.ok:
        raise CannotIsolate(why=probe.detail or probe.why, remedy=probe.remedy)


def _words(command: Sequence[str] | str) -> list[str]:
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError:
        raise Invalid({"command": [_("A quotation mark in the command is not closed.")]}) from None
    words = words or ["python", "/job/code/main.py"]
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD or "\0" in word for word in words):
        raise Invalid({"command": [_("The command is too long.")]})
    if not words[0]:
        raise Invalid({"command": [_("The command is empty.")]})
    return words


def resources_checked(asked: dict[str, int]) -> tuple[scheduling.Need, int]:
    """Return what is needed and for how many seconds at most.

    Raises: LargerThanMachine, with the numbers, and Invalid.
    """
    asked = DEFAULT_RESOURCES | asked
    errors: dict[str, list[str]] = {}
    least = {"cpus": 1, "memory_mib": LEAST_MEMORY_MIB, "wall_s": 1, "gpus": 0}
    for name in asked.keys() - least.keys():
        errors[f"resources.{name}"] = [_("This resource is not known.")]
    for name, minimum in least.items():
        value = asked[name]
        if type(value) is not int or not minimum <= value <= 10**8:
            errors[f"resources.{name}"] = [_("A whole number of at least %(n)s is needed.") % {"n": minimum}]
    if not errors and asked["wall_s"] > settings.COMPUTE_WALL_S:
        errors["resources.wall_s"] = [
            _("At most %(n)s seconds are possible here.") % {"n": settings.COMPUTE_WALL_S}
        ]
    if errors:
        raise Invalid(errors)
    need = scheduling.Need(asked["cpus"], asked["memory_mib"], asked["gpus"])
    whole = queries.capacity()
    if lacking := need.lacking_in(whole):
        raise LargerThanMachine(asked=queries.amounts(need, lacking), has=queries.amounts(whole, lacking))
    return need, asked["wall_s"]


def _inputs(by: Actor, references: Sequence[str]) -> list[str]:
    if len(references) > MOST_INPUTS:
        raise Invalid({"inputs": [_("At most %(n)s datasets are possible.") % {"n": MOST_INPUTS}]})
    if not references:
        return []
    exact = queries.readable_inputs(by, list(references))
    if len({reference.partition("@")[0] for reference in exact}) < len(exact):
        raise Invalid({"inputs": [_("A dataset may be given once.")]})
    return exact


def _keep_code(files: archives.Files, sha256: str) -> str:
    """Keep the code under its own digest; the same code is kept once."""
    name = f"compute/code/{sha256}.zip"
    if not store().exists(name):
        store().put(name, archives.packed(files))
    return name


def _verdict(end: End) -> tuple[Job.State, str]:
    if end.succeeded:
        return State.SUCCEEDED, ""
    if end.reason == "cancelled":
        return State.CANCELLED, ""
    return State.FAILED, Reason.EXIT if end.reason == "exited" else Reason(str(end.reason))


def _as_json(usage: Usage) -> dict[str, int]:
    return {name: getattr(usage, name) for name in Usage.__dataclass_fields__}


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
