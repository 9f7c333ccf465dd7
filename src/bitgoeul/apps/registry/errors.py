"""How the registry refuses a model.  Each reason says what is wrong with the file and what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class ModelRefused(Refusal):
    """The root of everything that is wrong with a model that was handed in."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class DocumentUnreadable(ModelRefused):
    title = _("model.json cannot be read: %(detail)s")
    remedy = _("Write model.json as the recipes do, in UTF-8 JSON with name, title, inputs and outputs.")


class FileTooLarge(ModelRefused):
    title = _("The file %(file)s has %(size)s bytes; the limit is %(limit)s")
    remedy = _("Train a smaller model, or ask the operator for a higher limit.")


class NotOnnx(ModelRefused):
    title = _("The file is not a readable ONNX model: %(detail)s")
    remedy = _("Export the model again and check it with onnx.checker before handing it in.")


class MalformedGraph(ModelRefused):
    title = _("The ONNX graph is malformed: %(detail)s")
    remedy = _("Export the model again and check it with onnx.checker before handing it in.")


class ForeignOperator(ModelRefused):
    title = _("The model uses operators outside the standard ONNX domains: %(detail)s")
    remedy = _("Use only operators of ai.onnx and ai.onnx.ml; those run everywhere and can be checked.")


class ExternalData(ModelRefused):
    title = _("The model refers to data outside its file: %(detail)s")
    remedy = _("Save the model in one file, without external data.")


class SchemaMismatch(ModelRefused):
    title = _("model.json and the ONNX graph disagree: %(detail)s")
    remedy = _("Make the inputs and outputs in model.json the same as those of the graph.")


class DoesNotRun(ModelRefused):
    title = _("The model does not answer a trial request: %(detail)s")
    remedy = _("Run the model in ONNX Runtime with one and with three rows and mend what fails.")


class TooExpensiveToCheck(ModelRefused):
    title = _("Checking the model took more time or memory than allowed: %(detail)s")
    remedy = _("Train a smaller model, or ask the operator for a higher limit.")


class HashMismatch(ModelRefused):
    title = _("The ONNX file is not the one that model.json describes")
    remedy = _("Hand in the file and the model.json of the same training run.")


REASONS: dict[str, type[ModelRefused]] = {kind.__name__: kind for kind in ModelRefused.__subclasses__()}


def reason(code: str, facts: dict[str, Any]) -> ModelRefused:
    """The refusal that was stored as ``code`` and ``facts``, to be said again in the reader's language."""
    return REASONS[code.removeprefix("registry.")](**facts)
