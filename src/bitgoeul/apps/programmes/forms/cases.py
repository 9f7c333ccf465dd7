"""What people fill in about cases, and the three questions of “what can I get?”."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries.finding import NEEDS


class FindForm(forms.Form):
    """Three questions; every answer may stay open."""

    need = forms.ChoiceField(label=_("What do you need?"), required=False)
    stage = forms.ChoiceField(label=_("Where do you stand?"), required=False)
    sector = forms.ChoiceField(label=_("In which sector?"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, list[Any]] = {
            "need": [(code, words) for code, (words, _kinds) in NEEDS.items()],
            "stage": list(Organisation.Stage.choices),
            "sector": list(Organisation.Sector.choices),
        }
        for name, known in choices.items():
            self.fields[name].choices = [("", pgettext_lazy("choice", "any")), *known]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, str]:
        """What was answered; what cannot be read counts as open."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


class CaseForm(forms.Form):
    organisation = forms.ChoiceField(label=_("Organisation that applies"), widget=forms.RadioSelect)
    title = forms.CharField(
        label=pgettext_lazy("case", "What it is for"),
        max_length=120,
        help_text=_("Such as: a voice assistant for buses."),
    )
    calls = forms.MultipleChoiceField(
        label=pgettext_lazy("case", "What you need"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, organisations: list[Organisation], offers: list[Call], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [(row.slug, row.name) for row in organisations]  # type: ignore[attr-defined]
        self.fields["calls"].choices = [(row.slug, str(row.title)) for row in offers]  # type: ignore[attr-defined]
