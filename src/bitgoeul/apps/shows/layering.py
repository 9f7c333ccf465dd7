"""The layers of light of a scene, as the editor shows them: their forms and their timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bitgoeul.apps.shows import story
from bitgoeul.apps.shows.forms import part_form, timing_form
from bitgoeul.apps.shows.models import Asset
from bitgoeul.apps.shows.story import editing
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.schema_forms import SchemaForm
from bitgoeul.kit.text import Localised

TIMES = ("begin_s", "end_s", "fade_s", "blend", "in_flight")


@dataclass
class LayerForms:
    """One layer with its forms, bound to what was sent where something was.  Layers count from 1."""

    number: int
    layer: dict[str, Any]
    forms: dict[str, SchemaForm]
    kinds: dict[str, str]
    has_new_kind: bool = False
    is_open: bool = False

    @classmethod
    def of(cls, number: int, layer: dict[str, Any], files: list[Asset], sent: Any = None) -> LayerForms:
        """Raises: NotFound for kinds that do not exist."""
        prefix = f"layer-{number}"
        kinds = {part: layer[part]["kind"] for part in ("light", "group")}
        if sent is not None and f"{prefix}-light-kind" not in sent:
            sent = None  # the page did not show this layer, so it stays
        for part in kinds if sent is not None else ():
            kinds[part] = sent.get(f"{prefix}-{part}-kind", kinds[part])
            if kinds[part] not in story.kinds()[f"{part}s"]:
                raise NotFound
        forms = {}
        for part, kind in kinds.items():
            is_new = kind != layer[part]["kind"]
            shown = begun(f"{part}s", kind, layer[part], files) if is_new else layer[part]
            # What was sent belongs to the kind before; the new kind begins anew.
            forms[part] = part_form(
                f"{part}s", shown, files, None if is_new else sent, prefix=f"{prefix}-{part}"
            )
        times = {name: layer[name] for name in TIMES if name in layer}
        forms["time"] = timing_form(times, sent, prefix=f"{prefix}-time")
        new = any(kinds[part] != layer[part]["kind"] for part in kinds)
        changed = new or any(form.is_bound and form.has_changed() for form in forms.values())
        wrong = any(form.is_bound and not form.is_valid() for form in forms.values())
        return cls(number, layer, forms, kinds, new, changed or wrong)

    def is_valid(self) -> bool:
        return all(form.is_valid() for form in self.forms.values() if form.is_bound)

    def value(self, files: list[Asset]) -> dict[str, Any]:
        """The layer as it was sent."""
        if not self.forms["time"].is_bound:
            return self.layer
        found: dict[str, Any] = {}
        for part, kind in self.kinds.items():
            form, before = self.forms[part], self.layer[part]
            found[part] = (
                {"kind": kind} | form.values() if form.is_bound else begun(f"{part}s", kind, before, files)
            )
        times = self.forms["time"].values()
        if not times.get("in_flight"):
            times.pop("in_flight", None)
        return found | {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in times.items()
        }

    @property
    def light(self) -> Localised:
        return Localised.of(story.kinds()["lights"][self.kinds["light"]]["title"])

    @property
    def said(self) -> str:
        """Which drones and when, in a few words."""
        group = Localised.of(story.kinds()["groups"][self.kinds["group"]]["title"])
        begin, end = f"{self.layer['begin_s']:g}", self.layer.get("end_s")
        words = {"group": str(group), "begin": begin, "end": "" if end is None else f"{end:g}"}
        if end is None:
            return _("%(group)s · from %(begin)s s") % words
        return _("%(group)s · %(begin)s–%(end)s s") % words

    def choices(self, part: str) -> list[tuple[str, Localised]]:
        return [(key, Localised.of(kind["title"])) for key, kind in story.kinds()[f"{part}s"].items()]

    @property
    def light_choices(self) -> list[tuple[str, Localised]]:
        return self.choices("light")

    @property
    def group_choices(self) -> list[tuple[str, Localised]]:
        return self.choices("group")


def begun(group: str, kind: str, before: dict[str, Any], files: list[Asset]) -> dict[str, Any]:
    """A part of a new kind: what it has in common with the part before, a first file, a first text."""
    schema = story.kinds()[group][kind]["schema"]
    part = {name: value for name, value in before.items() if name in schema["properties"] and name != "kind"}
    if "asset" in schema["properties"]:
        needs = story.kinds()[group][kind]["needs"]
        first = next((file.name for file in files if file.kind == needs), None)
        part["asset"] = first or _("choose a file")
    if "text" in schema.get("required", []):
        part.setdefault("text", "빛")
    if "frames" in schema["properties"]:
        part.setdefault("frames", [{"at_s": 0, "colour": before.get("colour") or before.get("from", LAMP)}])
    if "colour" in schema.get("required", []):
        part.setdefault("colour", "#ffffff")
    return {"kind": kind} | part


def forms_of(scene: Mapping[str, Any], files: list[Asset], sent: Any = None) -> list[LayerForms]:
    """The layers of a scene with their forms."""
    return [
        LayerForms.of(number, layer, files, sent) for number, layer in enumerate(scene.get("layers", []), 1)
    ]


def asked(drawn: dict[str, Any], number: int, wish: str) -> tuple[dict[str, Any], int]:
    """Do what a button of the layers of a scene asks for.

    ``wish``: ``add``, or ``copy``, ``remove``, ``earlier``, ``later`` with a layer, such as ``copy-2``.
    Returns the storyboard, and which layer is looked at next; 0 for none.
    Raises: NotFound for other wishes.
    """
    word, _dash, digits = wish.partition("-")
    count = len(drawn["scenes"][number - 1].get("layers", []))
    at = int(digits) if digits.isdigit() else 0
    if word == "add":
        return editing.with_new_layer(drawn, number), min(count + 1, story.MOST_LAYERS)
    if not 1 <= at <= count:
        raise NotFound
    match word:
        case "copy":
            return editing.with_layer_copy(drawn, number, at), at + 1
        case "remove":
            return editing.without_layer(drawn, number, at), 0
        case "earlier":
            return editing.with_layer_moved(drawn, number, at, -1), max(at - 1, 1)
        case "later":
            return editing.with_layer_moved(drawn, number, at, 1), min(at + 1, count)
    raise NotFound


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────

LAMP = "#ffb547"
PLAIN = "#8791b8"  # light whose colours are those of a picture
WIDTH, FLIGHT, ROW, BAR = 320.0, 44.0, 20.0, 14.0


def timeline(scene: Mapping[str, Any]) -> dict[str, Any]:
    """The lights of a scene over its seconds, as bars to draw; the ground first, then its layers."""
    stays_s = max(float(scene["hold_s"]), 1.0)
    scale = (WIDTH - FLIGHT) / stays_s
    ground = scene.get("light") or {"kind": "own"}
    rows = [_bar(scene, ground, 0.0, stays_s, flight=True)]
    for layer in scene.get("layers", []):
        begin = min(float(layer["begin_s"]), stays_s)
        end = min(float(layer.get("end_s", stays_s)), stays_s)
        rows.append(_bar(scene, layer["light"], begin, end, flight=bool(layer.get("in_flight"))))
    for place, row in enumerate(rows):
        left = 0.0 if row["flight"] else FLIGHT + row["begin"] * scale
        row |= {
            "x": round(left, 1),
            "width": round(max(FLIGHT + row["end"] * scale - left, 2.0), 1),
            "y": place * ROW,
            "name": place,
        }
    height = len(rows) * ROW
    step = next(step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300) if stays_s / step <= 6)
    ticks = [
        {"x": round(FLIGHT + second * scale, 1), "second": second}
        for second in range(0, int(stays_s) + 1, step)
    ]
    return {
        "rows": rows, "ticks": ticks, "width": WIDTH, "height": height + 14, "floor": height, "bar": BAR,
        "there": FLIGHT, "label": height + 10, "seconds": stays_s,
    }  # fmt: skip


def _bar(
    scene: Mapping[str, Any], light: Mapping[str, Any], begin: float, end: float, *, flight: bool
) -> dict[str, Any]:
    stops = list(_stops(scene, light, begin, end))
    return {"begin": begin, "end": end, "flight": flight, "stops": stops}


def _stops(
    scene: Mapping[str, Any], light: Mapping[str, Any], begin: float, end: float
) -> Iterator[tuple[float, str]]:
    """Colours along a bar: where, in percent, and which."""
    match light["kind"]:
        case "colour":
            yield 0.0, light.get("colour", LAMP)
        case "own":
            has_colour = "asset" not in scene["formation"]
            yield 0.0, scene["formation"].get("colour", LAMP) if has_colour else PLAIN
        case "picture":
            yield 0.0, PLAIN
        case "keyframes":
            for frame in light["frames"]:
                share = (frame["at_s"] - begin) / max(end - begin, 0.1) * 100
                yield round(min(max(share, 0.0), 100.0), 1), frame["colour"]
        case _:
            yield 0.0, light.get("from", LAMP)
            yield 100.0, light.get("to", "#ffffff")
