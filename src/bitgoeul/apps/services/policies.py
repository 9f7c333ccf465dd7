"""Who may do what with services."""

from bitgoeul.kit.actor import Actor


def may_read(actor: Actor) -> bool:
    """A token reads what is not public only if it was made for that."""
    return actor.allows("services:read") or actor.allows("services:write")


def may_deploy(actor: Actor, organisation_id: int) -> bool:
    return actor.has("member", organisation_id)


def may_manage(actor: Actor, organisation_id: int) -> bool:
    """Stop, start and redeploy: whoever works for the organisation, and the operator."""
    return actor.is_operator or actor.has("member", organisation_id)


def may_see_all(actor: Actor) -> bool:
    return may_read(actor) and (actor.is_operator or "auditor" in actor.roles)


def may_price(actor: Actor) -> bool:
    return actor.is_operator
