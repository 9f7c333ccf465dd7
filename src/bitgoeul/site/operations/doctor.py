"""`doctor`: looks at this machine and this configuration, and says what to do.

Every check is a small function that returns findings; none changes anything but a probe file of its own.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from django.conf import settings

from bitgoeul.kit.sandbox import Sandbox, trial
from bitgoeul.site.operations import processes

OK, WARN, FAIL = "ok", "warn", "fail"
_GIB = 1 << 30
# Ends well only where no network can be reached (the address is reserved for documentation).
_REACHES_OUT = """
import socket, sys
probe = socket.socket()
probe.settimeout(1)
sys.exit(probe.connect_ex(("192.0.2.1", 9)) == 0)
"""


@dataclass(frozen=True)
class Finding:
    """One line of the report.  ``remedy`` is what to do, empty when all is well."""

    name: str
    state: str
    text: str
    remedy: str = ""


CHECKS: list[Callable[[], Iterable[Finding]]] = []


def check(run: Callable[[], Iterable[Finding]]) -> Callable[[], Iterable[Finding]]:
    CHECKS.append(run)
    return run


@check
def python() -> Iterable[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding("python", OK if good else FAIL, platform.python_version(),
                  "" if good else "Install Python 3.11 or newer, then make setup.")  # fmt: skip


@check
def packages() -> Iterable[Finding]:
    """Whether what is installed is what the lock names."""
    lock = Path(__file__).resolve().parents[4] / "requirements" / "core.txt"
    if not lock.is_file():
        yield Finding("packages", WARN, "no lock file beside this installation",
                      "Install from a clone with make setup to have the packages checked.")  # fmt: skip
        return
    different = []
    total = 0
    for line in lock.read_text().splitlines():
        name, equals, rest = line.partition("==")
        if not equals or line.startswith((" ", "#")) or "sys_platform == 'win32'" in line:
            continue
        total += 1
        wanted = rest.split()[0]
        try:
            present = version(name.split("[")[0])
        except PackageNotFoundError:
            present = "absent"
        if present != wanted:
            different.append(f"{name} {present} (locked: {wanted})")
    if different:
        yield Finding("packages", WARN, "; ".join(different[:5]), "Run make setup.")
    else:
        yield Finding("packages", OK, f"{total} packages as locked")


@check
def bubblewrap() -> Iterable[Finding]:
    """A real probe: a process in namespaces of its own, without a network."""
    found = trial(Sandbox(python=sys.executable), sys.executable, "-c", _REACHES_OUT)
    if found.ok:
        yield Finding("bubblewrap", OK, "a sandboxed process ran without a network")
    elif found.why == "not_installed":
        yield Finding("bubblewrap", FAIL, "not installed, so jobs are refused", found.remedy)
    else:
        said = (found.detail.splitlines() or ["the probe failed"])[-1]
        yield Finding("bubblewrap", FAIL, said, found.remedy)


@check
def user_namespaces() -> Iterable[Finding]:
    limit = Path("/proc/sys/user/max_user_namespaces")
    switch = Path("/proc/sys/kernel/unprivileged_userns_clone")
    most = int(limit.read_text()) if limit.exists() else 0
    allowed = not switch.exists() or switch.read_text().strip() == "1" or os.getuid() == 0
    good = most > 0 and allowed
    remedy = "sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1"
    text = f"at most {most}" if allowed else f"at most {most}, not for ordinary users"
    yield Finding("user namespaces", OK if good else FAIL, text, "" if good else remedy)


@check
def machine() -> Iterable[Finding]:
    free = shutil.disk_usage(settings.HOME).free / _GIB
    state = FAIL if free < 1 else WARN if free < 10 else OK
    yield Finding("disk", state, f"{free:.1f} GiB free under the hub's home",
                  "" if state == OK else "Free some space, or move BITGOEUL_HOME.")  # fmt: skip
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    state = FAIL if memory < 1 else WARN if memory < 4 else OK
    yield Finding("memory", state, f"{memory:.1f} GiB",
                  "" if state == OK else "Training jobs want 4 GiB or more.")  # fmt: skip
    cores = len(os.sched_getaffinity(0))
    yield Finding("cores", OK if cores > 1 else WARN, str(cores),
                  "" if cores > 1 else "With one core, jobs and pages wait for each other.")  # fmt: skip


@check
def home() -> Iterable[Finding]:
    mode = stat.S_IMODE(settings.HOME.stat().st_mode)
    open_to_others = bool(mode & 0o077)
    yield Finding("home", WARN if open_to_others else OK, f"{settings.HOME} ({mode:o})",
                  f"chmod 700 {settings.HOME}" if open_to_others else "")  # fmt: skip
    try:
        with tempfile.TemporaryFile(dir=settings.HOME):
            yield Finding("home writable", OK, "yes")
    except OSError as error:
        yield Finding("home writable", FAIL, str(error), f"Give this user write access to {settings.HOME}.")


@check
def database() -> Iterable[Finding]:
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        yield Finding("database", FAIL, str(error).strip().splitlines()[0],
                      "Start the database server, and check BITGOEUL_DATABASE.")  # fmt: skip
        return
    yield Finding("database", OK, f"{connection.vendor} answers")
    plan = MigrationExecutor(connection).migration_plan(
        MigrationExecutor(connection).loader.graph.leaf_nodes()
    )
    yield Finding("migrations", WARN if plan else OK, f"{len(plan)} to apply" if plan else "all applied",
                  "bitgoeul migrate (bitgoeul serve does it too)" if plan else "")  # fmt: skip
    table = settings.CACHES["default"]["LOCATION"]
    there = table in connection.introspection.table_names()
    yield Finding("cache table", OK if there else WARN, "present" if there else "absent",
                  "" if there else "bitgoeul migrate")  # fmt: skip
    if connection.vendor == "sqlite":
        yield from _sqlite(connection)


def _sqlite(connection: Any) -> Iterable[Finding]:
    with connection.cursor() as cursor:
        journal = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
        sound = cursor.execute("PRAGMA quick_check(1)").fetchone()[0]
    mode = connection.settings_dict["OPTIONS"].get("transaction_mode")
    good = (journal, synchronous, mode) == ("wal", 1, "IMMEDIATE")
    yield Finding("sqlite", OK if good else FAIL,
                  f"{sqlite3.sqlite_version}, journal {journal}, synchronous {synchronous}, {mode}",
                  "" if good else "Use the hub's own settings: WAL, NORMAL, IMMEDIATE.")  # fmt: skip
    yield Finding("sqlite file", OK if sound == "ok" else FAIL, sound,
                  "" if sound == "ok" else "Restore the last backup: bitgoeul restore FILE.")  # fmt: skip


@check
def store() -> Iterable[Finding]:
    from bitgoeul.kit.store import store as the_store

    name = f"doctor/{os.getpid()}"
    try:
        the_store().put(name, b"probe")
        with the_store().open(name) as file:
            same = file.read() == b"probe"
        the_store().delete(name)
    except OSError as error:
        yield Finding("store", FAIL, str(error), "Give this user write access, or change BITGOEUL_STORE.")
        return
    yield Finding("store", OK if same else FAIL, "writes and reads" if same else "reads what was not written")


@check
def mail() -> Iterable[Finding]:
    kind = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if kind != "smtp":
        yield Finding("mail", WARN, f"goes to {kind}",
                      "Set BITGOEUL_MAIL=smtp://USER:PASSWORD@HOST:PORT.")  # fmt: skip
        return
    where = (settings.EMAIL_HOST, settings.EMAIL_PORT)
    try:
        socket.create_connection(where, timeout=5).close()
    except OSError as error:
        yield Finding("mail", FAIL, f"{where[0]}:{where[1]}: {error}", "Check BITGOEUL_MAIL and the network.")
    else:
        yield Finding("mail", OK, f"{where[0]}:{where[1]} answers")


@check
def secrets() -> Iterable[Finding]:
    path = settings.HOME / "secret_key"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("secret key", FAIL, "others can read it", f"chmod 600 {path}")
    else:
        yield Finding("secret key", OK, "kept in the home" if path.exists() else "from the environment")
    if settings.DEBUG:
        yield Finding("debug", WARN, "on", "Set BITGOEUL_DEBUG=no for anybody but yourself.")
    parts = urlsplit(settings.URL)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    plain = parts.scheme != "https" and not local
    yield Finding("address", WARN if plain else OK, settings.URL,
                  "Put a TLS proxy before it, and https:// into BITGOEUL_URL." if plain else "")  # fmt: skip


@check
def built() -> Iterable[Finding]:
    from bitgoeul.kit import messages

    dist = Path(messages.PACKAGE) / "kit" / "static" / "dist"
    there = dist.is_dir() and any(dist.iterdir())
    yield Finding("front end", OK if there else FAIL, "built" if there else "not built",
                  "" if there else "make setup")  # fmt: skip
    stale = [
        path
        for path in messages.catalogues()
        if not path.with_suffix(".mo").exists()
        or path.with_suffix(".mo").stat().st_mtime < path.stat().st_mtime
    ]
    yield Finding("translations", WARN if stale else OK, f"{len(stale)} to compile" if stale else "compiled",
                  "bitgoeul messages" if stale else "")  # fmt: skip


@check
def clock() -> Iterable[Finding]:
    import datetime as dt
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        local = dt.datetime.now(ZoneInfo(settings.TIME_ZONE))
    except ZoneInfoNotFoundError:
        yield Finding("time zone", FAIL, f"{settings.TIME_ZONE} is not known here", "pip install tzdata")
        return
    from bitgoeul import __file__ as package

    built_at = dt.datetime.fromtimestamp(Path(package).stat().st_mtime, dt.UTC)
    past = dt.datetime.now(dt.UTC) < built_at - dt.timedelta(days=1)
    yield Finding("clock", FAIL if past else OK, f"{local:%Y-%m-%d %H:%M:%S %Z}",
                  "This machine's clock is in the past: set it, or start NTP." if past else "")  # fmt: skip


@check
def running() -> Iterable[Finding]:
    """Whether the hub runs; if it does not, whether its port is free."""
    served = processes.present("serve").state == "ok"
    port = urlsplit(settings.URL).port or 8000
    if not served:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                free = True
            except OSError:
                free = False
        yield Finding("port", OK if free else WARN, f"{port} is {'free' if free else 'taken'}",
                      "" if free else "Stop what listens there, or start with --port.")  # fmt: skip
    for process in processes.all_present():
        if process.state == "absent" and not served:
            yield Finding(process.name, OK, "not started", "")
            continue
        good = process.state == "ok"
        yield Finding(process.name, OK if good else FAIL, f"{process.state}, pid {process.pid}",
                      "" if good else "Look at the log; bitgoeul serve starts it again.")  # fmt: skip


def examine() -> list[Finding]:
    """Every finding.  A check that itself breaks is a finding too."""
    found: list[Finding] = []
    for run in CHECKS:
        try:
            found.extend(run())
        except Exception as error:  # noqa: BLE001 - a report that stops half way helps nobody
            found.append(Finding(run.__name__, FAIL, f"the check itself failed: {error!r}",
                                 "Please report this."))  # fmt: skip
    return found


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check this machine and this configuration, and say what to do.  Exit 1 if something fails."""
    found = examine()
    if as_json:
        report = {"ok": all(f.state != FAIL for f in found), "findings": [asdict(f) for f in found]}
        typer.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(found)
    raise typer.Exit(1 if any(f.state == FAIL for f in found) else 0)


def _print(found: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    colours = {OK: "green", WARN: "yellow", FAIL: "red"}
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in found:
        table.add_row(f"[{colours[finding.state]}]{finding.state}[/]", finding.name, finding.text)
        if finding.remedy:
            table.add_row("", "", f"→ {finding.remedy}")
    Console().print(table)
