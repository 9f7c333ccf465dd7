"""Draws by lot: promised when the call opens, entries published after the deadline, then held or void."""

from __future__ import annotations

import datetime as dt

from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.errors import DrawTooEarly, NoDraw, ReviewsMissing
from bitgoeul.apps.programmes.events.panels import (
    DrawCommitted,
    DrawEntriesPublished,
    DrawHeld,
    DrawVoided,
)
from bitgoeul.apps.programmes.models import Call, Draw
from bitgoeul.apps.programmes.queries import draws as drawing
from bitgoeul.apps.programmes.queries import panels as judging
from bitgoeul.engines import draws as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import require

State = Draw.State
REVEAL_DAYS = 90  # after the deadline; later the draw is void


@command
def commit_draw(*, by: Actor, call: str) -> Draw:
    """Promise a draw: its rules and the commitment to a secret, in the moment in which the call opens."""
    offer = find(queries.calls_visible_to(by), slug=call)
    require(policies.may_run_calls(by))
    if offer.decision != "panel-lottery":
        raise NoDraw(call=str(offer))
    secret = drawing.new_secret()
    draw, new = Draw.objects.get_or_create(
        call=offer,
        defaults={
            "secret": secret.hex(),
            "commitment": engine.commit(secret),
            "committed_at": clock.now(),
            "closes_at": offer.closes_at,
            "reveal_by": offer.closes_at + dt.timedelta(days=REVEAL_DAYS),
        },
    )
    if not new:
        unchanged()
        return draw
    rules = drawing.rules_of(draw)
    draw.rules_digest = rules.digest()
    draw.save(update_fields=["rules_digest"])
    told = rules.as_data()
    record(
        DrawCommitted(
            call=call,
            commitment=draw.commitment,
            rules_digest=draw.rules_digest,
            **{name: told[name] for name in ("committed_at", "closes_at", "reveal_by", "beacon")},
            if_void=drawing.IF_VOID,
        ),
        by=by,
        subject=offer.subject,
    )
    return draw


@command
def publish_entries(*, by: Actor, call: str) -> Draw:
    """Fix who takes part: every application that was handed in, before anybody can know the beacon."""
    offer, draw = _draw(by, call)
    if draw.state == State.CLOSED:
        unchanged()
        return draw
    if clock.now() < draw.closes_at:
        raise DrawTooEarly(call=str(offer))
    handed_in = offer.applications.filter(submitted_at__isnull=False)
    draw.entries = sorted(handed_in.values_list("public_id", flat=True))
    pool = engine.pool_digest(drawing.entries_of(draw))
    Draw.FLOW.move(draw, State.CLOSED, entries=draw.entries, pool=pool)
    fact = record(
        DrawEntriesPublished(call=call, entries=len(draw.entries), pool=pool, rules_digest=draw.rules_digest),
        by=by,
        subject=offer.subject,
    )
    Draw.objects.filter(pk=draw.pk).update(pool_fact=fact.pk)
    draw.pool_fact = fact.pk
    return draw


@command
def hold_draw(*, by: Actor, call: str) -> Draw:
    """Show the secret and draw the order; late or with a wrong secret the draw is void, as was published.

    Nobody knows the order before the last review is in.
    """
    offer, draw = _draw(by, call)
    if draw.state == State.COMMITTED:
        raise DrawTooEarly(call=str(offer))
    beacon = drawing.beacon_of(draw)
    if beacon is None:
        raise DrawTooEarly(call=str(offer))
    rules, entries, at = drawing.rules_of(draw), drawing.entries_of(draw), clock.now()
    secret = bytes.fromhex(draw.secret)
    if at <= draw.reveal_by and (missing := judging.progress(offer).missing):
        raise ReviewsMissing(call=str(offer), missing=missing)
    try:
        sheet = engine.draw(rules, entries, secret=secret, beacon=beacon, revealed_at=at)
    except engine.Void:
        return _void(by, draw, engine.void(rules, entries, at=at, secret=secret))
    digest = drawing.digest(sheet)
    Draw.FLOW.move(draw, State.DRAWN, sheet=sheet, sheet_digest=digest, drawn_at=at)
    record(
        DrawHeld(
            call=call, entries=len(entries), beacon=beacon.value, seed=sheet["seed"], sheet_digest=digest
        ),
        by=by,
        subject=offer.subject,
    )
    return draw


@command
def void_draw(*, by: Actor, call: str) -> Draw:
    """Say that the secret was withheld: the day by which it was promised has passed."""
    offer, draw = _draw(by, call)
    try:
        sheet = engine.void(drawing.rules_of(draw), drawing.entries_of(draw), at=clock.now())
    except (engine.NotVoid, engine.EarlySecret):
        raise DrawTooEarly(call=str(offer)) from None
    return _void(by, draw, sheet)


def _draw(by: Actor, call: str) -> tuple[Call, Draw]:
    offer = find(queries.calls_visible_to(by), slug=call)
    require(policies.may_run_calls(by))
    draw = Draw.objects.select_related("call").filter(call=offer).first()
    if draw is None or draw.state in (State.DRAWN, State.VOID):
        raise NoDraw(call=str(offer))
    return offer, draw


def _void(by: Actor, draw: Draw, sheet: engine.Sheet) -> Draw:
    digest = drawing.digest(sheet)
    Draw.FLOW.move(draw, State.VOID, sheet=sheet, sheet_digest=digest, drawn_at=clock.now())
    record(
        DrawVoided(call=draw.call.slug, reason=sheet["reason"], sheet_digest=digest),
        by=by,
        subject=draw.call.subject,
    )
    return draw
