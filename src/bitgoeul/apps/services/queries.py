"""What somebody may see of services."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.services import places, policies
from bitgoeul.apps.services.models import Price, Service, Usage
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.text import containing


def visible_to(actor: Actor) -> QuerySet[Service]:
    """Public services, those of one's own organisations, and everything for operators and auditors."""
    rows = Service.objects.select_related("organisation", "version__model")
    if policies.may_see_all(actor):
        return rows
    return rows.filter(Q(is_public=True) | Q(organisation__in=_mine(actor)))


def _mine(actor: Actor) -> list[int]:
    return list(actor.memberships) if policies.may_read(actor) else []


def listed(actor: Actor, *, sector: str = "", text: str = "", mine: bool = False) -> QuerySet[Service]:
    rows = visible_to(actor)
    if sector:
        rows = rows.filter(sector=sector)
    if mine:
        rows = rows.filter(organisation__in=_mine(actor))
    if text := text.strip()[:100]:
        rows = rows.filter(Q(slug__icontains=text) | containing(text, "title", "description"))
    return rows


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """The organisations in whose name the actor may deploy."""
    return Organisation.objects.filter(
        pk__in=[pk for pk in actor.memberships if policies.may_deploy(actor, pk)]
    )


def present_price() -> Price:
    """The price that holds now."""
    return Price.objects.filter(starts_at__lte=clock.now()).latest("starts_at")


def uncollected(service: Service) -> int:
    """Predictions that the meter shows and the books do not hold yet."""
    reading = places.read_meter(service.key)
    if reading is None:
        return 0
    return reading.predictions - (service.meter_read if reading.epoch == service.meter_epoch else 0)


def predictions_total(service: Service) -> int:
    return service.predictions + uncollected(service)


def predictions_today(service: Service) -> int:
    """Predictions since midnight in the zone of the hub, with those that the meter has not handed in yet."""
    counted = service.usage.filter(at__gte=midnight()).aggregate(total=Sum("predictions"))["total"] or 0
    return counted + uncollected(service)


def metered_today(services: QuerySet[Service]) -> int:
    """What these services had metered since midnight: every one of these predictions is in a fact."""
    usage = Usage.objects.filter(service__in=services.order_by(), at__gte=midnight())
    return usage.aggregate(total=Sum("predictions"))["total"] or 0


def midnight() -> dt.datetime:
    """When this day began in the zone of the hub."""
    return timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def usage_by_day(service: Service, days: int = 30) -> list[tuple[dt.date, int, int]]:
    """(day, predictions, milli-credits) of the last days with any use, newest first."""
    begin = clock.now() - dt.timedelta(days=days)
    found: dict[dt.date, list[int]] = {}
    for at, predictions, cost in service.usage.filter(at__gte=begin).values_list("at", "predictions", "cost"):
        day = found.setdefault(timezone.localtime(at).date(), [0, 0])
        day[0] += predictions
        day[1] += cost
    return [(day, *figures) for day, figures in sorted(found.items(), reverse=True)]  # type: ignore[misc]
