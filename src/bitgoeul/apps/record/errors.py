"""How the record refuses."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class NothingSealed(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("No fact has been sealed yet")
    remedy = _("The worker seals new facts every few seconds. Try again in a moment.")


class NotSealedYet(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("Fact %(fact)s is not sealed yet")
    remedy = _("The worker seals new facts every few seconds. Try again in a moment.")


class NoSuchSize(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The record has no size %(size)s")
    remedy = _("Ask for sizes between 0 and %(largest)s, the first not above the second.")
