"""What is filled in about a panel's decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AppealForm(forms.Form):
    words = forms.CharField(
        label=_("What is wrong with the decision"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Once only. The desk answers it with its reasons."),
    )


class AnswerForm(forms.Form):
    upheld = forms.ChoiceField(
        label=_("Answer to the appeal"),
        choices=[
            ("yes", pgettext_lazy("appeal", "Uphold: next in order")),
            ("no", pgettext_lazy("appeal", "Dismiss")),
        ],
        widget=forms.RadioSelect,
    )
    answer_ko = forms.CharField(
        label=_("Reason in Korean"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    answer_en = forms.CharField(
        label=_("Reason in English"),
        max_length=4_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
