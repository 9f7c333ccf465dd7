"""Who is who, as seen by somebody."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core import signing
from django.db.models import BigIntegerField, Case, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from bitgoeul.apps.people import errors
from bitgoeul.apps.people.models import ApiToken, Invitation, Membership, Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.models import Fact
from bitgoeul.kit.standing import StandingQuery

_roles_of: StandingQuery[tuple[int, str]] = StandingQuery(
    lambda person: Membership.objects.filter(person=person).values_list("organisation_id", "role"),
    person=BigIntegerField(),
)
_two_names: StandingQuery[str] = StandingQuery(
    lambda person: (
        Membership.objects.filter(person=person)
        .order_by("organisation__name")
        .values_list("organisation__name", flat=True)[:2]
    ),
    person=BigIntegerField(),
)


def actor_for(person: Person, scopes: frozenset[str] | None = None) -> Actor:
    """The actor that ``person`` is; a token narrows it to ``scopes``."""
    memberships = {
        organisation_id: frozenset({role}) for organisation_id, role in _roles_of(person=person.pk)
    }
    return Actor(
        id=f"person:{person.public_id}",
        person_id=person.pk,
        roles=frozenset(person.roles),
        memberships=memberships,
        scopes=scopes,
    )


def organisations_of(actor: Actor) -> QuerySet[Organisation]:
    """The organisations in which the actor has a part."""
    return Organisation.objects.filter(pk__in=list(actor.memberships))


def only_organisation_of(actor: Actor) -> str:
    """The name of the actor's organisation, if there is exactly one."""
    names = _two_names(person=actor.person_id) if actor.is_signed_in else []
    return names[0] if len(names) == 1 else ""


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Whose company file the actor may open."""
    if actor.is_operator or "auditor" in actor.roles:
        return Organisation.objects.all()
    return organisations_of(actor)


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """Everybody's part in ``organisation``, owners first."""
    order = {"owner": 0, "finance": 1, "member": 2}
    return (
        Membership.objects.filter(organisation=organisation)
        .select_related("person")
        .order_by(
            Case(
                *[When(role=role, then=Value(place)) for role, place in order.items()],
                output_field=IntegerField(),
            ),
            "since",
            "pk",
        )
    )


def parts_of(actor: Actor) -> QuerySet[Membership]:
    """The actor's own parts in organisations, by name."""
    return (
        Membership.objects.filter(person__pk=actor.person_id or 0)
        .select_related("organisation")
        .order_by("organisation__name", "pk")
    )


def owners_of(organisation: Organisation) -> QuerySet[Membership]:
    return Membership.objects.filter(organisation=organisation, role=Membership.Role.OWNER)


def person_of(actor: Actor) -> Person:
    """The person who acts."""
    return Person.objects.get(pk=actor.own_id)


def confirmed_addresses(person_id: int | None) -> list[str]:
    """The addresses that this person has proved to read, in lower case."""
    found = EmailAddress.objects.filter(user_id=person_id, verified=True).values_list("email", flat=True)
    return [address.lower() for address in found]


def person_by_address(email: str) -> Person | None:
    """The person who has confirmed ``email``."""
    address = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return address.user if address is not None else None


# Invitations


def invitations_visible_to(actor: Actor) -> QuerySet[Invitation]:
    """Invitations of organisations that the actor owns."""
    owned = [pk for pk in actor.memberships if actor.has(Membership.Role.OWNER, pk)]
    return Invitation.objects.filter(organisation__in=owned).select_related("organisation", "invited_by")


def invitations_for(actor: Actor) -> QuerySet[Invitation]:
    """Open invitations to one of the actor's confirmed addresses."""
    if not actor.is_signed_in:
        return Invitation.objects.none()
    return Invitation.objects.filter(
        email__in=confirmed_addresses(actor.person_id),
        state=Invitation.State.PENDING,
        expires_at__gt=clock.now(),
    ).select_related("organisation", "invited_by")


# The link says only which invitation; until when it holds is kept with the invitation itself.
_invitation_signer = signing.Signer(salt="people.invitation")


def invitation_link(invitation: Invitation) -> str:
    """The signed address that the mail carries."""
    return f"{settings.URL}/people/invitations/{_invitation_signer.sign(invitation.public_id)}/"


def invitation_by_token(token: str) -> Invitation:
    """The invitation of a link; raises if the link was altered."""
    try:
        public_id = _invitation_signer.unsign(token)
    except signing.BadSignature:
        raise errors.InvitationInvalid from None
    invitation = (
        Invitation.objects.select_related("organisation", "invited_by").filter(public_id=public_id).first()
    )
    if invitation is None:
        raise errors.InvitationInvalid
    return invitation


# Tokens

TOKEN_PREFIX = "bgl_"  # noqa: S105 - not a secret: it lets people and scanners recognise one
LAST_USED_STEP = timedelta(minutes=5)


def token_digest(secret: str) -> str:
    """Tokens are long and random, so a plain hash is enough and can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(person_id=actor.own_id) if actor.is_signed_in else ApiToken.objects.none()


def token_in_use(secret: str) -> ApiToken:
    """The usable token with this secret, or a refusal that says what is wrong with it.

    Notes at most once per five minutes that it was used, so reading stays cheap.
    """
    token = ApiToken.objects.select_related("person").filter(digest=token_digest(secret)).first()
    if token is None or not token.person.is_active:
        raise errors.TokenUnknown
    if token.revoked_at is not None:
        raise errors.TokenRevoked
    if token.has_expired:
        raise errors.TokenExpired
    now = clock.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def clients_visible_to(actor: Actor) -> QuerySet[Client]:
    """Registered OpenID Connect clients: the operator's business."""
    return Client.objects.order_by("name", "id") if actor.is_operator else Client.objects.none()


# What the hub knows about a person


def facts_about(person: Person) -> QuerySet[Fact]:
    """Facts that the person caused, that are about the person, or that name one of their addresses."""
    me = f"person:{person.public_id}"
    named = Q(actor=me) | Q(subject=me) | Q(data__person=person.public_id)
    addresses = {person.email, *EmailAddress.objects.filter(user=person).values_list("email", flat=True)}
    for address in addresses:
        named |= Q(personal_text__icontains=f'"{address}"')
    return Fact.objects.annotate(personal_text=Cast("personal", TextField())).filter(named).order_by("id")


def facts_of_invitation(invitation: Invitation) -> QuerySet[Fact]:
    """Facts that hold the address to which an invitation went."""
    return Fact.objects.filter(name__startswith="people.", data__invitation=invitation.public_id)


def personal_data(person: Person) -> dict[str, Any]:
    """Everything the hub holds about ``person``, for them to keep."""
    return {
        "exported_at": clock.now(),
        "person": {
            "id": person.public_id,
            "email": person.email,
            "name": person.name,
            "language": person.language,
            "roles": person.roles,
            "signed_up_at": person.date_joined,
            "last_sign_in_at": person.last_login,
        },
        "addresses": list(
            EmailAddress.objects.filter(user=person).order_by("pk").values("email", "verified", "primary")
        ),
        "authenticators": list(
            Authenticator.objects.filter(user=person)
            .order_by("pk")
            .values("type", "created_at", "last_used_at")
        ),
        "sessions": list(
            UserSession.objects.filter(user=person)
            .order_by("pk")
            .values("created_at", "last_seen_at", "ip", "user_agent")
        ),
        "organisations": [
            {
                "slug": part.organisation.slug,
                "name": part.organisation.name,
                "role": part.role,
                "since": part.since,
            }
            for part in person.memberships.select_related("organisation").order_by("pk")
        ],
        "invitations": list(
            Invitation.objects.filter(Q(invited_by=person) | Q(email__in=confirmed_addresses(person.pk)))
            .order_by("pk")
            .values("public_id", "organisation__slug", "email", "role", "state", "created_at", "expires_at")
        ),
        "tokens": list(
            person.tokens.order_by("pk").values(
                "public_id", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"
            )
        ),
        "facts": [
            {
                "id": fact.pk,
                "name": fact.name,
                "at": fact.at,
                "actor": fact.actor,
                "organisation": fact.organisation,
                "subject": fact.subject,
                "data": fact.data,
                "personal": fact.personal,
            }
            for fact in facts_about(person).iterator()
        ],
    }


def organisations_that_need(person: Person) -> list[Organisation]:
    """Organisations of which ``person`` is the only owner and that cannot do without one.

    One cannot if it has other members, or if a capability says (``settings.OBLIGATIONS``) that something
    is still open, such as held credits.
    """
    needing = []
    checks = [import_string(path) for path in settings.OBLIGATIONS]
    for part in person.memberships.filter(role=Membership.Role.OWNER).select_related("organisation"):
        organisation = part.organisation
        if owners_of(organisation).exclude(person=person).exists():
            continue
        others = Membership.objects.filter(organisation=organisation).exclude(person=person).exists()
        if others or any(check(organisation) for check in checks):
            needing.append(organisation)
    return needing
