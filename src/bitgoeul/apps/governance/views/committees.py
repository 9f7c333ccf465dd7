"""Committees, their meetings for readers and members, decisions and actions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.governance import commands, policies
from bitgoeul.apps.governance.forms import (
    CommitteeForm,
    EndSeatForm,
    InterestForm,
    MeetingForm,
    MoveForm,
    OutcomeForm,
    RevokeForm,
    SeatForm,
)
from bitgoeul.apps.governance.models import Action, Item, Meeting, Minutes, Seat
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.governance.queries import plan
from bitgoeul.apps.governance.views.shared import actor_of, edit
from bitgoeul.apps.programmes.queries import calls_citing
from bitgoeul.kit.doors import find
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import NotFound, require


def index(request: HttpRequest) -> HttpResponse:
    """The three levels, one under the other."""
    day = plan.today()
    rows = list(queries.committees())
    sizes = {row.pk: queries.voters(row, day).count() for row in rows}
    context = {
        "levels": [
            {
                "rows": [
                    {"row": row, "members": sizes[row.pk], "sits": row.sits_on(day)}
                    for row in rows
                    if row.level == level
                ],
                "level": level,
            }
            for level in queries.LEVELS
        ],
        "any": bool(rows),
        "statistics": queries.statistics(),
        "upcoming": list(
            queries.meetings_visible_to(actor_of(request))
            .exclude(state__in=[Meeting.State.ENDED, Meeting.State.CANCELLED])
            .order_by("starts_at")[:5]
        ),
        "may_run": policies.may_run(actor_of(request)),
    }
    return render(request, "governance/committees.html", context)


def committee(request: HttpRequest, slug: str) -> HttpResponse:
    """One committee: members with their terms, meetings, decisions, what is still to be done."""
    actor, day = actor_of(request), plan.today()
    row = find(queries.committees(), slug=slug)
    seat = queries.seat_of(actor, row)
    context = {
        "committee": row,
        "sits": row.sits_on(day),
        "seats": list(queries.seats_on(row, day)),
        "former": list(row.seats.filter(ends_on__lt=day).order_by("-ends_on")[:20]),
        "coming_seats": list(row.seats.filter(starts_on__gt=day).order_by("starts_on")),
        "meetings": page_of(queries.meetings_visible_to(actor).filter(committee=row), request, 10),
        "decisions": list(queries.decisions().filter(committee=row)[:10]),
        "actions": list(queries.open_actions().filter(committee=row)),
        "statistics": queries.statistics(row),
        "children": list(row.children.order_by("slug")),
        "today": day,
        "seat": seat,
        "may_run": policies.may_run(actor),
        "may_keep": policies.may_keep(actor, seat),
        "subject": f"committee:{slug}",
    }
    return render(request, "governance/committee.html", context)


def meeting(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """One meeting as a reader or a member sees it; members vote here."""
    return render(request, "governance/meeting.html", _meeting(request, meeting_id))


def meeting_part(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """The part that moves while the meeting sits."""
    return render(request, "governance/_agenda.html", _meeting(request, meeting_id))


def _meeting(request: HttpRequest, meeting_id: str) -> dict[str, Any]:
    actor = actor_of(request)
    row = find(queries.meetings_visible_to(actor), public_id=meeting_id)
    seat = queries.seat_of(actor, row.committee)
    own = queries.voting_seat_of(actor, row.committee, row.held_on)
    minutes = queries.minutes_of(row)
    public = minutes is not None and minutes.state == Minutes.State.PUBLISHED
    papers = queries.reads_papers(actor, row)
    room = queries.room_of(row)
    return {
        "meeting": row,
        "seat": seat,
        "own": own,
        "there": own is not None and room.is_there(own),
        "room": room,
        "agenda": queries.agenda_for(actor, row),
        "papers": papers,
        "minutes": minutes if papers else None,
        "minutes_public": public,
        "decisions": list(queries.decisions().filter(item__meeting=row)),
        "actions": list(queries.actions().filter(meeting=row)),
        "may_keep": policies.may_keep(actor, seat),
        "may_approve": minutes is not None
        and minutes.state == Minutes.State.DRAFT
        and row.state == Meeting.State.ENDED
        and policies.may_approve(actor, own or seat)
        and not policies.is_own(actor, minutes),
        "today": plan.today(),
        "tasks": plan.every_title("task"),
        "subject": row.subject,
    }


@login_required
@require_POST
def vote(request: HttpRequest, item_id: str) -> HttpResponse:
    cast = commands.cast_vote(by=actor_of(request), item=item_id, choice=request.POST.get("choice", ""))
    messages.success(request, _("Your vote is counted: %(choice)s") % {"choice": cast.get_choice_display()})
    return redirect("governance:meeting", cast.item.meeting.public_id)


@login_required
def interest(request: HttpRequest, item_id: str) -> HttpResponse:
    """Say that a point concerns me: a page of its own, so that nothing moves while one is writing."""
    actor = actor_of(request)
    item = find(Item.objects.select_related("meeting"), public_id=item_id)
    meeting = find(queries.meetings_visible_to(actor), pk=item.meeting_id)
    find(queries.items_visible_to(actor, meeting), pk=item.pk)
    form = InterestForm(request.POST if request.method == "POST" else None)

    def save() -> HttpResponse:
        commands.declare_interest(by=actor, item=item_id, reason=form.cleaned_data["reason"].strip())
        messages.success(request, _("Your interest is noted. You take no part in this vote."))
        return redirect("governance:meeting", meeting.public_id)

    back = reverse("governance:meeting", args=[meeting.public_id])
    return edit(request, form, save, heading=_("Declare an interest"), back=back, lead=item.title)


def decisions(request: HttpRequest) -> HttpResponse:
    """Every decision, newest first."""
    return render(request, "governance/decisions.html", {"page": page_of(queries.decisions(), request)})


def decision(request: HttpRequest, name: str) -> HttpResponse:
    """One decision under the address that its reference names."""
    row = queries.decision_by_reference(f"decision:{name}")
    if row is None:
        raise NotFound
    actor = actor_of(request)
    context = {
        "decision": row,
        "tasks": [(key, title) for key, title in plan.every_title("task").items() if key in row.tasks],
        "actions": list(queries.actions().filter(decision=row)),
        "versions": list(plan.published().filter(decision=row.reference)),
        "replaced": list(row.replaces.all()),
        "today": plan.today(),
        "calls": calls_citing(row.reference, actor),
        "subject": row.reference,
        "may_revoke": policies.may_run(actor) and row.state == row.State.IN_FORCE,
    }
    return render(request, "governance/decision.html", context)


@login_required
def revoke(request: HttpRequest, name: str) -> HttpResponse:
    actor = actor_of(request)
    require(policies.may_run(actor))
    form = RevokeForm(request.POST or None)

    def save() -> HttpResponse:
        commands.revoke_decision(by=actor, reference=f"decision:{name}", reason=form.text("reason"))
        messages.success(request, _("The decision stands no longer."))
        return redirect("governance:decision", name)

    heading = _("Revoke decision %(name)s") % {"name": name}
    return edit(request, form, save, heading=heading, back=reverse("governance:decision", args=[name]))


def actions(request: HttpRequest) -> HttpResponse:
    """What is still to be done, the most urgent first, and what was done lately."""
    context = {
        "page": page_of(queries.open_actions(), request),
        "closed": list(queries.actions().exclude(state=Action.State.OPEN).order_by("-closed_at")[:15]),
        "statistics": queries.statistics(),
        "today": plan.today(),
    }
    return render(request, "governance/actions.html", context)


def action(request: HttpRequest, action_id: str) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.actions(), public_id=action_id)
    seat = queries.seat_of(actor, row.committee)
    is_open = row.state == Action.State.OPEN
    context = {
        "action": row,
        "may_finish": is_open and policies.may_close_action(actor, seat, row.person_id),
        "may_keep": is_open and policies.may_keep(actor, seat),
        "today": plan.today(),
        "overdue": row.is_overdue_on(plan.today()),
        "subject": row.subject,
    }
    return render(request, "governance/action.html", context)


@login_required
def close_action(request: HttpRequest, action_id: str, how: str) -> HttpResponse:
    """Report it done, or say that it need not be done."""
    actor = actor_of(request)
    row = find(queries.actions(), public_id=action_id)
    form = OutcomeForm(request.POST or None)
    run = commands.finish_action if how == "done" else commands.cancel_action

    def save() -> HttpResponse:
        run(by=actor, action=action_id, outcome=form.text("outcome"))
        messages.success(request, _("It is noted."))
        return redirect("governance:action", action_id)

    heading = _("Report it done") if how == "done" else _("It need not be done")
    back = reverse("governance:action", args=[action_id])
    return edit(request, form, save, heading=heading, back=back, lead=row.title)


@login_required
def move_action(request: HttpRequest, action_id: str) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.actions(), public_id=action_id)
    form = MoveForm(request.POST or None, initial={"due_on": row.due_on})

    def save() -> HttpResponse:
        commands.move_action(
            by=actor, action=action_id, due_on=form.cleaned_data["due_on"], reason=form.text("reason")
        )
        messages.success(request, _("The day is moved. The first one stays to be seen."))
        return redirect("governance:action", action_id)

    back = reverse("governance:action", args=[action_id])
    return edit(request, form, save, heading=_("Move the day"), back=back, lead=row.title)


# The desk


@login_required
def new_committee(request: HttpRequest) -> HttpResponse:
    require(policies.may_run(actor_of(request)))
    return _committee_form(request, CommitteeForm(request.POST or None), _("New committee"))


@login_required
def edit_committee(request: HttpRequest, slug: str) -> HttpResponse:
    require(policies.may_run(actor_of(request)))
    row = find(queries.committees(), slug=slug)
    return _committee_form(request, CommitteeForm(request.POST or None, committee=row), row.title)


def _committee_form(request: HttpRequest, form: CommitteeForm, heading: Any) -> HttpResponse:
    def save() -> HttpResponse:
        row = commands.save_committee(by=actor_of(request), **form.content())
        messages.success(request, _("The committee is kept."))
        return redirect("governance:committee", row.slug)

    return edit(request, form, save, heading=heading, back=reverse("governance:committees"))


@login_required
def new_seat(request: HttpRequest, slug: str) -> HttpResponse:
    actor = actor_of(request)
    require(policies.may_run(actor))
    row = find(queries.committees(), slug=slug)
    form = SeatForm(request.POST or None)

    def save() -> HttpResponse:
        commands.give_seat(by=actor, committee=slug, **form.content())
        messages.success(request, _("The term is written down."))
        return redirect("governance:committee", slug)

    back = reverse("governance:committee", args=[slug])
    return edit(request, form, save, heading=_("New member"), back=back, lead=row.title)


@login_required
def end_seat(request: HttpRequest, seat_id: str) -> HttpResponse:
    actor = actor_of(request)
    require(policies.may_run(actor))
    row = find(Seat.objects.select_related("committee"), public_id=seat_id)
    form = EndSeatForm(request.POST or None)

    def save() -> HttpResponse:
        commands.end_seat(by=actor, seat=seat_id, on=form.cleaned_data["on"])
        messages.success(request, _("The term ends earlier. It stays in the list."))
        return redirect("governance:committee", row.committee.slug)

    back = reverse("governance:committee", args=[row.committee.slug])
    return edit(request, form, save, heading=_("End a term"), back=back, lead=row.name)


@login_required
def new_meeting(request: HttpRequest, slug: str) -> HttpResponse:
    actor = actor_of(request)
    row = find(queries.committees(), slug=slug)
    require(policies.may_keep(actor, queries.seat_of(actor, row)))
    form = MeetingForm(request.POST or None)

    def save() -> HttpResponse:
        planned = commands.plan_meeting(by=actor, committee=slug, **form.content())
        messages.success(request, _("The meeting is planned. Write its agenda next."))
        return redirect("governance:live", planned.public_id)

    back = reverse("governance:committee", args=[slug])
    return edit(request, form, save, heading=_("New meeting"), back=back, lead=row.title)
