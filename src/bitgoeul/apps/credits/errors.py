"""How credits refuse."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class InsufficientCredits(Refusal):
    status = HTTPStatus.PAYMENT_REQUIRED
    title = _("%(account)s has too few credits: %(needed)s needed, %(left)s left")
    remedy = _("Ask for less, release what you no longer need, or apply to an open call for more credits.")


class ReferenceReused(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The reference “%(reference)s” already belongs to another transfer")
    remedy = _(
        "Use a reference of its own for each transfer. The same reference may only repeat the same transfer."
    )


class MoreThanHeld(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("Only %(held)s credits are held for “%(reference)s”, %(asked)s cannot be settled")
    remedy = _("Settle at most what is held.")


class NotReversible(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The transfer “%(reference)s” cannot be reversed")
    remedy = _("Grants, spendings and settlements can be reversed once. An open hold is released instead.")
