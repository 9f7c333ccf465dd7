"""How compute refuses."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class CannotIsolate(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("Jobs cannot be isolated on this machine (%(why)s), so none is run")
    remedy = _("The operator can put it right with: %(remedy)s")


class LargerThanMachine(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The job asks for more than the machine has: %(asked)s asked, %(has)s there")
    remedy = _("Ask for less.")


class BadCode(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The code cannot be used: %(reason)s")
    remedy = _("Send one .py file, or a .zip or .tar archive of plain files.")


class UnknownRecipe(Refusal):
    status = HTTPStatus.NOT_FOUND
    title = _("There is no recipe named “%(recipe)s”")
    remedy = _("Choose one of the recipes on the submission page.")


class QueueFull(Refusal):
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = _("Your organisation already has %(count)s jobs that have not ended")
    remedy = _("Wait until some have ended, or cancel what you no longer need.")


class StillRunning(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Job %(job)s has not ended yet")
    remedy = _("Cancel it first, or wait for its end.")
