"""The loop that brings jobs from the queue to their end.

It remembers nothing: each round compares what the database says with what the executor
says, and takes the next step.  It may be killed between any two lines; the next round,
in whichever process, goes on from there.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from bitgoeul.apps.compute import archives, queries
from bitgoeul.apps.compute.commands import end_job, lose_job, place_job, start_job
from bitgoeul.apps.compute.executor import Condition, Executor, Limits, Phase, Reason, Task
from bitgoeul.apps.compute.models import Job
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal, StateChanged
from bitgoeul.kit.store import store

log = structlog.get_logger(__name__)

PAUSE_S = 0.25
IDLE_S = 1.0
MOST_OUTPUTS = 1_000
LONGEST_NAME = 200
NOT_OURS = {Reason.INTERRUPTED: Job.Reason.INTERRUPTED, Reason.SANDBOX: Job.Reason.SANDBOX}


def run(stop: threading.Event) -> None:
    """Do rounds until asked to stop.  Running jobs go on without us and are found again."""
    clean_staging()
    queries.executor().sweep()
    while not stop.is_set():
        try:
            close_old_connections()
            busy = one_round()
        except DatabaseError as error:  # locked, or restarting: the jobs do not care, and neither do we
            log.warning("database not available", error=str(error))
            busy = False
        stop.wait(PAUSE_S if busy else IDLE_S)
    close_old_connections()


def one_round() -> bool:
    """Look after every job once; say whether any is on the machine or waiting."""
    executor = queries.executor()
    tidy(executor)
    active = list(Job.objects.filter(state__in=Job.ON_MACHINE).select_related("organisation", "prices"))
    for job in active:
        carefully(watch, executor, job)
    placed = place_waiting(executor)
    return bool(active or placed or Job.objects.filter(state=Job.State.QUEUED).exists())


def carefully(step: Callable[[Executor, Job], None], executor: Executor, job: Job) -> None:
    """Take a step for one job so that its trouble is not the others', nor the end of the job."""
    try:
        step(executor, job)
    except DatabaseError:
        raise
    except StateChanged:  # somebody was faster; the next round sees what is true now
        log.info("job moved meanwhile", job=job.pk)
    except Exception:  # a full disk, a store that does not answer, our own mistake: the job goes on
        log.exception("job cannot be looked after now", job=job.pk)


def watch(executor: Executor, job: Job) -> None:
    """Compare one placed job with what the executor knows of it."""
    found = executor.inspect(job.key)
    if job.cancel_requested_at and found.phase in {Phase.PREPARED, Phase.RUNNING}:
        executor.cancel(job.key)
        found = executor.inspect(job.key)
    match found.phase:
        case Phase.ENDED:
            finish(executor, job, found)
        case Phase.LOST:
            lose_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt, reason=Job.Reason.LOST)
            log.warning("attempt lost", job=job.pk, attempt=job.attempt)
        case Phase.RUNNING:
            if job.state == Job.State.STARTING:
                start_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt)
        case Phase.ABSENT | Phase.PREPARED if job.cancel_requested_at or job.state == Job.State.RUNNING:
            # Its folder is gone, as after a restore elsewhere; or it was cancelled before it had one.
            lose_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt, reason=Job.Reason.LOST)
        case Phase.ABSENT | Phase.PREPARED:
            launch(executor, job)


def finish(executor: Executor, job: Job, found: Condition) -> None:
    """Keep what the run left behind, then note its end."""
    assert found.end is not None
    if found.end.reason in NOT_OURS:
        said = executor.log(job.key)[-500:].decode("utf-8", "replace")
        reason = NOT_OURS[found.end.reason]
        lose_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt, reason=reason)
        log.warning("attempt interrupted", job=job.pk, attempt=job.attempt, reason=str(reason), said=said)
        return
    outputs, left_out = collect(executor, job)
    end_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt, end=found.end, outputs=outputs, left_out=left_out)
    executor.forget(job.key)
    log.info("job ended", job=job.pk, reason=str(found.end.reason), code=found.end.code)


def place_waiting(executor: Executor) -> int:
    """Give every waiting job that fits now its place; none delays one that came earlier."""
    if not Job.objects.filter(state=Job.State.QUEUED).exists() or not executor.probe().ok:
        return 0
    free = queries.machine().free
    count = 0
    for job, start in queries.schedule():
        due = start.at is not None and not start.lacking and start.after is None
        if not (due and queries.need_of(job).fits_in(free) and _at_once(start.at)):
            continue
        gpus = _free_gpus()[: job.gpus]
        try:
            placed = place_job(by=SYSTEM, job_id=job.pk, gpu_numbers=gpus)
        except (StateChanged, Refusal):  # cancelled a moment ago
            continue
        free -= queries.need_of(job)
        count += 1
        carefully(launch, executor, placed)
    return count


def _at_once(at: float | None) -> bool:
    from bitgoeul.kit import clock

    return at is not None and at <= clock.now().timestamp()


def _free_gpus() -> list[int]:
    taken = {
        number
        for numbers in Job.objects.filter(state__in=Job.ON_MACHINE).values_list("gpu_numbers", flat=True)
        for number in numbers
    }
    return [number for number in range(settings.COMPUTE_GPUS) if number not in taken]


def launch(executor: Executor, job: Job) -> None:
    """Lay out the program and its data, and start it.  Repeating this is harmless."""
    try:
        with tempfile.TemporaryDirectory(prefix="code-", dir=_staging()) as folder:
            with store().open(job.code_name) as file:
                archives.unpack(file.read(), Path(folder))
            executor.prepare(_task(job, Path(folder)))
    except (OSError, Refusal, ValueError):
        log.exception("job cannot be laid out", job=job.pk, attempt=job.attempt)
        lose_job(by=SYSTEM, job_id=job.pk, attempt=job.attempt, reason=Job.Reason.STAGING)
        return
    executor.start(job.key)


def _staging() -> Path:
    folder: Path = settings.HOME / "incoming"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def _task(job: Job, code: Path) -> Task:
    devices = [f"/dev/nvidia{number}" for number in job.gpu_numbers]
    return Task(
        key=job.key,
        command=tuple(job.command),
        code=code,
        inputs=queries.input_files(job),
        parameters=job.parameters,
        environment={"BITGOEUL_JOB": str(job.pk)},
        limits=Limits(
            cpus=job.cpus,
            memory_mib=job.memory_mib,
            wall_s=job.wall_s,
            output_mib=settings.COMPUTE_OUTPUT_MIB,
        ),
        number=job.pk * 8 + job.attempt,
        devices=(*devices, "/dev/nvidiactl", "/dev/nvidia-uvm") if devices else (),
    )


def collect(executor: Executor, job: Job) -> tuple[list[dict[str, object]], list[str]]:
    """Copy the plain files of /job/out and the log into the store; name what is none of these.

    Nothing of the run is alive any more, and no link is followed.  Repeating this is harmless.
    """
    outputs: list[dict[str, object]] = []
    left_out: list[str] = []
    for path, shown in _entries(executor.output_dir(job.key)):
        name = _store_name(shown)
        if len(outputs) >= MOST_OUTPUTS or len(shown) > LONGEST_NAME or len(name) > 3 * LONGEST_NAME:
            left_out.append(shown[:LONGEST_NAME])
            continue
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            left_out.append(shown)
            continue
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                left_out.append(shown)
                continue
            kept = store().put(f"{queries.output_prefix(job)}/{name}", file)
        outputs.append({"name": shown, "stored": kept.name, "size": kept.size, "sha256": kept.sha256})
    _keep_log(executor, job)
    return outputs, left_out


def _entries(root: Path) -> Iterator[tuple[str, str]]:
    """Everything below ``root`` that is no folder, as (path, path below root), without hostile depths."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(root / below) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                name = f"{below}/{entry.name}".lstrip("/")
                if entry.is_dir(follow_symlinks=False) and len(name) <= LONGEST_NAME:
                    waiting.append(name)
                else:
                    yield entry.path, name.encode("utf-8", "replace").decode()


def _store_name(path: str) -> str:
    """A name that the store takes: most are their own, strange characters are written as %XX."""
    return "/".join(part if _plain(part) else quote(part, safe="=+@-_.") for part in path.split("/"))


def _plain(part: str) -> bool:
    return all(c.isalnum() or c in "_.=+@-" for c in part) and len(part.encode()) <= 200


def _keep_log(executor: Executor, job: Job) -> None:
    with tempfile.TemporaryFile(dir=_staging()) as file:
        offset = 0
        while piece := executor.log(job.key, offset=offset, size=1 << 20):
            file.write(piece)
            offset += len(piece)
        file.seek(0)
        store().put(queries.log_file(job), file)


def tidy(executor: Executor) -> None:
    """Remove what ended attempts left behind when a kill came before the tidying."""
    keys = executor.attempts()
    numbers = {int(key.partition("-")[0]) for key in keys if key.partition("-")[0].isdecimal()}
    wanted = {job.key for job in Job.objects.filter(pk__in=numbers, state__in=Job.OPEN)}
    for key in keys:
        if key in wanted:
            continue
        try:
            if executor.inspect(key).phase is Phase.RUNNING:
                executor.cancel(key)  # an attempt that nobody waits for any more
            else:
                executor.forget(key)
        except (OSError, ValueError):  # not ours, or not readable now
            log.exception("leftover cannot be removed now", key=key)


def clean_staging() -> None:
    """Remove folders that a killed runner was laying out."""
    for path in _staging().glob("code-*"):
        shutil.rmtree(path, ignore_errors=True)
