"""Who may do what with jobs."""

from bitgoeul.apps.compute.models import Job
from bitgoeul.kit.actor import Actor


def may_submit(actor: Actor, organisation_id: int) -> bool:
    """Whoever works for the organisation; finance looks after the books and runs nothing."""
    return actor.has("member", organisation_id)


def may_cancel(actor: Actor, job: Job) -> bool:
    return actor.is_operator or actor.has("member", job.organisation_id)


def may_set_prices(actor: Actor) -> bool:
    return actor.is_operator
