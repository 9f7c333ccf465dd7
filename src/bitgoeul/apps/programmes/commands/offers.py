"""Offers: taken, declined or lapsed; what comes back is offered to the next in the published order."""

from __future__ import annotations

from django.db.models import F
from django.utils.translation import gettext_lazy

from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.commands.beside import NOT_BOTH, is_not_allowed
from bitgoeul.apps.programmes.commands.decisions import (
    accept_application,
    record_acceptance,
    reject_application,
)
from bitgoeul.apps.programmes.commands.giving import make_grant
from bitgoeul.apps.programmes.errors import OfferOver
from bitgoeul.apps.programmes.events.applications import OfferDeclined, OfferLapsed
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries.deadlines import written_moment
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import StateChanged, require
from bitgoeul.kit.text import translated

State = Application.State
NEXT_IN_ORDER = gettext_lazy("A winner did not take it, and you are the next on the reserve list.")
LONGEST_WORDS = 1_000


@command
def take_offer(*, by: Actor, application: str) -> Application:
    """Take what was offered: the grant begins, and what was reserved for it counts as granted."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if row.state == State.ACCEPTED:
        unchanged()
        return row
    if row.state == State.OFFERED and row.offer_ends_at is not None and clock.now() >= row.offer_ends_at:
        raise OfferOver(call=str(row.call), ended=written_moment(row.offer_ends_at))
    Application.FLOW.move(row, State.ACCEPTED)
    amount = row.amount or 0
    Call.objects.filter(pk=row.call_id).update(reserved=F("reserved") - amount, granted=F("granted") + amount)
    record_acceptance(by, row, make_grant(row), automatic=False, reason=row.decision.reason)
    return find(queries.applications_visible_to(by), pk=row.pk)


@command
def decline_offer(*, by: Actor, application: str, words: str = "") -> Application:
    """Say no to an offer; the next in order is asked at once."""
    row = find(queries.applications_visible_to(by), public_id=application)
    require(policies.may_apply(by, row.organisation_id))
    if row.state == State.DECLINED:
        unchanged()
        return row
    Application.FLOW.move(row, State.DECLINED)
    record(
        OfferDeclined(
            call=row.call.slug,
            application=row.public_id,
            amount=row.amount or 0,
            words=words.replace("\x00", "")[:LONGEST_WORDS],
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    _give_back(row)
    return row


@command
def lapse_offer(*, by: Actor, application: str) -> Application:
    """End an offer that nobody answered in time; the next in order is asked at once."""
    require(by.is_system)
    row = find(queries.applications_visible_to(by), public_id=application)
    if row.state == State.OFFERED and row.offer_ends_at is not None and clock.now() < row.offer_ends_at:
        raise StateChanged(now=str(row.get_state_display()))
    Application.FLOW.move(row, State.LAPSED)
    record(
        OfferLapsed(call=row.call.slug, application=row.public_id, amount=row.amount or 0),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    _give_back(row)
    return row


def _give_back(row: Application) -> None:
    Call.objects.filter(pk=row.call_id).update(reserved=F("reserved") - (row.amount or 0))
    offer_next(row.call)


def offer_next(call: Call) -> list[Application]:
    """Offer to the reserve in its order as long as the budget lasts for the first who waits.

    Nobody is skipped: if the first asks for more than there is, what comes back later is added. Only whom the
    call does not allow, as another programme supports the same by now, is rejected with that reason.
    """
    offered: list[Application] = []
    while True:
        # The row of the call is locked, so two who decline together do not offer to the same next one.
        held = Call.objects.select_for_update().get(pk=call.pk)
        first = held.applications.filter(state=State.RESERVE).order_by("order").first()
        if first is None or (first.ask or held.share_most) > held.left:
            return offered
        if is_not_allowed(first):  # another programme began to support the same since the decision
            reject_application(by=SYSTEM, application=first.public_id, reason=translated(NOT_BOTH))
            continue
        reason = translated(NEXT_IN_ORDER)
        offered.append(accept_application(by=SYSTEM, application=first.public_id, reason=reason))
