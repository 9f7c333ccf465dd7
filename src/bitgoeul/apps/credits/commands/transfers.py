"""Everything that moves credits.  Amounts are whole milli-credits; a repeated reference changes nothing."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.credits import policies, queries
from bitgoeul.apps.credits.errors import (
    InsufficientCredits,
    MoreThanHeld,
    NotReversible,
    ReferenceReused,
)
from bitgoeul.apps.credits.events import (
    CreditsExhausted,
    CreditsExpired,
    CreditsGranted,
    CreditsHeld,
    CreditsRunningLow,
    CreditsSpent,
    HoldReleased,
    HoldSettled,
    TransferReversed,
)
from bitgoeul.apps.credits.models import Account, Hold, Posting, Tranche, Transfer, Wallet
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import credits as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import Event, record
from bitgoeul.kit.refusals import Invalid, require

Kind = Transfer.Kind
LARGEST = 10**15  # a trillion credits: room for every sum in 64 bits


@command
def grant_credits(
    *,
    by: Actor,
    organisation: Organisation,
    amount: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reference: str,
    source: str,
) -> Tranche:
    """Give an organisation a tranche of credits, usable from its start until its end."""
    require(policies.may_grant(by))
    _check_amount(amount)
    check_reference(reference)
    if ends_at <= starts_at:
        raise Invalid({"ends_at": [_("The end lies before the start.")]})
    wallet = locked_wallet(organisation)
    if (earlier := _posted(reference)) is not None:
        tranche = Tranche.objects.filter(grant=earlier, wallet=wallet).first()
        if tranche is None or (tranche.amount, tranche.starts_at, tranche.ends_at) != (
            amount,
            starts_at,
            ends_at,
        ):
            raise ReferenceReused(reference=reference)
        unchanged()
        return tranche
    free, held = (
        Account.objects.create(code=f"{kind}:{reference}", wallet=wallet, kind=kind)
        for kind in (Account.Kind.FREE, Account.Kind.HELD)
    )
    issued = _account(wallet, Account.Kind.ISSUED)
    grant = _post(
        wallet,
        engine.Transfer.moving(reference, amount, source=issued.code, target=free.code),
        kind=Kind.GRANT,
        purpose=source,
    )
    tranche = Tranche.objects.create(
        wallet=wallet,
        grant=grant,
        source=source[:200],
        amount=amount,
        starts_at=starts_at,
        ends_at=ends_at,
        free=free,
        held=held,
    )
    _record(
        CreditsGranted(
            organisation=organisation.slug,
            reference=reference,
            amount=amount,
            starts_at=starts_at.astimezone(dt.UTC).isoformat(),
            ends_at=ends_at.astimezone(dt.UTC).isoformat(),
            source=source,
        ),
        by=by,
        organisation=organisation,
    )
    return tranche


@command
def hold_credits(*, by: Actor, organisation: Organisation, amount: int, reference: str, purpose: str) -> Hold:
    """Set credits aside before work begins; the tranche that ends first gives first."""
    require(policies.may_spend(by, organisation.pk))
    _check_amount(amount)
    check_reference(reference)
    wallet = locked_wallet(organisation)
    earlier = Hold.objects.filter(reference=reference).first()
    if earlier is not None:
        if (earlier.wallet_id, earlier.amount) != (wallet.pk, amount):
            raise ReferenceReused(reference=reference)
        unchanged()
        return earlier
    drawn = _draw(wallet, amount)
    try:
        with transaction.atomic():
            hold = Hold.objects.create(
                reference=reference,
                wallet=wallet,
                purpose=purpose[:200],
                amount=amount,
                held_at=clock.now(),
            )
    except IntegrityError:  # another organisation took this reference a moment ago
        raise ReferenceReused(reference=reference) from None
    movements = [(t.free.code, -part) for t, part in drawn] + [(t.held.code, part) for t, part in drawn]
    _post(
        wallet, engine.Transfer.of(f"{reference}:held", movements), kind=Kind.HOLD, purpose=purpose, hold=hold
    )
    _record(
        CreditsHeld(organisation=organisation.slug, reference=reference, amount=amount, purpose=purpose),
        by=by,
        organisation=organisation,
    )
    return hold


@command
def settle_hold(*, by: Actor, reference: str, amount: int) -> Hold:
    """Spend what was used of a hold; the rest returns to the tranches it came from."""
    hold = find(queries.holds_seen_by(by), reference=reference)
    organisation = hold.wallet.organisation
    require(policies.may_spend(by, organisation.pk))
    if type(amount) is not int or amount < 0:
        raise Invalid({"amount": [_("The amount is a whole number of milli-credits, not below zero.")]})
    if amount > hold.amount:
        raise MoreThanHeld(
            reference=reference, held=engine.written(hold.amount), asked=engine.written(amount)
        )
    wallet = locked_wallet(organisation)
    hold.refresh_from_db(fields=["state", "settled"])
    if hold.state == Hold.State.SETTLED and hold.settled == amount:
        unchanged()
        return hold
    Hold.FLOW.move(hold, Hold.State.SETTLED, settled=amount, closed_at=clock.now())
    unspent = amount
    movements = []
    for tranche, part in _portions_held(hold):
        spent = min(unspent, part)
        unspent -= spent
        movements.append((tranche.held.code, -part))
        if spent:
            movements.append((_account(wallet, Account.Kind.SPENT).code, spent))
        if part - spent:
            movements.append((tranche.free.code, part - spent))
    _post(
        wallet,
        engine.Transfer.of(f"{reference}:settled", movements),
        kind=Kind.SETTLEMENT,
        purpose=hold.purpose,
        hold=hold,
    )
    _record(
        HoldSettled(organisation=organisation.slug, reference=reference, held=hold.amount, spent=amount),
        by=by,
        organisation=organisation,
    )
    return hold


@command
def release_hold(*, by: Actor, reference: str) -> Hold:
    """Give back a whole hold: the work did not run."""
    hold = find(queries.holds_seen_by(by), reference=reference)
    organisation = hold.wallet.organisation
    require(policies.may_spend(by, organisation.pk))
    wallet = locked_wallet(organisation)
    hold.refresh_from_db(fields=["state"])
    if hold.state == Hold.State.RELEASED:
        unchanged()
        return hold
    Hold.FLOW.move(hold, Hold.State.RELEASED, closed_at=clock.now())
    movements = [
        movement
        for tranche, part in _portions_held(hold)
        for movement in ((tranche.held.code, -part), (tranche.free.code, part))
    ]
    _post(
        wallet,
        engine.Transfer.of(f"{reference}:released", movements),
        kind=Kind.RELEASE,
        purpose=hold.purpose,
        hold=hold,
    )
    _record(
        HoldReleased(organisation=organisation.slug, reference=reference, amount=hold.amount),
        by=by,
        organisation=organisation,
    )
    return hold


@command
def spend_credits(
    *, by: Actor, organisation: Organisation, amount: int, reference: str, purpose: str
) -> Transfer:
    """Spend at once, without a hold: what was used is already known."""
    require(policies.may_spend(by, organisation.pk))
    _check_amount(amount)
    check_reference(reference)
    wallet = locked_wallet(organisation)
    if (earlier := _posted(reference)) is not None:
        spent = sum(p.amount for p in earlier.postings.filter(account__kind=Account.Kind.SPENT))
        if (earlier.wallet_id, earlier.kind, spent) != (wallet.pk, Kind.SPENDING, amount):
            raise ReferenceReused(reference=reference)
        unchanged()
        return earlier
    movements = [(t.free.code, -part) for t, part in _draw(wallet, amount)]
    movements.append((_account(wallet, Account.Kind.SPENT).code, amount))
    spending = _post(wallet, engine.Transfer.of(reference, movements), kind=Kind.SPENDING, purpose=purpose)
    _record(
        CreditsSpent(organisation=organisation.slug, reference=reference, amount=amount, purpose=purpose),
        by=by,
        organisation=organisation,
    )
    return spending


@command
def reverse_transfer(*, by: Actor, reference: str, reason: str) -> Transfer:
    """Undo a grant, a spending or a settlement by a new transfer; nothing is edited."""
    transfer = find(queries.transfers_seen_by(by), reference=reference)
    require(policies.may_reverse(by))
    if not reason.strip():
        raise Invalid({"reason": [_("Say why it is reversed.")]})
    organisation = transfer.wallet.organisation
    wallet = locked_wallet(organisation)
    if (earlier := Transfer.objects.filter(reverses=transfer).first()) is not None:
        unchanged()
        return earlier
    if transfer.kind not in {Kind.GRANT, Kind.SPENDING, Kind.SETTLEMENT}:
        raise NotReversible(reference=reference)
    movements = [(account, -amount) for account, amount in _with_holds_folded(transfer)]
    if not any(amount for _account_code, amount in movements):
        raise NotReversible(reference=reference)
    reversal = _post(
        wallet,
        engine.Transfer.of(f"{reference}:reversed", movements),
        kind=Kind.REVERSAL,
        purpose=reason,
        reverses=transfer,
    )
    _record(
        TransferReversed(
            organisation=organisation.slug, reference=reversal.reference, reverses=reference, reason=reason
        ),
        by=by,
        organisation=organisation,
    )
    return reversal


@command
def expire_tranche(*, by: Actor, tranche_id: int) -> Transfer | None:
    """Write off what is left of a tranche that has ended."""
    require(by.is_system)
    tranche = find(Tranche.objects.select_related("wallet__organisation"), pk=tranche_id)
    organisation = tranche.wallet.organisation
    wallet = locked_wallet(organisation)
    left = Account.objects.get(pk=tranche.free_id).balance
    if tranche.ends_at > clock.now() or not left:
        unchanged()
        return None
    expiry = _post(
        wallet,
        engine.Transfer.moving(
            queries.expiry_reference(tranche),
            left,
            source=tranche.free.code,
            target=_account(wallet, Account.Kind.EXPIRED).code,
        ),
        kind=Kind.EXPIRY,
        purpose=tranche.source,
    )
    _record(
        CreditsExpired(organisation=organisation.slug, reference=expiry.reference, amount=left),
        by=by,
        organisation=organisation,
    )
    return expiry


@command
def announce_level(*, by: Actor, organisation: Organisation) -> engine.Level:
    """Say once, at each crossing, that credits run low (80 % used) or are exhausted (100 %)."""
    require(by.is_system)
    wallet = locked_wallet(organisation)
    standing = queries.standing(organisation)
    level = standing.level
    if level != wallet.level:
        Wallet.objects.filter(pk=wallet.pk).update(level=int(level))
    if level <= wallet.level:
        unchanged()
        return level
    event = (
        CreditsExhausted(organisation=organisation.slug, granted=standing.granted)
        if level is engine.Level.EXHAUSTED
        else CreditsRunningLow(organisation=organisation.slug, granted=standing.granted, left=standing.left)
    )
    record(event, by=by, subject=subject_of(organisation), organisation=organisation)
    return level


def subject_of(organisation: Organisation) -> str:
    """The subject under which the record keeps the facts about an organisation's credits."""
    return f"credits:{organisation.slug}"


def _record(event: Event, *, by: Actor, organisation: Organisation) -> None:
    """Write down what moved credits, and whether the organisation now crossed a level."""
    record(event, by=by, subject=subject_of(organisation), organisation=organisation)
    announce_level(by=SYSTEM, organisation=organisation)


def _check_amount(amount: int) -> None:
    if type(amount) is not int or not 0 < amount <= LARGEST:
        raise Invalid({"amount": [_("The amount is a whole number of milli-credits, more than zero.")]})


def check_reference(reference: str) -> None:
    if not reference or len(reference) > 120 or not reference.isprintable():
        raise Invalid({"reference": [_("A reference is printable text of at most 120 characters.")]})


def locked_wallet(organisation: Organisation) -> Wallet:
    """The organisation's wallet, locked: commands about one organisation come one after the other.

    The CHECK on accounts holds without this; the lock lets each command choose tranches from figures
    that nobody is changing, so that a crowd spends exactly what there is.
    """
    wallet, _new = Wallet.objects.get_or_create(organisation=organisation)
    return Wallet.objects.select_for_update().get(pk=wallet.pk)


def _account(wallet: Wallet, kind: Account.Kind) -> Account:
    """The organisation's one account of this kind.  What is issued may be owed without end."""
    account, _new = Account.objects.get_or_create(
        code=f"{kind}:{wallet.organisation.public_id}",
        defaults={"wallet": wallet, "kind": kind, "floor": None if kind == Account.Kind.ISSUED else 0},
    )
    return account


def _posted(reference: str) -> Transfer | None:
    return Transfer.objects.filter(reference=reference).first()


def _draw(wallet: Wallet, amount: int) -> list[tuple[Tranche, int]]:
    """Which tranches pay, in the order of paying."""
    rows = {
        row.pk: row
        for row in Tranche.objects.filter(wallet=wallet, free__balance__gt=0).select_related("free", "held")
    }
    choices = [engine.Tranche(row.pk, row.free.balance, row.starts_at, row.ends_at) for row in rows.values()]
    try:
        portions = engine.draw(choices, amount, at=clock.now())
    except engine.Shortfall as shortfall:
        raise InsufficientCredits(
            account=wallet.organisation.name,
            needed=engine.written(amount),
            left=engine.written(shortfall.left),
        ) from None
    return [(rows[portion.key], portion.amount) for portion in portions]


def _portions_held(hold: Hold) -> list[tuple[Tranche, int]]:
    """What each tranche gave to a hold; the one that ends first comes first."""
    parts = dict(
        Posting.objects.filter(
            transfer__hold=hold, transfer__kind=Kind.HOLD, account__kind=Account.Kind.HELD
        ).values_list("account_id", "amount")
    )
    tranches = Tranche.objects.filter(held__in=parts).select_related("free", "held")
    return [(tranche, parts[tranche.held_id]) for tranche in tranches]


def _with_holds_folded(transfer: Transfer) -> list[tuple[str, int]]:
    """The movements of a transfer as if nothing had been held: a settlement becomes a spending."""
    postings = list(transfer.postings.select_related("account"))
    free = dict(
        Tranche.objects.filter(held__in=[p.account_id for p in postings]).values_list("held_id", "free__code")
    )
    sums: dict[str, int] = {}
    for posting in postings:
        code = free.get(posting.account_id, posting.account.code)
        sums[code] = sums.get(code, 0) + posting.amount
    return [(code, amount) for code, amount in sums.items() if amount]


def _post(
    wallet: Wallet,
    transfer: engine.Transfer,
    *,
    kind: Transfer.Kind,
    purpose: str,
    hold: Hold | None = None,
    reverses: Transfer | None = None,
) -> Transfer:
    """Write a transfer once."""
    try:
        with transaction.atomic():
            row = Transfer.objects.create(
                reference=transfer.reference,
                wallet=wallet,
                kind=kind,
                at=clock.now(),
                purpose=purpose[:200],
                hold=hold,
                reverses=reverses,
            )
    except IntegrityError:
        raise ReferenceReused(reference=transfer.reference) from None
    accounts = {a.code: a for a in Account.objects.filter(code__in=[p.account for p in transfer.postings])}
    # Postings come sorted by account, so two transfers never wait for each other.
    for posting in transfer.postings:
        account = accounts[posting.account]
        Posting.objects.create(transfer=row, account=account, amount=posting.amount)
        try:
            with transaction.atomic():
                Account.objects.filter(pk=account.pk).update(balance=F("balance") + posting.amount)
        except IntegrityError:  # the CHECK "balance >= floor" said no
            raise InsufficientCredits(
                account=wallet.organisation.name,
                needed=engine.written(-posting.amount),
                left=engine.written(Account.objects.get(pk=account.pk).balance),
            ) from None
    return row
