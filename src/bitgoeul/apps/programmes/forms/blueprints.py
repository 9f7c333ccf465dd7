"""What the desk fills in about blueprints."""

from __future__ import annotations

import tomllib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MOST_BYTES = 1_000_000


class CopyForm(forms.Form):
    slug = forms.SlugField(
        label=_("Name of the copy"), max_length=60, help_text=_("Small letters and hyphens.")
    )


class SourceForm(forms.Form):
    """A whole blueprint as TOML: typed, or as a file."""

    text = forms.CharField(
        label=_("Content as TOML"),
        required=False,
        help_text=_("What the editor shows, word for word. Amounts of credits are milli-credits here."),
        widget=forms.Textarea(attrs={"rows": 30, "class": "mono", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or a TOML file"), required=False, help_text=_("If there is one, it counts.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        field = "file" if cleaned.get("file") else "text"
        try:
            text = cleaned["file"].read(MOST_BYTES).decode() if field == "file" else cleaned.get("text", "")
            cleaned["content"] = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.add_error(field, _("This is not TOML: %(why)s") % {"why": error})
        else:
            cleaned["content"].pop("version", None)  # shipped files say theirs; a copy counts its own
        return cleaned
