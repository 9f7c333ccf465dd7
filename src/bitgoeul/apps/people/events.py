"""What this capability announces."""

from __future__ import annotations

from dataclasses import dataclass

from bitgoeul.kit.facts import Event, personal


@dataclass(frozen=True)
class PersonSignedUp(Event):
    person: str
    language: str
    email: str = personal()
    display_name: str = personal()


@dataclass(frozen=True)
class AddressConfirmed(Event):
    person: str
    email: str = personal()


@dataclass(frozen=True)
class ProfileEdited(Event):
    person: str
    fields: list[str]
    display_name: str = personal()


@dataclass(frozen=True)
class SecurityChanged(Event):
    """A password, an authenticator, a passkey or an address of the account changed."""

    person: str
    what: str


@dataclass(frozen=True)
class PersonAppointed(Event):
    person: str
    role: str


@dataclass(frozen=True)
class PersonDismissed(Event):
    person: str
    role: str


@dataclass(frozen=True)
class PersonErased(Event):
    person: str
    facts_redacted: int


@dataclass(frozen=True)
class OrganisationFounded(Event):
    organisation: str
    title: str
    region: str
    founded_on: str
    stage: str
    sector: str
    business_number: str = personal()
    contacts: list[dict[str, str]] = personal()


@dataclass(frozen=True)
class OrganisationEdited(Event):
    organisation: str
    changed: dict[str, str]
    contacts: list[dict[str, str]] = personal()


@dataclass(frozen=True)
class MemberInvited(Event):
    organisation: str
    invitation: str
    role: str
    expires_at: str
    email: str = personal()


@dataclass(frozen=True)
class InvitationAccepted(Event):
    organisation: str
    invitation: str
    person: str
    role: str


@dataclass(frozen=True)
class InvitationDeclined(Event):
    organisation: str
    invitation: str
    person: str


@dataclass(frozen=True)
class InvitationWithdrawn(Event):
    organisation: str
    invitation: str


@dataclass(frozen=True)
class RoleChanged(Event):
    organisation: str
    person: str
    was: str
    role: str


@dataclass(frozen=True)
class MemberRemoved(Event):
    organisation: str
    person: str
    role: str


@dataclass(frozen=True)
class MemberLeft(Event):
    organisation: str
    person: str
    role: str


@dataclass(frozen=True)
class TokenCreated(Event):
    person: str
    token: str
    scopes: list[str]
    expires_at: str


@dataclass(frozen=True)
class TokenRevoked(Event):
    person: str
    token: str


@dataclass(frozen=True)
class ClientRegistered(Event):
    client: str
    title: str
    redirect_uris: list[str]


@dataclass(frozen=True)
class ClientRemoved(Event):
    client: str
    title: str


@dataclass(frozen=True)
class LeftoversRemoved(Event):
    """Unconfirmed accounts and old invitations that the retention rules no longer allow."""

    people: int
    invitations: int


@dataclass(frozen=True)
class DocumentAdded(Event):
    """A paper came into the company file; ``sha256`` is of its content."""

    organisation: str
    document: str
    kind: str
    sha256: str
    size: int
    valid_until: str
    file_name: str = personal()


@dataclass(frozen=True)
class DocumentRemoved(Event):
    organisation: str
    document: str
    kind: str
