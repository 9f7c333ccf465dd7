"""My page: the reader's organisations and everything of theirs that moves."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity import queries as capacity
from bitgoeul.apps.capacity.models import Claim, Waiting
from bitgoeul.apps.compute import queries as compute
from bitgoeul.apps.credits import queries as credits
from bitgoeul.apps.lake import queries as lake
from bitgoeul.apps.notices import queries as notices
from bitgoeul.apps.people import queries as people
from bitgoeul.apps.programmes import queries as programmes
from bitgoeul.apps.services import queries as services
from bitgoeul.kit.actor import Actor
from bitgoeul.site.shell import address, places

SHOWN = 5


def everything_of(actor: Actor) -> dict[str, Any]:
    """Context of ``/my/``: a bounded number of queries, whatever the reader owns."""
    organisations = [
        {"row": row, "balance": credits.balance(row), "standing": credits.standing(row)}
        for row in people.organisations_of(actor)[:SHOWN]
    ]
    panels = panels_of(actor)
    return {
        "organisations": organisations,
        "invitations": list(people.invitations_for(actor)[:SHOWN]),
        "unread": list(notices.inbox_of(actor).filter(read_at=None)[:SHOWN]),
        "panels": panels,
        "found_url": address("people:found"),
        "steps": _way(organisations, {panel["name"] for panel in panels if panel["rows"]}),
    }


def _way(organisations: list[dict[str, Any]], begun: set[str]) -> list[dict[str, Any]]:
    """The steps from nothing to a service, each done or not; the first that is not is where the reader is."""
    here = {url.strip("/"): url for url, _key, _word in places()}
    steps: list[dict[str, Any]] = [
        {
            "label": _("Found or join an organisation"),
            "url": address("people:found"),
            "done": bool(organisations),
        },
        {
            "label": _("Receive credits from an open call"),
            "url": here.get("programmes", ""),
            "done": any(item["balance"].granted for item in organisations),
        },
        {"label": _("Publish or choose data"), "url": here.get("lake", ""), "done": "lake" in begun},
        {"label": _("Train a model in a job"), "url": here.get("compute", ""), "done": "compute" in begun},
        {"label": _("Open it as a service"), "url": here.get("services", ""), "done": "services" in begun},
    ]
    now = next((step for step in steps if not step["done"]), None)
    return [step | {"state": "d" if step["done"] else "n" if step is now else ""} for step in steps]


def panels_of(actor: Actor) -> list[dict[str, Any]]:
    """What moves in each capability that is here: the newest few of the reader's own."""
    here = {url.strip("/"): url for url, _key, _word in places()}
    panels = [
        panel(actor) | {"name": name, "url": here[name]} for name, panel in PANELS.items() if name in here
    ]
    return [*_allocations(actor), *panels]


def _line(row: Any, title: Any, url: str, at: Any) -> dict[str, Any]:
    return {
        "title": title,
        "url": url,
        "state": row.get_state_display(),
        "kind": row.STATE_KINDS[row.state],
        "at": at,
    }


def _own(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """Of what the actor may see, what is theirs: an operator sees more than that."""
    return rows.filter(organisation__in=list(actor.memberships)).order_by("-id")[:SHOWN]


def _allocations(actor: Actor) -> list[dict[str, Any]]:
    """What the reader holds or waits for; no panel for those who have never asked for anything."""
    waits = capacity.own_places(actor)[:SHOWN]
    # What is offered is said by the place in the line, until it is accepted.
    active = capacity.own_claims(actor).filter(state__in=Claim.ACTIVE)
    claims = active.exclude(offered_to__state=Waiting.State.OFFERED)[:SHOWN]
    rows = [
        *(_of_pool(place, place.joined_at) for place in waits),
        *(_of_pool(claim, claim.claimed_at) for claim in claims),
    ]
    if not rows:
        return []
    url = reverse("capacity:index")
    return [{"name": "capacity", "title": _("Held and waited for"), "rows": rows[:SHOWN], "url": url}]


def _of_pool(row: Claim | Waiting, at: Any) -> dict[str, Any]:
    title = f"{row.pool} · {row.quantity} {row.pool.unit}"
    return _line(row, title, reverse("capacity:pool", args=[row.pool.slug]), at)


def _jobs(actor: Actor) -> dict[str, Any]:
    return {
        "title": _("Jobs"),
        "text": _("A job trains a model on data that you choose."),
        "action": _("Submit a job"),
        "rows": [
            _line(job, job.title, reverse("compute:job", args=[job.pk]), job.submitted_at)
            for job in _own(compute.visible_to(actor), actor)
        ],
    }


def _data(actor: Actor) -> dict[str, Any]:
    versions = lake.versions_visible_to(actor).filter(dataset__organisation__in=list(actor.memberships))
    return {
        "title": _("Data"),
        "text": _("Your organisation has published no data yet."),
        "action": _("Open the catalogue"),
        "rows": [
            _line(
                version,
                f"{version.dataset.title} @{version.number}",
                reverse("lake:dataset", args=[version.dataset.slug]),
                version.created_at,
            )
            for version in versions.order_by("-id")[:SHOWN]
        ],
    }


def _applications(actor: Actor) -> dict[str, Any]:
    return {
        "title": _("Applications"),
        "text": _("You have not applied for anything yet."),
        "action": _("See the calls"),
        "rows": [
            _line(
                row, row.call.title, reverse("programmes:application", args=[row.public_id]), row.created_at
            )
            for row in _own(programmes.applications_visible_to(actor), actor)
        ],
    }


def _services(actor: Actor) -> dict[str, Any]:
    return {
        "title": _("Services"),
        "text": _("A service opens one of your models to people and programs."),
        "action": _("See the models"),
        "action_url": "/registry/",
        "rows": [
            _line(row, row.title, row.get_absolute_url(), row.live_since or row.created_at)
            for row in _own(services.visible_to(actor), actor)
        ],
    }


PANELS = {"compute": _jobs, "services": _services, "lake": _data, "programmes": _applications}
