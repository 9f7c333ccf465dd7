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


class TariffFixed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Price list %(number)s is fixed and cannot be changed")
    remedy = _("Copy it, change the copy and publish that from a later day.")


class DayTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Another price list is already valid from %(day)s")
    remedy = _("Choose another day.")


class NoPriceYet(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("No price list is in force on %(day)s")
    remedy = _("Ask the operator to publish one that is valid from this day or earlier.")


class BenefitDiffers(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The reference “%(reference)s” already stands for another support or price")
    remedy = _("Use a reference of its own for each support. It may only repeat the same one.")


class BenefitNotReversible(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The line “%(reference)s” is itself a reversal and cannot be reversed")
    remedy = _("Post the support again under a new reference.")


class RuleNotInForce(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The text of this rule is not known for %(day)s")
    remedy = _("Choose a day within the time for which the text was found, or ask the authority.")


class TrancheOver(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The credits of “%(reference)s” have ended")
    remedy = _("Ended credits cannot be prolonged. Grant new ones.")
