"""Recipes, the machine, and jobs.  Amounts are milli-credits."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.http import FileResponse, HttpRequest
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from ninja import File, Form, Query, Router, Schema, UploadedFile
from pydantic import Field, ValidationError

from bitgoeul.apps.compute import archives, queries, recipes
from bitgoeul.apps.compute.commands import cancel_job, resources_checked, retry_job, submit_job
from bitgoeul.apps.compute.errors import BadCode
from bitgoeul.apps.compute.models import Job
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import once
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid

router = Router(tags=["compute"])


class ResourcesIn(Schema):
    """What is left out is asked for as the recipe says, or 1 processor, 1 GiB and 10 minutes."""

    cpus: int | None = Field(default=None, ge=1, le=10**6)
    memory_mib: int | None = Field(default=None, ge=1, le=10**8)
    wall_s: int | None = Field(default=None, ge=1, le=10**8)
    gpus: int | None = Field(default=None, ge=0, le=10**6)

    def given(self) -> dict[str, int]:
        return self.dict(exclude_none=True)


class JobIn(Schema):
    """A recipe with its parameters, or ``code`` (the text of one Python file) with a ``command``."""

    organisation: str = Field("", max_length=60)
    title: str = Field("", max_length=120)
    recipe: str = Field("", max_length=60)
    code: str | None = Field(None, max_length=1 << 20)
    command: list[str] = []
    inputs: list[str] = []
    parameters: dict[str, Any] = {}
    resources: ResourcesIn = ResourcesIn()


class EstimateIn(Schema):
    recipe: str = Field("", max_length=60)
    resources: ResourcesIn = ResourcesIn()


class EstimateOut(Schema):
    """The most that the job can cost; what it does cost is metered."""

    most: int
    unit: str = "milli-credit"
    resources: dict[str, int]


class RecipeOut(Schema):
    name: str
    title: dict[str, str]
    description: dict[str, str]
    command: list[str]
    parameters: dict[str, Any]
    resources: dict[str, int]
    produces: str

    @staticmethod
    def resolve_parameters(recipe: recipes.Recipe) -> dict[str, Any]:
        return recipe.schema


class AmountOut(Schema):
    cpus: int
    memory_mib: int
    gpus: int


class MachineOut(Schema):
    has: AmountOut
    used: AmountOut
    running: int
    waiting: int
    can_isolate: bool
    why: str
    remedy: str


class PricesOut(Schema):
    cpu_hour: int
    memory_gib_hour: int
    gpu_hour: int
    is_example: bool
    since: dt.datetime
    unit: str = "milli-credit"


class ProgressOut(Schema):
    fraction: float | None
    message: str


class WaitOut(Schema):
    position: int
    starts_at: dt.datetime | None
    why: str


class JobOut(Schema):
    id: int
    title: str
    organisation: str
    recipe: str
    command: list[str]
    inputs: list[str]
    parameters: dict[str, Any]
    code_sha256: str
    cpus: int
    memory_mib: int
    gpus: int
    wall_s: int
    state: str
    ended: bool
    attempt: int
    reason: str
    reason_text: str
    exit_code: int | None
    cancel_requested: bool
    submitted_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    held: int
    spent: int | None
    usage: dict[str, int]
    outputs: int
    copy_of: int | None
    url: str


class JobDetailOut(JobOut):
    progress: ProgressOut
    wait: WaitOut | None
    cost_so_far: int


class JobsOut(Schema):
    page: int
    pages: int
    count: int
    items: list[JobOut]


class LogOut(Schema):
    """``next`` is the offset to ask for next; when the job has ended and the text is empty, that was all."""

    text: str
    offset: int
    next: int
    ended: bool


class OutputOut(Schema):
    name: str
    size: int
    sha256: str
    url: str


class OutputsOut(Schema):
    items: list[OutputOut]
    left_out: list[str]


KEPT = [
    *("id", "title", "recipe", "command", "inputs", "parameters", "code_sha256"),
    *("cpus", "memory_mib", "gpus", "wall_s", "state", "attempt", "reason", "exit_code"),
    *("submitted_at", "started_at", "ended_at", "held", "spent", "usage"),
]


def job_row(job: Job) -> dict[str, Any]:
    """One job as a line of a list."""
    return {name: getattr(job, name) for name in KEPT} | {
        "organisation": job.organisation.slug,
        "ended": job.has_ended,
        "reason_text": str(job.get_reason_display()) if job.reason else "",
        "cancel_requested": job.cancel_requested_at is not None,
        "outputs": len(job.outputs),
        "copy_of": job.copy_of_id,
        "url": job.get_absolute_url(),
    }


def job_as_json(job: Job) -> dict[str, Any]:
    """One job as programs read it, with its progress or why it waits."""
    wait = queries.wait_of(job)
    return job_row(job) | {
        "progress": asdict(queries.progress(job)),
        "wait": None if wait is None else asdict(wait),
        "cost_so_far": queries.cost_so_far(job),
    }


def _job(request: HttpRequest, job_id: int) -> Job:
    return find(queries.visible_to(signed_in(request)), pk=job_id)


@router.get("/recipes", response=list[RecipeOut])
def list_recipes(request: HttpRequest) -> list[recipes.Recipe]:
    """The programs that come with the hub."""
    return list(recipes.every().values())


@router.get("/recipes/{name}", response=RecipeOut)
def one_recipe(request: HttpRequest, name: str) -> recipes.Recipe:
    """One recipe with the JSON Schema of its parameters."""
    return recipes.named(name)


@router.get("/machine", response=MachineOut)
def machine(request: HttpRequest) -> dict[str, Any]:
    """What the machine has, what jobs hold now, and whether jobs can be isolated."""
    found, probe = queries.machine(), queries.executor().probe()
    return {
        "has": found.has,
        "used": found.used,
        "running": found.running,
        "waiting": found.waiting,
        "can_isolate": probe.ok,
        "why": probe.why,
        "remedy": probe.remedy,
    }


@router.get("/prices", response=PricesOut)
def prices(request: HttpRequest) -> Any:
    """What an hour of each resource costs now."""
    return queries.prices()


@router.post("/estimate", response=EstimateOut)
def estimate(request: HttpRequest, payload: EstimateIn) -> dict[str, Any]:
    """The most that a job with these resources can cost.  Nothing is submitted."""
    base = recipes.named(payload.recipe).resources if payload.recipe else {}
    need, wall_s = resources_checked(base | payload.resources.given())
    return {
        "most": queries.most_it_can_cost(queries.prices(), need, wall_s),
        "resources": {
            "cpus": need.cpus,
            "memory_mib": need.memory_mib,
            "gpus": need.gpus,
            "wall_s": wall_s,
        },
    }


@router.get("/jobs", response=JobsOut)
def list_jobs(
    request: HttpRequest,
    organisation: str = Query("", max_length=60),
    state: str = Query("", max_length=20),
    page: int = Query(1, ge=1),
) -> dict[str, Any]:
    """Jobs of your organisations, newest first."""
    rows = queries.visible_to(signed_in(request))
    if organisation:
        rows = rows.filter(organisation__slug=organisation)
    if state:
        rows = rows.filter(state=state)
    shown = page_of(rows, request)
    return {
        "page": shown.number,
        "pages": shown.paginator.num_pages,
        "count": shown.paginator.count,
        "items": [job_row(job) for job in shown],
    }


@router.post("/jobs", response=JobDetailOut)
def submit(request: HttpRequest, payload: JobIn) -> Any:
    """Put a job into the queue.  The most that it can cost is set aside; what was metered is spent."""
    actor = signed_in(request)
    code = None if payload.code is None else ("main.py", payload.code.encode())
    return write_once(request, lambda: _submit(actor, payload, code))


@router.post("/jobs/upload", response=JobDetailOut)
def submit_with_file(request: HttpRequest, file: File[UploadedFile], job: Form[str]) -> Any:
    """The same with a .py file or an archive as ``file`` and the other fields as JSON in ``job``."""
    actor = signed_in(request)
    if (file.size or 0) > archives.LARGEST_UPLOAD:
        raise BadCode(reason=_("it is larger than %(size)s MiB") % {"size": archives.LARGEST_UPLOAD >> 20})
    try:
        payload = JobIn.model_validate(json.loads(job))
    except (ValueError, ValidationError):
        raise Invalid({"job": [_("The fields of the job could not be read.")]}) from None
    code = (file.name or "", file.read())
    return once(
        by=actor,
        key=request.headers.get("Idempotency-Key"),
        request=[request.path, job, code[0], hashlib.sha256(code[1]).hexdigest()],
        do=lambda: _submit(actor, payload, code),
    )


def _submit(actor: Actor, payload: JobIn, code: tuple[str, bytes] | None) -> dict[str, Any]:
    job = submit_job(
        by=actor,
        organisation=queries.organisation_for(actor, payload.organisation),
        title=payload.title,
        recipe=payload.recipe,
        code=code,
        command=payload.command,
        inputs=payload.inputs,
        parameters=payload.parameters,
        resources=payload.resources.given(),
    )
    return job_as_json(job)


@router.get("/jobs/{job_id}", response=JobDetailOut)
def one_job(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """One job: its state, its progress or why it waits, its cost."""
    return job_as_json(_job(request, job_id))


@router.get("/jobs/{job_id}/log", response=LogOut)
def log(
    request: HttpRequest,
    job_id: int,
    offset: int = Query(0, ge=0, le=1 << 40),
    size: int = Query(queries.LOG_PIECE, ge=4, le=1 << 20),
) -> queries.LogPiece:
    """What the job has printed from ``offset`` on, also while it runs."""
    return queries.log_piece(_job(request, job_id), offset, size)


@router.get("/jobs/{job_id}/progress", response=ProgressOut)
def progress(request: HttpRequest, job_id: int) -> queries.Progress:
    """What the program last said of its progress."""
    return queries.progress(_job(request, job_id))


@router.post("/jobs/{job_id}/cancel", response=JobDetailOut)
def cancel(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """Take the job out of the queue, or ask it to end.  Asking again changes nothing."""
    return job_as_json(cancel_job(by=signed_in(request), job_id=job_id))


@router.post("/jobs/{job_id}/retry", response=JobDetailOut)
def retry(request: HttpRequest, job_id: int) -> Any:
    """Submit the same program, data and resources as a new job."""
    actor = signed_in(request)
    return write_once(request, lambda: job_as_json(retry_job(by=actor, job_id=job_id)))


@router.get("/jobs/{job_id}/outputs", response=OutputsOut)
def outputs(request: HttpRequest, job_id: int) -> dict[str, Any]:
    """The files that the job left in /job/out."""
    job = _job(request, job_id)
    items = [{**entry, "url": f"/api/compute/jobs/{job.pk}/outputs/{entry['name']}"} for entry in job.outputs]
    return {"items": items, "left_out": job.outputs_left_out}


@router.get("/jobs/{job_id}/outputs/{path:name}", response={200: bytes}, include_in_schema=False)
def output(request: HttpRequest, job_id: int, name: str) -> FileResponse:
    """One output as a download."""
    return download(_job(request, job_id), name)


def download(job: Job, name: str) -> FileResponse:
    """One output, never shown by the browser itself: strangers wrote it."""
    file = queries.open_output(job, name)
    return FileResponse(
        file,
        as_attachment=True,
        filename=get_valid_filename(name.rpartition("/")[2] or "file"),
        content_type="application/octet-stream",
    )
