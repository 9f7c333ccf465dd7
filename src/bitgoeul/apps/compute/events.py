"""What compute announces.  Amounts are milli-credits."""

from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class JobSubmitted(Event):
    job: int
    recipe: str
    code_sha256: str
    inputs: list[str]
    cpus: int
    memory_mib: int
    gpus: int
    wall_s: int
    held: int


@dataclass(frozen=True)
class JobPlaced(Event):
    """The job got its place on the machine."""

    job: int
    attempt: int


@dataclass(frozen=True)
class JobStarted(Event):
    job: int
    attempt: int


@dataclass(frozen=True)
class JobCancelRequested(Event):
    job: int


@dataclass(frozen=True)
class JobSucceeded(Event):
    job: int
    attempt: int
    code_sha256: str
    inputs: list[str]
    cpu_ms: int
    wall_ms: int
    peak_memory_bytes: int
    outputs: int
    spent: int


@dataclass(frozen=True)
class JobFailed(Event):
    """``reason`` is the job's own (exit, wall_time, memory, …), or ours after the last attempt."""

    job: int
    attempt: int
    reason: str
    code: int | None
    cpu_ms: int
    wall_ms: int
    spent: int


@dataclass(frozen=True)
class JobCancelled(Event):
    job: int
    attempt: int
    cpu_ms: int
    wall_ms: int
    spent: int


@dataclass(frozen=True)
class JobRequeued(Event):
    """An attempt was lost through no fault of the job; it costs nothing and another one waits."""

    job: int
    attempt: int
    reason: str


@dataclass(frozen=True)
class PricesSet(Event):
    cpu_hour: int
    memory_gib_hour: int
    gpu_hour: int
