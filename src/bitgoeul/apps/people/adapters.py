"""Where django-allauth asks us: it signs people up and in, our commands write and record."""

from __future__ import annotations

import secrets
from typing import Any

import qrcode
import qrcode.image.svg
from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from bitgoeul.apps.people import commands, queries
from bitgoeul.apps.people.models import Membership, Person
from bitgoeul.kit.actor import ANONYMOUS


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        user.name = form.cleaned_data.get("name", "")
        chosen = form.cleaned_data.get("language") or get_language() or "ko"
        user.language = chosen if chosen in commands.LANGUAGES else "ko"
        return commands.sign_up(by=ANONYMOUS, person=user) if commit else user

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponseBase:
        """Show the pages in the person's language, unless this browser has chosen another."""
        response = super().post_login(request, user, **kwargs)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 24 * 3600, samesite="Lax"
            )
        return response

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        confirmed = commands.confirm_address(by=ANONYMOUS, address=email_address)
        level, message = (
            (messages.SUCCESS, "email_confirmed")
            if confirmed
            else (messages.ERROR, "email_confirmation_failed")
        )
        self.add_message(request, level, f"account/messages/{message}.txt", {"email": email_address.email})
        if confirmed:
            signals.email_confirmed.send(sender=EmailAddress, request=request, email_address=email_address)
        return confirmed

    def set_password(self, user: Person, password: str) -> None:
        super().set_password(user, password)
        commands.note_security_change(by=queries.actor_for(user), person=user, what="password")


class MfaAdapter(DefaultMFAAdapter):
    def get_totp_issuer(self) -> str:
        return "Bitgoeul"

    def build_totp_svg(self, url: str) -> str:
        """The QR code on white: cameras do not read dark squares on the night."""
        image = qrcode.make(url, image_factory=qrcode.image.svg.SvgPathFillImage)
        return image.to_string(encoding="unicode")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Bitgoeul 빛고을"}


class OidcAdapter(DefaultOIDCAdapter):
    """What the other components of the hub learn about a person who signs in."""

    scope_display = {
        "openid": _("Know that it is you"),
        "email": _("See your e-mail address"),
        "profile": _("See your name and language"),
        "organisations": _("See your organisations and your roles in them"),
    }

    def generate_client_secret(self) -> str:
        return secrets.token_urlsafe(40)

    def get_issuer(self) -> str:
        return settings.URL

    def get_user_sub(self, client: Client, user: Any) -> str:
        return user.public_id

    def get_user_by_sub(self, client: Client, sub: str) -> Any:
        return Person.objects.filter(public_id=sub, is_active=True).first()

    def get_claims(
        self, purpose: Any, user: Any, client: Client, scopes: Any, email: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        claims = super().get_claims(purpose, user, client, scopes, email=email, **kwargs)
        if "profile" in scopes:
            claims |= {"name": user.name, "locale": user.language, "preferred_username": user.public_id}
        if "organisations" in scopes:
            claims["organisations"] = [
                {"slug": slug, "role": role}
                for slug, role in Membership.objects.filter(person=user)
                .order_by("organisation__slug")
                .values_list("organisation__slug", "role")
            ]
        return claims
