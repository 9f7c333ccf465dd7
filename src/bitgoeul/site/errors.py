"""How the hub itself refuses, when no capability did."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class Unreadable(Refusal):
    status = HTTPStatus.BAD_REQUEST
    title = _("The request could not be read")
    remedy = _("Go back, load the page again and repeat it. What you had saved is still there.")


class TooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The request is larger than the hub reads at once")
    remedy = _("Send less at once. Files go through an upload, in as many pieces as you like.")


class FormExpired(Refusal):
    status = HTTPStatus.FORBIDDEN
    title = _("This form is too old, or came from another site")
    remedy = _("Go back, load the page again and send the form once more. Cookies must be allowed.")


class Broken(Refusal):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = _("Something on our side broke")
    remedy = _("Nothing was half done: what had begun was undone. Try again; if it stays, tell the operator.")


class Unavailable(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("The hub is resting for a moment")
    remedy = _("Its database does not answer right now. Try again in a minute.")
