"""Who may do what with shows."""

from bitgoeul.kit.actor import Actor


def may_design(actor: Actor, organisation_id: int) -> bool:
    """Members and owners draw, hand in and publish; the finance role alone does not."""
    return actor.has("member", organisation_id)


def may_read(actor: Actor) -> bool:
    """A token reads what is not public only if it was made for that."""
    return actor.allows("shows:read") or actor.allows("shows:write")


def may_see_all(actor: Actor) -> bool:
    return may_read(actor) and (actor.is_operator or "auditor" in actor.roles)
