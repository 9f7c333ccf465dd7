from __future__ import annotations

from bitgoeul.apps.lake.models import Access, Dataset, Upload
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit.actor import Actor


def may_publish_for(actor: Actor, organisation: Organisation) -> bool:
    """Members and owners bring data in; the finance role alone does not."""
    return actor.has("member", organisation.pk)


def may_edit(actor: Actor, dataset: Dataset) -> bool:
    return may_publish_for(actor, dataset.organisation)


def may_withdraw(actor: Actor, dataset: Dataset) -> bool:
    """The organisation itself, or the steward when a version must not stay."""
    return may_edit(actor, dataset) or "steward" in actor.roles or actor.is_operator


def may_give_access(actor: Actor, dataset: Dataset) -> bool:
    """The organisation itself, or the steward."""
    return may_edit(actor, dataset) or "steward" in actor.roles or actor.is_operator


def may_end_access(actor: Actor, access: Access) -> bool:
    """Whoever may give it; and an owner of the organisation that has it may give it back."""
    return may_give_access(actor, access.dataset) or actor.has("owner", access.organisation_id)


def may_continue(actor: Actor, upload: Upload) -> bool:
    return may_publish_for(actor, upload.organisation)
