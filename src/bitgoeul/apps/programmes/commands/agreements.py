"""Agreements: written out with the grant, signed by an owner, in force at once; later changes are addenda."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bitgoeul.apps.programmes import policies
from bitgoeul.apps.programmes.commands.activation import activate_grant
from bitgoeul.apps.programmes.errors import AgreementDiffers, AgreementOver
from bitgoeul.apps.programmes.events.grants import AgreementOffered, AgreementSigned
from bitgoeul.apps.programmes.models import Addendum, Agreement
from bitgoeul.apps.programmes.queries import agreements as texts
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.apps.programmes.queries.deadlines import due_after, written_moment
from bitgoeul.apps.programmes.queries.grants import grants_visible_to
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised

State = Agreement.State
SIGN_DAYS = 14


@command
def offer_agreement(*, by: Actor, grant: str) -> Agreement:
    """Write the agreement of a grant out from the text of its call; it waits for a signature until a day."""
    require(by.is_system)
    row = find(grants_visible_to(by), application__public_id=grant)
    terms = row.application.call.procedure["agreement"]
    text = texts.filled(terms["text"], row)
    agreement = Agreement.objects.create(
        grant=row,
        text=text,
        fingerprint=texts.fingerprint(text),
        expires_at=min(due_after(terms.get("sign_days", SIGN_DAYS)), row.ends_at),
    )
    record(
        AgreementOffered(
            grant=grant, fingerprint=agreement.fingerprint, expires_at=agreement.expires_at.isoformat()
        ),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    return agreement


@command
def sign_agreement(*, by: Actor, grant: str, name: str, fingerprint: str) -> Agreement:
    """Sign as an owner of the organisation, with one's name, exactly the text with this fingerprint.

    The parts are handed over in the same transaction: if a pool is full, nothing is signed.
    """
    row = find(grants_visible_to(by), application__public_id=grant)
    agreement = found(Agreement.objects.filter(grant=row).first())
    require(policies.may_sign(by, row.organisation_id))
    if agreement.state in (State.SIGNED, State.IN_FORCE):
        unchanged()
        return agreement
    if agreement.state == State.EXPIRED or clock.now() >= agreement.expires_at:
        raise AgreementOver(expired=written_moment(agreement.expires_at))
    if fingerprint != agreement.fingerprint:
        raise AgreementDiffers()
    signer = " ".join(name.split())
    if not 2 <= len(signer) <= 120 or not is_storable(signer):
        raise Invalid({"name": [_("Write the name of whoever signs.")]})
    moment = clock.now()
    Agreement.FLOW.move(
        agreement, State.SIGNED, signed_at=moment, signed_by_id=by.person_id, signed_name=signer
    )
    record(
        AgreementSigned(grant=grant, fingerprint=fingerprint, at=moment.isoformat(), signer=signer),
        by=by,
        subject=row.subject,
        organisation=row.organisation,
    )
    activate_grant(by=SYSTEM, grant=grant)
    Agreement.FLOW.move(agreement, State.IN_FORCE)
    return agreement


def add_addendum(agreement: Agreement, text: Localised) -> Addendum:
    """Number and keep what was agreed on later; inside the command that agrees."""
    return Addendum.objects.create(
        agreement=agreement,
        number=agreement.addenda.count() + 1,
        text=text,
        fingerprint=texts.fingerprint(text),
        at=clock.now(),
    )
