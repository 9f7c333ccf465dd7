"""Run strangers' programs on this machine, in isolation and with a meter.

    contract    what an executor promises; the types it speaks
    local       the embedded executor: a folder and a supervisor per run
    sandbox     what a run sees, and the question whether that works here
    seccomp     the system calls that no job needs
    cgroups     hard limits and exact meters, where the machine lends them
    supervisor  stand-alone: watches one run
    init        stand-alone: the first process inside a sandbox

Nothing here knows Django, the database or credits.
"""

from . import cgroups
from .contract import Condition, End, Executor, Limits, Phase, Probe, Reason, Task, Usage
from .local import LocalExecutor

__all__ = [
    "Condition",
    "End",
    "Executor",
    "Limits",
    "LocalExecutor",
    "Phase",
    "Probe",
    "Reason",
    "Task",
    "Usage",
    "cgroups",
]
