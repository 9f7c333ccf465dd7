"""My page: the reader's organisations and everything of theirs that moves."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.credits import queries as credits
from bitgoeul.apps.notices import queries as notices
from bitgoeul.apps.people import queries as people
from bitgoeul.kit.actor import Actor
from bitgoeul.site import capabilities
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
    """What each capability shows a member of their own things.

    A capability takes part by having ``queries.recent_for(actor, limit)``: a dict with ``title``, ``url``,
    ``rows`` (each with title, url, state, kind and at) and, for when there are none, ``text`` and ``action``.
    """
    found = []
    for name in reversed(capabilities.having("queries")):
        recent = getattr(import_module(f"bitgoeul.apps.{name}.queries"), "recent_for", None)
        if recent is not None:
            found.append({"name": name} | recent(actor, SHOWN))
    return found
