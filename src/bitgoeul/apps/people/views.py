"""People and organisations for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bitgoeul.apps.people import commands, policies, queries
from bitgoeul.apps.people.forms import (
    REGIONS,
    ClientForm,
    EraseForm,
    InviteForm,
    OrganisationForm,
    ProfileForm,
    TokenForm,
)
from bitgoeul.apps.people.models import PERSONAL_FIELDS, Membership
from bitgoeul.engines.identity import spaced
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import once
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound, Refusal, require

Result = TypeVar("Result")
PLACES = {"contacts": "contact_name"}  # where the form asks for what the command calls otherwise


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined]


def _tried(form: BaseForm, do: Callable[[], Result]) -> Result | None:
    """What ``do`` returns; a refusal becomes sentences on the form and gives ``None``."""
    try:
        return do()
    except (NotFound, Forbidden):
        raise
    except Invalid as refusal:
        for field, sentences in refusal.errors.items():
            place = PLACES.get(field, field)
            form.add_error(place if place in form.fields else None, sentences)
    except Refusal as refusal:
        form.add_error(None, f"{refusal}. {refusal.what_to_do()}")
    return None


def _page(request: HttpRequest, template: str, form: BaseForm | None = None, **context: Any) -> HttpResponse:
    """The page, with status 422 if its form was refused."""
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, template, context | {"form": form}, status=status)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    return redirect("people:me")


# The account


@login_required
def me(request: HttpRequest) -> HttpResponse:
    person = queries.person_of(_actor(request))
    form = ProfileForm(request.POST or None, initial={"name": person.name, "language": person.language})
    if form.is_valid() and _tried(
        form, lambda: commands.edit_profile(by=_actor(request), **form.cleaned_data)
    ):
        messages.success(request, _("Saved."))
        response = redirect("people:me")
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            form.cleaned_data["language"],
            max_age=365 * 24 * 3600,
            samesite="Lax",
        )
        return response
    return _page(request, "people/me.html", form, person=person)


@login_required
@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    fields = [
        {"name": name, "purpose": purpose, "until": until} for _id, name, purpose, until in PERSONAL_FIELDS
    ]
    person = queries.person_of(_actor(request))
    return render(request, "people/privacy.html", {"fields": fields, "person": person})


@login_required
@require_GET
@never_cache
def my_data(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    require(policies.may_decide_for_oneself(actor))
    response = JsonResponse(
        queries.personal_data(queries.person_of(actor)),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    response["Content-Disposition"] = 'attachment; filename="bitgoeul-my-data.json"'
    return response


@login_required
@reauthentication_required
def erase(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    person = queries.person_of(actor)
    form = EraseForm(request.POST or None)
    if form.is_valid():
        forgotten = _tried(form, lambda: commands.erase_person(by=actor, email=form.cleaned_data["email"]))
        if forgotten is not None:
            logout(request)
            messages.success(request, _("Your account is erased."))
            return redirect("/")
    return _page(
        request, "people/erase.html", form, person=person, needing=queries.organisations_that_need(person)
    )


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    form = TokenForm(request.POST or None)
    made: list[Any] = []

    def create() -> dict[str, Any]:
        row, secret = commands.create_token(by=actor, **form.values())
        made.extend((row, secret))
        return {"id": row.public_id}

    if form.is_valid():
        key = form.cleaned_data["once"]
        known = _tried(form, lambda: once(by=actor, key=key, request=["token", form.values()], do=create))
        if known and not made:
            messages.info(
                request, _("This token was created before. Its secret was shown once and is not kept.")
            )
            return redirect("people:tokens")
        if made:
            form = TokenForm()
    return _page(
        request,
        "people/tokens.html",
        form,
        tokens=queries.tokens_of(actor),
        new=made[0] if made else None,
        secret=made[1] if made else "",
    )


@login_required
@require_POST
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    commands.revoke_token(by=_actor(request), token_id=token_id)
    messages.success(request, _("The token no longer works."))
    return redirect("people:tokens")


# Organisations


@login_required
@require_GET
def organisations(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    return render(
        request,
        "people/organisations.html",
        {"parts": queries.parts_of(actor), "invitations": queries.invitations_for(actor)},
    )


@login_required
def found(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    form = OrganisationForm(request.POST or None)

    def open_file() -> dict[str, Any]:
        return {"slug": commands.found_organisation(by=actor, **form.values()).slug}

    if form.is_valid():
        key = form.cleaned_data["once"]
        opened = _tried(form, lambda: once(by=actor, key=key, request=["found", form.values()], do=open_file))
        if opened:
            messages.success(request, _("The company file is open. You are its owner."))
            return redirect("people:organisation", opened["slug"])
    return _page(request, "people/found.html", form, regions=REGIONS)


@login_required
@require_GET
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _actor(request)
    row = find(queries.organisations_visible_to(actor), slug=slug)
    owner = policies.may_invite(actor, row)
    return render(
        request,
        "people/organisation.html",
        {
            "organisation": row,
            "business_number": spaced(row.business_number) if row.business_number else "",
            "members": queries.members_of(row),
            "invitations": queries.invitations_visible_to(actor).filter(organisation=row)[:20]
            if owner
            else [],
            "may_edit": policies.may_edit(actor, row),
            "may_invite": owner,
            "may_change_roles": policies.may_change_roles(actor, row),
            "belongs": row.pk in actor.memberships,
            "roles": Membership.Role.choices,
            "me": actor.person_id,
        },
    )


@login_required
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _actor(request)
    row = find(queries.organisations_visible_to(actor), slug=slug)
    require(policies.may_edit(actor, row))
    form = OrganisationForm(request.POST or None, initial=OrganisationForm.initial_for(row))
    if row.business_number:
        form.fields["business_number"].disabled = True
    if form.is_valid():
        values = form.values()
        # The form shows the first contact only; the others stay as they are.
        values["contacts"] = values["contacts"] + row.contacts[1:]
        if _tried(form, lambda: commands.edit_organisation(by=actor, slug=slug, **values)):
            messages.success(request, _("Saved."))
            return redirect("people:organisation", slug)
    return _page(request, "people/edit.html", form, organisation=row, regions=REGIONS)


@login_required
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _actor(request)
    row = find(queries.organisations_visible_to(actor), slug=slug)
    require(policies.may_invite(actor, row))
    form = InviteForm(request.POST or None)

    def send() -> dict[str, Any]:
        return {"id": commands.invite_member(by=actor, slug=slug, **form.values()).public_id}

    if form.is_valid():
        key = form.cleaned_data["once"]
        if _tried(form, lambda: once(by=actor, key=key, request=["invite", slug, form.values()], do=send)):
            messages.success(request, _("The invitation is on its way."))
            return redirect("people:organisation", slug)
    return _page(request, "people/invite.html", form, organisation=row)


@login_required
@require_POST
def withdraw(request: HttpRequest, invitation_id: str) -> HttpResponse:
    row = commands.withdraw_invitation(by=_actor(request), invitation_id=invitation_id)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("people:organisation", row.organisation.slug)


@require_GET
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link in the mail leads, signed in or not."""
    row = queries.invitation_by_token(token)
    addresses = queries.confirmed_addresses(_actor(request).person_id)
    return render(
        request,
        "people/invitation.html",
        {
            "invitation": row,
            "is_mine": row.email.lower() in addresses,
            "open": row.state == row.State.PENDING,
        },
        status=410 if row.has_expired else 200,
    )


@login_required
@require_POST
def accept(request: HttpRequest, invitation_id: str) -> HttpResponse:
    part = commands.accept_invitation(by=_actor(request), invitation_id=invitation_id)
    messages.success(request, _("You now belong to %(name)s.") % {"name": part.organisation.name})
    return redirect("people:organisation", part.organisation.slug)


@login_required
@require_POST
def decline(request: HttpRequest, invitation_id: str) -> HttpResponse:
    commands.decline_invitation(by=_actor(request), invitation_id=invitation_id)
    messages.success(request, _("The invitation is declined."))
    return redirect("people:organisations")


def _back(slug: str) -> HttpResponseRedirect:
    return redirect("people:organisation", slug)


def _said(request: HttpRequest, do: Callable[[], Any], done: str) -> None:
    """Do it and say so; a refusal about owners is said on the same page."""
    try:
        do()
    except (NotFound, Forbidden):
        raise
    except Refusal as refusal:
        messages.error(request, f"{refusal}. {refusal.what_to_do()}")
    else:
        messages.success(request, done)


@login_required
@require_POST
def change_role(request: HttpRequest, slug: str, person_id: str) -> HttpResponse:
    _said(
        request,
        lambda: commands.change_role(
            by=_actor(request), slug=slug, person_id=person_id, role=request.POST.get("role", "")
        ),
        _("The role is changed."),
    )
    return _back(slug)


@login_required
@require_POST
def remove_member(request: HttpRequest, slug: str, person_id: str) -> HttpResponse:
    _said(
        request,
        lambda: commands.remove_member(by=_actor(request), slug=slug, person_id=person_id),
        _("The member is removed."),
    )
    return _back(slug)


@login_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _actor(request)
    row = find(queries.organisations_of(actor), slug=slug)
    if request.method == "POST":
        try:
            commands.leave_organisation(by=actor, slug=slug)
        except Refusal as refusal:
            messages.error(request, f"{refusal}. {refusal.what_to_do()}")
            return _back(slug)
        messages.success(request, _("You have left %(name)s.") % {"name": row.name})
        return redirect("people:organisations")
    return render(request, "people/leave.html", {"organisation": row})


# OpenID Connect clients


@login_required
@never_cache
def clients(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    require(policies.may_keep_clients(actor))
    form = ClientForm(request.POST or None)
    made: list[Any] = []

    def register() -> dict[str, Any]:
        row, secret = commands.register_client(
            by=actor, scopes=("openid", "profile", "email", "organisations"), **form.values()
        )
        made.extend((row, secret))
        return {"id": row.pk}

    if form.is_valid():
        key = form.cleaned_data["once"]
        known = _tried(form, lambda: once(by=actor, key=key, request=["client", form.values()], do=register))
        if known and not made:
            messages.info(request, _("This component was registered before. Its secret was shown once."))
            return redirect("people:clients")
        if made:
            form = ClientForm()
    return _page(
        request,
        "people/clients.html",
        form,
        clients=queries.clients_visible_to(actor),
        new=made[0] if made else None,
        secret=made[1] if made else "",
        discovery=f"{settings.URL}/.well-known/openid-configuration",
    )


@login_required
@require_POST
def remove_client(request: HttpRequest, client_id: str) -> HttpResponse:
    commands.remove_client(by=_actor(request), client_id=client_id)
    messages.success(request, _("The component is removed."))
    return redirect("people:clients")
