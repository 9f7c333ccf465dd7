"""Who may do what with pools."""

from __future__ import annotations

from bitgoeul.apps.capacity.models import Pool
from bitgoeul.kit.actor import Actor


def may_open_pools(actor: Actor) -> bool:
    return actor.is_operator


def may_run(actor: Actor, pool: Pool) -> bool:
    """Operators, and whoever works for the organisation whose pool it is."""
    return actor.is_operator or (
        pool.organisation_id is not None and actor.has("member", pool.organisation_id)
    )


def may_look_behind(actor: Actor, pool: Pool) -> bool:
    """Who sees the holders: those who run the pool, and auditors."""
    return may_run(actor, pool) or "auditor" in actor.roles


def may_act_for(actor: Actor, holder: str, organisation_id: int | None) -> bool:
    """People act for themselves and for the organisations they work for."""
    if organisation_id is not None:
        return actor.has("member", organisation_id)
    return actor.is_signed_in and holder == actor.id


def may_claim(actor: Actor, pool: Pool, holder: str, organisation_id: int | None) -> bool:
    """Who runs the pool decides; where the pool serves itself, everybody claims for themselves."""
    return may_run(actor, pool) or (pool.self_service and may_act_for(actor, holder, organisation_id))
