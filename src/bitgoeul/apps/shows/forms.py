"""Forms of shows.  Those of a storyboard are drawn from the words in ``story/kinds.json``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.shows import queries, story
from bitgoeul.apps.shows.flying import board
from bitgoeul.apps.shows.models import Asset, Flight, Show
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.schema_forms import SchemaForm, form_for
from bitgoeul.kit.text import Localised

RING_HELP = _("One corner a line: x, y in metres. At least three lines; empty for none.")


class NewShowForm(forms.Form):
    """The few things with which a show begins."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("Organisation"))
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=80, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    drones = forms.IntegerField(label=_("Drones"), min_value=1, max_value=30_000, initial=300)
    text = forms.CharField(
        label=_("What the first scene writes"),
        max_length=40,
        initial="빛고을",
        help_text=_("You can change it."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = queries.organisations_for(actor)
        if first := field.queryset.first():
            field.initial = first.pk

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("title_ko") or cleaned.get("title_en")):
            self.add_error("title_ko", _("Write it in Korean or in English."))
        return cleaned

    def title(self) -> Localised:
        return Localised(ko=self.cleaned_data["title_ko"], en=self.cleaned_data["title_en"])


class DescribeForm(forms.Form):
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=80, required=False)
    title_en = forms.CharField(label=_("Title in English"), max_length=80, required=False)
    description_ko = forms.CharField(
        label=_("Description in Korean"), max_length=2000, required=False, widget=forms.Textarea({"rows": 4})
    )
    description_en = forms.CharField(
        label=_("Description in English"), max_length=2000, required=False, widget=forms.Textarea({"rows": 4})
    )

    @classmethod
    def of(cls, show: Show) -> DescribeForm:
        return cls(
            initial={
                f"{name}_{language}": getattr(show, name).get(language, "")
                for name in ("title", "description")
                for language in ("ko", "en")
            }
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("title_ko") or cleaned.get("title_en")):
            self.add_error("title_ko", _("Write it in Korean or in English."))
        return cleaned

    def text(self, name: str) -> Localised:
        return Localised(ko=self.cleaned_data[f"{name}_ko"], en=self.cleaned_data[f"{name}_en"])


class SceneForm(forms.Form):
    """What every scene has, whatever it shows."""

    name_ko = forms.CharField(label=_("Name in Korean"), max_length=80, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=80, required=False)
    hold_s = forms.FloatField(label=_("Stays for (s)"), min_value=0, max_value=story.LONGEST_HOLD_S)
    least_transition_s = forms.FloatField(
        label=_("Flight into it takes at least (s)"),
        min_value=0,
        max_value=story.LONGEST_HOLD_S,
        required=False,
        help_text=_("Left empty, it is as short as the limits allow."),
    )

    def parts(self) -> dict[str, Any]:
        names = {"ko": self.cleaned_data["name_ko"], "en": self.cleaned_data["name_en"]}
        return {
            "name": {language: text for language, text in names.items() if text},
            "hold_s": self.cleaned_data["hold_s"],
            "least_transition_s": self.cleaned_data["least_transition_s"],
        }


def scene_form(scene: dict[str, Any], data: Any = None) -> SceneForm:
    names = scene.get("name", {})
    initial = {
        "name_ko": names.get("ko", ""),
        "name_en": names.get("en", ""),
        "hold_s": scene["hold_s"],
        "least_transition_s": scene.get("least_transition_s"),
    }
    return SceneForm(data, initial=initial, prefix="scene")


def part_form(
    group: str, part: dict[str, Any], files: list[Asset], data: Any = None, *, prefix: str = ""
) -> SchemaForm:
    """The form of a scene's formation, motion or light, or of a part of a layer, of its kind."""
    kind = story.kinds()[group][part["kind"]]
    schema = kind["schema"]
    single = {name: value for name, value in schema["properties"].items() if value.get("format") != "frames"}
    form = form_for(
        schema | {"properties": single},
        data,
        initial={name: value for name, value in part.items() if name != "kind"},
        prefix=prefix or group,
    )
    for name in schema["properties"].keys() - single.keys():
        texts = schema["properties"][name]
        form.fields[name] = FramesField(
            label=str(Localised.of(texts["title"])), help_text=str(Localised.of(texts["description"]))
        )
    form.schema = schema
    if "asset" in form.fields:
        names = [(file.name, file.name) for file in files if file.kind == kind.get("needs")]
        form.fields["asset"] = forms.ChoiceField(
            choices=names,
            label=form.fields["asset"].label,
            help_text="" if names else _("Add a file of this kind first, under “Files”."),
        )
    _colour_inputs(form, schema)
    if form.is_bound and form.is_valid() and "to_percent" in form.fields:
        values = form.cleaned_data
        if (values["from_percent"] or 0) >= (values["to_percent"] or 0):
            form.add_error("to_percent", _("The strip ends before it begins."))
    return form


def timing_form(times: dict[str, Any], data: Any = None, *, prefix: str) -> SchemaForm:
    """When a layer of light is on, and how it lies on what is below it."""
    form = form_for(story.kinds()["layer"], data, initial=times, prefix=prefix)
    if form.is_bound and form.is_valid():
        begin, end = form.cleaned_data["begin_s"], form.cleaned_data["end_s"]
        if end is not None and end <= begin:
            form.add_error("end_s", _("The layer ends before it begins."))
    return form


class FramesWidget(forms.Widget):
    """Rows of a moment and a colour, and an empty row to add one."""

    use_fieldset = True

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        frames = list(value or [])
        colour = frames[-1]["colour"] if frames else "#ffb547"
        rows = [(f"{frame['at_s']}".removesuffix(".0"), frame["colour"]) for frame in frames]
        return format_html(
            '<ol class="frames">{}</ol>',
            format_html_join(
                "",
                '<li><input type="number" min="0" max="600" step="any" inputmode="decimal" '
                'name="{0}-at" id="id_{0}-at-{1}" value="{2}" aria-label="{4}"> s '
                '<input type="color" name="{0}-colour" id="id_{0}-colour-{1}" value="{3}" '
                'aria-label="{5}"></li>',
                (
                    (
                        name,
                        number,
                        at,
                        shown,
                        _("Moment %(number)s (s)") % {"number": number},
                        _("Colour %(number)s") % {"number": number},
                    )
                    for number, (at, shown) in enumerate([*rows, ("", colour)], 1)
                ),
            ),
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        rows = zip(data.getlist(f"{name}-at"), data.getlist(f"{name}-colour"), strict=False)
        return [{"at_s": at.strip(), "colour": colour} for at, colour in rows if at.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-at" not in data


class FramesField(forms.Field):
    """Colours at moments: ``[{"at_s": 0, "colour": "#ffb547"}, …]``."""

    widget = FramesWidget

    def clean(self, value: Any) -> list[dict[str, Any]]:
        if not value:
            raise forms.ValidationError(_("Write at least one moment."))
        frames = []
        for frame in value:
            try:
                at = float(frame["at_s"])
            except ValueError:
                raise forms.ValidationError(
                    _("“%(at)s” is no number of seconds."), params={"at": frame["at_s"][:20]}
                ) from None
            frames.append({"at_s": int(at) if at.is_integer() else at, "colour": frame["colour"]})
        if any(later["at_s"] <= earlier["at_s"] for earlier, later in pairwise(frames)):
            raise forms.ValidationError(_("Each moment must be later than the one above it."))
        return frames

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True


def section_form(name: str, values: dict[str, Any], data: Any = None) -> SchemaForm:
    """The form of a section: fleet, pads, limits, energy."""
    return form_for(story.kinds()["sections"][name], data, initial=values, prefix=name)


def music_form(music: dict[str, Any], files: list[Asset], data: Any = None) -> SchemaForm:
    """Which music is played, and from which moment of the show on; none where nothing is chosen."""
    schema = story.kinds()["music"]
    form = form_for(schema, data, initial=music, prefix="music")
    names = [(file.name, file.name) for file in files if file.kind == Asset.Kind.SOUND]
    form.fields["asset"] = forms.ChoiceField(
        choices=[("", _("no music")), *names],
        label=form.fields["asset"].label,
        required=False,
        help_text="" if names else _("Add a file of this kind first, under “Files”."),
    )
    return form


def _colour_inputs(form: SchemaForm, schema: dict[str, Any]) -> None:
    for name, part in schema["properties"].items():
        if part.get("format") == "colour":
            form.fields[name].widget = forms.TextInput({"type": "color"})


class SiteForm(forms.Form):
    """Where the show flies and where people are."""

    fence = forms.CharField(
        label=_("Fence"), widget=forms.Textarea({"rows": 5}), required=False, help_text=RING_HELP
    )
    audience = forms.CharField(
        label=_("Audience"), widget=forms.Textarea({"rows": 5}), required=False, help_text=RING_HELP
    )
    audience_distance_m = forms.FloatField(
        label=_("Distance to the audience (m)"), min_value=0, max_value=5000, initial=50
    )
    latitude = forms.FloatField(label=_("Latitude (°)"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(label=_("Longitude (°)"), min_value=-180, max_value=180, required=False)
    height_m = forms.FloatField(
        label=_("Height above sea level (m)"), min_value=-500, max_value=9000, required=False
    )
    orientation_deg = forms.FloatField(
        label=_("Direction of “right”, from North (°)"), min_value=-360, max_value=360, initial=90
    )

    @classmethod
    def of(cls, site: dict[str, Any]) -> SiteForm:
        origin = site.get("origin") or [None, None, None]
        return cls(
            initial={
                "fence": _lines(site.get("fence", [])),
                "audience": _lines((site.get("audience") or [[]])[0]),
                "audience_distance_m": site.get("audience_distance_m", 50),
                "latitude": origin[0],
                "longitude": origin[1],
                "height_m": origin[2],
                "orientation_deg": site.get("orientation_deg", 90),
            },
            prefix="site",
        )

    def clean_fence(self) -> list[list[float]]:
        return _ring(self.cleaned_data["fence"])

    def clean_audience(self) -> list[list[float]]:
        return _ring(self.cleaned_data["audience"])

    def site(self, before: dict[str, Any]) -> dict[str, Any]:
        """The section as data; holes and further areas stay as they were."""
        cleaned = self.cleaned_data
        origin = [cleaned["latitude"], cleaned["longitude"], cleaned["height_m"] or 0]
        further = (before.get("audience") or [[]])[1:]
        site = {
            "fence": cleaned["fence"],
            "holes": before.get("holes", []),
            "audience": [ring for ring in (cleaned["audience"], *further) if ring],
            "audience_distance_m": cleaned["audience_distance_m"],
            "orientation_deg": cleaned["orientation_deg"],
        }
        return site if None in origin else site | {"origin": origin}


def _lines(ring: list[list[float]]) -> str:
    return "\n".join(f"{x:g}, {y:g}" for x, y in ring)


def _ring(text: str) -> list[list[float]]:
    corners = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        parts = line.replace(",", " ").split()
        try:
            x, y = map(float, parts)
        except ValueError:
            raise forms.ValidationError(
                _("Line %(number)s is not two numbers: “%(line)s”."),
                params={"number": number, "line": line[:40]},
            ) from None
        corners.append([x, y])
    if 0 < len(corners) < 3:
        raise forms.ValidationError(_("An area needs at least three corners."))
    return corners


class FlightForm(forms.Form):
    """An evening: where, when, under which rules."""

    place_ko = forms.CharField(label=_("Place in Korean"), max_length=120, required=False)
    place_en = forms.CharField(label=_("Place in English"), max_length=120, required=False)
    starts_at = forms.DateTimeField(
        label=_("Begins at"), widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    backup_at = forms.DateTimeField(
        label=_("Other date, if the weather is bad"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        required=False,
    )
    is_night = forms.BooleanField(label=_("It is flown at night"), required=False, initial=True)
    rules = forms.ChoiceField(label=_("Rules for go and no-go"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["rules"]
        field.choices = [(key, str(title)) for key, title in board.rule_sets()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("place_ko") or cleaned.get("place_en")):
            self.add_error("place_ko", _("Write it in Korean or in English."))
        return cleaned

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        place = Localised(ko=cleaned["place_ko"], en=cleaned["place_en"])
        kept = {name: cleaned[name] for name in ("starts_at", "backup_at", "is_night", "rules")}
        return {"place": place} | kept


class InsuranceForm(forms.Form):
    insurer = forms.CharField(label=_("Insurer"), max_length=80, required=False)
    number = forms.CharField(label=_("Number of the policy"), max_length=60, required=False)
    until = forms.DateField(
        label=_("Valid until"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), required=False
    )
    covers_won = forms.IntegerField(label=_("Covers (won)"), min_value=0, max_value=10**13, required=False)

    @classmethod
    def of(cls, flight: Flight, data: Any = None) -> InsuranceForm:
        return cls(data, initial=flight.insurance, prefix="insurance")

    def values(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        until = cleaned["until"].isoformat() if cleaned["until"] else ""
        return cleaned | {"until": until, "covers_won": cleaned["covers_won"] or 0}
