"""How services refuse.  The predictor says the code and the facts; the hub says the sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class NoCredits(Refusal):
    status = HTTPStatus.PAYMENT_REQUIRED
    title = _("%(organisation)s has no credits left to run a service")
    remedy = _("Apply to an open call for credits, then start the service again.")


class SlugTaken(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The address “%(slug)s” is already taken by another service")
    remedy = _("Choose another address.")


class VersionWithdrawn(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The version %(version)s of this model is withdrawn")
    remedy = _("Choose an available version.")


class Suspended(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("The service is suspended because its organisation has used all its credits")
    remedy = _("It starts again by itself when new credits arrive.")


class NotLive(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("The service does not answer at the moment: it is “%(state)s”")
    remedy = _("Try again in a little while, or ask its organisation.")


class KeepsFalling(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("The service fell %(times)s times in a row and was stopped")
    remedy = _("Deploy another version of the model, or start it again.")


class ReplacementFell(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("Version %(version)s fell again and again, so the present version stays")
    remedy = _("Check the model, then deploy it again.")


# What is wrong with one inference request, named as in the predictor.


class InferenceRefused(Refusal):
    status = HTTPStatus.BAD_REQUEST
    title = _("The request was refused")

    def problem(self) -> dict[str, Any]:
        """Problem details that are also an error of the Open Inference Protocol."""
        return super().problem() | {"error": str(self)}


class NotJson(InferenceRefused):
    title = _("The request is not JSON: %(detail)s")
    remedy = _("Send a JSON object with a list “inputs”.")


class NoInputs(InferenceRefused):
    title = _("The request has no list “inputs”")
    remedy = _("Send every input of the model with name, datatype, shape and data.")


class UnknownInput(InferenceRefused):
    title = _("The model has no input “%(input)s”")
    remedy = _("Leave it out. The inputs stand in the metadata of the model.")


class RepeatedInput(InferenceRefused):
    title = _("The input “%(input)s” is sent twice")
    remedy = _("Send every input once.")


class MissingInput(InferenceRefused):
    title = _("Inputs are missing: %(inputs)s")
    remedy = _("Send every input of the model with name, datatype, shape and data.")


class UnknownOutput(InferenceRefused):
    title = _("The model has no output “%(output)s”")
    remedy = _("Leave out “outputs” to get all of them.")


class WrongDatatype(InferenceRefused):
    title = _("The input “%(input)s” must be %(expected)s, not %(found)s")
    remedy = _("Send the datatype that the metadata of the model says.")


class WrongShape(InferenceRefused):
    title = _("The input “%(input)s” must have the shape %(expected)s and as many values as its shape says")
    remedy = _("A shape of [2, 1] goes with two values.")


class WrongValue(InferenceRefused):
    title = _("The input “%(input)s” holds a value that is not %(expected)s")
    remedy = _("Numbers are sent as numbers, words as strings.")


class UnevenRows(InferenceRefused):
    title = _("All inputs must have the same number of rows; “%(input)s” differs")
    remedy = _("Send one value per row and input.")


class NoRows(InferenceRefused):
    title = _("The request has no rows")
    remedy = _("Send at least one row.")


class TooManyRows(InferenceRefused):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The request has %(rows)s rows; at most %(limit)s are answered at once")
    remedy = _("Send it in smaller parts.")


class TooLarge(InferenceRefused):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The request is larger than %(limit)s bytes")
    remedy = _("Send it in smaller parts.")


class BinaryNotSupported(InferenceRefused):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = _("Tensors are read as JSON, not as binary data")
    remedy = _("Send the values in “data”.")


class UnknownModel(InferenceRefused):
    status = HTTPStatus.NOT_FOUND
    title = _("There is no model “%(model)s” here")
    remedy = _("Look at the list of services for its name and version.")


class ModelFailed(InferenceRefused):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = _("The model could not answer this request")
    remedy = _("Check whether the values make sense, and tell the organisation that runs the service.")


REASONS: dict[str, type[InferenceRefused]] = {
    kind.__name__: kind for kind in InferenceRefused.__subclasses__()
}


def reason(code: str, facts: dict[str, Any]) -> InferenceRefused:
    """What a predictor refused, to be said in the reader's language."""
    if isinstance(facts.get("inputs"), list):
        facts = facts | {"inputs": ", ".join(map(str, facts["inputs"]))}
    return REASONS.get(code.removeprefix("services."), ModelFailed)(**facts)


_STATES: dict[str, type[Refusal]] = {
    kind.__name__: kind for kind in (Suspended, KeepsFalling, ReplacementFell)
}


def reason_of_state(note: dict[str, Any]) -> Refusal | None:
    """Why a service is suspended or failed, as it was written down."""
    kind = _STATES.get(str(note.get("code", "")).removeprefix("services."))
    return kind(**note.get("facts", {})) if kind else None
