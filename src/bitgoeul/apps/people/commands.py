"""Everything that writes people and organisations."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import get_adapter as get_oidc_adapter
from allauth.idp.oidc.models import Client
from allauth.idp.oidc.models import Token as OidcToken
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from bitgoeul.apps.people import errors, events, policies, queries
from bitgoeul.apps.people.models import ApiToken, Invitation, Membership, Organisation, Person
from bitgoeul.engines.identity import BusinessNumberError, romanised
from bitgoeul.engines.identity import business_number as read_business_number
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import CATALOGUE, command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record, redact
from bitgoeul.kit.models import OnceKey
from bitgoeul.kit.refusals import Forbidden, Invalid, NotSignedIn, TooMany, require

INVITATIONS_PER_DAY = 50  # each sends a mail to somebody who did not ask for it
INVITATION_TTL = timedelta(days=14)
TOKEN_TTL_MAX_DAYS = 366
KEPT_AFTER_END = timedelta(days=90)
UNCONFIRMED_KEPT = timedelta(days=7)
LANGUAGES = ("ko", "en")
# Addresses under /people/organisations/ and /credits/ that are no organisation.
TAKEN_BY_PAGES = frozenset({"new", "prices", "incentives"})
CONTACT_FIELDS = ("name", "role", "email", "phone")


def _signed_in(by: Actor) -> None:
    if not by.is_signed_in:
        raise NotSignedIn


def _himself(person: Person) -> str:
    return f"person:{person.public_id}"


def _place(organisation: Organisation) -> str:
    return f"organisation:{organisation.slug}"


def _text(value: Any, field: str, longest: int, *, needed: bool = True) -> str:
    """One line of text, stripped, or the sentence that says what is wrong with it."""
    text = " ".join(str(value or "").split())
    if needed and not text:
        raise Invalid({field: [_("This field is needed.")]})
    if len(text) > longest:
        raise Invalid({field: [_("At most %(longest)d characters.") % {"longest": longest}]})
    if any(not char.isprintable() for char in text):
        raise Invalid({field: [_("Only printable characters.")]})
    return text


def _choice(value: str, field: str, choices: Iterable[str]) -> str:
    if value not in set(choices):
        raise Invalid({field: [_("Choose one of the values offered.")]})
    return value


# Accounts.  The forms, mails and limits of signing up and in are django-allauth's; it writes through these.


@command
def sign_up(*, by: Actor, person: Person) -> Person:
    """Write the account that the sign-up form describes.  The address still waits to be confirmed."""
    require(not by.is_signed_in)
    # Addresses under .example can belong to nobody (RFC 2606): whoever uses one is an invented example.
    person.is_demo = person.is_demo or person.email.endswith(".example")
    person.save()
    record(
        events.PersonSignedUp(
            person=person.public_id, language=person.language, email=person.email, display_name=person.name
        ),
        by=queries.actor_for(person),
        subject=_himself(person),
    )
    return person


@command
def confirm_address(*, by: Actor, address: EmailAddress) -> bool:
    """Mark an address as read by its person, and let the account follow the primary one."""
    person = Person.objects.get(pk=address.user_id)
    if address.verified:
        unchanged()
        return True
    if not address.set_verified(commit=True):
        unchanged()
        return False
    address.set_as_primary(conditional=True)
    record(
        events.AddressConfirmed(person=person.public_id, email=address.email),
        by=queries.actor_for(person),
        subject=_himself(person),
    )
    return True


@command
def note_security_change(*, by: Actor, person: Person, what: str) -> None:
    """Record that a password, an authenticator or an address of the account changed."""
    require(by.is_system or by.person_id == person.pk)
    record(events.SecurityChanged(person=person.public_id, what=what), by=by, subject=_himself(person))


@command
def edit_profile(*, by: Actor, name: str, language: str) -> Person:
    """Change one's own name and language."""
    _signed_in(by)
    person = queries.person_of(by)
    name = _text(name, "name", 80)
    _choice(language, "language", LANGUAGES)
    changed = [
        field for field, value in (("name", name), ("language", language)) if getattr(person, field) != value
    ]
    if not changed:
        unchanged()
        return person
    person.name, person.language = name, language
    person.save(update_fields=changed)
    record(
        events.ProfileEdited(person=person.public_id, fields=changed, display_name=name),
        by=by,
        subject=_himself(person),
    )
    return person


@command(scope="people:appoint")
def appoint_person(*, by: Actor, email: str, role: str) -> Person:
    """Give somebody a role of the hub: operator, steward or auditor."""
    require(policies.may_appoint(by))
    _choice(role, "role", Person.Role.values)
    person = queries.person_by_address(email)
    if person is None:
        raise errors.PersonUnknown(email=email)
    if role in person.roles:
        unchanged()
        return person
    person.roles = sorted({*person.roles, role})
    person.save(update_fields=["roles"])
    record(events.PersonAppointed(person=person.public_id, role=role), by=by, subject=_himself(person))
    return person


@command(scope="people:appoint")
def dismiss_person(*, by: Actor, email: str, role: str) -> Person:
    """Take a role of the hub back."""
    require(policies.may_appoint(by))
    _choice(role, "role", Person.Role.values)
    person = queries.person_by_address(email)
    if person is None:
        raise errors.PersonUnknown(email=email)
    if role not in person.roles:
        unchanged()
        return person
    person.roles = sorted({*person.roles} - {role})
    person.save(update_fields=["roles"])
    record(events.PersonDismissed(person=person.public_id, role=role), by=by, subject=_himself(person))
    return person


# Organisations


def _business_number(text: str | None, stage: str) -> str | None:
    if not (text or "").strip() and stage == Organisation.Stage.PRE_STARTUP:
        return None
    try:
        return read_business_number(text or "")
    except BusinessNumberError:
        raise errors.WrongBusinessNumber from None


def _founded_on(value: date | str | None, stage: str) -> date | None:
    if not value:
        if stage == Organisation.Stage.PRE_STARTUP:
            return None
        raise Invalid({"founded_on": [_("This field is needed.")]})
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except ValueError:
        raise Invalid({"founded_on": [_("Write the date as year-month-day.")]}) from None
    if day > clock.now().date() + timedelta(days=1):
        raise Invalid({"founded_on": [_("This day has not come yet.")]})
    return day


def _contacts(given: Iterable[Mapping[str, Any]] | None) -> list[dict[str, str]]:
    contacts = []
    for contact in list(given or [])[:20]:
        row = {
            field: _text(contact.get(field), "contacts", 120, needed=field == "name")
            for field in CONTACT_FIELDS
        }
        if row["email"]:
            try:
                validate_email(row["email"])
            except ValidationError as error:
                raise Invalid({"contacts": list(error.messages)}) from None
        contacts.append({field: value for field, value in row.items() if value})
    return contacts


def _free_slug(name: str) -> str:
    """A readable address from the name, Hangul in Latin letters; a number is added while it is taken."""
    base = slugify(romanised(name))[:48].strip("-")
    if len(base) < 2:
        base = f"org-{secrets.token_hex(3)}"
    slug, number = base, 2
    while slug in TAKEN_BY_PAGES or Organisation.objects.filter(slug=slug).exists():
        slug, number = f"{base}-{number}", number + 1
    return slug


@command
def found_organisation(
    *,
    by: Actor,
    name: str,
    business_number: str | None,
    region: str,
    founded_on: date | str | None,
    stage: str,
    sector: str,
    contacts: Iterable[Mapping[str, Any]] | None = None,
    is_demo: bool = False,
) -> Organisation:
    """Open the company file of an organisation; who opens it is its first owner."""
    _signed_in(by)
    require(policies.may_found(by))
    _choice(stage, "stage", Organisation.Stage.values)
    _choice(sector, "sector", Organisation.Sector.values)
    number = _business_number(business_number, stage)
    organisation = Organisation(
        name=_text(name, "name", 120),
        business_number=number,
        region=_text(region, "region", 40),
        founded_on=_founded_on(founded_on, stage),
        stage=stage,
        sector=sector,
        contacts=_contacts(contacts),
        is_demo=is_demo,
    )
    organisation.slug = _free_slug(organisation.name)
    if number and Organisation.objects.filter(business_number=number).exists():
        raise errors.OrganisationExists
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError:  # somebody opened the same file a moment ago
        raise errors.OrganisationExists from None
    Membership.objects.create(person_id=by.own_id, organisation=organisation, role=Membership.Role.OWNER)
    record(
        events.OrganisationFounded(
            organisation=organisation.slug,
            title=organisation.name,
            region=organisation.region,
            founded_on=organisation.founded_on.isoformat() if organisation.founded_on else "",
            stage=stage,
            sector=sector,
            business_number=number or "",
            contacts=organisation.contacts,
        ),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )
    return organisation


@command
def edit_organisation(*, by: Actor, slug: str, **changes: Any) -> Organisation:
    """Correct the company file.  The business number is set once: only a file without one takes it."""
    organisation = find(queries.organisations_visible_to(by), slug=slug)
    require(policies.may_edit(by, organisation))
    allowed = {"name", "business_number", "region", "founded_on", "stage", "sector", "contacts"}
    if unknown := set(changes) - allowed:
        raise Invalid({field: [_("This field cannot be changed.")] for field in sorted(unknown)})
    before = {field: getattr(organisation, field) for field in allowed}
    stage = _choice(changes.get("stage", organisation.stage), "stage", Organisation.Stage.values)
    organisation.stage = stage
    if "sector" in changes:
        organisation.sector = _choice(changes["sector"], "sector", Organisation.Sector.values)
    if "name" in changes:
        organisation.name = _text(changes["name"], "name", 120)
    if "region" in changes:
        organisation.region = _text(changes["region"], "region", 40)
    if "contacts" in changes:
        organisation.contacts = _contacts(changes["contacts"])
    organisation.founded_on = _founded_on(changes.get("founded_on", organisation.founded_on), stage)
    number = _business_number(changes.get("business_number", organisation.business_number), stage)
    if before["business_number"] and number != before["business_number"]:
        raise Invalid({"business_number": [_("The business number stays. A new one is a new organisation.")]})
    organisation.business_number = number
    changed = {field for field in allowed if getattr(organisation, field) != before[field]}
    if not changed:
        unchanged()
        return organisation
    if "business_number" in changed and Organisation.objects.filter(business_number=number).exists():
        raise errors.OrganisationExists
    organisation.save(update_fields=sorted(changed))
    record(
        events.OrganisationEdited(
            organisation=organisation.slug,
            changed={
                field: str(getattr(organisation, field) or "")
                for field in sorted(changed - {"contacts", "business_number"})
            },
            contacts=organisation.contacts if "contacts" in changed else [],
        ),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )
    return organisation


# Members


@command
def invite_member(*, by: Actor, slug: str, email: str, role: str) -> Invitation:
    """Offer somebody a place; the mail with the signed link leaves after this is safe."""
    organisation = find(queries.organisations_visible_to(by), slug=slug)
    require(policies.may_invite(by, organisation))
    email = _text(email, "email", 254).lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid({"email": list(error.messages)}) from None
    _choice(role, "role", Membership.Role.values)
    already = queries.person_by_address(email)
    if already is not None and Membership.objects.filter(person=already, organisation=organisation).exists():
        raise errors.AlreadyMember
    pending = Invitation.objects.filter(
        organisation=organisation, email=email, state=Invitation.State.PENDING
    ).first()
    if pending is not None and not pending.has_expired:
        raise errors.AlreadyInvited
    if pending is not None:
        Invitation.FLOW.move(pending, Invitation.State.WITHDRAWN)
    lately = Invitation.objects.filter(
        organisation=organisation, created_at__gt=clock.now() - timedelta(days=1)
    ).count()
    if lately >= INVITATIONS_PER_DAY:
        raise TooMany
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        role=role,
        invited_by_id=by.person_id,
        created_at=clock.now(),
        expires_at=clock.now() + INVITATION_TTL,
    )
    record(
        events.MemberInvited(
            organisation=organisation.slug,
            invitation=invitation.public_id,
            role=role,
            expires_at=invitation.expires_at.isoformat(timespec="seconds"),
            email=email,
        ),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )
    return invitation


@command
def withdraw_invitation(*, by: Actor, invitation_id: str) -> Invitation:
    """Take an open invitation back; its link stops working."""
    invitation = find(queries.invitations_visible_to(by), public_id=invitation_id)
    require(policies.may_invite(by, invitation.organisation))
    Invitation.FLOW.move(invitation, Invitation.State.WITHDRAWN)
    record(
        events.InvitationWithdrawn(
            organisation=invitation.organisation.slug, invitation=invitation.public_id
        ),
        by=by,
        subject=_place(invitation.organisation),
        organisation=invitation.organisation,
    )
    return invitation


def _invited(by: Actor, invitation_id: str) -> Invitation:
    """The invitation, if it was sent to a confirmed address of the actor."""
    _signed_in(by)
    invitation = find(Invitation.objects.select_related("organisation"), public_id=invitation_id)
    if invitation.email.lower() not in queries.confirmed_addresses(by.person_id):
        raise errors.InvitationForAnother
    return invitation


@command
def accept_invitation(*, by: Actor, invitation_id: str) -> Membership:
    """Take the place that was offered.  Accepting twice changes nothing."""
    invitation = _invited(by, invitation_id)
    organisation = invitation.organisation
    part = Membership.objects.filter(person_id=by.own_id, organisation=organisation).first()
    if part is not None and invitation.state == Invitation.State.ACCEPTED:
        unchanged()
        return part
    if part is not None:
        raise errors.AlreadyMember
    if invitation.has_expired:
        raise errors.InvitationExpired
    Invitation.FLOW.move(invitation, Invitation.State.ACCEPTED, answered_by_id=by.person_id)
    part = Membership.objects.create(person_id=by.own_id, organisation=organisation, role=invitation.role)
    record(
        events.InvitationAccepted(
            organisation=organisation.slug,
            invitation=invitation.public_id,
            person=part.person.public_id,
            role=part.role,
        ),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )
    return part


@command
def decline_invitation(*, by: Actor, invitation_id: str) -> Invitation:
    """Say no to a place that was offered."""
    invitation = _invited(by, invitation_id)
    if invitation.state == Invitation.State.DECLINED:
        unchanged()
        return invitation
    Invitation.FLOW.move(invitation, Invitation.State.DECLINED, answered_by_id=by.person_id)
    record(
        events.InvitationDeclined(
            organisation=invitation.organisation.slug,
            invitation=invitation.public_id,
            person=by.id.removeprefix("person:"),
        ),
        by=by,
        subject=_place(invitation.organisation),
        organisation=invitation.organisation,
    )
    return invitation


def _keep_an_owner(part: Membership) -> None:
    """Refuse when ``part`` is the last owner.

    The owners are locked first where the database can: two owners who leave at the same moment
    must not both find the other one still there.  SQLite has one writer at a time anyway.
    """
    owners = list(queries.owners_of(part.organisation).select_for_update().values_list("pk", flat=True))
    if owners == [part.pk]:
        raise errors.LastOwner(organisation=part.organisation.name)


@command
def change_role(*, by: Actor, slug: str, person_id: str, role: str) -> Membership:
    """Give a member another role in the organisation."""
    organisation = find(queries.organisations_visible_to(by), slug=slug)
    require(policies.may_change_roles(by, organisation))
    _choice(role, "role", Membership.Role.values)
    part = find(queries.members_of(organisation), person__public_id=person_id)
    was = part.role
    if was == role:
        unchanged()
        return part
    if was == Membership.Role.OWNER:
        _keep_an_owner(part)
    part.role = role
    part.save(update_fields=["role"])
    record(
        events.RoleChanged(organisation=organisation.slug, person=person_id, was=was, role=role),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )
    return part


@command
def remove_member(*, by: Actor, slug: str, person_id: str) -> None:
    """Take a member out of the organisation."""
    organisation = find(queries.organisations_visible_to(by), slug=slug)
    require(policies.may_remove(by, organisation))
    part = find(queries.members_of(organisation), person__public_id=person_id)
    if part.role == Membership.Role.OWNER:
        _keep_an_owner(part)
    part.delete()
    record(
        events.MemberRemoved(organisation=organisation.slug, person=person_id, role=part.role),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )


@command
def leave_organisation(*, by: Actor, slug: str) -> None:
    """Leave; the last owner stays until somebody else owns."""
    _signed_in(by)
    organisation = find(queries.organisations_of(by), slug=slug)
    part = find(queries.members_of(organisation), person_id=by.own_id)
    if part.role == Membership.Role.OWNER:
        _keep_an_owner(part)
    part.delete()
    record(
        events.MemberLeft(organisation=organisation.slug, person=part.person.public_id, role=part.role),
        by=by,
        subject=_place(organisation),
        organisation=organisation,
    )


# Tokens


def scope_choices() -> list[str]:
    """Every scope that a token can carry: what the commands need, and reading for each capability."""
    needed = {line.scope for line in CATALOGUE.values()}
    return sorted(needed | {f"{scope.split(':')[0]}:read" for scope in needed})


@command
def create_token(
    *, by: Actor, name: str, scopes: Iterable[str], expires_in_days: int = 90
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is never shown again.

    A token cannot make a stronger token than it is.
    """
    _signed_in(by)
    wanted = sorted(set(scopes))
    if not wanted:
        raise Invalid({"scopes": [_("Choose at least one scope.")]})
    if unknown := set(wanted) - set(scope_choices()):
        raise Invalid(
            {"scopes": [_("Unknown scope: %(scope)s.") % {"scope": scope} for scope in sorted(unknown)]}
        )
    if not all(by.allows(scope) for scope in wanted):
        raise Forbidden
    if not 1 <= expires_in_days <= TOKEN_TTL_MAX_DAYS:
        raise Invalid(
            {"expires_in_days": [_("Between 1 and %(longest)d days.") % {"longest": TOKEN_TTL_MAX_DAYS}]}
        )
    secret = queries.TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        person_id=by.own_id,
        name=_text(name, "name", 80),
        digest=queries.token_digest(secret),
        scopes=wanted,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=expires_in_days),
    )
    record(
        events.TokenCreated(
            person=by.id.removeprefix("person:"),
            token=token.public_id,
            scopes=wanted,
            expires_at=_seconds(token.expires_at),
        ),
        by=by,
        subject=by.id,
    )
    return token, secret


def _seconds(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


@command
def revoke_token(*, by: Actor, token_id: str) -> ApiToken:
    """Stop a token at once.  It stays in the list so that its past use can be explained."""
    _signed_in(by)
    token = find(queries.tokens_of(by), public_id=token_id)
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
        unchanged()
        return token
    token.refresh_from_db()
    record(
        events.TokenRevoked(person=by.id.removeprefix("person:"), token=token.public_id),
        by=by,
        subject=by.id,
    )
    return token


# OpenID Connect clients: the other components that let people sign in with their account here


@command(scope="people:appoint")
def register_client(
    *,
    by: Actor,
    name: str,
    redirect_uris: Iterable[str],
    is_public: bool = False,
    skip_consent: bool = False,
    scopes: Iterable[str] = ("openid", "profile", "email"),
) -> tuple[Client, str]:
    """Register a component and return it with its secret (empty for a public client), shown once."""
    require(policies.may_keep_clients(by))
    uris = [uri.strip() for uri in redirect_uris if uri.strip()]
    if not uris:
        raise Invalid({"redirect_uris": [_("Give at least one address to return to.")]})
    for uri in uris:
        try:
            URLValidator(schemes=["http", "https"])(uri)
        except ValidationError:
            raise Invalid({"redirect_uris": [_("Not a full web address: %(uri)s") % {"uri": uri}]}) from None
    known = {"openid", "profile", "email", "organisations"}
    chosen = [scope for scope in scopes if scope in known]
    secret = "" if is_public else get_oidc_adapter().generate_client_secret()
    client = Client(
        name=_text(name, "name", 100),
        type=Client.Type.PUBLIC if is_public else Client.Type.CONFIDENTIAL,
        skip_consent=skip_consent,
    )
    client.set_scopes(chosen)
    client.set_default_scopes(["openid"])
    client.set_redirect_uris(uris)
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
    client.set_response_types([Client.ResponseType.CODE])
    client.set_secret(secret or secrets.token_urlsafe(32))
    client.save()
    record(
        events.ClientRegistered(client=client.pk, title=client.name, redirect_uris=uris),
        by=by,
        subject=f"client:{client.pk}",
    )
    return client, secret


@command(scope="people:appoint")
def remove_client(*, by: Actor, client_id: str) -> None:
    """Remove a component; the tokens that it holds end with it."""
    require(policies.may_keep_clients(by))
    client = find(queries.clients_visible_to(by), pk=client_id)
    record(events.ClientRemoved(client=client.pk, title=client.name), by=by, subject=f"client:{client.pk}")
    client.delete()


# Leaving


@command
def erase_person(*, by: Actor, email: str) -> int:
    """Forget a person: the account, its keys, and the personal values of the facts about them.

    The row stays, without a name, because facts point at its random identifier; what was sealed stays
    provable, because each forgotten value leaves its salted hash.  Returns how many facts changed.
    """
    _signed_in(by)
    require(policies.may_decide_for_oneself(by))
    person = queries.person_of(by)
    if email.strip().lower() != person.email.lower():
        raise errors.AddressNotTyped
    if needing := queries.organisations_that_need(person):
        raise errors.SoleOwner(organisations=", ".join(organisation.name for organisation in needing))

    addresses = {person.email.lower()}
    addresses |= {a.lower() for a in EmailAddress.objects.filter(user=person).values_list("email", flat=True)}
    forgotten = redact(queries.facts_about(person))
    for organisation in Organisation.objects.exclude(contacts=[]):
        kept = [c for c in organisation.contacts if c.get("email", "").lower() not in addresses]
        if kept != organisation.contacts:
            organisation.contacts = kept
            organisation.save(update_fields=["contacts"])
    Invitation.objects.filter(email__in=addresses).delete()
    Membership.objects.filter(person=person).delete()
    ApiToken.objects.filter(person=person).delete()
    OidcToken.objects.filter(user=person).delete()
    OnceKey.objects.filter(owner=by.id).delete()
    Client.objects.filter(owner=person).update(owner=None)
    Authenticator.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    EmailAddress.objects.filter(user=person).delete()
    person.email = f"{person.public_id}@erased.invalid"
    person.name, person.roles = "", []
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.erased_at = clock.now()
    person.set_unusable_password()
    person.save()
    record(
        events.PersonErased(person=person.public_id, facts_redacted=forgotten),
        by=by,
        subject=_himself(person),
    )
    return forgotten


@command
def remove_leftovers(*, by: Actor) -> tuple[int, int]:
    """Keep the promises of the privacy page: drop unconfirmed accounts and old invitations."""
    require(by.is_system)
    now = clock.now()
    never_confirmed = (
        Person.objects.filter(date_joined__lt=now - UNCONFIRMED_KEPT, is_demo=False, erased_at=None, roles=[])
        .exclude(pk__in=EmailAddress.objects.filter(verified=True).values("user_id"))
        .exclude(pk__in=Membership.objects.values("person_id"))
        .filter(pk__in=EmailAddress.objects.values("user_id"), last_login=None)
    )
    people = 0
    for person in never_confirmed:
        redact(queries.facts_about(person))
        person.delete()
        people += 1
    old = Invitation.objects.filter(expires_at__lt=now - KEPT_AFTER_END)
    invitations = 0
    for invitation in old:
        redact(queries.facts_of_invitation(invitation))
        invitation.delete()
        invitations += 1
    if not people and not invitations:
        unchanged()
        return 0, 0
    record(events.LeftoversRemoved(people=people, invitations=invitations), by=by, subject="people")
    return people, invitations
