"""Who may do what with models."""

from bitgoeul.kit.actor import Actor


def may_register(actor: Actor, organisation_id: int) -> bool:
    return actor.has("member", organisation_id)


def may_manage(actor: Actor, organisation_id: int) -> bool:
    """Withdraw, reinstate, share: whoever works for the organisation, and the operator."""
    return actor.is_operator or actor.has("member", organisation_id)


def may_see_all(actor: Actor) -> bool:
    return actor.is_operator or "auditor" in actor.roles
