"""Who may do what with calls and applications."""

from __future__ import annotations

from bitgoeul.apps.programmes.models import Application
from bitgoeul.kit.actor import Actor


def may_run_calls(actor: Actor) -> bool:
    return actor.is_operator


def may_apply(actor: Actor, organisation_id: int) -> bool:
    """Whoever works for the organisation; finance looks after the books and does not apply."""
    return actor.has("member", organisation_id)


def may_decide(actor: Actor, application: Application) -> bool:
    """The desk decides, but nobody about an organisation of their own."""
    return actor.is_operator and (actor.is_system or application.organisation_id not in actor.memberships)


def may_see_all(actor: Actor) -> bool:
    return actor.is_operator or "auditor" in actor.roles


def may_sign(actor: Actor, organisation_id: int) -> bool:
    """Only an owner binds an organisation; the hub itself signs for nobody."""
    return not actor.is_system and actor.has("owner", organisation_id)


def may_run_grant(actor: Actor, organisation_id: int) -> bool:
    """The desk looks after grants, but nobody after one of their own organisation."""
    return actor.is_operator and (actor.is_system or organisation_id not in actor.memberships)
