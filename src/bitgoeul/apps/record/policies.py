"""Who may do what with the record.  Reading the public part needs nobody's leave."""

from bitgoeul.kit.actor import Actor


def may_read_personal(actor: Actor) -> bool:
    return actor.is_operator


def may_redact(actor: Actor) -> bool:
    return actor.is_operator
