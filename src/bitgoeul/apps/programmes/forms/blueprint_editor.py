"""A blueprint as ordinary forms: one for each part, and rows that are added, removed and put in order.

What the forms do not show of a question, such as its default, is carried along: nothing is lost by editing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from bitgoeul.apps.people.models import Organisation, OrganisationDocument
from bitgoeul.apps.programmes.forms.calls import AMOUNTS, amount_read, amount_written
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.models.calls import automatic_procedure, credits_only
from bitgoeul.apps.programmes.queries import procedures
from bitgoeul.apps.programmes.queries.agreements import unknown_places
from bitgoeul.apps.programmes.queries.answers import NAME
from bitgoeul.kit.schema_forms import questions
from bitgoeul.kit.text import LANGUAGES

DECISIONS = [
    ("automatic", gettext_lazy("The conditions, at once")),
    ("officer", gettext_lazy("An officer")),
    ("panel", gettext_lazy("A panel of reviewers")),
    ("panel-lottery", gettext_lazy("A panel, with a public draw around the cut")),
]
FROM_FILE = [
    ("", gettext_lazy("is asked every time")),
    ("organisation.name", gettext_lazy("name of the organisation")),
    ("organisation.region", gettext_lazy("region")),
    ("organisation.stage", gettext_lazy("stage")),
    ("organisation.sector", gettext_lazy("sector")),
    ("organisation.founded_on", gettext_lazy("founding date")),
    ("organisation.contact_name", gettext_lazy("name of the first contact")),
    ("organisation.contact_email", gettext_lazy("e-mail of the first contact")),
]
Data = QueryDict | MultiValueDict[str, str] | None


def _line(label: Any, required: bool = True, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=more.pop("max_length", 200), **more)


def _words(label: Any, required: bool = True, rows: int = 2, **more: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=5_000, widget=area, **more)


def _count(
    label: Any, least: int = 0, most: int = 10**6, required: bool = True, **more: Any
) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=required, **more)


def _both(values: dict[str, Any], name: str) -> dict[str, str]:
    return {code: values[f"{name}_{code}"] for code in LANGUAGES}


def _apart(text: Any, name: str) -> dict[str, str]:
    text = text if isinstance(text, dict) else {}
    return {f"{name}_{code}": text.get(code, "") for code in LANGUAGES}


class Part(forms.Form):
    """One part of a blueprint; ``read`` turns its data into what the form shows, ``made`` turns it back."""

    wide: tuple[str, ...] = ()  # fields that take the whole width
    fresh: dict[str, Any] = {}  # what a new row begins with

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        raise NotImplementedError

    def made(self) -> Any:
        raise NotImplementedError

    @classmethod
    def typed(cls, data: Any, prefix: str) -> dict[str, Any]:
        """What was typed, good or not: for showing it again without judging it."""
        empty = cls(prefix=prefix)
        return {
            name: field.widget.value_from_datadict(data, cast(Any, {}), empty.add_prefix(name))
            for name, field in empty.fields.items()
        }


class WordsPart(Part):
    title_ko, title_en = _line(gettext_lazy("Title in Korean")), _line(gettext_lazy("Title in English"))
    summary_ko, summary_en = (
        _words(gettext_lazy("Summary in Korean")),
        _words(gettext_lazy("Summary in English")),
    )
    terms_ko, terms_en = (
        _words(gettext_lazy("Terms in Korean"), rows=3),
        _words(gettext_lazy("Terms in English"), rows=3),
    )

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        return {
            key: words
            for name in ("title", "summary", "terms")
            for key, words in _apart(content.get(name), name).items()
        }

    def made(self) -> dict[str, Any]:
        return {name: _both(self.cleaned_data, name) for name in ("title", "summary", "terms")}


class FramePart(Part):
    """What a call of this kind is, how much there is and for whom."""

    kind = forms.ChoiceField(label=pgettext_lazy("call", "Kind"), choices=Call.Kind.choices)
    tier = _line(
        pgettext_lazy("call", "Size"), max_length=20, help_text=gettext_lazy("A short word such as TRY.")
    )
    slug = forms.SlugField(
        label=gettext_lazy("Name that calls propose"), max_length=60,
        help_text=gettext_lazy("Small letters and hyphens."),
    )  # fmt: skip
    open_days = _count(gettext_lazy("Days it takes applications"), 1, 730)
    budget_unit = forms.ChoiceField(label=gettext_lazy("Unit of the budget"), choices=Call.Unit.choices)
    budget = _line(gettext_lazy("Budget"), max_length=20)
    share_most = _line(gettext_lazy("The most for one grant"), max_length=20)
    share_least = _line(
        gettext_lazy("The least for one grant"), required=False, max_length=20,
        help_text=gettext_lazy("Empty: every grant is the most."),
    )  # fmt: skip
    ask = _line(
        gettext_lazy("Question for the amount"), required=False, max_length=40,
        help_text=gettext_lazy(
            "The name of the question with which an applicant asks for an amount; empty: the most."
        ),
    )  # fmt: skip
    gives_days = _count(gettext_lazy("Days each grant lasts"), 1, 1_825)
    stages = forms.MultipleChoiceField(
        label=gettext_lazy("For which stages"), choices=Organisation.Stage.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("None chosen: for all."),
    )  # fmt: skip
    sectors = forms.MultipleChoiceField(
        label=gettext_lazy("For which sectors"), choices=Organisation.Sector.choices, required=False,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("None chosen: for all."),
    )  # fmt: skip
    repeatable = forms.BooleanField(
        label=gettext_lazy("An organisation may apply more than once"), required=False
    )
    example = forms.BooleanField(label=gettext_lazy("It is an invented example"), required=False)
    programme_slug = forms.SlugField(label=gettext_lazy("Name of its programme"), max_length=60)
    programme_title_ko = _line(gettext_lazy("Title of the programme in Korean"))
    programme_title_en = _line(gettext_lazy("Title of the programme in English"))
    programme_summary_ko = _words(gettext_lazy("Summary of the programme in Korean"))
    programme_summary_en = _words(gettext_lazy("Summary of the programme in English"))
    programme_example = forms.BooleanField(
        label=gettext_lazy("The programme is an invented example"), required=False
    )
    wide = ("stages", "sectors", "repeatable", "example", "programme_slug", "programme_example")

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        unit = content.get("budget_unit", Call.Unit.CREDITS)
        programme = content.get("programme", {})
        same = (
            "kind",
            "tier",
            "slug",
            "open_days",
            "ask",
            "gives_days",
            "stages",
            "sectors",
            "repeatable",
            "example",
        )
        amounts = {name: content[name] for name in AMOUNTS if content.get(name) is not None}
        return {
            **{name: content[name] for name in same if name in content},
            "budget_unit": unit,
            **{name: amount_written(amount, unit) for name, amount in amounts.items()},
            "programme_slug": programme.get("slug", ""),
            **_apart(programme.get("title"), "programme_title"),
            **_apart(programme.get("summary"), "programme_summary"),
            "programme_example": programme.get("example", False),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in AMOUNTS:
            if not (text := cleaned.get(name)):
                continue
            try:
                cleaned[name] = amount_read(text, cleaned.get("budget_unit", ""))
            except ValueError:
                self.add_error(name, _("Write an amount such as 500; credits may have up to three decimals."))
        budget, most, least = (cleaned.get(name) for name in AMOUNTS)
        if isinstance(budget, int) and isinstance(most, int) and most > budget:
            self.add_error("share_most", _("This is more than the whole budget."))
        if isinstance(most, int) and isinstance(least, int) and least > most:
            self.add_error("share_least", _("The least is more than the most."))
        return cleaned

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        parent = {"slug": values["programme_slug"], "example": values["programme_example"]}
        made = {
            name: values[name]
            for name in ("kind", "tier", "slug", "open_days", "gives_days", "budget", "share_most")
        }
        made |= {
            "programme": parent | {name: _both(values, f"programme_{name}") for name in ("title", "summary")}
        }
        optional = {
            "budget_unit": values["budget_unit"] if values["budget_unit"] != Call.Unit.CREDITS else "",
            "share_least": values["share_least"],
            **{name: values[name] for name in ("ask", "stages", "sectors", "repeatable", "example")},
        }
        return made | {name: value for name, value in optional.items() if value}


class QuestionRow(Part):
    KINDS = [
        ("text", gettext_lazy("text")),
        ("integer", gettext_lazy("whole number")),
        ("number", gettext_lazy("number")),
        ("boolean", gettext_lazy("yes or no")),
        ("choice", gettext_lazy("one of several")),
        ("choices", gettext_lazy("any of several")),
        ("date", gettext_lazy("day")),
        ("email", gettext_lazy("e-mail address")),
        ("document", gettext_lazy("document of the company file")),
    ]
    LIMITS = {
        **dict.fromkeys(("text", "email", "date"), ("minLength", "maxLength")),
        **dict.fromkeys(("integer", "number"), ("minimum", "maximum")),
        "choices": ("minItems", "maxItems"),
    }  # fmt: skip
    title_ko, title_en = _line(gettext_lazy("Question in Korean")), _line(gettext_lazy("Question in English"))
    help_ko = _line(gettext_lazy("Help in Korean"), required=False, max_length=1_000)
    help_en = _line(gettext_lazy("Help in English"), required=False, max_length=1_000)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of answer"), choices=KINDS)
    name = _line(
        gettext_lazy("Name in rules"), max_length=40,
        help_text=gettext_lazy("Small letters, digits and _; conditions speak of it as answers.NAME."),
    )  # fmt: skip
    least = forms.DecimalField(
        label=gettext_lazy("At least"), required=False,
        help_text=gettext_lazy("Of a number its value, of a text its characters, of a list its entries."),
    )  # fmt: skip
    most = forms.DecimalField(label=gettext_lazy("At most"), required=False)
    choices = forms.CharField(
        label=gettext_lazy("What to choose from"), required=False, max_length=5_000, strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line: code | Korean | English."),
    )  # fmt: skip
    document = forms.ChoiceField(
        label=gettext_lazy("Which document"),
        required=False,
        choices=[("", "—"), *OrganisationDocument.Kind.choices],
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Filled in from the company file"), required=False, choices=FROM_FILE
    )
    needed = forms.BooleanField(label=gettext_lazy("It has to be answered"), required=False)
    kept = forms.CharField(required=False, max_length=10_000, widget=forms.HiddenInput)
    wide = ("choices", "needed")
    fresh = {"kind": "text", "needed": True, "most": 1_000}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        source = self["source"].value() or ""
        if source and source not in dict(FROM_FILE):
            field = cast(forms.ChoiceField, self.fields["source"])
            field.choices = [*FROM_FILE, (source, source)]

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        name, part, needed = content
        kind = cls._kind_of(part)
        members = part.get("items", {}) if kind == "choices" else part
        labels = part.get("x-labels", {})
        lines = [
            " | ".join([str(code), *_named(labels.get(str(code), {}))]) for code in members.get("enum", [])
        ]
        low, high = cls.LIMITS.get(kind, ("", ""))
        shown = {"title", "description", "x-labels", "x-from", "x-document", low, high}
        shown |= {"items"} if kind == "choices" and members.keys() <= {"enum", "type"} else set()
        shown |= {"enum"} if kind == "choice" else {"type", "format"}
        if kind == "choice" and part.get("type") == "string":
            shown.add("type")
        kept = {key: value for key, value in part.items() if key not in shown}
        return {
            "name": name,
            "kind": kind,
            "needed": needed,
            **_apart(part.get("title"), "title"),
            **_apart(part.get("description"), "help"),
            "least": part.get(low),
            "most": part.get(high),
            "choices": "\n".join(lines),
            "document": part.get("x-document", ""),
            "source": part.get("x-from", ""),
            "kept": json.dumps(kept, ensure_ascii=False) if kept else "",
        }

    @staticmethod
    def _kind_of(part: dict[str, Any]) -> str:
        if "enum" in part:
            return "choice"
        if part.get("type") == "array":
            return "choices"
        if part.get("type", "string") != "string":
            return str(part["type"])
        return str(part.get("format", "text"))

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not NAME.fullmatch(name):
            raise forms.ValidationError(_("Small letters, digits and _, beginning with a letter."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, least, most = cleaned.get("kind"), cleaned.get("least"), cleaned.get("most")
        if kind in ("choice", "choices") and "choices" in cleaned:
            codes = [code for code, _labels in _choices(cleaned["choices"])]
            if not codes:
                self.add_error("choices", _("Write at least one line to choose from."))
            elif len(set(codes)) != len(codes):
                self.add_error("choices", _("Two lines have the same code."))
        if kind == "document" and not cleaned.get("document"):
            self.add_error("document", _("Choose which document is asked for."))
        if least is not None and most is not None and least > most:
            self.add_error("most", _("The least is more than the most."))
        if kind in ("text", "choices", "email", "date", "integer"):
            for name in ("least", "most"):
                limit = cleaned.get(name)
                if limit is not None and limit != int(limit):
                    self.add_error(name, _("Write a whole number."))
        if bool(cleaned.get("help_ko")) != bool(cleaned.get("help_en")):
            self.add_error(
                "help_en" if cleaned.get("help_ko") else "help_ko", _("Write the help in both languages.")
            )
        return cleaned

    def made(self) -> tuple[str, dict[str, Any], bool]:
        values, kind = self.cleaned_data, self.cleaned_data["kind"]
        part: dict[str, Any] = _kept(values["kept"])
        if kind in ("choice", "choices"):
            rows = _choices(values["choices"])
            whole = part.get("type") == "integer" or part.get("items", {}).get("type") == "integer"
            codes = [int(code) if whole and code.lstrip("-").isdigit() else code for code, _labels in rows]
            labels = {code: labels for code, labels in rows if labels}
            if kind == "choice":
                part = {"type": "string"} | part | {"enum": codes}
            else:
                part = part | {"type": "array", "items": part.get("items", {}) | {"enum": codes}}
            part |= {"x-labels": labels} if labels else {}
        else:
            part |= {"type": kind if kind in ("integer", "number", "boolean") else "string"}
            part |= {"format": kind} if kind in ("date", "email", "document") else {}
        part |= {"x-document": values["document"]} if kind == "document" else {}
        part |= {"x-from": values["source"]} if values["source"] else {}
        part |= {"title": _both(values, "title")}
        part |= {"description": _both(values, "help")} if values["help_ko"] else {}
        for key, limit in zip(self.LIMITS.get(kind, ()), (values["least"], values["most"]), strict=False):
            if limit is not None:
                part[key] = int(limit) if limit == int(limit) else float(limit)
        return values["name"], part, values["needed"]


def _kept(text: str) -> dict[str, Any]:
    """What the form carried along; somebody else's words in that place are dropped."""
    try:
        kept = json.loads(text) if text else {}
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


def _named(label: Any) -> list[str]:
    if isinstance(label, dict):
        return [label.get(code, "") for code in LANGUAGES]
    return [str(label)] if label else []


def _choices(text: str) -> list[tuple[str, dict[str, str]]]:
    """``code | Korean | English`` a line; one name serves both languages."""
    rows = []
    for line in filter(str.strip, text.splitlines()):
        code, *names = [piece.strip() for piece in line.split("|")]
        names = (names * 2 if len(names) == 1 else names)[:2]
        rows.append((code, dict(zip(LANGUAGES, names, strict=True)) if len(names) == 2 else {}))
    return rows


class ClauseRow(Part):
    title_ko, title_en = (
        _line(gettext_lazy("Condition in Korean")),
        _line(gettext_lazy("Condition in English")),
    )
    name = _line(pgettext_lazy("clause", "Name"), max_length=40)
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}),
        help_text=gettext_lazy("In CEL, over organisation, history and answers."),
    )  # fmt: skip
    passes_ko, passes_en = (
        _words(gettext_lazy("If it is met, in Korean")),
        _words(gettext_lazy("If it is met, in English")),
    )
    fails_ko, fails_en = _words(gettext_lazy("If not, in Korean")), _words(gettext_lazy("If not, in English"))
    unknown_ko = _words(gettext_lazy("If it is not known, in Korean"), required=False)
    unknown_en = _words(gettext_lazy("If it is not known, in English"), required=False)
    wide = ("rule",)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        apart = {
            key: words
            for name in ("title", "passes", "fails", "unknown")
            for key, words in _apart(content.get(name), name).items()
        }
        return apart | {"name": content.get("name", ""), "rule": content.get("rule", "")}

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        made = {"name": values["name"], "rule": values["rule"]}
        made |= {name: _both(values, name) for name in ("title", "passes", "fails")}
        return made | (
            {"unknown": _both(values, "unknown")} if values["unknown_ko"] or values["unknown_en"] else {}
        )


class DecisionPart(Part):
    """Who decides, where the cut is, and the times everything has."""

    decision = forms.ChoiceField(label=gettext_lazy("Who decides"), choices=DECISIONS)
    completion_days = _count(gettext_lazy("Working days to complete what is missing"), 0, 3_650)
    offer_days = _count(gettext_lazy("Days to answer an offer"), 0, 3_650)
    appeal_days = _count(gettext_lazy("Days to appeal"), 0, 3_650)
    cut = _line(
        gettext_lazy("Cut"), required=False, max_length=7,
        help_text=gettext_lazy("Scores below it never win; empty: only the budget limits."),
    )  # fmt: skip
    confidence = _line(
        gettext_lazy("Confidence of the lottery band"), required=False, max_length=5,
        help_text=gettext_lazy("Between 0 and 1, such as 0.8; only with a public draw."),
    )  # fmt: skip
    reviews = _count(gettext_lazy("Reviews for each application"), 1, 50, required=False)
    aggregate = forms.ChoiceField(
        label=gettext_lazy("Mean of the reviews"), required=False,
        choices=[("mean", gettext_lazy("all of them")), ("trimmed", gettext_lazy("trimmed"))],
    )  # fmt: skip
    bonus_most = _count(gettext_lazy("Bonus points at most"), 0, 100, required=False)
    quota_by = _line(
        gettext_lazy("Quota by the fact"), required=False, max_length=80,
        help_text=gettext_lazy("Such as organisation.sector; empty: no quota."),
    )  # fmt: skip
    quota_least = forms.CharField(
        label=gettext_lazy("Least share of each"), required=False, max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext_lazy("One a line: value = per cent."),
    )  # fmt: skip
    double_funding = forms.ChoiceField(
        label=gettext_lazy("If another programme supports the same"), required=False,
        choices=[
            ("show", gettext_lazy("whoever decides sees it")),
            ("reason", gettext_lazy("it is accepted only with a reason")),
            ("refuse", gettext_lazy("it is not accepted")),
        ],
    )  # fmt: skip
    blind = forms.BooleanField(label=gettext_lazy("Reviewers do not see who applies"), required=False)
    wide = ("decision", "blind")

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        rubric = procedures.RUBRIC | (content["rubric"] or {})
        quota = content["quota"] or {}
        return {
            **{
                name: content[name]
                for name in ("decision", "completion_days", "offer_days", "appeal_days", "cut")
            },
            **{name: rubric[name] for name in ("reviews", "aggregate", "bonus_most", "blind")},
            "double_funding": content["double_funding"],
            "confidence": (content["lottery"] or {}).get("confidence", ""),
            "quota_by": quota.get("by", ""),
            "quota_least": "\n".join(f"{value} = {share}" for value, share in quota.get("least", {}).items()),
        }

    def clean_cut(self) -> str:
        cut = str(self.cleaned_data["cut"] or "")
        if cut and not procedures.is_percent(cut):
            raise forms.ValidationError(_("A number from 0 to 100."))
        return cut

    def clean_quota_least(self) -> dict[str, int]:
        shares = {}
        for line in filter(str.strip, self.cleaned_data["quota_least"].splitlines()):
            value, sign, share = (piece.strip() for piece in line.rpartition("="))
            if not sign or not value or not re.fullmatch(r"[0-9]{1,3}", share):
                raise forms.ValidationError(_("Write one a line, such as mobility = 20."))
            shares[value] = int(share)
        if sum(shares.values()) > 100:
            raise forms.ValidationError(_("Together they are more than 100 per cent."))
        return shares

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        decision = cleaned.get("decision")
        if decision in procedures.PANELS and cleaned.get("offer_days") == 0:
            self.add_error(
                "offer_days", _("Winners of a panel are asked first: give them days to answer an offer.")
            )
        if decision == "panel-lottery":
            if not cleaned.get("cut"):
                self.add_error("cut", _("A draw is held around the cut, so there has to be one."))
            if not re.fullmatch(r"0\.[0-9]{0,2}[1-9][0-9]{0,2}", cleaned.get("confidence") or ""):
                self.add_error("confidence", _("Write a number between 0 and 1, such as 0.8."))
        if bool(cleaned.get("quota_by")) != bool(cleaned.get("quota_least")) and "quota_least" in cleaned:
            self.add_error("quota_by", _("A quota has both: the fact and the shares."))
        return cleaned

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        made = {name: values[name] for name in ("decision", "completion_days", "offer_days", "appeal_days")}
        made |= {"cut": values["cut"] or None, "double_funding": values["double_funding"] or "show"}
        lottery = values["decision"] == "panel-lottery"
        made |= {"lottery": {"confidence": values["confidence"]} if lottery else None}
        by, least = values["quota_by"], values["quota_least"]
        return made | {"quota": {"by": by, "least": least} if by else None}

    def scoring(self) -> dict[str, Any]:
        """How the reviews become one score."""
        values = self.cleaned_data
        return {
            "reviews": values["reviews"] or 1,
            "aggregate": values["aggregate"] or "mean",
            "bonus_most": values["bonus_most"] or 0,
            "blind": values["blind"],
        }


class StageRow(Part):
    title_ko, title_en = _line(gettext_lazy("Stage in Korean")), _line(gettext_lazy("Stage in English"))
    name = _line(pgettext_lazy("stage", "Name"), max_length=40)
    days = _count(gettext_lazy("Working days"), 0, 3_650)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        return _apart(content.get("title"), "title") | {name: content.get(name) for name in ("name", "days")}

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {"name": values["name"], "days": values["days"], "title": _both(values, "title")}


class CriterionRow(Part):
    title_ko, title_en = (
        _line(gettext_lazy("Criterion in Korean")),
        _line(gettext_lazy("Criterion in English")),
    )
    weight = _count(gettext_lazy("Weight"), 1, 100)
    floor = _count(
        gettext_lazy("Floor in per cent"), 0, 100, required=False,
        help_text=gettext_lazy("Who stays below it does not win."),
    )  # fmt: skip
    most = _count(gettext_lazy("Highest score"), 1, 1_000)
    name = _line(pgettext_lazy("criterion", "Name"), max_length=40)
    fresh = {"most": 100, "floor": 40}

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        same = {name: content.get(name) for name in ("name", "weight", "most", "floor")}
        return _apart(content.get("title"), "title") | same

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        made = {name: values[name] for name in ("name", "weight", "most")} | {"title": _both(values, "title")}
        return made | ({"floor": values["floor"]} if values["floor"] is not None else {})


class BonusRow(Part):
    title_ko, title_en = _line(gettext_lazy("Bonus in Korean")), _line(gettext_lazy("Bonus in English"))
    points = _count(gettext_lazy("Points"), 0, 100)
    name = _line(pgettext_lazy("bonus", "Name"), max_length=40)
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}),
        help_text=gettext_lazy("In CEL, over organisation, history and answers."),
    )  # fmt: skip
    wide = ("rule",)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        return _apart(content.get("title"), "title") | {
            name: content.get(name) for name in ("name", "points", "rule")
        }

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {name: values[name] for name in ("name", "points", "rule")} | {"title": _both(values, "title")}


class GiveRow(Part):
    PARTS = [
        ("credits", gettext_lazy("credits")),
        ("capacity", gettext_lazy("units of a pool")),
        ("money", gettext_lazy("money")),
        ("dataset", gettext_lazy("access to a dataset")),
        ("document", gettext_lazy("a document")),
    ]
    part = forms.ChoiceField(label=gettext_lazy("What is given"), choices=PARTS)
    amount = _line(
        gettext_lazy("How much"), required=False, max_length=20,
        help_text=gettext_lazy(
            "Units or won; “ask”: what the application asks for. Credits: empty, the whole grant."
        ),
    )  # fmt: skip
    pool = _line(gettext_lazy("Pool"), required=False, max_length=60)
    when_full = forms.ChoiceField(
        label=gettext_lazy("If the pool is full"), required=False,
        choices=[
            ("refuse", gettext_lazy("the signature is refused")),
            ("wait", gettext_lazy("it waits in line")),
        ],
    )  # fmt: skip
    dataset = _line(
        gettext_lazy("Question that names the dataset"), required=False, max_length=60,
        help_text=gettext_lazy("Such as answers.dataset."),
    )  # fmt: skip
    title_ko = _line(gettext_lazy("Title of the document in Korean"), required=False)
    title_en = _line(gettext_lazy("Title of the document in English"), required=False)
    numbered = forms.BooleanField(label=gettext_lazy("Each unit has its own number"), required=False)
    wide = ("part", "numbered")

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        amount = content.get("won") if content.get("part") == "money" else content.get("quantity")
        if content.get("part") == "credits" and amount is not None:
            amount = amount_written(amount, Call.Unit.CREDITS)
        return _apart(content.get("title"), "title") | {
            "part": content.get("part"),
            "amount": "" if amount is None else str(amount),
            "pool": content.get("pool", ""),
            "when_full": content.get("when_full", "refuse"),
            "dataset": content.get("dataset", ""),
            "numbered": content.get("unit_numbered", False),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        part, amount = cleaned.get("part"), (cleaned.get("amount") or "").strip()
        unit = Call.Unit.CREDITS if part == "credits" else Call.Unit.PLACES
        try:
            cleaned["amount"] = amount if amount in ("", "ask") else amount_read(amount, unit)
        except ValueError:
            self.add_error("amount", _("Write a whole number, or ask."))
        if part in ("capacity", "money") and not amount:
            self.add_error("amount", _("Say how much is given."))
        if part == "credits" and amount == "ask":
            self.add_error("amount", _("Credits are given as granted: leave it empty, or write a number."))
        if part == "capacity" and not procedures.SLUG.fullmatch(cleaned.get("pool") or ""):
            self.add_error("pool", _("The name of a pool: small letters, digits and hyphens."))
        if part == "dataset" and not (cleaned.get("dataset") or "").startswith("answers."):
            self.add_error("dataset", _("Name the question as answers.NAME."))
        if part == "document":
            for name in ("title_ko", "title_en"):
                if not cleaned.get(name):
                    self.add_error(name, _("A document has a title in both languages."))
        return cleaned

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        made: dict[str, Any] = {"part": values["part"]}
        match values["part"]:
            case "credits":
                return made | ({"quantity": values["amount"]} if values["amount"] else {})
            case "money":
                return made | {"won": values["amount"]}
            case "dataset":
                return made | {"dataset": values["dataset"]}
            case "document":
                return made | {"title": _both(values, "title")}
            case _:
                made |= {"pool": values["pool"], "quantity": values["amount"]}
                made |= {"unit_numbered": True} if values["numbered"] else {}
                return made | ({"when_full": "wait"} if values["when_full"] == "wait" else {})


class AgreementPart(Part):
    text_ko = _words(gettext_lazy("Text in Korean"), required=False, rows=6)
    text_en = _words(gettext_lazy("Text in English"), required=False, rows=6)
    sign_days = _count(gettext_lazy("Days to sign"), 1, 365, required=False)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        content = content or {}
        return _apart(content.get("text"), "text") | {"sign_days": content.get("sign_days")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("text_ko")) != bool(cleaned.get("text_en")):
            missing = "text_en" if cleaned.get("text_ko") else "text_ko"
            self.add_error(missing, _("Write the agreement in both languages."))
        return cleaned

    def made(self) -> dict[str, Any] | None:
        values = self.cleaned_data
        if not values["text_ko"]:
            return None
        return {"text": _both(values, "text")} | (
            {"sign_days": values["sign_days"]} if values["sign_days"] else {}
        )


class ReportRow(Part):
    KINDS = [
        ("progress", gettext_lazy("progress")),
        ("final", gettext_lazy("final")),
        ("outcome", gettext_lazy("outcome, years later")),
    ]
    title_ko, title_en = _line(gettext_lazy("Report in Korean")), _line(gettext_lazy("Report in English"))
    kind = forms.ChoiceField(label=pgettext_lazy("report", "Kind"), choices=KINDS)
    after_days = _count(gettext_lazy("Days after the grant begins"), 0, 3_650, required=False)
    before_end_days = _count(gettext_lazy("Or days before it ends"), 0, 3_650, required=False)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        return _apart(content.get("title"), "title") | {
            name: content.get(name) for name in ("kind", "after_days", "before_end_days")
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("after_days") is None) == (cleaned.get("before_end_days") is None):
            both = _("Count from the beginning or back from the end: write one of both.")
            self.add_error("after_days", both)
        return cleaned

    def made(self) -> dict[str, Any]:
        values = self.cleaned_data
        due = {name: values[name] for name in ("after_days", "before_end_days") if values[name] is not None}
        return {"kind": values["kind"], **due, "title": _both(values, "title")}


class ReclaimPart(Part):
    on = forms.BooleanField(label=gettext_lazy("What lies idle is taken back"), required=False)
    below_percent = _count(gettext_lazy("Idle below so many per cent of use"), 1, 100, required=False)
    window_days = _count(gettext_lazy("Measured over so many days"), 1, 3_650, required=False)
    shrink_after_days = _count(gettext_lazy("Days until it shrinks"), 1, 3_650, required=False)
    return_after_days = _count(gettext_lazy("Days until it is taken back"), 1, 3_650, required=False)
    accept_hours = _count(gettext_lazy("Hours for the next in line to accept"), 1, 3_650, required=False)
    wide = ("on",)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        return procedures.RECLAIM | (content or {}) | {"on": content is not None}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("on"):
            return cleaned
        for name in procedures.RECLAIM:
            if name in cleaned and cleaned[name] is None:
                self.add_error(name, _("Write a number."))
        window, shrink, back = (
            cleaned.get(f"{name}_days") for name in ("window", "shrink_after", "return_after")
        )
        if window and shrink and window > shrink:
            self.add_error("shrink_after_days", _("It shrinks only after the days that are measured."))
        if shrink and back and shrink >= back:
            self.add_error("return_after_days", _("It is taken back only after it has shrunk."))
        return cleaned

    def made(self) -> dict[str, Any] | None:
        return (
            {name: self.cleaned_data[name] for name in procedures.RECLAIM}
            if self.cleaned_data["on"]
            else None
        )


class BenefitPart(Part):
    on = forms.BooleanField(label=gettext_lazy("The grant counts in the benefit ledger"), required=False)
    list_price_won = _count(gettext_lazy("List price of a unit in won"), 0, 10**15, required=False)
    pays_won = _count(gettext_lazy("Paid for a unit in won"), 0, 10**15, required=False)
    legal_basis_ko = _line(gettext_lazy("Legal basis in Korean"), required=False)
    legal_basis_en = _line(gettext_lazy("Legal basis in English"), required=False)
    wide = ("on",)

    @classmethod
    def read(cls, content: Any) -> dict[str, Any]:
        prices = {name: (content or {}).get(name) for name in ("list_price_won", "pays_won")}
        return (
            _apart((content or {}).get("legal_basis"), "legal_basis") | prices | {"on": content is not None}
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("on"):
            return cleaned
        for name in ("list_price_won", "pays_won", "legal_basis_ko", "legal_basis_en"):
            if name in cleaned and cleaned[name] in (None, ""):
                self.add_error(name, _("The ledger needs this."))
        listed, paid = cleaned.get("list_price_won"), cleaned.get("pays_won")
        if listed is not None and paid is not None and paid > listed:
            self.add_error("pays_won", _("Nobody pays more than the list price."))
        return cleaned

    def made(self) -> dict[str, Any] | None:
        values = self.cleaned_data
        if not values["on"]:
            return None
        prices = {name: values[name] for name in ("list_price_won", "pays_won")}
        return prices | {"legal_basis": _both(values, "legal_basis")}


class Rows:
    """Forms of one kind in an order.  A row keeps its number while it moves; hidden inputs name them."""

    def __init__(self, kind: type[Part], prefix: str, most: int, contents: Iterable[Any], data: Data) -> None:
        self.kind, self.prefix, self.most, self.data = kind, prefix, most, data
        self.errors: list[str] = []
        self.numbers: list[int]
        if data is None:
            self.initial = dict(enumerate((kind.read(content) for content in contents), 1))
            self.numbers = list(self.initial)
        else:
            given = [int(text) for text in data.getlist(f"{prefix}-row") if re.fullmatch(r"[0-9]{1,6}", text)]
            self.numbers = list(dict.fromkeys(given))[: most + 1]
            self.initial = {number: kind.typed(data, self.prefix_of(number)) for number in self.numbers}
        self.newest = 0

    def prefix_of(self, number: int) -> str:
        return f"{self.prefix}-{number}"

    def change(self, word: str, number: int) -> None:
        """Add a row, remove one, or move one up or down."""
        if word == "add" and len(self.numbers) < self.most:
            self.newest = max(self.numbers, default=0) + 1
            self.numbers.append(self.newest)
            self.initial[self.newest] = self.kind.fresh
        if number not in self.numbers:
            return
        at = self.numbers.index(number)
        if word == "remove":
            self.numbers.remove(number)
        elif word == "up" and at > 0:
            self.numbers[at - 1 : at + 1] = [number, self.numbers[at - 1]]
        elif word == "down" and at < len(self.numbers) - 1:
            self.numbers[at : at + 2] = [self.numbers[at + 1], number]

    @cached_property
    def shown(self) -> list[Part]:
        """The rows as they were read or typed, not judged."""
        return [self.kind(prefix=self.prefix_of(n), initial=self.initial.get(n, {})) for n in self.numbers]

    @cached_property
    def judged(self) -> list[Part]:
        rows = [self.kind(self.data, prefix=self.prefix_of(number)) for number in self.numbers]
        seen = set()
        for row in rows:
            if row.is_valid() and (name := row.cleaned_data.get("name")):
                if name in seen:
                    row.add_error("name", _("Two rows have this name."))
                seen.add(name)
        if len(rows) > self.most:
            self.errors.append(_("At most %(most)s rows.") % {"most": self.most})
        return rows

    def made(self) -> list[Any]:
        return [row.made() for row in self.judged if row.is_valid()]

    def is_valid(self) -> bool:
        return all(row.is_valid() for row in self.judged) and not self.errors

    def __iter__(self) -> Iterator[tuple[int, Part]]:
        return iter(zip(self.numbers, self.shown, strict=True))


PARTS: dict[str, type[Part]] = {
    "words": WordsPart,
    "frame": FramePart,
    "decision": DecisionPart,
    "agreement": AgreementPart,
    "reclaim": ReclaimPart,
    "benefit": BenefitPart,
}
ROWS: dict[str, tuple[type[Part], int]] = {
    "questions": (QuestionRow, 40),
    "clauses": (ClauseRow, 30),
    "stages": (StageRow, 12),
    "criteria": (CriterionRow, 20),
    "bonus": (BonusRow, 20),
    "gives": (GiveRow, 10),
    "reports": (ReportRow, 12),
}


class Editor:
    """Every form of one blueprint, from its content or from what was typed."""

    def __init__(self, content: dict[str, Any], data: Data = None) -> None:
        self.data = data
        whole = procedures.completed(content.get("procedure", automatic_procedure()))
        needed = content["form"].get("required", [])
        read: dict[str, Any] = {
            "words": content, "frame": content, "decision": whole,
            **{name: whole[name] for name in ("agreement", "reclaim", "benefit")},
        }  # fmt: skip
        rubric = whole["rubric"] or {}
        rows: dict[str, list[Any]] = {
            "questions": [(name, part, name in needed) for name, part in questions(content["form"])],
            "clauses": content["clauses"],
            "stages": whole["stages"],
            "criteria": rubric.get("criteria", []),
            "bonus": rubric.get("bonus", []),
            "gives": content.get("gives", credits_only()),
            "reports": whole["reports"],
        }
        self.read = read
        self.rows = {name: Rows(kind, name, most, rows[name], data) for name, (kind, most) in ROWS.items()}

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The single forms as they were read or typed, not judged."""
        return {
            name: kind(
                prefix=name,
                initial=kind.read(self.read[name]) if self.data is None else kind.typed(self.data, name),
            )
            for name, kind in PARTS.items()
        }

    @cached_property
    def judged(self) -> dict[str, Part]:
        return {name: kind(self.data, prefix=name) for name, kind in PARTS.items()}

    def change(self, order: str) -> str:
        """Do "add questions" or "up questions 3"; the name of the rows that changed."""
        word, name, number = ([*order.split(), "", "", ""])[:3]
        if name in self.rows:
            self.rows[name].change(word, int(number) if number.isdigit() else 0)
        return name if name in self.rows else ""

    @property
    def weights(self) -> int:
        """The sum of the weights as they are typed."""
        rows = self.rows["criteria"]
        typed = [str(rows.initial.get(number, {}).get("weight") or "") for number in rows.numbers]
        return sum(int(text) for text in typed if re.fullmatch(r"[0-9]{1,4}", text))

    def judge(self) -> bool:
        """Use the judged forms from here on; whether all of them hold."""
        self.parts = self.judged
        for rows in self.rows.values():
            rows.shown = rows.judged
        self._judge_together()
        return all(part.is_valid() for part in self.parts.values()) and all(
            rows.is_valid() for rows in self.rows.values()
        )

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """Place on the page, what it is about, and what is wrong, from top to bottom; after ``judge``."""
        found = []
        for part in [*self.parts.values(), *(row for rows in self.rows.values() for row in rows.shown)]:
            found += [(part.prefix or "", "", str(error)) for error in part.non_field_errors()]
            for bound in part.visible_fields():
                found += [
                    (bound.id_for_label or bound.auto_id, str(bound.label), str(e)) for e in bound.errors
                ]
        return found + [(name, "", error) for name, rows in self.rows.items() for error in rows.errors]

    def _judge_together(self) -> None:
        """What no form can tell alone."""
        decision, criteria = self.parts["decision"], self.rows["criteria"]
        if criteria.numbers and self.weights != 100:
            criteria.errors.append(_("The weights add up to %(sum)s, not to 100.") % {"sum": self.weights})
        panel = decision.is_valid() and decision.cleaned_data["decision"] in procedures.PANELS
        if panel and not criteria.numbers:
            criteria.errors.append(_("A panel needs a rubric."))
        if not self.rows["clauses"].numbers:
            self.rows["clauses"].errors.append(_("Write at least one clause."))
        if not self.rows["gives"].numbers:
            self.rows["gives"].errors.append(_("A grant gives one to ten parts."))
        asked = {name: part for name, part, _needed in self.rows["questions"].made()}
        agreement = self.parts["agreement"]
        if (
            agreement.is_valid()
            and (made := agreement.made())
            and (wrong := unknown_places(made["text"], asked))
        ):
            sentence = _("The agreement names what cannot be filled in: %(places)s.") % {
                "places": ", ".join(wrong)
            }
            agreement.add_error("text_ko", sentence)
        self._judge_ask(asked)

    def _judge_ask(self, asked: dict[str, Any]) -> None:
        frame, needed = self.parts["frame"], self.form_made()["required"]
        if frame.is_valid():
            for sentence in procedures.ask_problems(
                {"properties": asked, "required": needed}, frame.cleaned_data["ask"]
            ):
                frame.add_error("ask", sentence)

    def form_made(self) -> dict[str, Any]:
        """The application form of all questions that hold."""
        rows = self.rows["questions"].made()
        return {
            "type": "object",
            "properties": {name: part for name, part, _needed in rows},
            "required": [name for name, _part, needed in rows if needed],
            "x-order": [name for name, _part, _needed in rows],
        }

    def procedure_made(self) -> dict[str, Any]:
        """The procedure; what is as by default is left out."""
        decision = cast(DecisionPart, self.parts["decision"])
        whole = decision.made() | {
            name: self.parts[name].made() for name in ("agreement", "reclaim", "benefit")
        }
        whole |= {name: self.rows[name].made() for name in ("stages", "reports")}
        if criteria := self.rows["criteria"].made():
            rubric = decision.scoring() | {"bonus": self.rows["bonus"].made()}
            kept = {name: value for name, value in rubric.items() if value != procedures.RUBRIC[name]}
            whole["rubric"] = {"criteria": criteria} | kept
        kept = {name: value for name, value in whole.items() if value != procedures.DEFAULTS[name]}
        return {"decision": whole["decision"]} | kept

    def as_typed(self) -> dict[str, Any]:
        """What an applicant would see of it: rows that do not hold yet are left out and counted."""
        if self.data is None:
            self.data = as_posted(self)
        rows = {name: self.rows[name] for name in ("stages", "criteria", "reports")}
        for row in self.rows.values():
            row.data = self.data
        form = self.form_made()
        open_rows = sum(not row.is_valid() for row in self.rows["questions"].judged)
        return {"form": form, "open_rows": open_rows} | {name: row.made() for name, row in rows.items()}

    def content(self) -> dict[str, Any]:
        """The blueprint that these forms say; every one of them has to hold."""
        made = self.parts["words"].made() | self.parts["frame"].made()
        made |= {"form": self.form_made(), "clauses": self.rows["clauses"].made()}
        gives, procedure = self.rows["gives"].made(), self.procedure_made()
        made |= {"gives": gives} if gives != credits_only() else {}
        return made | ({"procedure": procedure} if procedure != automatic_procedure() else {})

    def place(self, errors: dict[str, list[str]]) -> None:
        """Show a command's refusal where it belongs."""
        for name, sentences in errors.items():
            for sentence in sentences:
                self._place_one(name, sentence)

    def _place_one(self, name: str, sentence: str) -> None:
        if name == "clauses":
            for row in self.rows["clauses"].judged:
                if sentence.startswith(f"{row['name'].value()}: "):
                    row.add_error("rule", sentence)
                    return
        for part in self.parts.values():
            for field in (name, f"{name}_ko"):
                if field in part.fields:
                    part.add_error(field, sentence)
                    return
        place = {"form": "questions", "clauses": "clauses", "gives": "gives"}.get(name)
        if place:
            self.rows[place].errors.append(sentence)
        else:
            self.parts["decision"].add_error(None, sentence)


def as_posted(editor: Editor) -> QueryDict:
    """What a browser would send of these forms untouched."""
    data = QueryDict(mutable=True)
    for rows in editor.rows.values():
        for number in rows.numbers:
            data.appendlist(f"{rows.prefix}-row", str(number))
    forms_shown = [*editor.parts.values(), *(row for rows in editor.rows.values() for row in rows.shown)]
    for form in forms_shown:
        for bound in form:
            value = bound.value()
            if value is None or value is False or value == "":
                continue
            data.setlist(
                bound.html_name, [str(one) for one in value] if isinstance(value, list) else [str(value)]
            )
    return data


def content_of(content: dict[str, Any]) -> dict[str, Any]:
    """The same blueprint without what goes without saying, so that two of them can be compared."""
    procedure = procedures.completed(content.get("procedure", automatic_procedure()))
    plain = {name: value for name, value in content.items() if value not in (None, False, [], "")}
    plain |= {"gives": content.get("gives", credits_only()), "procedure": procedure}
    plain |= {"budget_unit": content.get("budget_unit", str(Call.Unit.CREDITS))}
    return plain | {"programme": {"example": False} | content["programme"]}
