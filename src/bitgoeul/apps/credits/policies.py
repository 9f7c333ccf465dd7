"""Who may do what with credits."""

from bitgoeul.kit.actor import Actor


def may_grant(actor: Actor) -> bool:
    return actor.is_operator


def may_reverse(actor: Actor) -> bool:
    return actor.is_operator


def may_spend(actor: Actor, organisation_id: int) -> bool:
    """Whoever works for the organisation; finance looks after the books and does not spend."""
    return actor.is_operator or actor.has("member", organisation_id)


def may_see_all(actor: Actor) -> bool:
    return actor.is_operator or "auditor" in actor.roles


def may_set_prices(actor: Actor) -> bool:
    return actor.is_operator


def may_agree_prices(actor: Actor) -> bool:
    return actor.is_operator


def may_post_benefits(actor: Actor) -> bool:
    return actor.is_operator
