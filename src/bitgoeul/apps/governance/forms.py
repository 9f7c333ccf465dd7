"""What people fill in about the plan, committees and meetings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.governance.models import Committee, Item, Measurement, Meeting, Seat
from bitgoeul.apps.governance.queries.plan import every_title, phases_of, titles_of
from bitgoeul.engines import plans
from bitgoeul.kit.text import Localised

MINUTE = "%Y-%m-%dT%H:%M"
SHARES = Committee.Share.choices


def _day(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, help_text=help_text, required=required)


def _precision(help_text: Any) -> forms.ChoiceField:
    choices = Measurement.Precision.choices
    return forms.ChoiceField(label=_("Known to"), choices=choices, initial="day", help_text=help_text)


def _moment(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MINUTE], help_text=help_text)


def _words(label: Any, rows: int = 3, *, required: bool = True, longest: int = 10_000) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=longest, required=required, widget=forms.Textarea(attrs={"rows": rows})
    )


def _line(label: Any, longest: int = 200, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, required=required, help_text=help_text)


def _choices(titles: Mapping[str, Localised]) -> list[tuple[str, str]]:
    """Keys and names.  A text in two languages is a dict, which a form would take for a group of choices."""
    return [(key, str(title)) for key, title in titles.items()]


def _key() -> forms.SlugField:
    return forms.SlugField(
        label=_("Key"),
        max_length=60,
        help_text=_("Small letters and hyphens. It names this node for ever, also when its words change."),
    )


class Bilingual(forms.Form):
    """A form whose fields ``x_ko`` and ``x_en`` are one text ``x``."""

    TEXTS: tuple[str, ...] = ()

    def text(self, name: str) -> Localised:
        values = {code: self.cleaned_data[f"{name}_{code}"] for code in ("ko", "en")}
        return Localised({code: value for code, value in values.items() if value})

    def texts(self) -> dict[str, Localised]:
        return {name: self.text(name) for name in self.TEXTS}

    @classmethod
    def apart(cls, values: Mapping[str, Any]) -> dict[str, str]:
        return {
            f"{name}_{code}": (values.get(name) or {}).get(code, "")
            for name in cls.TEXTS
            for code in ("ko", "en")
        }


def place_errors(form: forms.Form, errors: dict[str, list[str]]) -> None:
    """Show a command's refusal at the fields it is about."""
    for name, sentences in errors.items():
        field = name if name in form.fields else f"{name}_ko" if f"{name}_ko" in form.fields else None
        for sentence in sentences:
            form.add_error(field, sentence)


# Nodes of the plan.  Each form reads a node and gives one back.


class NodeForm(Bilingual):
    TEXTS: tuple[str, ...] = ("title",)

    def __init__(self, *args: Any, tree: plans.Tree, old: plans.Node | None, **kwargs: Any) -> None:
        if old is not None:
            kwargs["initial"] = self.read(old)
        super().__init__(*args, **kwargs)
        self.tree, self.old = tree, old
        if old is not None:
            self.fields["key"].disabled = True
        self.offer()

    def offer(self) -> None:
        """Fill the choices that come from the tree."""

    def read(self, old: plans.Node) -> dict[str, Any]:
        return {"key": old.key, "parent": old.parent} | self.apart(old.content)

    def node(self) -> dict[str, Any]:
        kept = {name: dict(text) for name, text in self.texts().items() if text}
        return {"key": self.cleaned_data["key"]} | kept

    def above(self) -> str:
        """The key of the node it stands under."""
        return str(self.cleaned_data.get("parent", ""))


class PhaseForm(NodeForm):
    key = _key()
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    starts_on = _day(_("Begins on"))
    ends_on = _day(_("Ends on"))
    precision = _precision(_("Choose the year for a phase that the plan names by its years."))
    budget_won = forms.IntegerField(label=_("Budget in won"), min_value=0, required=False)

    def read(self, old: plans.Node) -> dict[str, Any]:
        kept = {name: old.content.get(name) for name in ("starts_on", "ends_on", "budget_won")}
        kept["precision"] = old.content.get("precision", "day")
        return super().read(old) | kept

    def node(self) -> dict[str, Any]:
        days = {name: self.cleaned_data[name].isoformat() for name in ("starts_on", "ends_on")}
        won = self.cleaned_data["budget_won"]
        held = self.old.content if self.old else {}
        source = {name: held[name] for name in ("source", "example") if name in held}
        if self.cleaned_data["precision"] != "day":
            days["precision"] = self.cleaned_data["precision"]
        return super().node() | days | source | ({"budget_won": won} if won is not None else {})


class StrategyForm(NodeForm):
    TEXTS = ("title", "summary")
    key = _key()
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    summary_ko = _words(_("Summary in Korean"), required=False, longest=2_000)
    summary_en = _words(_("Summary in English"), required=False, longest=2_000)


class TaskForm(NodeForm):
    TEXTS = ("title", "summary", "basis")
    key = _key()
    parent = forms.ChoiceField(label=_("Strategy"))
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    summary_ko = _words(_("Summary in Korean"), required=False, longest=2_000)
    summary_en = _words(_("Summary in English"), required=False, longest=2_000)
    basis_ko = _words(_("What it rests on, in Korean"), 2, required=False, longest=2_000)
    basis_en = _words(_("What it rests on, in English"), 2, required=False, longest=2_000)
    phases = forms.MultipleChoiceField(label=_("Phases"), required=False, widget=forms.CheckboxSelectMultiple)

    def offer(self) -> None:
        self.fields["parent"].choices = _choices(titles_of(self.tree, "strategy"))  # type: ignore[attr-defined]
        self.fields["phases"].choices = _choices({p.key: p.title for p in phases_of(self.tree)})  # type: ignore[attr-defined]

    def read(self, old: plans.Node) -> dict[str, Any]:
        return super().read(old) | {"phases": old.content.get("phases", [])}

    def node(self) -> dict[str, Any]:
        return super().node() | {"phases": self.cleaned_data["phases"]}


class IndicatorForm(NodeForm):
    """An indicator with its target for each phase.  Its baseline is carried over, not typed."""

    TEXTS = ("title", "unit", "numerator", "denominator")
    key = _key()
    parent = forms.ChoiceField(label=pgettext_lazy("plan", "Task"))
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    unit_ko = _line(_("Unit in Korean"), 40)
    unit_en = _line(_("Unit in English"), 40)
    numerator_ko = _line(_("What the indicator counts, in Korean"))
    numerator_en = _line(_("What the indicator counts, in English"))
    denominator_ko = _line(
        _("Out of what, in Korean"), required=False, help_text=_("Only for shares. Empty for counts.")
    )
    denominator_en = _line(_("Out of what, in English"), required=False)
    better = forms.ChoiceField(
        label=_("Better is"),
        choices=[("more", pgettext_lazy("indicator", "more")), ("less", pgettext_lazy("indicator", "less"))],
    )

    def offer(self) -> None:
        self.fields["parent"].choices = _choices(titles_of(self.tree, "task"))  # type: ignore[attr-defined]
        aims = {aim["phase"]: aim for aim in self._held("targets", [])}
        for phase in phases_of(self.tree):
            self.fields[f"target_{phase.key}"] = forms.DecimalField(
                label=_("Target of “%(phase)s”") % {"phase": phase.title},
                required=False,
                initial=aims.get(phase.key, {}).get("value"),
                help_text=_("A share is written as 0.8 for 80 percent."),
            )

    def _held(self, name: str, otherwise: Any) -> Any:
        return self.old.content.get(name, otherwise) if self.old else otherwise

    def read(self, old: plans.Node) -> dict[str, Any]:
        return super().read(old) | {"better": old.content.get("better", "more")}

    def node(self) -> dict[str, Any]:
        aims = {aim["phase"]: aim for aim in self._held("targets", [])}
        targets = []
        for phase in phases_of(self.tree):
            value = self.cleaned_data[f"target_{phase.key}"]
            if value is None:
                continue
            old = aims.get(phase.key, {})
            # Whoever changes a target is its source: the old one no longer says this.
            targets.append(
                old if old.get("value") == f"{value:f}" else {"phase": phase.key, "value": f"{value:f}"}
            )
        kept = {name: self._held(name, None) for name in ("baseline", "measured_by")}
        return (
            super().node()
            | {"better": self.cleaned_data["better"], "targets": targets}
            | {name: value for name, value in kept.items() if value}
        )


NODE_FORMS: dict[str, type[NodeForm]] = {
    "phase": PhaseForm,
    "strategy": StrategyForm,
    "task": TaskForm,
    "indicator": IndicatorForm,
}


class BeginForm(forms.Form):
    carry_until = _day(
        _("Carry results over as of"),
        _("What each indicator was on this day becomes its baseline. Leave it empty to keep the baselines."),
        required=False,
    )


class PublishForm(Bilingual):
    TEXTS = ("reason",)
    effective_from = _day(_("Stands from"), _("Earlier days keep the version that stood then."))
    reason_ko = _words(_("Reason in Korean"), longest=2_000)
    reason_en = _words(_("Reason in English"), longest=2_000)
    decision = _line(_("Rests on decision"), 30, required=False, help_text=_("For example decision:2026-03."))


class MeasurementForm(Bilingual):
    TEXTS = ("source",)
    numerator = _line(_("Figure"), 30)
    denominator = _line(_("Out of"), 30, required=False, help_text=_("Only for shares."))
    as_of = _day(_("As of"))
    precision = _precision(
        _("What the source names. For a month or a year, any day in it will do as the day above.")
    )
    source_ko = _line(_("Source in Korean"), 500)
    source_en = _line(_("Source in English"), 500)
    url = forms.URLField(
        label=_("Address of the source"), max_length=500, required=False, assume_scheme="https"
    )


class AsOfForm(forms.Form):
    on = _day(_("The plan on"), required=False)


# Committees and meetings


class CommitteeForm(Bilingual):
    TEXTS = ("title", "remit")
    slug = forms.SlugField(
        label=_("Name in addresses"), max_length=60, help_text=_("Small letters and hyphens.")
    )
    level = forms.ChoiceField(label=_("Level"), choices=Committee.Level.choices)
    parent = forms.ModelChoiceField(
        label=_("Works for"), queryset=Committee.objects.none(), to_field_name="slug", required=False
    )
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    remit_ko = _words(_("What it is for, in Korean"), longest=2_000)
    remit_en = _words(_("What it is for, in English"), longest=2_000)
    quorum = forms.ChoiceField(label=_("Quorum, of those in office"), choices=SHARES)
    passes = forms.ChoiceField(label=_("Carried by, of those who are there"), choices=SHARES)
    founded_on = _day(_("Set up on"))

    def __init__(self, *args: Any, committee: Committee | None = None, **kwargs: Any) -> None:
        if committee is not None:
            names = ("slug", "level", "quorum", "passes", "founded_on")
            kwargs["initial"] = {name: getattr(committee, name) for name in names} | {
                "parent": committee.parent.slug if committee.parent else "",
                **self.apart({"title": committee.title, "remit": committee.remit}),
            }
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = Committee.objects.exclude(level="group")  # type: ignore[attr-defined]
        self.fields["slug"].disabled = committee is not None

    def content(self) -> dict[str, Any]:
        names = ("slug", "level", "quorum", "passes", "founded_on")
        parent = self.cleaned_data["parent"]
        kept = {name: self.cleaned_data[name] for name in names}
        return kept | self.texts() | {"parent": parent.slug if parent else ""}


class SeatForm(Bilingual):
    TEXTS = ("affiliation",)
    name = _line(_("Name"), 80)
    affiliation_ko = _line(_("Affiliation in Korean"), required=False)
    affiliation_en = _line(_("Affiliation in English"), required=False)
    role = forms.ChoiceField(
        label=_("Role"), choices=Seat.Role.choices, initial=Seat.Role.MEMBER,
        help_text=_("The secretary keeps the meeting and has no vote."),
    )  # fmt: skip
    starts_on = _day(_("Term begins on"))
    ends_on = _day(_("Term ends on"))
    email = forms.EmailField(
        label=_("Address of their account"),
        required=False,
        help_text=_("With an account they see the agenda and vote from their own device."),
    )

    def content(self) -> dict[str, Any]:
        names = ("name", "role", "starts_on", "ends_on", "email")
        return {name: self.cleaned_data[name] for name in names} | self.texts()


class MeetingForm(Bilingual):
    TEXTS = ("title", "place")
    title_ko = _line(_("Title in Korean"))
    title_en = _line(_("Title in English"))
    place_ko = _line(_("Place in Korean"), required=False)
    place_en = _line(_("Place in English"), required=False)
    starts_at = _moment(_("Begins at"), _("Korean time."))
    ends_at = _moment(_("Ends at"))

    def __init__(self, *args: Any, meeting: Meeting | None = None, **kwargs: Any) -> None:
        if meeting is not None:
            kwargs["initial"] = {
                "starts_at": meeting.starts_at,
                "ends_at": meeting.ends_at,
                **self.apart({"title": meeting.title, "place": meeting.place}),
            }
        super().__init__(*args, **kwargs)

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("starts_at", "ends_at")} | self.texts()


class ItemForm(Bilingual):
    TEXTS = ("title", "text")
    kind = forms.ChoiceField(
        label=pgettext_lazy("agenda", "Kind"), choices=Item.Kind.choices, initial=Item.Kind.MOTION,
        help_text=_("A motion is voted on, in exactly these words."),
    )  # fmt: skip
    title_ko = _line(_("Title in Korean"), 300)
    title_en = _line(_("Title in English"), 300)
    text_ko = _words(_("Text in Korean"), 4, required=False)
    text_en = _words(_("Text in English"), 4, required=False)
    tasks = forms.MultipleChoiceField(
        label=_("Tasks of the plan that it is about"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    supersedes = _line(
        _("Replaces decision"), 30, required=False, help_text=_("For example decision:2026-03.")
    )

    def __init__(self, *args: Any, item: Item | None = None, **kwargs: Any) -> None:
        if item is not None:
            names = ("kind", "tasks", "supersedes")
            kwargs["initial"] = {name: getattr(item, name) for name in names} | self.apart(
                {"title": item.title, "text": item.text}
            )
        super().__init__(*args, **kwargs)
        self.fields["tasks"].choices = _choices(every_title("task"))  # type: ignore[attr-defined]

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("kind", "tasks", "supersedes")} | self.texts()


class MinutesForm(Bilingual):
    TEXTS = ("text",)
    text_ko = _words(_("Minutes in Korean"), 18, longest=200_000)
    text_en = _words(_("Minutes in English"), 10, required=False, longest=200_000)


class ActionForm(Bilingual):
    TEXTS = ("title", "owner")
    title_ko = _line(_("What is to be done, in Korean"), 300)
    title_en = _line(_("What is to be done, in English"), 300)
    owner_ko = _line(_("Office that answers for it, in Korean"))
    owner_en = _line(_("Office that answers for it, in English"), required=False)
    due_on = _day(pgettext_lazy("action", "Due on"))
    email = forms.EmailField(
        label=_("Address of whoever does it"),
        required=False,
        help_text=_("They are told, and reminded when it is due."),
    )
    decision = _line(
        _("Follows from decision"), 30, required=False, help_text=_("For example decision:2026-03.")
    )

    def content(self) -> dict[str, Any]:
        names = ("due_on", "email", "decision")
        return {name: self.cleaned_data[name] for name in names} | self.texts()


class OutcomeForm(Bilingual):
    TEXTS = ("outcome",)
    outcome_ko = _words(_("What came of it, in Korean"), 2, longest=2_000)
    outcome_en = _words(_("What came of it, in English"), 2, required=False, longest=2_000)


class MoveForm(Bilingual):
    TEXTS = ("reason",)
    due_on = _day(pgettext_lazy("action", "Due on"))
    reason_ko = _line(_("Reason in Korean"), 500)
    reason_en = _line(_("Reason in English"), 500, required=False)


class RevokeForm(Bilingual):
    TEXTS = ("reason",)
    reason_ko = _words(_("Reason in Korean"), longest=2_000)
    reason_en = _words(_("Reason in English"), longest=2_000)


class InterestForm(forms.Form):
    reason = _line(
        _("Reason"),
        500,
        required=False,
        help_text=_(
            "The committee reads it. You then take no part in this vote, and you cannot take it back."
        ),
    )


class EndSeatForm(forms.Form):
    on = _day(_("Last day of the term"))
