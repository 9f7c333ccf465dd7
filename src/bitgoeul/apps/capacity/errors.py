"""How capacity refuses."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class PoolFull(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” has %(left)s left, %(asked)s are asked for")
    remedy = _("Ask for less, or join the waiting list: what is released is offered in its order.")


class PoolPaused(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” gives nothing out now: it is %(state)s")
    remedy = _("Try again when it is open. What you hold stays yours until its own time ends.")


class OutsideWindow(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” can be claimed only from %(starts)s until %(ends)s")
    remedy = _("Come back within this time.")


class OthersWait(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Others wait for “%(pool)s”")
    remedy = _("Join the waiting list: nobody can pass it.")


class NotFull(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” has %(left)s left and nobody waits")
    remedy = _("Claim at once instead of waiting.")


class AlreadyHolds(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” gives each holder one claim, and there is one already")
    remedy = _("Use the claim there is, or release it first.")


class AlreadyWaits(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("This holder already waits for “%(pool)s”")
    remedy = _("Each holder has one place in a line. Leave it to join again with another quantity.")


class TooMuchAtOnce(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("“%(pool)s” gives at most %(most)s at once, %(asked)s are asked for")
    remedy = _("Ask for less.")


class HoldExpired(Refusal):
    status = HTTPStatus.GONE
    title = _("The hold “%(key)s” has expired")
    remedy = _("Ask anew with a new key. What was held may be with somebody else by now.")


class NotClaimed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(key)s” claims nothing: it is %(state)s")
    remedy = _("Ask anew with a new key.")


class MoreThanClaimed(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("“%(key)s” claims %(claimed)s, %(asked)s cannot be released")
    remedy = _("Release at most what is claimed.")


class UnitTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(unit)s” of “%(pool)s” is taken or out of service")
    remedy = _("Choose another one, or leave the choice to the hub.")


class CapacityBelowClaims(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(pool)s” has given out %(claimed)s, its capacity cannot become %(asked)s")
    remedy = _("Release claims first, or choose a capacity that holds them.")
