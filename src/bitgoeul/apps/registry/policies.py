"""Who may do what with models."""

from bitgoeul.kit.actor import Actor


def may_read(actor: Actor) -> bool:
    """A token reads what is not public only if it was made for that."""
    return actor.allows("registry:read") or actor.allows("registry:write")


def may_register(actor: Actor, organisation_id: int) -> bool:
    return actor.has("member", organisation_id)


def may_manage(actor: Actor, organisation_id: int) -> bool:
    """Withdraw, reinstate, share: whoever works for the organisation, and the operator."""
    return actor.is_operator or actor.has("member", organisation_id)


def may_see_all(actor: Actor) -> bool:
    return may_read(actor) and (actor.is_operator or "auditor" in actor.roles)
