"""Control groups, where the machine lends them: hard limits and exact meters.

They are never required.  Detection answers with a plan in plain words (folders to
make, files to write, files to read), so that the supervisor needs no knowledge of
the two versions.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .contract import MIB, Limits

ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Plan:
    """What the supervisor does with control groups for one run."""

    folders: tuple[str, ...] = ()
    writes: tuple[tuple[str, str], ...] = ()
    cpu: tuple[str, str, int] | None = None  # file, word before the number ("" = the whole file), per second
    peak: str = ""
    killed: tuple[str, str] | None = None  # file, word before the count of kernel kills


@cache
def homes() -> dict[str, Path]:
    """Return the folders in which this process may make groups, by controller; "unified" for version 2."""
    found: dict[str, Path] = {}
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return {}
    for line in lines:
        _, names, path = line.split(":", 2)
        for name in names.split(",") if names else ["unified"]:
            if name in {"memory", "pids", "cpuacct", "cpu"}:
                home = ROOT / name / path.lstrip("/")
            elif name == "unified" and (ROOT / "cgroup.controllers").exists():
                # Groups that hold processes may not divide themselves, so the parent is asked too.
                home = ROOT / path.lstrip("/")
                home = next((place for place in (home, home.parent) if _delegated(place)), home)
                if not _delegated(home):
                    continue
            else:
                continue
            if _can_make_groups(home):
                found[name] = home
    return found


def plan_for(key: str, limits: Limits) -> Plan:
    """Return what to do for this run; an empty plan where no groups are lent."""
    name = f"bitgoeul-{os.getpid()}-{key}"
    places = homes()
    if "unified" in places:
        return _second(places["unified"] / name, limits)
    return _first({kind: place / name for kind, place in places.items()}, limits)


def _first(groups: dict[str, Path], limits: Limits) -> Plan:
    writes: list[tuple[str, str]] = []
    if memory := groups.get("memory"):
        # Equal limits with and without swap; the second file is missing where swap is not counted.
        amount = str(limits.memory_mib * MIB)
        writes.append((f"{memory}/memory.limit_in_bytes", amount))
        if (memory.parent / "memory.memsw.limit_in_bytes").exists():
            writes.append((f"{memory}/memory.memsw.limit_in_bytes", amount))
    if pids := groups.get("pids"):
        writes.append((f"{pids}/pids.max", str(limits.processes + 1)))
    if (cpu := groups.get("cpu")) and (cpu.parent / "cpu.cfs_quota_us").exists():
        writes.append((f"{cpu}/cpu.cfs_quota_us", str(limits.cpus * 100_000)))
    account, memory = groups.get("cpuacct"), groups.get("memory")
    return Plan(
        folders=tuple(map(str, groups.values())),
        writes=tuple(writes),
        cpu=(f"{account}/cpuacct.usage", "", 1_000_000_000) if account else None,
        peak=f"{memory}/memory.max_usage_in_bytes" if memory else "",
        killed=(f"{memory}/memory.oom_control", "oom_kill") if memory else None,
    )


def _second(group: Path, limits: Limits) -> Plan:
    amount = str(limits.memory_mib * MIB)
    writes = [
        (f"{group}/memory.max", amount),
        (f"{group}/memory.swap.max", "0"),
        (f"{group}/pids.max", str(limits.processes + 1)),
        (f"{group}/cpu.max", f"{limits.cpus * 100_000} 100000"),
    ]
    return Plan(
        folders=(str(group),),
        writes=tuple(writes),
        cpu=(f"{group}/cpu.stat", "usage_usec", 1_000_000),
        peak=f"{group}/memory.peak",
        killed=(f"{group}/memory.events", "oom_kill"),
    )


def _delegated(place: Path) -> bool:
    """Say whether groups below this one can limit memory, asking for it where that is allowed."""
    with contextlib.suppress(OSError):
        (place / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    try:
        return "memory" in (place / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False


def _can_make_groups(home: Path) -> bool:
    trial = home / f"bitgoeul-trial-{os.getpid()}"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True
