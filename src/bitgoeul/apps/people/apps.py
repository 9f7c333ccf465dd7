from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "bitgoeul.apps.people"
    label = "people"
    verbose_name = _("Accounts and organisations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Record what django-allauth changes about the safety of an account.

        These signals are the only place where it tells; nothing of our own is wired this way.
        """
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa

        def note(what: str) -> Any:
            def handler(*, user: Any, **_rest: Any) -> None:
                from bitgoeul.apps.people import commands, queries

                commands.note_security_change(by=queries.actor_for(user), person=user, what=what)

            return handler

        def note_authenticator(what: str) -> Any:
            def handler(*, user: Any, authenticator: Any, **_rest: Any) -> None:
                note(f"{authenticator.type}_{what}")(user=user)

            return handler

        for signal, handler in [
            (account.email_added, note("address_added")),
            (account.email_removed, note("address_removed")),
            (account.email_changed, note("address_changed")),
            (mfa.authenticator_added, note_authenticator("added")),
            (mfa.authenticator_removed, note_authenticator("removed")),
            (mfa.authenticator_reset, note_authenticator("renewed")),
        ]:
            signal.connect(handler, weak=False, dispatch_uid=f"people.{id(handler)}")
