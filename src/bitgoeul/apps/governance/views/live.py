"""The page from which a secretary keeps a meeting: agenda, attendance, votes and what follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bitgoeul.apps.governance import commands, policies
from bitgoeul.apps.governance.forms import ActionForm, ItemForm, MeetingForm, MinutesForm
from bitgoeul.apps.governance.models import Item, Meeting
from bitgoeul.apps.governance.queries import committees as queries
from bitgoeul.apps.governance.queries import plan
from bitgoeul.apps.governance.queries.minutes import starter
from bitgoeul.apps.governance.views.shared import actor_of, edit
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import NotFound, require

MEETING_MOVES: dict[str, Callable[..., Any]] = {
    "convene": commands.convene_meeting,
    "open": commands.open_meeting,
    "end": commands.end_meeting,
    "cancel": commands.cancel_meeting,
    "approve": commands.approve_minutes,
    "return": commands.return_minutes,
    "publish": commands.publish_minutes,
}
ITEM_MOVES: dict[str, Callable[..., Any]] = {
    "done": commands.deal_with_item,
    "withdraw": commands.withdraw_item,
    "vote": commands.open_vote,
    "count": commands.close_vote,
}


@login_required
def live(request: HttpRequest, meeting_id: str) -> HttpResponse:
    return render(request, "governance/live.html", _live(request, meeting_id))


@login_required
def live_part(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """The part that moves: who is there, how a vote stands."""
    return render(request, "governance/_live.html", _live(request, meeting_id))


def _live(request: HttpRequest, meeting_id: str) -> dict[str, Any]:
    actor = actor_of(request)
    row = _kept(request, meeting_id)
    room = queries.room_of(row)
    agenda = queries.agenda_for(actor, row)
    running = next((point for point in agenda if point["item"].state == Item.State.VOTING), None)
    return {
        "meeting": row,
        "committee": row.committee,
        "room": room,
        "members": [
            {"seat": seat, "state": room.states.get(seat.pk, ""), "votes": seat.votes}
            for seat in [*room.voters, *room.others]
        ],
        "agenda": agenda,
        "running": running,
        "ballots": _ballots(room, running) if running else [],
        "next": next((p["item"] for p in agenda if p["item"].state == Item.State.WAITING), None),
        "actions": list(queries.actions().filter(meeting=row)),
        "minutes": queries.minutes_of(row),
        "today": plan.today(),
        "subject": row.subject,
    }


def _ballots(room: queries.Room, running: dict[str, Any]) -> list[dict[str, Any]]:
    """Who can still be heard in this vote."""
    recused = {interest.seat_id for interest in running["interests"]}
    return [
        {"seat": seat, "voted": seat.pk in running["voted"], "recused": seat.pk in recused}
        for seat in room.voters
        if room.is_there(seat)
    ]


def _kept(request: HttpRequest, meeting_id: str) -> Meeting:
    """The meeting, for whom may keep it."""
    actor = actor_of(request)
    row = find(queries.meetings_visible_to(actor), public_id=meeting_id)
    require(policies.may_keep(actor, queries.seat_of(actor, row.committee)))
    return row


def _back(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """To the place from which the button was pressed."""
    if request.POST.get("from") == "meeting":
        return redirect("governance:meeting", meeting_id)
    return redirect("governance:live", meeting_id)


@login_required
@require_POST
def move_meeting(request: HttpRequest, meeting_id: str, move: str) -> HttpResponse:
    if move not in MEETING_MOVES:
        raise NotFound
    MEETING_MOVES[move](by=actor_of(request), meeting=meeting_id)
    return _back(request, meeting_id)


@login_required
@require_POST
def move_item(request: HttpRequest, item_id: str, move: str) -> HttpResponse:
    if move not in ITEM_MOVES:
        raise NotFound
    item = ITEM_MOVES[move](by=actor_of(request), item=item_id)
    if move == "count":
        messages.success(request, _result(item))
    return _back(request, item.meeting.public_id)


def _result(item: Item) -> str:
    counts = {name: item.tally[name] for name in ("yes", "no", "abstain")}
    if item.state == Item.State.CARRIED:
        said = _("Carried: %(yes)s yes, %(no)s no, %(abstain)s abstained. It stands as %(reference)s.")
        return said % (counts | {"reference": item.decision.reference})
    if item.state == Item.State.REJECTED:
        return _("Rejected: %(yes)s yes, %(no)s no, %(abstain)s abstained.") % counts
    return _("There was no quorum left, so nothing was decided. The point waits again.")


@login_required
@require_POST
def attend(request: HttpRequest, meeting_id: str, seat_id: str) -> HttpResponse:
    commands.note_attendance(
        by=actor_of(request), meeting=meeting_id, seat=seat_id, state=request.POST.get("state", "")
    )
    return _back(request, meeting_id)


@login_required
@require_POST
def hear(request: HttpRequest, item_id: str, seat_id: str) -> HttpResponse:
    """Write down what a member says in the room: a vote, or an interest."""
    choice, actor = request.POST.get("choice", ""), actor_of(request)
    if choice == "interest":
        row: Any = commands.declare_interest(by=actor, item=item_id, seat=seat_id)
    else:
        row = commands.cast_vote(by=actor, item=item_id, choice=choice, seat=seat_id)
    return _back(request, row.item.meeting.public_id)


@login_required
def item(request: HttpRequest, meeting_id: str, item_id: str = "") -> HttpResponse:
    """The form of one point of the agenda."""
    row = _kept(request, meeting_id)
    old = find(row.items.all(), public_id=item_id) if item_id else None
    form = ItemForm(request.POST or None, item=old)

    def save() -> HttpResponse:
        commands.write_item(by=actor_of(request), meeting=meeting_id, item=item_id, **form.content())
        messages.success(request, _("It is on the agenda."))
        return redirect("governance:live", meeting_id)

    heading = old.title if old else _("New point")
    back = reverse("governance:live", args=[meeting_id])
    return edit(request, form, save, heading=heading, back=back, lead=row.title)


@login_required
def plan_again(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """Change the plan of a meeting that is not convened yet."""
    row = _kept(request, meeting_id)
    form = MeetingForm(request.POST or None, meeting=row)

    def save() -> HttpResponse:
        commands.plan_meeting(
            by=actor_of(request), committee=row.committee.slug, meeting=meeting_id, **form.content()
        )
        messages.success(request, _("The meeting is kept."))
        return redirect("governance:live", meeting_id)

    return edit(request, form, save, heading=row.title, back=reverse("governance:live", args=[meeting_id]))


@login_required
def new_action(request: HttpRequest, meeting_id: str) -> HttpResponse:
    row = _kept(request, meeting_id)
    form = ActionForm(request.POST or None, initial={"decision": request.GET.get("decision", "")})

    def save() -> HttpResponse:
        commands.assign_action(
            by=actor_of(request), committee=row.committee.slug, meeting=meeting_id, **form.content()
        )
        messages.success(request, _("It is assigned."))
        return redirect("governance:live", meeting_id)

    back = reverse("governance:live", args=[meeting_id])
    return edit(request, form, save, heading=_("New action item"), back=back, lead=row.title)


@login_required
def write_minutes(request: HttpRequest, meeting_id: str) -> HttpResponse:
    """The minutes; a new draft begins with what the meeting page knows already."""
    row = _kept(request, meeting_id)
    held = queries.minutes_of(row)
    begun = held.text if held else starter(row)
    form = MinutesForm(request.POST or None, initial=MinutesForm.apart({"text": begun}))

    def save() -> HttpResponse:
        commands.draft_minutes(by=actor_of(request), meeting=meeting_id, text=form.text("text"))
        messages.success(request, _("The minutes are kept as a draft."))
        return redirect("governance:live", meeting_id)

    back = reverse("governance:live", args=[meeting_id])
    return edit(request, form, save, heading=_("Minutes"), back=back, lead=row.title)
