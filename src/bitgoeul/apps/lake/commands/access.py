"""Access to the rows of a dataset: given by hand or as the part of a grant, changed, taken back, over."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from bitgoeul.apps.lake import policies, queries
from bitgoeul.apps.lake.errors import ResultTooOpen, SomebodyHasAccess
from bitgoeul.apps.lake.events import AccessChanged, AccessEnded, AccessGiven
from bitgoeul.apps.lake.models import Access, Dataset
from bitgoeul.apps.lake.queries.access import accesses_visible_to
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.commands import confirm_part, return_part
from bitgoeul.apps.programmes.models import GrantPart
from bitgoeul.apps.programmes.queries.deadlines import is_near
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import Event, record
from bitgoeul.kit.refusals import Invalid, StateChanged, require

State = Access.State
LONGEST = dt.timedelta(days=3_653)


@command
def give_access(
    *,
    by: Actor,
    dataset: str,
    organisation: str,
    purpose: str,
    ends_at: dt.datetime,
    starts_at: dt.datetime | None = None,
) -> Access:
    """Let the members of an organisation read the rows of a dataset until a moment."""
    row = find(queries.visible_to(by), slug=dataset)
    require(policies.may_give_access(by, row))
    holder = Organisation.objects.filter(slug=lake.storable(organisation)).first()
    starts_at = starts_at or clock.now()
    errors = _problems(purpose, starts_at, ends_at)
    if row.visibility != Dataset.Visibility.RESTRICTED:
        errors["dataset"] = [_("Access is given to a dataset that is read on request.")]
    if holder is None or holder.pk == row.organisation_id:
        errors["organisation"] = [_("Name another organisation of this hub.")]
    if errors or holder is None:
        raise Invalid(errors)
    return _give(by, row, holder, lake.storable(purpose).strip(), starts_at, ends_at)


@command
def open_part(*, by: Actor, part_id: int) -> Access:
    """Give what a part of a grant promises, and say so to the grant, in one step; once.

    A dataset that is private, or not there, is opened by no grant.
    """
    require(by.is_system)
    part = GrantPart.objects.select_related("grant__application__call", "grant__organisation").get(pk=part_id)
    if (earlier := Access.objects.filter(part=part).first()) is not None:
        unchanged()
        return earlier
    grant = part.grant
    open_ones = queries.visible_to(SYSTEM).exclude(visibility=Dataset.Visibility.ORGANISATION)
    row = find(open_ones.filter(versions__state=queries.PUBLISHED), slug=part.about)
    confirm_part(by=by, part_id=part.pk)
    purpose = str(grant.application.call.title.in_language("ko"))[:300]
    return _give(by, row, grant.organisation, purpose, grant.starts_at, grant.ends_at, part)


@command
def change_access(
    *, by: Actor, access: str, ends_at: dt.datetime, starts_at: dt.datetime | None = None
) -> Access:
    """Let an access last until another moment."""
    row = find(accesses_visible_to(by), public_id=access)
    require(policies.may_give_access(by, row.dataset))
    if row.state != State.GIVEN:
        raise StateChanged(now=str(row.get_state_display()))
    starts_at = starts_at or row.starts_at
    if (row.starts_at, row.ends_at) == (starts_at, ends_at):
        unchanged()
        return row
    if errors := _problems(row.purpose, starts_at, ends_at):
        raise Invalid(errors)
    row.starts_at, row.ends_at = starts_at, ends_at
    row.save(update_fields=["starts_at", "ends_at"])
    _record(AccessChanged(**_about(row)), by, row)
    return row


@command
def end_access(*, by: Actor, access: str, reason: str = "") -> Access:
    """Take an access back, give one's own back, or note that it is over; a grant hears of it, too."""
    row = find(accesses_visible_to(by), public_id=access)
    require(policies.may_end_access(by, row))
    if row.state != State.GIVEN:
        unchanged()
        return row
    is_over = row.ends_at <= clock.now() or (row.part is not None and row.part.state in _GIVEN_BACK)
    Access.FLOW.move(row, State.ENDED if is_over else State.TAKEN_BACK, ended_at=clock.now())
    if row.part is not None and not is_over:
        return_part(by=SYSTEM, part_id=row.part.pk)
    words = lake.storable(reason).strip()[:300]
    _record(AccessEnded(**_about(row), early=not is_over, reason=words), by, row)
    return row


_GIVEN_BACK = (GrantPart.State.ENDED, GrantPart.State.RETURNED)


def refuse_while_somebody_reads(row: Dataset, visibility: str) -> None:
    """A dataset does not become private while others have a promise that they may read it."""
    if visibility == Dataset.Visibility.ORGANISATION:
        others = Access.objects.filter(dataset=row, state=State.GIVEN, ends_at__gt=clock.now()).count()
        if others:
            raise SomebodyHasAccess(count=others)


def refuse_more_open_than(row: Dataset, visibility: str, sources: list[str]) -> None:
    """What was made from data on request of others is not read by everybody."""
    if visibility != Dataset.Visibility.PUBLIC:
        return
    closed = Dataset.objects.filter(slug__in=sources).exclude(visibility=Dataset.Visibility.PUBLIC)
    others = closed.exclude(organisation=row.organisation).order_by("slug").values_list("slug", flat=True)
    if names := list(others):
        raise ResultTooOpen(names=", ".join(names))


def sources_of(row: Dataset) -> list[str]:
    """The datasets from which the published versions of a dataset were made."""
    lineages = row.versions.filter(state=queries.PUBLISHED).values_list("lineage", flat=True)
    return sorted({source["dataset"] for lineage in lineages for source in lineage.get("sources", [])})


def _give(  # noqa: PLR0917
    by: Actor, row: Dataset, holder: Organisation, purpose: str, starts_at: dt.datetime,
    ends_at: dt.datetime, part: GrantPart | None = None,
) -> Access:  # fmt: skip
    access = Access.objects.create(
        dataset=row, organisation=holder, purpose=purpose, starts_at=starts_at, ends_at=ends_at, part=part,
        given_at=clock.now(),
    )  # fmt: skip
    _record(AccessGiven(**_about(access), grant=_grant_of(part), purpose=purpose), by, access)
    return access


def _problems(purpose: str, starts_at: dt.datetime, ends_at: dt.datetime) -> dict[str, list[str]]:
    errors = {}
    if not 2 <= len(lake.storable(purpose).strip()) <= 300:
        errors["purpose"] = [_("Say in 2 to 300 characters what for.")]
    if not (is_near(starts_at) and is_near(ends_at) and clock.now() < ends_at <= clock.now() + LONGEST):
        errors["ends_at"] = [_("Choose a later day, at most ten years from now.")]
    elif starts_at >= ends_at:
        errors["starts_at"] = [_("The start lies before the end.")]
    return errors


def _about(row: Access) -> dict[str, str]:
    return {
        "access": row.public_id,
        "dataset": row.dataset.slug,
        "starts_at": row.starts_at.astimezone(dt.UTC).isoformat(),
        "ends_at": row.ends_at.astimezone(dt.UTC).isoformat(),
    }


def _grant_of(part: GrantPart | None) -> str:
    return str(part.grant.application.public_id) if part is not None else ""


def _record(event: Event, by: Actor, row: Access) -> None:
    record(event, by=by, subject=row.dataset.subject, organisation=row.organisation)
