"""Who may do what with services."""

from bitgoeul.kit.actor import Actor


def may_deploy(actor: Actor, organisation_id: int) -> bool:
    return actor.has("member", organisation_id)


def may_manage(actor: Actor, organisation_id: int) -> bool:
    """Stop, start and redeploy: whoever works for the organisation, and the operator."""
    return actor.is_operator or actor.has("member", organisation_id)


def may_see_all(actor: Actor) -> bool:
    return actor.is_operator or "auditor" in actor.roles


def may_price(actor: Actor) -> bool:
    return actor.is_operator
