"""How this capability refuses."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Invalid, Refusal


class WrongBusinessNumber(Invalid):
    title = _("This is no business registration number")
    remedy = _("Copy the ten digits from the certificate of registration. The last digit checks the others.")

    def __init__(self) -> None:
        super().__init__({"business_number": [str(self.remedy)]})


class OrganisationExists(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("An organisation with this business number is already here")
    remedy = _("Ask one of its owners to invite you. If nobody can, write to the operator.")


class AlreadyMember(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("This person already belongs to the organisation")
    remedy = _("Change the role on the organisation's page instead.")


class AlreadyInvited(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("An invitation to this address is already waiting for an answer")
    remedy = _("Withdraw it first if you want to invite with another role.")


class InvitationExpired(Refusal):
    status = HTTPStatus.GONE
    title = _("This invitation has expired")
    remedy = _("Ask an owner of the organisation to invite you again.")


class InvitationInvalid(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("This invitation link is not complete or was changed")
    remedy = _("Open the link from the mail again, in full, or ask for a new invitation.")


class InvitationForAnother(Refusal):
    status = HTTPStatus.FORBIDDEN
    title = _("This invitation was sent to another e-mail address")
    remedy = _("Sign in with the address that received the mail, or add and confirm it in your account.")


class LastOwner(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(organisation)s would be left without an owner")
    remedy = _("Make another member an owner first.")


class SoleOwner(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("You are the only owner of: %(organisations)s")
    remedy = _(
        "These organisations have other members or open obligations. "
        "Make another member an owner, or settle what is open, and erase your account then."
    )


class AddressNotTyped(Invalid):
    title = _("The address does not match your account")
    remedy = _("Type the e-mail address of your account to confirm that you mean it.")

    def __init__(self) -> None:
        super().__init__({"email": [str(self.remedy)]})


class TokenUnknown(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    title = _("This API token is not known")
    remedy = _("Check that the token is complete, or create a new one in your account.")


class TokenExpired(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    title = _("This API token has expired")
    remedy = _("Create a new token in your account and replace the old one.")


class TokenRevoked(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    title = _("This API token was revoked")
    remedy = _("Create a new token in your account and replace the old one.")


class SessionUnknown(Refusal):
    status = HTTPStatus.UNAUTHORIZED
    title = _("This session has ended")
    remedy = _("Sign in again to receive a new session token.")


class PersonUnknown(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("Nobody with a confirmed account has the address %(email)s")
    remedy = _("Ask the person to sign up and to confirm the address first.")


class DocumentTooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The file is larger than %(most)s MiB")
    remedy = _("Save it smaller, for instance as a PDF with fewer pictures.")


class DocumentTypeRefused(Refusal):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = _("The content of “%(name)s” is of no kind that is taken here")
    remedy = _("Upload a PDF, PNG, JPEG, DOCX or HWPX file. The content counts, not the name.")
