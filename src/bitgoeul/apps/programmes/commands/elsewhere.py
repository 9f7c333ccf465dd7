"""Parts of a grant that another capability gives, as access to a dataset: it says here what became of them.

Whoever gives such a part listens to the facts of grants, gives what is theirs to give, and calls these in the
same transaction; so a part is never active without what it stands for.
"""

from __future__ import annotations

from bitgoeul.apps.programmes.events.grants import PartConfirmed, PartGivenBack
from bitgoeul.apps.programmes.models import Grant, GrantPart
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import StateChanged, require

State = GrantPart.State


@command
def confirm_part(*, by: Actor, part_id: int) -> GrantPart:
    """Say that a part was given elsewhere; it is active from now on.  Refused when the grant has ended."""
    require(by.is_system)
    part = _locked(part_id)
    if part.state == State.ACTIVE:
        unchanged()
        return part
    if part.grant.activated_at is None or part.grant.state not in (
        Grant.State.ACTIVE,
        Grant.State.SUSPENDED,
    ):
        raise StateChanged(now=str(part.grant.get_state_display()))
    GrantPart.FLOW.move(part, State.ACTIVE)
    record(
        PartConfirmed(grant=part.grant.application.public_id, number=part.number, about=part.about),
        by=by,
        subject=part.grant.subject,
        organisation=part.grant.organisation,
    )
    return part


@command
def return_part(*, by: Actor, part_id: int) -> GrantPart:
    """Say that what was given elsewhere was taken back before its time; the part is given back."""
    require(by.is_system)
    part = _locked(part_id)
    if part.state != State.ACTIVE:
        unchanged()
        return part
    GrantPart.FLOW.move(part, State.RETURNED)
    record(
        PartGivenBack(grant=part.grant.application.public_id, number=part.number, left=0),
        by=by,
        subject=part.grant.subject,
        organisation=part.grant.organisation,
    )
    return part


def _locked(part_id: int) -> GrantPart:
    """The part with its grant, whose end waits until this is written."""
    part = GrantPart.objects.select_related("grant__application", "grant__organisation").get(pk=part_id)
    part.grant.state = Grant.objects.select_for_update().get(pk=part.grant_id).state
    return part
