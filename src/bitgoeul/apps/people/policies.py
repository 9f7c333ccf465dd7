"""Who may do what.  Pure predicates: whether a row exists for the actor is decided in queries."""

from __future__ import annotations

from bitgoeul.apps.people.models import Membership, Organisation
from bitgoeul.kit.actor import Actor

OWNER = Membership.Role.OWNER


def may_found(actor: Actor) -> bool:
    return actor.is_signed_in


def may_edit(actor: Actor, organisation: Organisation) -> bool:
    """Owners keep the company file; the operator may correct it."""
    return actor.has(OWNER, organisation.pk) or actor.is_operator


def may_see_members(actor: Actor, organisation: Organisation) -> bool:
    return actor.belongs_to(organisation.pk) or actor.is_operator or "auditor" in actor.roles


def may_invite(actor: Actor, organisation: Organisation) -> bool:
    return actor.has(OWNER, organisation.pk)


def may_change_roles(actor: Actor, organisation: Organisation) -> bool:
    """The operator may name an owner where the last one has gone."""
    return actor.has(OWNER, organisation.pk) or actor.is_operator


def may_remove(actor: Actor, organisation: Organisation) -> bool:
    return actor.has(OWNER, organisation.pk) or actor.is_operator


def may_appoint(actor: Actor) -> bool:
    """An operator appoints operators; the first one is appointed on the command line."""
    return actor.is_operator


def may_keep_clients(actor: Actor) -> bool:
    return actor.is_operator


def may_decide_for_oneself(actor: Actor) -> bool:
    """Things only the person does, in a session of their own: never by an API token."""
    return actor.is_signed_in and actor.scopes is None


def may_keep_documents(actor: Actor, organisation: Organisation) -> bool:
    """Whoever works for the organisation keeps its papers; the operator reads them only."""
    return actor.has("member", organisation.pk)
