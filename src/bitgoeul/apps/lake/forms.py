from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.lake import queries
from bitgoeul.apps.lake.models import Dataset
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.queries import organisations_of
from bitgoeul.apps.programmes.queries.deadlines import end_of
from bitgoeul.kit.actor import Actor


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or more files, each of which becomes a table."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        if not data:
            super().clean(None, initial)
            return []
        return [super(FilesField, self).clean(file, initial) for file in data]


class FilesForm(forms.Form):
    files = FilesField(  # type: ignore[assignment]
        label=_("Files"),
        help_text=_("CSV, Parquet or Arrow. Each file becomes a table named after it."),
    )
    note = forms.CharField(label=_("What is new"), required=False, max_length=300)
    keep = forms.BooleanField(
        label=_("Keep the tables of the latest version that these files do not replace"),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].widget.attrs["accept"] = ".csv,.tsv,.txt,.parquet,.arrow,.feather,.ipc"
        self.fields["files"].help_text = _(
            "CSV, Parquet or Arrow, up to %(limit)s MiB each. Each file becomes a table named after it. "
            "The text may be in UTF-8, CP949 or UTF-16."
        ) % {"limit": settings.UPLOAD_LIMIT >> 20}


class DatasetForm(forms.Form):
    title_ko = forms.CharField(label=_("Title in Korean"), required=False, max_length=150)
    title_en = forms.CharField(label=_("Title in English"), required=False, max_length=150)
    description_ko = forms.CharField(
        label=_("Description in Korean"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    description_en = forms.CharField(
        label=_("Description in English"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sector = forms.ChoiceField(label=_("Sector"), choices=Organisation.Sector.choices)
    licence = forms.ChoiceField(label=_("Licence"))
    keywords = forms.CharField(
        label=_("Keywords"), required=False, max_length=300, help_text=_("Separated by commas.")
    )
    source = forms.CharField(label=_("Where the data come from"), required=False, max_length=300)
    visibility = forms.ChoiceField(
        label=_("Who may read it"),
        choices=Dataset.Visibility.choices,
        help_text=_("On request: everybody sees the description, organisations with access read the rows."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["licence"].choices = [  # type: ignore[attr-defined]
            (name, str(licence["title"])) for name, licence in queries.licences().items()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("title_ko") and not cleaned.get("title_en"):
            self.add_error("title_ko", _("Write it in Korean or in English."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The arguments of ``create_dataset`` and ``edit_dataset``."""
        data = self.cleaned_data
        return {
            "title": {"ko": data["title_ko"], "en": data["title_en"]},
            "description": {"ko": data["description_ko"], "en": data["description_en"]},
            "keywords": [word for word in data["keywords"].split(",") if word.strip()],
            **{name: data[name] for name in ("sector", "licence", "source", "visibility")},
        }

    @staticmethod
    def initial_of(dataset: Dataset) -> dict[str, Any]:
        return {
            "title_ko": dataset.title.get("ko", ""),
            "title_en": dataset.title.get("en", ""),
            "description_ko": dataset.description.get("ko", ""),
            "description_en": dataset.description.get("en", ""),
            "sector": dataset.sector,
            "licence": dataset.licence,
            "keywords": ", ".join(dataset.keywords),
            "source": dataset.source,
            "visibility": dataset.visibility,
        }


def own_organisations(actor: Actor) -> Any:
    """The organisations for which the actor may publish."""
    ids = [pk for pk in actor.memberships if actor.has("member", pk)]
    return organisations_of(actor).filter(pk__in=ids)


class NewDatasetForm(DatasetForm, FilesForm):
    """A dataset and its first files in one go."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="slug"
    )
    slug = forms.SlugField(
        label=_("Short name"),
        required=False,
        max_length=60,
        help_text=_("Its name in addresses and queries. Made from the English title when empty."),
    )
    field_order = (
        "organisation", "files", "title_ko", "title_en", "description_ko", "description_en", "sector",
        "licence", "keywords", "source", "visibility", "slug", "note",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = own_organisations(actor)
        self.fields["organisation"].queryset = rows  # type: ignore[attr-defined]
        self.fields["organisation"].empty_label = None  # type: ignore[attr-defined]
        del self.fields["keep"]


class AccessForm(forms.Form):
    """Who may read a dataset until when, and what for."""

    organisation = forms.SlugField(
        label=_("Organisation"),
        max_length=60,
        help_text=_("The short name of the organisation, as in the address of its page."),
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=300)
    ends_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Access ends by itself on this day at six in the evening."),
    )

    def values(self) -> dict[str, Any]:
        """The arguments of ``give_access``."""
        data = self.cleaned_data
        return {
            "organisation": data["organisation"],
            "purpose": data["purpose"],
            "ends_at": end_of(data["ends_on"]),
        }


class SaveForm(forms.Form):
    """Where the result of a query goes: into a dataset that is there, or a new one."""

    dataset = forms.ChoiceField(label=_("Dataset"))
    title = forms.CharField(label=_("Title of the new dataset"), required=False, max_length=150)
    table = forms.CharField(label=_("Table"), max_length=60, initial="result")

    NEW = "+"

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisations = list(own_organisations(actor))
        mine = Dataset.objects.filter(organisation__in=organisations).order_by("slug")[:200]
        self.fields["dataset"].choices = [  # type: ignore[attr-defined]
            *(
                (f"{self.NEW}{row.slug}", _("New dataset of %(name)s") % {"name": row.name})
                for row in organisations
            ),
            *((row.slug, f"{row.title} ({row.slug})") for row in mine),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("dataset", "").startswith(self.NEW) and not cleaned.get("title"):
            self.add_error("title", _("A new dataset needs a title."))
        return cleaned
