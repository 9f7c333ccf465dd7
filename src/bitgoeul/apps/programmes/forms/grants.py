"""What people fill in about grants: signing, changes, contests, reports, pledges."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.programmes.forms.calls import amount_read
from bitgoeul.apps.programmes.models import Call, Change, Pledge
from bitgoeul.apps.programmes.queries.deadlines import end_of


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"})
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


def _text(label: Any, *, required: bool = True, rows: int = 3, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, required=required, max_length=10_000, help_text=help_text, widget=widget
    )


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(file, initial) for file in files]


class GrantForm(forms.Form):
    """A form about a grant, which knows the call it came from."""

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call = call


class ReasonForm(GrantForm):
    reason_ko = _text(_("Reason in Korean"), help_text=_("The organisation reads it word for word."))
    reason_en = _text(_("Reason in English"), required=False)

    def reason(self) -> dict[str, str]:
        korean = self.cleaned_data["reason_ko"]
        return {"ko": korean, "en": self.cleaned_data["reason_en"] or korean}


class DecideForm(ReasonForm):
    agree = forms.ChoiceField(
        label=_("Decision"),
        choices=[("yes", pgettext_lazy("grant", "Agree")), ("no", pgettext_lazy("grant", "Refuse"))],
        widget=forms.RadioSelect,
    )
    field_order = ("agree", "reason_ko", "reason_en")


class SignForm(GrantForm):
    fingerprint = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("As it stands below the agreement. With it you bind your organisation."),
    )


class ChangeForm(GrantForm):
    kind = forms.ChoiceField(label=_("What shall change"), choices=Change.Kind, widget=forms.RadioSelect)
    ends_on = _day(_("New end"), required=False, help_text=_("For a later end or other dates."))
    starts_on = _day(_("New start"), required=False, help_text=_("Only for other dates."))
    amount = forms.CharField(
        label=pgettext_lazy("change", "New amount"),
        max_length=20,
        required=False,
        help_text=_("Only for another amount."),
    )
    words = _text(_("Why"))

    def clean_amount(self) -> int | None:
        text = self.cleaned_data["amount"]
        try:
            return amount_read(text, self.call.budget_unit) if text else None
        except ValueError:
            raise forms.ValidationError(_("Write an amount such as 500.")) from None

    def asked(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "words": data["words"],
            "amount": data["amount"],
            "starts_at": end_of(data["starts_on"]),
            "ends_at": end_of(data["ends_on"]),
        }


class ContestForm(GrantForm):
    words = _text(_("Why it must not be taken"), help_text=_("Nothing is taken until an officer decided."))


class ConditionForm(GrantForm):
    text_ko = _text(_("Condition in Korean"))
    text_en = _text(_("Condition in English"), required=False)
    due_on = _day(_("Until"), required=False)

    def text(self) -> dict[str, str]:
        korean = self.cleaned_data["text_ko"]
        return {"ko": korean, "en": self.cleaned_data["text_en"] or korean}


class ReportForm(GrantForm):
    words = _text(_("What was done"), rows=6)
    evidence = FilesField(
        label=_("Evidence"),
        required=False,
        help_text=_("PDF, pictures, Word, Excel or Hangul files, up to 20 MiB each, ten at most."),
    )


class PledgeForm(GrantForm):
    kind = forms.ChoiceField(label=_("What is promised"), choices=Pledge.Kind, widget=forms.RadioSelect)
    target = forms.IntegerField(label=_("How much"), min_value=1)
    due_on = _day(_("Until"))


class PledgeReportForm(ReportForm):
    reported = forms.IntegerField(label=_("How much came true"), min_value=0)
    field_order = ("reported", "words", "evidence")


class VerifyForm(GrantForm):
    verified = forms.IntegerField(label=_("How much is proven"), min_value=0)
