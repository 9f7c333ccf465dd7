"""People and organisations for programs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from bitgoeul.apps.people import commands, documents, policies, queries
from bitgoeul.apps.people.models import Organisation, OrganisationDocument
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import require

router = Router(tags=["people"])

Stage = Literal["pre_startup", "startup", "core", "pre_unicorn", "unicorn", "institute", "public"]
Sector = Literal["mobility", "health", "energy", "culture", "public"]
Role = Literal["owner", "member", "finance"]


class Part(Schema):
    slug: str
    name: str
    role: Role


class Me(Schema):
    id: str
    email: str
    name: str
    language: str
    roles: list[str]
    scopes: list[str] | None = Field(description="What this token may do; null means everything you may do.")
    organisations: list[Part]


class ProfileIn(Schema):
    name: str | None = None
    language: Literal["ko", "en"] | None = None


class Contact(Schema):
    name: str
    role: str = ""
    email: str = ""
    phone: str = ""


class OrganisationIn(Schema):
    name: str
    business_number: str | None = Field(None, description="Ten digits; null only before founding.")
    region: str
    founded_on: date | None = None
    stage: Stage = "startup"
    sector: Sector
    contacts: list[Contact] = []
    is_demo: bool = Field(False, description="An invented example, shown as one.")


class OrganisationChange(Schema):
    name: str | None = None
    business_number: str | None = None
    region: str | None = None
    founded_on: date | None = None
    stage: Stage | None = None
    sector: Sector | None = None
    contacts: list[Contact] | None = None


class OrganisationOut(Schema):
    id: str
    slug: str
    name: str
    business_number: str | None
    region: str
    founded_on: date | None
    stage: Stage
    sector: Sector
    contacts: list[dict[str, str]]
    is_demo: bool
    your_role: Role | None


class MemberOut(Schema):
    person: str
    name: str
    email: str
    role: Role
    since: datetime


class RoleIn(Schema):
    role: Role


class InvitationIn(Schema):
    email: str
    role: Role = "member"


class InvitationOut(Schema):
    id: str
    organisation: str
    organisation_name: str
    email: str
    role: Role
    state: str
    expires_at: datetime


class TokenIn(Schema):
    name: str
    scopes: list[str]
    expires_in_days: int = 90


class TokenOut(Schema):
    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenOut):
    token: str = Field(description="Shown once. Send it as `Authorization: Bearer …`.")


class EraseIn(Schema):
    email: str


class Erased(Schema):
    facts_redacted: int


def _me(request: HttpRequest) -> dict[str, Any]:
    actor = signed_in(request)
    person = queries.person_of(actor)
    parts = person.memberships.select_related("organisation").order_by("organisation__name")
    return {
        "id": person.public_id,
        "email": person.email,
        "name": person.name,
        "language": person.language,
        "roles": person.roles,
        "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
        "organisations": [
            {"slug": part.organisation.slug, "name": part.organisation.name, "role": part.role}
            for part in parts
        ],
    }


def _organisation(actor: Any, row: Organisation) -> dict[str, Any]:
    held = actor.memberships.get(row.pk, frozenset())
    return {
        "id": row.public_id,
        "slug": row.slug,
        "name": row.name,
        "business_number": row.business_number,
        "region": row.region,
        "founded_on": row.founded_on,
        "stage": row.stage,
        "sector": row.sector,
        "contacts": row.contacts,
        "is_demo": row.is_demo,
        "your_role": next(iter(held), None),
    }


def _invitation(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "organisation": row.organisation.slug,
        "organisation_name": row.organisation.name,
        "email": row.email,
        "role": row.role,
        "state": "expired" if row.has_expired else row.state,
        "expires_at": row.expires_at,
    }


def _token(row: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "name": row.name,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
    }


@router.get("/me", response=Me, summary="Who you are to the hub")
def me(request: HttpRequest) -> Any:
    return _me(request)


@router.patch("/me", response=Me, summary="Change your name or language")
def edit_me(request: HttpRequest, payload: ProfileIn) -> Any:
    actor = signed_in(request)
    person = queries.person_of(actor)
    commands.edit_profile(
        by=actor,
        name=person.name if payload.name is None else payload.name,
        language=payload.language or person.language,
    )
    return _me(request)


@router.get("/me/data", response=dict[str, Any], summary="Everything the hub knows about you")
def my_data(request: HttpRequest) -> Any:
    actor = signed_in(request)
    require(policies.may_decide_for_oneself(actor))
    return queries.personal_data(queries.person_of(actor))


@router.post("/me/erase", response=Erased, summary="Erase your account")
def erase_me(request: HttpRequest, payload: EraseIn) -> Any:
    return {"facts_redacted": commands.erase_person(by=signed_in(request), email=payload.email)}


@router.get("/organisations", response=list[OrganisationOut], summary="Your organisations")
def organisations(request: HttpRequest) -> Any:
    actor = signed_in(request)
    return [_organisation(actor, row) for row in queries.organisations_of(actor)]


@router.post(
    "/organisations", response=OrganisationOut, summary="Found an organisation: open its company file"
)
def found(request: HttpRequest, payload: OrganisationIn) -> Any:
    actor = signed_in(request)

    def do() -> dict[str, Any]:
        row = commands.found_organisation(by=actor, **payload.dict())
        return _organisation(actor, row) | {"your_role": "owner"}

    return write_once(request, do)


@router.get("/organisations/{slug}", response=OrganisationOut, summary="One company file")
def organisation(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    return _organisation(actor, find(queries.organisations_visible_to(actor), slug=slug))


@router.patch("/organisations/{slug}", response=OrganisationOut, summary="Correct the company file")
def edit(request: HttpRequest, slug: str, payload: OrganisationChange) -> Any:
    actor = signed_in(request)
    row = commands.edit_organisation(by=actor, slug=slug, **payload.dict(exclude_unset=True))
    return _organisation(actor, row)


@router.get("/organisations/{slug}/members", response=list[MemberOut], summary="Its members")
def members(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    row = find(queries.organisations_visible_to(actor), slug=slug)
    require(policies.may_see_members(actor, row))
    return [
        {
            "person": part.person.public_id,
            "name": part.person.name,
            "email": part.person.email,
            "role": part.role,
            "since": part.since,
        }
        for part in queries.members_of(row)
    ]


@router.put("/organisations/{slug}/members/{person_id}", response=Part, summary="Change a member's role")
def change_role(request: HttpRequest, slug: str, person_id: str, payload: RoleIn) -> Any:
    part = commands.change_role(by=signed_in(request), slug=slug, person_id=person_id, role=payload.role)
    return {"slug": slug, "name": part.organisation.name, "role": part.role}


@router.delete("/organisations/{slug}/members/{person_id}", response={204: None}, summary="Remove a member")
def remove_member(request: HttpRequest, slug: str, person_id: str) -> Any:
    commands.remove_member(by=signed_in(request), slug=slug, person_id=person_id)
    return Status(204, None)


@router.post("/organisations/{slug}/leave", response={204: None}, summary="Leave the organisation")
def leave(request: HttpRequest, slug: str) -> Any:
    commands.leave_organisation(by=signed_in(request), slug=slug)
    return Status(204, None)


@router.get("/organisations/{slug}/invitations", response=list[InvitationOut], summary="Its invitations")
def invitations_of(request: HttpRequest, slug: str) -> Any:
    actor = signed_in(request)
    row = find(queries.organisations_visible_to(actor), slug=slug)
    require(policies.may_invite(actor, row))
    return [_invitation(item) for item in queries.invitations_visible_to(actor).filter(organisation=row)]


@router.post("/organisations/{slug}/invitations", response=InvitationOut, summary="Invite somebody by e-mail")
def invite(request: HttpRequest, slug: str, payload: InvitationIn) -> Any:
    actor = signed_in(request)
    return write_once(
        request,
        lambda: _invitation(
            commands.invite_member(by=actor, slug=slug, email=payload.email, role=payload.role)
        ),
    )


@router.delete(
    "/organisations/{slug}/invitations/{invitation_id}", response={204: None}, summary="Withdraw it"
)
def withdraw(request: HttpRequest, slug: str, invitation_id: str) -> Any:
    commands.withdraw_invitation(by=signed_in(request), invitation_id=invitation_id)
    return Status(204, None)


@router.get("/invitations", response=list[InvitationOut], summary="Open invitations to you")
def my_invitations(request: HttpRequest) -> Any:
    return [_invitation(item) for item in queries.invitations_for(signed_in(request))]


@router.post("/invitations/{invitation_id}/accept", response=Part, summary="Accept an invitation")
def accept(request: HttpRequest, invitation_id: str) -> Any:
    part = commands.accept_invitation(by=signed_in(request), invitation_id=invitation_id)
    return {"slug": part.organisation.slug, "name": part.organisation.name, "role": part.role}


@router.post("/invitations/{invitation_id}/decline", response={204: None}, summary="Decline an invitation")
def decline(request: HttpRequest, invitation_id: str) -> Any:
    commands.decline_invitation(by=signed_in(request), invitation_id=invitation_id)
    return Status(204, None)


@router.get("/tokens", response=list[TokenOut], summary="Your API tokens")
def tokens(request: HttpRequest) -> Any:
    return [_token(row) for row in queries.tokens_of(signed_in(request))]


@router.post("/tokens", response=NewToken, summary="Create an API token")
def create_token(request: HttpRequest, payload: TokenIn) -> Any:
    """An Idempotency-Key changes nothing here: to answer a repeat, the secret would have to be kept."""
    row, secret = commands.create_token(
        by=signed_in(request),
        name=payload.name,
        scopes=payload.scopes,
        expires_in_days=payload.expires_in_days,
    )
    return _token(row) | {"token": secret}


@router.delete("/tokens/{token_id}", response={204: None}, summary="Revoke an API token")
def revoke_token(request: HttpRequest, token_id: str) -> Any:
    commands.revoke_token(by=signed_in(request), token_id=token_id)
    return Status(204, None)


class DocumentOut(Schema):
    """A paper of the company file; ``valid_until`` is null if it does not expire."""

    id: str
    kind: str
    name: str
    media_type: str
    size: int
    sha256: str
    valid_until: date | None
    added_at: datetime


def _document(row: OrganisationDocument) -> dict[str, Any]:
    return {
        "id": row.public_id,
        **{name: getattr(row, name) for name in ("kind", "name", "media_type", "size", "sha256")},
        "valid_until": row.valid_until,
        "added_at": row.added_at,
    }


@router.get("/organisations/{slug}/documents", response=list[DocumentOut], summary="Its documents")
def documents_of(request: HttpRequest, slug: str) -> Any:
    row = find(queries.organisations_visible_to(signed_in(request)), slug=slug)
    return [_document(paper) for paper in documents.documents_of(row)]


@router.post("/organisations/{slug}/documents", response=DocumentOut, summary="Add a document")
def add_document(
    request: HttpRequest,
    slug: str,
    file: File[UploadedFile],
    kind: Form[str],
    valid_until: Form[date | None] = None,
) -> Any:
    """PDF, PNG, JPEG, DOCX or HWPX, at most 10 MiB; the content counts, not the name."""
    row = documents.add_document(
        by=signed_in(request),
        slug=slug,
        kind=kind,
        name=file.name or "",
        file=file,
        valid_until=valid_until,
    )
    return _document(row)


@router.delete("/documents/{document_id}", response={204: None}, summary="Remove a document")
def remove_document(request: HttpRequest, document_id: str) -> Any:
    documents.remove_document(by=signed_in(request), document=document_id)
    return Status(204, None)
