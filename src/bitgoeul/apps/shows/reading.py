"""What a version says of itself, in words and numbers a page can show."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.shows import story
from bitgoeul.apps.shows.models import Version
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit.text import Localised

STAGES = {
    "waiting": _("Waiting for the studio"),
    "formations": _("Placing the lights"),
    "transitions": _("Planning the flights"),
    "ground": _("Planning take-off and landing"),
    "lights": _("Colouring"),
    "proof": _("Proving the distances"),
    "files": _("Writing the files"),
    "film": _("Recording the film"),
}

BOUNDS = {
    "distance": _("Distance between drones in the air"),
    "pads": _("Distance between parked drones"),
    "velocity_xy": _("Horizontal velocity"),
    "velocity_up": _("Climbing velocity"),
    "velocity_down": _("Sinking velocity"),
    "acceleration": _("Acceleration"),
    "jerk": _("Jerk"),
    "altitude": _("Altitude"),
    "ground": _("Height above the ground"),
    "fence": _("Distance to the fence, inside"),
    "holes": _("Distance to holes in the fence"),
    "audience": _("Distance to the audience"),
    "navigation": _("Sideways motion near the ground"),
    "velocity_jump": _("Jump of velocity between two curves"),
}

FILES = {
    "skyc": pgettext_lazy("show file", "Show for ground stations (.skyc)"),
    "certificate": pgettext_lazy("show file", "Certificate (JSON)"),
    "skyb": pgettext_lazy("show file", "One file per drone (.skyb)"),
    "csv": pgettext_lazy("show file", "Positions and colours (CSV)"),
    "vviz": pgettext_lazy("show file", "For other design tools (VVIZ)"),
    "glb": pgettext_lazy("show file", "Animation (glTF)"),
    "video": pgettext_lazy("show file", "Video"),
    "music": pgettext_lazy("show file", "Music"),
}


def of(version: Version) -> dict[str, Any]:
    """Bounds, flights, files and problems of a version."""
    certificate = version.certificate
    return {
        # What a show has none of, such as holes in its fence, is not worth a line.
        "bounds": [_bound(bound) for bound in certificate.get("bounds", []) if bound["value"] is not None],
        "tightest": _tightest(certificate.get("bounds", [])),
        "scenes": [
            scene | {"name": Localised.of(scene.get("name") or story.unnamed(number))}
            for number, scene in enumerate(version.report.get("scenes", []), 1)
        ],
        "energy": version.report.get("energy"),
        "files": [file | {"title": FILES[file["kind"]]} for file in version.files if file["kind"] in FILES],
        "problems": [sentence(problem) for problem in version.problem.get("problems", [])],
        "pack": version.file("pack"),
        "poster": version.file("poster"),
        "film": version.file("video"),
        "music": version.file("music"),
        "music_starts_s": version.report.get("music_starts_s") or 0,
    }


def _bound(bound: dict[str, Any]) -> dict[str, Any]:
    at_ms = bound.get("at_ms")
    return bound | {
        "title": BOUNDS.get(bound["name"], bound["name"]),
        "unit": bound["unit"].replace("s2", "s²").replace("s3", "s³"),
        "sense": "≥" if bound["least"] else "≤",
        "at_s": None if at_ms is None else at_ms / 1000,
        "who": ", ".join(str(number + 1) for number in bound.get("drones", [])),
    }


def _tightest(bounds: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The closest pair in the air, for the viewer to jump to."""
    return next((_bound(bound) for bound in bounds if bound["name"] == "distance"), None)


def progress(told: dict[str, Any]) -> dict[str, Any]:
    """A stage in words and its share in percent."""
    stage = told.get("stage", "waiting")
    return {"stage": STAGES.get(stage, STAGES["waiting"]), "share": round(100 * float(told.get("share", 0)))}
