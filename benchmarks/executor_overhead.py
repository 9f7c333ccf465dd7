"""What the embedded executor adds to a job, against a bare process.

The same command is run both ways in turn: as a bare child process, and as a job that is laid out, started
under its supervisor in a sandbox, watched to its end on disk and read back. The difference of the medians is
the overhead, from the request to start until the end is known. Processor time is told beside it, because
that does not depend on what else the machine is doing.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from bitgoeul.apps.compute.executor import Limits, LocalExecutor, Phase, Task

BAR_MS = 100.0
ROUNDS, WARM_UP = 40, 3
COMMAND = ["-I", "-S", "-c", "pass"]


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare() -> tuple[float, float]:
    """Return (elapsed, processor time), in seconds."""
    begin, cpu = time.perf_counter(), children_cpu_s()
    subprocess.run([sys.executable, *COMMAND], check=True)
    return time.perf_counter() - begin, children_cpu_s() - cpu


def as_job(executor: LocalExecutor, code: Path, number: int) -> tuple[float, float, float]:
    """Return (laying out, from the start until the end is known, processor time), in seconds."""
    key = f"{number}-1"
    begin, cpu = time.perf_counter(), children_cpu_s()
    # As many processors as the bare process may choose from.
    limits = Limits(cpus=len(os.sched_getaffinity(0)), memory_mib=256, wall_s=30)
    executor.prepare(Task(key, ("python", *COMMAND), code, limits=limits, number=number))
    laid_out = time.perf_counter()
    executor.start(key)
    while (found := executor.inspect(key)).phase is not Phase.ENDED:
        time.sleep(0.001)
    ended = time.perf_counter()
    if found.end is None or not found.end.succeeded:
        raise RuntimeError(f"the job ended as {found.end}: {executor.log(key).decode()}")
    while executor.is_child(key):  # the supervisor counts once it is reaped
        time.sleep(0.001)
    cpu = children_cpu_s() - cpu
    executor.forget(key)
    return laid_out - begin, ended - laid_out, cpu


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitgoeul-bench-") as folder:
        executor = LocalExecutor(Path(folder) / "runs")
        probe = executor.probe()
        if not probe.ok:
            return {
                "name": "executor-overhead",
                "value": None,
                "unit": "ms",
                "bar": f"< {BAR_MS:.0f} ms over a bare process",
                "holds": False,
                "detail": {"why": probe.detail, "remedy": probe.remedy},
            }
        code = Path(folder) / "code"
        code.mkdir()
        bares, jobs = [], []
        for number in range(1, ROUNDS + WARM_UP + 1):
            bares.append(bare())
            jobs.append(as_job(executor, code, number))
    bare_ms, bare_cpu_ms = (1000 * statistics.median(column) for column in zip(*bares[WARM_UP:], strict=True))
    lay_ms, job_ms, job_cpu_ms = (
        1000 * statistics.median(column) for column in zip(*jobs[WARM_UP:], strict=True)
    )
    value = lay_ms + job_ms - bare_ms
    return {
        "name": "executor-overhead",
        "value": round(value, 1),
        "unit": "ms",
        "bar": f"< {BAR_MS:.0f} ms over a bare process",
        "holds": value < BAR_MS,
        "detail": {
            "rounds": ROUNDS,
            "bare_process_ms": round(bare_ms, 1),
            "lay_out_ms": round(lay_ms, 1),
            "start_to_end_ms": round(job_ms, 1),
            "bare_processor_ms": round(bare_cpu_ms, 1),
            "job_processor_ms": round(job_cpu_ms, 1),
            "load": f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors",
            "isolation": dict(probe.features),
        },
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(), ensure_ascii=False))
