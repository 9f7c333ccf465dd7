"""What somebody may see of services."""

from __future__ import annotations

import datetime as dt

from django.db.models import BigIntegerField, DateTimeField, Q, QuerySet, SlugField, Sum
from django.utils import timezone

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.services import places, policies
from bitgoeul.apps.services.models import Crash, Price, Service, Usage
from bitgoeul.kit import clock
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.standing import StandingQuery
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


LISTED = 24
_listed_to_all: StandingQuery[Service] = StandingQuery(
    lambda: listed(ANONYMOUS).select_related(None).select_related("organisation")[: LISTED + 1]
)
_open_to_all: StandingQuery[Service] = StandingQuery(
    lambda slug: (
        visible_to(ANONYMOUS)
        .filter(slug=slug)
        .defer("version__document", "version__graph", "version__lineage")
    ),
    slug=SlugField(),
)


def first_listed(actor: Actor, *, sector: str = "", text: str = "") -> list[Service]:
    """The beginning of ``listed``: one page, and one row more if there is one."""
    if actor.is_visitor and not sector and not text.strip():
        return _listed_to_all()
    return list(listed(actor, sector=sector, text=text)[: LISTED + 1])


def service_of(actor: Actor, slug: str) -> Service:
    """The service with this address.  Raises: NotFound."""
    if actor.is_visitor:
        return found(_open_to_all.first(slug=slug))
    return find(visible_to(actor), slug=slug)


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """The organisations in whose name the actor may deploy."""
    return Organisation.objects.filter(
        pk__in=[pk for pk in actor.memberships if policies.may_deploy(actor, pk)]
    )


_prices_until: StandingQuery[Price] = StandingQuery(
    lambda moment: Price.objects.filter(starts_at__lte=moment).order_by("-starts_at")[:1],
    moment=DateTimeField(),
)
_counted_since: StandingQuery[int] = StandingQuery(
    lambda service, moment: (
        Usage.objects.filter(service=service, at__gte=moment)
        .order_by()
        .values("service")
        .annotate(total=Sum("predictions"))
        .values_list("total", flat=True)
    ),
    service=BigIntegerField(),
    moment=DateTimeField(),
)
_latest_crashes: StandingQuery[Crash] = StandingQuery(
    lambda service: Crash.objects.filter(service=service)[:10], service=BigIntegerField()
)


def latest_crashes(service: Service) -> list[Crash]:
    return _latest_crashes(service=service.pk)


def present_price() -> Price:
    """The price that holds now."""
    price = _prices_until.first(moment=clock.now())
    if price is None:
        raise Price.DoesNotExist
    return price


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
    counted = _counted_since.first(service=service.pk, moment=midnight()) or 0
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
