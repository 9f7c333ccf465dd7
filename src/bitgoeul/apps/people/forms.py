"""What pages ask for.  The rules themselves live in the commands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people import commands
from bitgoeul.apps.people.models import Membership, Organisation, OrganisationDocument
from bitgoeul.kit.once import form_key

REGIONS = [
    "광주광역시", "서울특별시", "부산광역시", "대구광역시", "인천광역시", "대전광역시", "울산광역시",
    "세종특별자치시", "경기도", "강원특별자치도", "충청북도", "충청남도", "전북특별자치도", "전라남도",
    "경상북도", "경상남도", "제주특별자치도",
]  # fmt: skip


class SignUpForm(forms.Form):
    """What we ask beyond an address and a password.  django-allauth builds its own form on this one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("Shown to the members of your organisations."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["email", "name", "password1"]

    def signup(self, request: Any, user: Any) -> None:
        """django-allauth calls this after the account was written; the adapter has done everything."""


class OnceForm(forms.Form):
    """A form whose second submit gives the first answer."""

    once = forms.CharField(widget=forms.HiddenInput, required=False, max_length=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = form_key

    def values(self) -> dict[str, Any]:
        """What was typed, without the key."""
        return {name: value for name, value in self.cleaned_data.items() if name != "once"}


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Shown to the members of your organisations."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("ko", "한국어"), ("en", "English")],
        help_text=_("The language of the hub's mail and of your pages."),
    )


class OrganisationForm(OnceForm):
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    business_number = forms.CharField(
        label=_("Business registration number"),
        max_length=20,
        required=False,
        help_text=_("Ten digits, as on the certificate. Leave empty only before founding."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "000-00-00000"}),
    )
    founded_on = forms.DateField(
        label=_("Founded on"),
        required=False,
        help_text=_("Decides which calls are open to you. Leave empty only before founding."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    region = forms.CharField(
        label=_("Region"),
        max_length=40,
        help_text=_("Where the organisation is registered. Anybody from anywhere is welcome."),
        widget=forms.TextInput(attrs={"list": "regions", "autocomplete": "address-level1"}),
    )
    stage = forms.ChoiceField(
        label=_("Stage"), choices=Organisation.Stage.choices, initial=Organisation.Stage.STARTUP
    )
    sector = forms.ChoiceField(label=_("Sector"), choices=Organisation.Sector.choices)
    contact_name = forms.CharField(
        label=_("Contact person"),
        max_length=120,
        required=False,
        help_text=_("Whom the operator asks when something is unclear."),
    )
    contact_email = forms.EmailField(label=_("E-mail of the contact person"), required=False)
    contact_phone = forms.CharField(label=_("Telephone of the contact person"), max_length=40, required=False)

    CONTACT = ("contact_name", "contact_email", "contact_phone")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (given.get("contact_email") or given.get("contact_phone")) and not given.get("contact_name"):
            self.add_error("contact_name", _("Name the person whom this reaches."))
        return given

    def values(self) -> dict[str, Any]:
        given = super().values()
        contact = {name.removeprefix("contact_"): given.pop(name) for name in self.CONTACT}
        given["contacts"] = [contact] if contact["name"] else []
        return given

    @classmethod
    def initial_for(cls, organisation: Organisation) -> dict[str, Any]:
        """The company file as the form shows it."""
        contact = (organisation.contacts or [{}])[0]
        return {
            name: getattr(organisation, name)
            for name in ("name", "business_number", "founded_on", "region", "stage", "sector")
        } | {name: contact.get(name.removeprefix("contact_"), "") for name in cls.CONTACT}


class InviteForm(OnceForm):
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Membership.Role.choices,
        initial=Membership.Role.MEMBER,
        help_text=_("Owners keep the file and the members; finance sees and settles the money."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices)


def _scope_words(scope: str) -> str:
    """“lake:read” in words, with the scope itself as programs write it."""
    app, _colon, verb = scope.partition(":")
    verbs = {"read": _("read"), "write": _("change"), "appoint": _("give roles of the hub")}
    return f"{apps.get_app_config(app).verbose_name}: {verbs.get(verb, verb)} ({scope})"


class TokenForm(OnceForm):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What will use it, such as “training script”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Give only what the program needs."),
    )
    expires_in_days = forms.TypedChoiceField(
        label=_("Expires after"),
        coerce=int,
        initial=90,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, _scope_words(scope)) for scope in commands.scope_choices()]  # type: ignore[attr-defined]


class ClientForm(OnceForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    redirect_uris = forms.CharField(
        label=_("Addresses to return to"),
        help_text=_("One full address per line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_public = forms.BooleanField(
        label=_("It cannot keep a secret (an app or a page in the browser)"), required=False
    )
    skip_consent = forms.BooleanField(
        label=_("It belongs to this hub: do not ask people for consent"), required=False
    )

    def values(self) -> dict[str, Any]:
        return super().values() | {"redirect_uris": self.cleaned_data["redirect_uris"].split()}


class EraseForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("Type it to confirm that you mean it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class DocumentForm(forms.Form):
    """A paper for the company file."""

    kind = forms.ChoiceField(
        label=pgettext_lazy("document", "Kind"), choices=OrganisationDocument.Kind.choices
    )
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, PNG, JPEG, DOCX or HWPX, at most 10 MiB."), max_length=200
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: it does not expire."),
    )
