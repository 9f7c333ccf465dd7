from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class CallNotOpen(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The call “%(call)s” does not take applications now")
    remedy = _("It takes them from %(opens)s until %(closes)s while it is open. Look at the other calls.")


class AlreadyApplied(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(organisation)s” has applied to “%(call)s” already")
    remedy = _("Each organisation applies once. Look at application %(application)s.")


class BudgetSpent(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The budget of “%(call)s” is used up")
    remedy = _(
        "Nothing was decided and your answers are kept. Look at the other calls, or wait for the next one."
    )


class CallFixed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(call)s” has been opened, so it can no longer be changed")
    remedy = _("Close it and open a new call; applications keep the rules they were measured by.")


class CallNotReady(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("“%(call)s” cannot be opened: its deadline has passed")
    remedy = _("Set a later deadline first.")


class BlueprintUnknown(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("There is no blueprint “%(name)s”")
    remedy = _("The blueprints are: %(known)s.")
