"""`bitgoeul capacity …`: the operator's words for pools, claims and lines."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Annotated, Any

import typer
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.capacity import api, commands, queries, tasks
from bitgoeul.apps.capacity.models import Claim, Pool, Waiting
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.doors import find

app = typer.Typer(help="Capacity: pools, claims, holds, waiting lists and the check of the counters.")

Slug = Annotated[str, typer.Argument(help="The pool's short name in addresses.")]
Key = Annotated[str, typer.Option(help="What makes this request this one: it is never done twice.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the record.")]
Holder = Annotated[str, typer.Option(help="Who holds: an organisation's short name, or any other reference.")]
Purpose = Annotated[str, typer.Option(help="For what; it stands in the record.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Moment = Annotated[
    dt.datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="As 2026-05-01 or 2026-05-01T09:00."),
]


def _pool(slug: str) -> Pool:
    return find(Pool.objects.all(), slug=slug)


def _holder(name: str) -> Organisation | str:
    return Organisation.objects.filter(slug=name).first() or name


def _aware(moment: dt.datetime | None) -> dt.datetime | None:
    return timezone.make_aware(moment) if moment else None


def _say(value: Any, as_json: bool, otherwise: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))
    elif otherwise:
        typer.echo(otherwise)


def _say_claim(row: Claim, as_json: bool) -> None:
    said = api.claim_of(row) | {"key": row.key}
    _say(said, as_json, f"{row.key}: {row.quantity} of {row.pool.slug}, {row.state}")


def _say_pool(row: Pool, as_json: bool) -> None:
    usage = queries.usage(row)
    _say(api.pool_of(row, usage), as_json, f"{row.slug}: {usage.free} of {usage.capacity} free, {row.state}")


@app.command(name="list")
def list_pools(as_json: Json = False) -> None:
    """Print every pool and what is free of it."""
    pools = list(Pool.objects.all())
    usages = queries.usages(pools)
    if as_json:
        _say([api.pool_of(pool, usages[pool.pk]) for pool in pools], as_json)
        return
    table = Table("pool", "state", "capacity", "claimed", "held", "free", "waiting")
    for pool in pools:
        usage = usages[pool.pk]
        figures = (usage.capacity, usage.claimed, usage.held, usage.free, usage.waiting)
        table.add_row(pool.slug, str(pool.state), *map(str, figures))
    Console().print(table)


@app.command()
def show(pool: Slug, as_json: Json = False) -> None:
    """Print one pool with its claims, its line and its units."""
    row = _pool(pool)
    claims = list(queries.active_claims(row).select_related("pool"))
    line = list(queries.line_of(row).select_related("pool"))
    units = [api.unit_of(unit) for unit in queries.units_of(row)]
    if as_json:
        said = {
            "claims": [api.claim_of(claim) | {"key": claim.key} for claim in claims],
            "line": [api.place_of(place) | {"key": place.key} for place in line],
            "units": units,
        }
        _say(api.pool_of(row) | said, as_json)
        return
    _say_pool(row, as_json)
    table = Table("key", "holder", "quantity", "state")
    for claim in claims:
        table.add_row(claim.key, claim.holder, str(claim.quantity), str(claim.state))
    for place in line:
        table.add_row(place.key, place.holder, str(place.quantity), str(place.state))
    Console().print(table)


@app.command(name="open")
def open_pool(
    pool: Slug,
    title: Annotated[str, typer.Option(help="What it is called.")],
    unit: Annotated[str, typer.Option(help="What is counted, such as GPU or seat.")],
    *,
    capacity: Annotated[int | None, typer.Option(help="How much there is.")] = None,
    numbered: Annotated[
        list[str] | None, typer.Option(help="The label of a numbered unit; may be repeated.")
    ] = None,
    kind: Pool.Kind = Pool.Kind.OTHER,
    order: Pool.Order = Pool.Order.ARRIVAL,
    self_service: Annotated[bool, typer.Option(help="Members claim by themselves.")] = False,
    since: Moment = None,
    until: Moment = None,
    as_json: Json = False,
) -> None:
    """Open a pool."""
    row = commands.open_pool(
        by=SYSTEM, slug=pool, title=title, unit=unit, capacity=capacity, numbered_units=numbered or (),
        kind=kind, order=order, self_service=self_service, starts_at=_aware(since), ends_at=_aware(until),
    )  # fmt: skip
    _say_pool(row, as_json)


@app.command()
def claim(
    pool: Slug, quantity: int, *, key: Key, holder: Holder, purpose: Purpose = "", until: Moment = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Claim so much of a pool."""
    row = commands.claim(
        by=SYSTEM, pool=_pool(pool), quantity=quantity, key=key, holder=_holder(holder), purpose=purpose,
        until=_aware(until),
    )  # fmt: skip
    _say_claim(row, as_json)


@app.command()
def hold(
    pool: Slug, quantity: int, *, key: Key, holder: Holder, purpose: Purpose = "", as_json: Json = False
) -> None:
    """Hold so much of a pool for a short time."""
    row = commands.hold(
        by=SYSTEM, pool=_pool(pool), quantity=quantity, key=key, holder=_holder(holder), purpose=purpose
    )
    _say_claim(row, as_json)


@app.command()
def confirm(key: str, as_json: Json = False) -> None:
    """Make a hold or an offer a claim."""
    _say_claim(commands.confirm_hold(by=SYSTEM, key=key), as_json)


@app.command()
def release(
    key: str,
    quantity: Annotated[int | None, typer.Option(help="A part of it; all of it without.")] = None,
    as_json: Json = False,
) -> None:
    """Give a claim back, or a part of it."""
    rows = commands.release_claim(by=SYSTEM, key=key, quantity=quantity)
    if as_json:
        _say([api.claim_of(row) | {"key": row.key} for row in rows], as_json)
        return
    for row in rows:
        _say_claim(row, as_json)


@app.command()
def wait(
    pool: Slug, quantity: int, *, key: Key, holder: Holder, purpose: Purpose = "", rank: int = 0,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Join the waiting list of a full pool."""
    place = commands.join_waiting_list(
        by=SYSTEM, pool=_pool(pool), quantity=quantity, key=key, holder=_holder(holder), purpose=purpose,
        rank=rank,
    )  # fmt: skip
    _say_place(place, as_json)


@app.command()
def leave(key: str, as_json: Json = False) -> None:
    """Leave a waiting list."""
    _say_place(commands.leave_waiting_list(by=SYSTEM, key=key), as_json)


def _say_place(place: Waiting, as_json: bool) -> None:
    said = api.place_of(place) | {"key": place.key}
    _say(said, as_json, f"{place.key}: {place.state}, place {said['position']}")


@app.command()
def resize(pool: Slug, capacity: int, reason: Reason, as_json: Json = False) -> None:
    """Change the capacity of a pool, never below what is claimed."""
    _say_pool(
        commands.change_capacity(by=SYSTEM, pool=_pool(pool), capacity=capacity, reason=reason), as_json
    )


@app.command()
def pause(pool: Slug, reason: Reason, as_json: Json = False) -> None:
    """Stop giving out for a while."""
    _say_pool(commands.pause_pool(by=SYSTEM, pool=_pool(pool), reason=reason), as_json)


@app.command()
def resume(pool: Slug, as_json: Json = False) -> None:
    """Give out again."""
    _say_pool(commands.resume_pool(by=SYSTEM, pool=_pool(pool)), as_json)


@app.command()
def close(pool: Slug, reason: Reason, as_json: Json = False) -> None:
    """Close a pool for good."""
    _say_pool(commands.close_pool(by=SYSTEM, pool=_pool(pool), reason=reason), as_json)


@app.command()
def units(
    pool: Slug,
    add: Annotated[list[str] | None, typer.Option(help="Add this unit; may be repeated.")] = None,
    out: Annotated[str, typer.Option(help="Take this unit out of service.")] = "",
    back: Annotated[str, typer.Option(help="Bring this unit back.")] = "",
    reason: Annotated[str, typer.Option(help="Why it goes out; it stands in the record.")] = "",
    as_json: Json = False,
) -> None:
    """Add numbered units, take one out of service, or bring one back."""
    row = _pool(pool)
    if add:
        commands.add_units(by=SYSTEM, pool=row, labels=add)
    if out:
        commands.take_unit_out(by=SYSTEM, pool=row, label=out, reason=reason)
    if back:
        commands.bring_unit_back(by=SYSTEM, pool=row, label=back)
    said = [api.unit_of(unit) for unit in queries.units_of(row)]
    _say(said, as_json, "\n".join(f"{unit['label']}: {unit['state']}" for unit in said))


@app.command()
def sweep(as_json: Json = False) -> None:
    """Expire what is over and serve the lines (the worker does this by itself)."""
    expired = [claim.key for claim in tasks.expire_due()]
    served = tasks.serve_lines()
    _say({"expired": expired, "served": served}, as_json, "\n".join(expired))


@app.command()
def check(as_json: Json = False) -> None:
    """Compare counters, claims and units; exit status 3 if they are not alike."""
    found = [vars(difference) for difference in queries.discrepancies()]
    lines = [
        f"{row['what']}: {row['where']} ({row['expected']} expected, {row['found']} found)" for row in found
    ]
    _say({"holds": not found, "discrepancies": found}, as_json, "\n".join(lines) or "The counters are true.")
    if found:
        sys.exit(3)
