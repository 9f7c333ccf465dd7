from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Invalid, Refusal


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


class BlueprintTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("There is a blueprint “%(name)s” already")
    remedy = _("Give the copy another name.")


class RubricNotHundred(Invalid):
    """A rubric whose weights do not add up to a hundred."""

    title = _("The weights of the criteria add up to %(sum)s, not to 100")
    remedy = _("Change the weights so that they add up to 100.")

    def __init__(self, *, sum: int) -> None:
        super().__init__({})
        self.facts = {"sum": sum}
        self.errors = {"procedure": [f"{self}."]}


class PartUnknown(Invalid):
    """A part that nobody can give."""

    title = _("A grant cannot give “%(part)s”")
    remedy = _("The parts are: %(known)s.")

    def __init__(self, *, part: str, known: str) -> None:
        super().__init__({})
        self.facts = {"part": part, "known": known}
        self.errors = {"gives": [f"{self}. {self.what_to_do()}"]}


class RoundsOverlap(Invalid):
    """Two rounds of one programme and size at the same time: nobody could say which one counts."""

    title = _("Another round of the same programme and size runs at this time: “%(call)s”")
    remedy = _("Choose dates that do not meet, close that round first, or name the size differently.")

    def __init__(self, *, call: str) -> None:
        super().__init__({})
        self.facts = {"call": call}
        self.errors = {"opens_at": [f"{self}. {self.what_to_do()}"]}


class CompletionLate(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The day to complete the application to “%(call)s” has passed: %(due)s")
    remedy = _("Nothing was handed in. Apply anew while the call is open, or look at the other calls.")


class OfferOver(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The offer of “%(call)s” ended on %(ended)s")
    remedy = _("What was reserved for you goes to the next in order. Look at the other calls.")


class PanelDecides(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The panel of “%(call)s” decides who wins")
    remedy = _("Pass the application on to the panel, send it back, or reject it with a reason.")


class CallStillOpen(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(call)s” still takes applications until %(closes)s")
    remedy = _("Come back when it is closed, or close it first.")


class ConflictOfInterest(Refusal):
    """A reviewer who is near to the applicant: the file stays closed."""

    status = HTTPStatus.FORBIDDEN
    title = _("You may not read this file: %(conflict)s")
    remedy = _("Recuse yourself; another reviewer takes over. If this is wrong, tell the desk.")


class NotEnoughReviewers(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(needed)s reviews are needed and only %(available)s can be had")
    remedy = _(
        "Nothing was assigned. Add reviewers or raise their limits. Applications that lack reviews: "
        "%(applications)s."
    )


class NothingToReview(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("No application of “%(call)s” is in review")
    remedy = _("Pass applications on to the panel first.")


class PanelDecided(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The panel of “%(call)s” has already decided (%(when)s)")
    remedy = _("Nothing was changed. Look at the result.")


class ReviewsMissing(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(missing)s reviews of “%(call)s” are still missing")
    remedy = _("Nothing was decided. Wait for them, or assign reviewers anew.")


class ApplicationsOpen(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(count)s applications to “%(call)s” still wait for the desk")
    remedy = _("Pass them on to the panel, or reject them; the panel decides about all at once.")


class ConflictsFound(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(count)s reviews of “%(call)s” come from somebody near to the applicant")
    remedy = _("Nothing was decided. Set these reviews aside on the page of the panel, then assign anew.")


class DrawPending(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("%(count)s applications of “%(call)s” can only be told apart by lot")
    remedy = _("The draw is not held yet. Hold it first; then decide.")


class TooFewForBand(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("There are too few reviews to say how far scores can be trusted")
    remedy = _("Calibration and the band need applications that share reviewers. Assign more reviews.")


class AppealClosed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The decision about “%(call)s” can no longer be appealed")
    remedy = _("Appeals are taken after the panel's decision, once, until the day that the call names.")


class DrawTooEarly(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The draw of “%(call)s” cannot be held yet")
    remedy = _("First the deadline, then the entries are published and sealed in the record, then the draw.")


class NoDraw(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("“%(call)s” has no draw that could be held")
    remedy = _("Only a call with a lottery has one, and it is held once.")


class AgreementOver(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The agreement could be signed until %(expired)s")
    remedy = _("What was reserved goes to the next in order. Ask the operator, or look at the other calls.")


class AgreementDiffers(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("This is not the text of the agreement that waits for a signature")
    remedy = _("Load the agreement again, read it, and sign it with its own fingerprint.")


class ChangePending(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("A change of this grant already waits for a decision")
    remedy = _("Wait for the decision, or withdraw that change first.")


class CreditsStay(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Credits that were handed over are not taken back by a change")
    remedy = _("Ask for no less than was granted, or end the grant early.")


class TermsStay(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The time of credits that were handed over has passed and cannot be changed")
    remedy = _("Ask for a date later than the present end, before the credits have ended.")


class PoolInUse(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("What was claimed from “%(pool)s” is in use: %(percent)s percent of it")
    remedy = _("It can be taken back when its mean use lies below %(below)s percent, or when the grant ends.")


class FundedTwice(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Another programme supports the same already: %(references)s")
    remedy = _("The call does not allow both: reject it, or reverse the other support first.")


class ApplicantsFundedTwice(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Another programme supports these applicants with the same already: %(applicants)s")
    remedy = _(
        "The call does not allow both: reject them on the page of the panel, or reverse the other support."
    )


class NotMeasured(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The use of what was claimed from “%(pool)s” has not been measured long enough")
    remedy = _("It can be taken back when at least half of the last %(days)s days was measured.")


class RuleStandsStill(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("A contest against taking back from “%(pool)s” waits for a decision")
    remedy = _("Decide the contest first.")


class FileNotAllowed(Refusal):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = _("“%(name)s” is not a kind of file that can be handed in")
    remedy = _("These kinds are taken: %(kinds)s.")


class FileTooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("“%(name)s” is larger than %(most)s MiB")
    remedy = _("Hand in a smaller file, or split it.")


class TooManyFiles(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("There are %(most)s files here already")
    remedy = _("Put several documents into one file.")
