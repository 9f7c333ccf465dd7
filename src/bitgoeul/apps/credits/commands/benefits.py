"""The benefit ledger: what each support was worth, in double entry.  Amounts are whole won."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.credits import policies
from bitgoeul.apps.credits.commands.transfers import check_reference, locked_wallet
from bitgoeul.apps.credits.errors import BenefitDiffers, BenefitNotReversible
from bitgoeul.apps.credits.events import BenefitPosted, BenefitReversed
from bitgoeul.apps.credits.models import Benefit, BenefitAccount, BenefitPosting
from bitgoeul.apps.credits.queries import benefits as queries
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import credits as ledger
from bitgoeul.engines.pricing import Worry
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import LANGUAGES, Localised

Kind = BenefitAccount.Kind


@command
def post_benefit(
    *,
    by: Actor,
    organisation: Organisation,
    reference: str,
    programme: str,
    item: str,
    list_won: int,
    paid_won: int,
    legal_basis: Any,
    starts_on: dt.date,
    ends_on: dt.date,
) -> Benefit:
    """Write down one support: list value = paid + in kind.

    What stands already for the same item is written beside it.  It never keeps a support from being posted:
    ``queries.benefits.double_funding`` tells a person before the grant.
    """
    require(policies.may_post_benefits(by))
    basis = Localised.of(legal_basis)
    _check(reference, programme, item, list_won, paid_won, basis, starts_on, ends_on)
    locked_wallet(organisation)
    fields: dict[str, Any] = {
        "organisation": organisation,
        "programme": programme.strip(),
        "item": item.strip(),
        "list_won": list_won,
        "paid_won": paid_won,
        "legal_basis": basis,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    if (earlier := Benefit.objects.filter(reference=reference).first()) is not None:
        if earlier.is_reversal or any(getattr(earlier, name) != value for name, value in fields.items()):
            raise BenefitDiffers(reference=reference)
        unchanged()
        return earlier
    beside = [
        other
        for finding in queries.double_funding(
            organisation,
            programme=programme,
            item=item,
            starts_on=starts_on,
            ends_on=ends_on,
            list_won=list_won,
            paid_won=paid_won,
        )
        if finding.worry is Worry.SAME_ITEM
        for other in finding.references
    ]
    benefit = _post(reference, beside=beside, **fields)
    record(
        BenefitPosted(
            organisation=organisation.slug,
            reference=reference,
            programme=benefit.programme,
            item=benefit.item,
            list_won=list_won,
            paid_won=paid_won,
            in_kind_won=benefit.in_kind_won,
            legal_basis=dict(basis),
            starts_on=starts_on.isoformat(),
            ends_on=ends_on.isoformat(),
            beside=beside,
        ),
        by=by,
        subject=subject_of(organisation),
        organisation=organisation,
    )
    return benefit


@command
def reverse_benefit(*, by: Actor, reference: str, reason: str) -> Benefit:
    """Undo one line by another; nothing is edited."""
    benefit = find(queries.seen_by(by), reference=reference)
    require(policies.may_reverse(by))
    if not reason.strip() or len(reason) > 200:
        raise Invalid({"reason": [_("Say why it is reversed.")]})
    if benefit.is_reversal:
        raise BenefitNotReversible(reference=reference)
    organisation = benefit.organisation
    locked_wallet(organisation)
    if (earlier := Benefit.objects.filter(reverses=benefit).first()) is not None:
        unchanged()
        return earlier
    kept = ("organisation", "programme", "item", "legal_basis", "starts_on", "ends_on")
    reversal = _post(
        f"{reference}:reversed",
        list_won=-benefit.list_won,
        paid_won=-benefit.paid_won,
        reverses=benefit,
        reason=reason,
        **{name: getattr(benefit, name) for name in kept},
    )
    record(
        BenefitReversed(
            organisation=organisation.slug, reference=reversal.reference, reverses=reference, reason=reason
        ),
        by=by,
        subject=subject_of(organisation),
        organisation=organisation,
    )
    return reversal


def subject_of(organisation: Organisation) -> str:
    """The subject under which the record keeps the facts about an organisation's benefits."""
    return f"benefits:{organisation.slug}"


def _post(
    reference: str, *, organisation: Organisation, list_won: int, paid_won: int, **fields: Any
) -> Benefit:
    """Write one line with what it moves: given = paid + in kind."""
    in_kind_won = list_won - paid_won
    try:
        with transaction.atomic():
            benefit = Benefit.objects.create(
                reference=reference,
                organisation=organisation,
                list_won=list_won,
                paid_won=paid_won,
                in_kind_won=in_kind_won,
                at=clock.now(),
                **fields,
            )
    except IntegrityError:  # another organisation took this reference a moment ago
        raise BenefitDiffers(reference=reference) from None
    movements = ((Kind.GIVEN, -list_won), (Kind.PAID, paid_won), (Kind.IN_KIND, in_kind_won))
    balanced = ledger.Transfer.of(reference, [(str(kind), won) for kind, won in movements if won])
    for posting in balanced.postings:
        account, _new = BenefitAccount.objects.get_or_create(organisation=organisation, kind=posting.account)
        BenefitPosting.objects.create(benefit=benefit, account=account, amount=posting.amount)
        BenefitAccount.objects.filter(pk=account.pk).update(balance=F("balance") + posting.amount)
    return benefit


def _check(  # noqa: PLR0917
    reference: str,
    programme: str,
    item: str,
    list_won: int,
    paid_won: int,
    basis: Localised,
    starts_on: dt.date,
    ends_on: dt.date,
) -> None:
    check_reference(reference)
    errors = queries.unlikely(starts_on, ends_on, list_won, paid_won)
    for name, text in (("programme", programme), ("item", item)):
        if not text.strip() or len(text) > 120 or not text.isprintable():
            errors[name] = [_("Printable text of at most 120 characters is needed.")]
    if not any(text.strip() for text in basis.values()) or any(
        len(basis.get(language, "")) > 500 for language in LANGUAGES
    ):
        errors["legal_basis"] = [_("Name the rule on which it rests, with its date.")]
    if errors:
        raise Invalid(errors)
