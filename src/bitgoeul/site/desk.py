"""The operator's desk: what waits, what runs, what happened, who is here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.apps.programmes import queries as programmes
from bitgoeul.apps.programmes.queries.grants import decisions_about_grants, overdue_reports
from bitgoeul.apps.record import queries as record
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.models import Delivery, Fact, Schedule
from bitgoeul.site.operations import processes

SHOWN = 12
PROCESS_KINDS = {"ok": "ok", "late": "wait", "stuck": "stop", "absent": "stop"}


def everything_for(actor: Actor) -> dict[str, Any]:
    newest = record.newest_head()
    return {
        "queue": queue_for(actor),
        "processes": [_process(process) for process in processes.all_present()],
        "facts": [
            {"row": fact, "title": record.title_of(fact.name)}
            for fact in Fact.objects.order_by("-id")[:SHOWN]
        ],
        "head": newest,
        "people": Person.objects.filter(is_active=True).count(),
        "organisation_count": Organisation.objects.count(),
        "organisations": list(Organisation.objects.order_by("-created_at")[:6]),
    }


def _process(process: processes.Process) -> dict[str, Any]:
    words = {
        "ok": _("running"),
        "late": _("its heart beats late"),
        "stuck": _("a loop is stuck"),
        "absent": _("not running"),
    }
    return {"row": process, "kind": PROCESS_KINDS[process.state], "state": words[process.state]}


def queue_for(actor: Actor) -> list[dict[str, Any]]:
    """What waits for the operator, each with its title and kind; some with an address and since when."""
    items: list[dict[str, Any]] = []
    if lost := Delivery.objects.filter(state=Delivery.State.GIVEN_UP).count():
        items.append({"title": _("Deliveries that were given up"), "count": lost, "kind": "stop", "url": ""})
    for failing in Schedule.objects.exclude(error=""):
        items.append(
            {"title": _("Periodic work that fails"), "text": failing.name, "kind": "stop", "url": ""}
        )
    late = Delivery.objects.filter(
        state=Delivery.State.WAITING, due_at__lt=clock.now() - dt.timedelta(minutes=5)
    ).count()
    if late:
        items.append({"title": _("Deliveries that are late"), "count": late, "kind": "wait", "url": ""})
    if overdue := overdue_reports():
        items.append(
            {
                "title": _("Reports that are overdue"),
                "count": overdue,
                "kind": "stop",
                "url": reverse("programmes:grants_desk"),
            }
        )
    if open_decisions := decisions_about_grants():
        items.append(
            {
                "title": _("Changes and contests of grants to decide"),
                "count": open_decisions,
                "kind": "wait",
                "url": reverse("programmes:grants_desk"),
            }
        )
    for row in programmes.waiting_for_a_person()[:SHOWN]:
        items.append(
            {
                "title": _("An application waits for a decision"),
                "text": f"{row.call.title} · {row.organisation}",
                "kind": "wait",
                "url": reverse("programmes:application", args=[row.public_id]),
                "at": row.submitted_at,
            }
        )
    return items
