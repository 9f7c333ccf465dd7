"""Everything that writes in services.  Processes are the keeper's; commands say what should be."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.credits import queries as credits
from bitgoeul.apps.credits.commands import spend_credits
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import queries as registry
from bitgoeul.apps.registry.commands import share_model
from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.apps.services import policies, queries
from bitgoeul.apps.services.errors import NoCredits, SlugTaken, VersionWithdrawn
from bitgoeul.apps.services.events import (
    PredictionsMetered,
    PredictorCrashed,
    PriceSet,
    ReplacementBegun,
    ReplacementGivenUp,
    ServiceDeployed,
    ServiceFailed,
    ServiceLive,
    ServiceRedeployed,
    ServiceResumed,
    ServiceStarted,
    ServiceStopped,
    ServiceSuspended,
)
from bitgoeul.apps.services.models import Crash, Price, Service, Usage
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import Event, record
from bitgoeul.kit.refusals import Invalid, NotFound, StateChanged, require

State = Service.State
SLUG = re.compile(r"[a-z][a-z0-9-]{1,58}[a-z0-9]")
RESERVED = {"new"}


@command
def deploy_service(
    *,
    by: Actor,
    model_version: str,
    slug: str,
    title: dict[str, str],
    sector: str = "",
    description: dict[str, str] | None = None,
    public: bool = True,
) -> Service:
    """Let a model version answer under an address of its own.  The keeper starts its process."""
    version = registry.version_of(by, model_version)
    organisation = version.model.organisation
    require(policies.may_deploy(by, organisation.pk))
    _require_available(version)
    if not SLUG.fullmatch(slug) or slug in RESERVED:
        raise Invalid(
            {"slug": [_("Use 3 to 60 small letters, digits and hyphens, beginning with a letter.")]}
        )
    if not any(title.values()):
        raise Invalid({"title": [_("Write it in Korean or in English.")]})
    sector = sector or version.model.sector
    if sector not in Organisation.Sector.values:
        raise Invalid({"sector": [_("Choose one of the five sectors.")]})
    if Service.objects.filter(slug=slug).exists():
        raise SlugTaken(slug=slug)
    _require_credits(organisation)
    service = Service.objects.create(
        slug=slug,
        organisation=organisation,
        title=title,
        description=description or version.document.get("question") or {},
        sector=sector,
        version=version,
        is_public=public,
        created_at=clock.now(),
    )
    Service.FLOW.move(service, State.STARTING, generation=1)
    if public:
        share_model(by=by, model=version.model.slug)
    _record(
        ServiceDeployed(
            service=slug,
            model=version.model.slug,
            version=version.number,
            sector=sector,
            public=public,
        ),
        by,
        service,
    )
    return service


@command
def redeploy_service(*, by: Actor, service: str, model_version: str) -> Service:
    """Answer with another version of a model of the same organisation, under the same address."""
    row = _manageable(by, service)
    version = registry.version_of(by, model_version)
    if version.model.organisation_id != row.organisation_id:
        raise NotFound
    _require_available(version)
    if (row.next_version_id or row.version_id) == version.pk and row.is_running:
        unchanged()
        return row
    _require_credits(row.organisation)
    event = _replace(row, version) if row.state == State.LIVE else _start_with(row, version)
    if row.is_public:
        share_model(by=by, model=version.model.slug)
    _record(event, by, row)
    return row


def _replace(row: Service, version: ModelVersion) -> Event:
    """Ask for another version beside the one that answers, which goes on until the other is ready."""
    fresh = max(row.generation, row.next_generation) + 1
    # Neighbours in time count into different halves of the meter, and that half is free again by then.
    fresh += (fresh - row.generation + 1) % 2
    changed = Service.objects.filter(pk=row.pk, state=State.LIVE, generation=row.generation).update(
        next_version=version, next_generation=fresh, note={}
    )
    if not changed:
        row.refresh_from_db()
        raise StateChanged(now=str(row.get_state_display()))
    row.refresh_from_db()
    return ReplacementBegun(
        service=row.slug, model=version.model.slug, version=version.number, generation=fresh
    )


def _start_with(row: Service, version: ModelVersion) -> Event:
    """Nothing answers, so the version is changed at once."""
    fields = row.restarted() | {"version": version, "note": {}, "live_since": None}
    if row.state == State.STARTING:
        Service.objects.filter(pk=row.pk).update(**fields)
        row.refresh_from_db()
    else:
        Service.FLOW.move(row, State.STARTING, **fields)
    return ServiceRedeployed(service=row.slug, model=version.model.slug, version=version.number)


@command
def start_service(*, by: Actor, service: str) -> Service:
    """Start a stopped, failed or suspended service again."""
    row = _manageable(by, service)
    if row.is_running:
        unchanged()
        return row
    _require_available(row.next_version or row.version)
    _require_credits(row.organisation)
    Service.FLOW.move(row, State.STARTING, **row.restarted(), note={})
    _record(ServiceStarted(service=row.slug), by, row)
    return row


@command
def stop_service(*, by: Actor, service: str) -> Service:
    """Stop answering.  The address and the figures stay."""
    row = _manageable(by, service)
    if row.state == State.STOPPED:
        unchanged()
        return row
    Service.FLOW.move(row, State.STOPPED, note={}, live_since=None)
    _record(ServiceStopped(service=row.slug), by, row)
    return row


def _manageable(by: Actor, slug: str) -> Service:
    row = find(queries.visible_to(by), slug=slug)
    require(policies.may_manage(by, row.organisation_id))
    return row


def _require_available(version: ModelVersion) -> None:
    if version.state != ModelVersion.State.AVAILABLE:
        raise VersionWithdrawn(version=version.number)


def _require_credits(organisation: Organisation) -> None:
    if credits.balance(organisation).left <= 0:
        raise NoCredits(organisation=organisation.name)


def _record(event: Event, by: Actor, service: Service) -> None:
    record(event, by=by, subject=service.subject, organisation=service.organisation)


# What the keeper reports


@command
def note_live(*, by: Actor, service: Service, generation: int) -> Service:
    """The process of this generation answers; if it is the replacement, it takes over."""
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    takes_over = row.next_version_id is not None and generation == row.next_generation
    now = clock.now()
    fields: dict[str, Any] = {"live_since": now, "note": {}}
    if takes_over and row.is_running:
        fields |= {"generation": generation, "version_id": row.next_version_id, "next_version": None}
    elif row.state != State.STARTING or row.generation != generation:
        unchanged()  # stopped or redeployed in the meantime
        return row
    if row.state == State.LIVE:
        Service.objects.filter(pk=row.pk).update(**fields)
        row.refresh_from_db()
    else:
        Service.FLOW.move(row, State.LIVE, **fields)
    row.crashes.filter(recovered_at=None).update(recovered_at=now)
    _record(ServiceLive(service=row.slug, generation=generation), by, row)
    return row


@command
def note_crash(
    *, by: Actor, service: Service, generation: int, exit_status: int | None, detail: str
) -> Service:
    """The process of this generation fell; the keeper will start another."""
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    if row.generation != generation or not row.is_running:
        unchanged()
        return row
    Crash.objects.create(service=row, at=clock.now(), exit_status=exit_status, detail=detail[:400])
    if row.state == State.LIVE:
        Service.FLOW.move(row, State.STARTING, live_since=None)
    _record(PredictorCrashed(service=row.slug, exit_status=exit_status, detail=detail[:400]), by, row)
    return row


@command
def give_up_replacement(*, by: Actor, service: Service, generation: int, detail: str) -> Service:
    """The other version fell again and again; the one that answers stays."""
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    version = row.next_version
    if version is None or row.next_generation != generation:
        unchanged()
        return row
    note = {"code": "services.ReplacementFell", "facts": {"version": version.number}}
    Service.objects.filter(pk=row.pk).update(next_version=None, note=note)
    row.refresh_from_db()
    _record(
        ReplacementGivenUp(
            service=row.slug, model=version.model.slug, version=version.number, detail=detail[:400]
        ),
        by,
        row,
    )
    return row


@command
def note_failed(*, by: Actor, service: Service, generation: int, times: int) -> Service:
    """The process fell again and again; nobody starts it until somebody asks."""
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    if row.generation != generation or not row.is_running:
        unchanged()
        return row
    Service.FLOW.move(
        row,
        State.FAILED,
        note={"code": "services.KeepsFalling", "facts": {"times": times}},
        live_since=None,
    )
    _record(ServiceFailed(service=row.slug, reason="services.KeepsFalling"), by, row)
    return row


@command
def collect_usage(*, by: Actor, service: Service, epoch: str, reading: int) -> Usage | None:
    """Enter what the meter counted since the last reading and pay for it; without credits the service stops.

    The reference holds the meter's epoch and its reading, so that no prediction is entered or paid twice.
    """
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    before = row.meter_read if row.meter_epoch == epoch else 0
    predictions = reading - before
    if predictions <= 0:
        unchanged()
        return None
    price = queries.present_price()
    reference = f"service:{row.pk}:{epoch}:{reading}"
    thousandths = row.carry + predictions * price.per_thousand
    cost, carry = divmod(thousandths, 1000)
    usage = Usage.objects.create(
        service=row, reference=reference, predictions=predictions, cost=cost, price=price, at=clock.now()
    )
    paid = _pay(row, row.owed + cost, reference)
    owed = row.owed + cost - paid
    Service.objects.filter(pk=row.pk).update(
        predictions=F("predictions") + predictions,
        carry=carry,
        spent=F("spent") + paid,
        owed=owed,
        meter_epoch=epoch,
        meter_read=reading,
    )
    row.refresh_from_db()
    _record(
        PredictionsMetered(
            service=row.slug,
            predictions=predictions,
            cost=cost,
            spent=paid,
            owed=owed,
            reference=reference,
        ),
        by,
        row,
    )
    if owed and row.is_running:
        suspend_service(by=by, service=row)
    return usage


def _pay(service: Service, due: int, reference: str) -> int:
    """Spend what is due, or what is left if that is less; return the amount."""
    amount = min(due, max(0, credits.balance(service.organisation).left))
    if amount:
        spend_credits(
            by=SYSTEM,
            organisation=service.organisation,
            amount=amount,
            reference=reference,
            purpose=f"{service.slug}: predictions",
        )
    return amount


@command
def suspend_service(*, by: Actor, service: Service) -> Service:
    """Stop answering because the credits are used up."""
    require(by.is_system)
    Service.FLOW.move(
        service, State.SUSPENDED, note={"code": "services.Suspended", "facts": {}}, live_since=None
    )
    _record(
        ServiceSuspended(service=service.slug, reason="services.Suspended", owed=service.owed), by, service
    )
    return service


@command
def resume_service(*, by: Actor, service: Service) -> Service:
    """New credits have come: pay what is owed and answer again."""
    require(by.is_system)
    row = Service.objects.select_for_update().select_related("organisation").get(pk=service.pk)
    left = credits.balance(row.organisation).left
    if row.state != State.SUSPENDED or left <= row.owed:
        unchanged()
        return row
    owed = row.owed
    paid = _pay(row, owed, f"service:{row.pk}:owed:{row.generation}")
    Service.FLOW.move(
        row,
        State.STARTING,
        **row.restarted(),
        owed=owed - paid,
        spent=row.spent + paid,
        note={},
    )
    _record(ServiceResumed(service=row.slug, paid=paid), by, row)
    return row


@command
def set_price(*, by: Actor, per_thousand: int) -> Price:
    """Set what 1,000 predictions cost from now on."""
    require(policies.may_price(by))
    if not 0 <= per_thousand <= 10**9:
        raise Invalid({"per_thousand": [_("A price is a whole number of milli-credits, not below zero.")]})
    price = Price.objects.create(per_thousand=per_thousand, starts_at=clock.now())
    record(PriceSet(per_thousand=per_thousand), by=by, subject="services:price")
    return price
