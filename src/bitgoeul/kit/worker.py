"""The worker: delivers facts to their handlers and runs what is due, at least once, one claim at a time."""

from __future__ import annotations

import datetime as dt
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils.module_loading import import_string

from bitgoeul.kit import clock
from bitgoeul.kit.facts import handler_name
from bitgoeul.kit.models import Delivery, Schedule

log = structlog.get_logger(__name__)

# A claim is a short lease that its worker renews while the handler works: what a killed worker held is free
# again within half a minute, and a handler may still take as long as it needs.
LEASE = dt.timedelta(seconds=30)
RENEW_EVERY_S = LEASE.total_seconds() / 3
ATTEMPTS = 8


def _claim(worker: str) -> Delivery | None:
    """Take the oldest delivery that is due.  A claim lapses by itself if its worker dies."""
    moment = clock.now()
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=moment).order_by(
        "due_at", "id"
    )
    for delivery_id, due_at in waiting.values_list("id", "due_at")[:20]:
        taken = Delivery.objects.filter(id=delivery_id, state=Delivery.State.WAITING, due_at=due_at).update(
            due_at=moment + LEASE, claimed_by=worker
        )
        if taken:
            return Delivery.objects.select_related("fact").get(id=delivery_id)
    return None


def _renew_until(done: threading.Event, delivery: Delivery) -> None:
    """Push the lease ahead until the handler is done or the delivery is no longer this worker's."""
    while not done.wait(RENEW_EVERY_S):
        try:
            held = Delivery.objects.filter(
                id=delivery.id, state=Delivery.State.WAITING, claimed_by=delivery.claimed_by
            ).update(due_at=clock.now() + LEASE)
        except DatabaseError as error:
            # The database is away for a moment: the lease has two more turns before it lapses.
            log.warning("lease not renewed", delivery=delivery.id, error=repr(error))
            continue
        finally:
            connection.close()
        if not held:
            return


@contextmanager
def _leased(delivery: Delivery) -> Iterator[None]:
    """Keep the claim alive from a thread of its own while the handler works."""
    done = threading.Event()
    renewing = threading.Thread(target=_renew_until, args=[done, delivery], name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()


def _deliver(delivery: Delivery) -> None:
    mine = Delivery.objects.filter(id=delivery.id, claimed_by=delivery.claimed_by)
    try:
        with _leased(delivery):
            import_string(delivery.handler)(delivery.fact)
    except Exception as error:  # noqa: BLE001 - a handler's bug must not stop the others; it is kept and retried
        attempts = delivery.attempts + 1
        given_up = attempts >= ATTEMPTS
        mine.update(
            attempts=attempts,
            state=Delivery.State.GIVEN_UP if given_up else Delivery.State.WAITING,
            due_at=clock.now() + dt.timedelta(seconds=min(2**attempts, 600)),
            error=traceback.format_exc(limit=-12)[-4000:],
        )
        log.error(  # noqa: TRY400 - the trace is kept in the row
            "delivery failed",
            handler=delivery.handler,
            fact=delivery.fact_id,
            attempts=attempts,
            given_up=given_up,
            error=repr(error),
        )
    else:
        mine.update(state=Delivery.State.DONE, attempts=delivery.attempts + 1, error="")


def deliver_due(limit: int = 100, worker: str = "") -> int:
    """Deliver what is due now; return how many deliveries were tried."""
    worker = worker or uuid4().hex
    for done in range(limit):
        delivery = _claim(worker)
        if delivery is None:
            return done
        _deliver(delivery)
    return limit


def _due(name: str, every: dt.timedelta) -> bool:
    """Whether ``name`` is due; if so its next turn is taken by this worker alone."""
    moment = clock.now()
    with transaction.atomic():
        row, new = Schedule.objects.get_or_create(name=name, defaults={"due_at": moment + every})
        if new:
            return True
        return bool(
            Schedule.objects.filter(name=name, due_at=row.due_at, due_at__lte=moment).update(
                due_at=moment + every
            )
        )


def run_due(table: list[tuple[float, Callable[[], Any]]]) -> int:
    """Run each periodic function of ``[(seconds, function)]`` whose turn has come."""
    # One question for all: a hub at rest asks it several times a second, and writes nothing.
    later = set(Schedule.objects.filter(due_at__gt=clock.now()).values_list("name", flat=True))
    ran = 0
    for seconds, function in table:
        name = handler_name(function)
        if name in later or not _due(name, dt.timedelta(seconds=seconds)):
            continue
        ran += 1
        try:
            function()
        except Exception as error:  # noqa: BLE001 - seen in the log and on the desk; the next turn tries again
            Schedule.objects.filter(name=name).update(error=traceback.format_exc(limit=-12)[-4000:])
            log.error("periodic work failed", name=name, error=repr(error))  # noqa: TRY400 - kept in the row
        else:
            Schedule.objects.filter(name=name).exclude(error="").update(error="")
    return ran


def run(stop: threading.Event, pause: float = 0.3) -> None:
    """Work until ``stop`` is set."""
    worker = uuid4().hex
    table = import_string(settings.PERIODIC)
    while not stop.is_set():
        close_old_connections()
        busy = deliver_due(worker=worker) + run_due(table)
        if not busy:
            stop.wait(pause)
