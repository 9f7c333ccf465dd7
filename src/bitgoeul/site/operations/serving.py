"""`serve`, and its three processes one by one: `web`, `worker`, `runner`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
import typer

from bitgoeul.site.operations import processes

log = structlog.get_logger(__name__)

Port = typer.Option(8000, min=1, max=65535, help="The port to listen on.")
Host = typer.Option("127.0.0.1", help="The address to listen on; 0.0.0.0 for every interface.")

# Long-running loops of the runner process; a capability that is not here has none.
LOOPS = {
    "jobs": "bitgoeul.apps.compute.runner",
    "services": "bitgoeul.apps.services.keeper",
    "shows": "bitgoeul.apps.shows.studio.loop",
}


def prepare() -> None:
    """Bring the database, the cache table and the compiled translations to the present version."""
    from django.core.management import call_command

    from bitgoeul.kit import messages

    messages.compile_all()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def serve(port: int = Port, host: str = Host) -> None:
    """Run the whole hub: migrate, then web, worker and runner under one supervisor.

    A process that falls is started again.  SIGTERM or Ctrl-C stops all of them; running jobs go on and are
    found again at the next start.
    """
    from bitgoeul.site.operations import supervisor

    lock = supervisor.hold_lock()
    stop = processes.stop_on_signals()
    # Links in mail and the sign-in provider need the address under which people reach this hub.
    os.environ.setdefault("BITGOEUL_URL", f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}")  # noqa: S104
    prepare()
    log.info("hub starts", url=os.environ["BITGOEUL_URL"])
    end = processes.beat("serve")
    try:
        supervisor.supervise(supervisor.children(port, host), stop)
    finally:
        end()
        lock.close()
    log.info("hub stopped")


def _load_application(supervisor_id: int) -> Callable[..., Any]:
    """The WSGI application, loaded in a process that handles requests."""
    from bitgoeul.site.wsgi import application

    processes.die_with_parent(supervisor_id)
    return application


def web(
    port: int = Port,
    host: str = Host,
    workers: int = typer.Option(0, min=0, help="Processes that answer; 0 for one per core, four at most."),
) -> None:
    """Answer requests (granian, WSGI)."""
    from granian import Granian
    from granian.constants import Interfaces

    processes.follow_supervisor()
    count = workers or max(2, min(4, os.cpu_count() or 2))
    end = processes.beat("web", workers=count, restarts=_restarts())
    server = Granian(
        "bitgoeul.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=count,
        blocking_threads=8,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=8,
        log_enabled=False,
    )
    try:
        server.serve(target_loader=partial(_load_application, os.getpid()), wrap_loader=False)
    finally:
        end()


def worker() -> None:
    """Deliver facts to their handlers and run what is due."""
    from bitgoeul.kit.worker import run

    processes.follow_supervisor()
    stop = processes.stop_on_signals()
    end = processes.beat("worker", {"deliveries": stop}, restarts=_restarts())
    try:
        run(stop)
    finally:
        end()


def runner() -> None:
    """Run jobs and keep services up."""
    processes.follow_supervisor()
    stop = processes.stop_on_signals()
    loops = {name: import_module(place) for name, place in LOOPS.items() if _is_here(place)}
    stops = {name: processes.Stop() for name in loops}
    end = processes.beat("runner", stops, restarts=_restarts())
    broken: list[BaseException] = []

    def run(name: str) -> None:
        try:
            loops[name].run(stops[name])
        except BaseException as error:
            broken.append(error)
            log.exception("a loop of the runner broke", loop=name)
            raise
        finally:
            stop.set()

    threads = [threading.Thread(target=run, args=[name], name=name, daemon=True) for name in loops]
    for thread in threads:
        thread.start()
    try:
        while not stop.wait(0.5):
            pass
        for each in stops.values():
            each.set()
        for thread in threads:
            thread.join(10)
    finally:
        end()
    if broken:
        # A loop that broke takes the process with it, so that the supervisor starts all of it again.
        raise typer.Exit(1)


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _restarts() -> int:
    return int(os.environ.get("BITGOEUL_RESTARTS", "0"))
