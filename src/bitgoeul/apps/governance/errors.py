"""How governance refuses."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class DraftExists(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("A new version of the plan is being written already")
    remedy = _("Go on with that draft, or discard it first.")


class NoDraft(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("No version of the plan is being written")
    remedy = _("Begin a new version. A published one never changes.")


class NothingChanged(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The draft is the same as version %(number)s")
    remedy = _("Change something, or discard the draft.")


class BehindHistory(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("A new version cannot begin on %(asked)s: version %(number)s began on %(began)s")
    remedy = _("Choose a later day. What was valid on earlier days never changes.")


class NotMeasured(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The plan has no indicator “%(indicator)s”")
    remedy = _("Measure what the plan names. Add the indicator to the plan first.")


class DecisionUnknown(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("There is no decision “%(reference)s” in force")
    remedy = _("Write the reference as on the page of the decision, for example decision:2026-03.")


class CommitteeNotSitting(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(committee)s” does not sit on %(day)s")
    remedy = _("Choose a day between its founding and its dissolution.")


class CommitteeBusy(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(committee)s” has %(meetings)s meetings ahead")
    remedy = _("Hold or cancel them first.")


class SeatTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(name)s has a seat in “%(committee)s” at that time already")
    remedy = _("End that term first, or choose another time.")


class ChairTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(committee)s” has a chair at that time: %(name)s")
    remedy = _("End that term first. A committee has one chair at a time.")


class AgendaEmpty(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The meeting cannot be convened without an agenda")
    remedy = _("Add at least one point.")


class AgendaFixed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The point “%(item)s” can no longer be changed")
    remedy = _("It was voted on or dealt with. Add another point.")


class NoQuorum(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("There is no quorum: %(present)s are there, %(needed)s are needed")
    remedy = _("Note who is there, or put the point to a later meeting. Nothing was decided.")


class VoteRunning(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("A vote is running: “%(item)s”")
    remedy = _("Close that vote first.")


class VoteNotOpen(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(item)s” is not being voted on now")
    remedy = _("Wait until the vote is opened.")


class VotedAlready(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(name)s has voted on “%(item)s” already")
    remedy = _("Everybody votes once, and a vote that was cast stays.")


class ConcernedByIt(Refusal):
    status = HTTPStatus.FORBIDDEN
    title = _("%(name)s declared an interest in “%(item)s” and takes no part in its vote")
    remedy = _("Your declaration is in the minutes. The other members decide.")


class NotThere(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(name)s is not noted as present")
    remedy = _("Ask the secretary to note the attendance, then vote.")


class OwnMinutes(Refusal):
    status = HTTPStatus.FORBIDDEN
    title = _("Minutes are approved by somebody who did not write them")
    remedy = _("Ask the chair of the committee or another officer.")


class SeatConflict(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The term cannot end on %(day)s: it began on %(began)s and was to end on %(ends)s")
    remedy = _("Choose a day within the term.")
