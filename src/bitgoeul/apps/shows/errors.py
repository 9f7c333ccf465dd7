"""How shows refuse."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from bitgoeul.kit.refusals import Refusal


class StoryFlawed(Refusal):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = _("The storyboard cannot be saved: %(first)s")
    remedy = _("Correct what is named and save again; what was saved before is still there.")


class DraftMoved(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("Somebody else saved this storyboard meanwhile")
    remedy = _("Load the page again; both states are kept and can be reached with undo.")


class NothingToUndo(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("There is no other state to go to")
    remedy = _("Go on drawing; every change is kept by itself.")


class AssetTooLarge(Refusal):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    title = _("The file has more than %(limit_mib)s MiB")
    remedy = _("Make the file smaller; drones show few details.")


class AssetUnknown(Refusal):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = _("Files of the kind “%(name)s” cannot be used in a show")
    remedy = _("Use SVG, PNG, JPEG, WebP, OBJ, STL, GLB, CSV, MP3, OGG, OTF or TTF.")


class AssetInUse(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("The storyboard uses this file: %(where)s")
    remedy = _("Choose another file in that scene first.")


class TooManyAssets(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("A show holds at most %(most)s files")
    remedy = _("Remove files that no scene uses.")


class NotCertified(Refusal):
    status = HTTPStatus.CONFLICT
    title = _(
        "Version %(number)s is not certified, so it cannot be shown to the public or exported as certified"
    )
    remedy = _("Look at what its certificate names, change the storyboard and have it made again.")


class GatesNotPassed(Refusal):
    status = HTTPStatus.CONFLICT
    title = _("These gates are not passed: %(gates)s")
    remedy = _("Press each of them anew, or call the flight off.")


class StudioAway(Refusal):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = _("The studio does not answer just now")
    remedy = _("Your storyboard is saved. Try the preview again in a moment, or have the whole show made.")
