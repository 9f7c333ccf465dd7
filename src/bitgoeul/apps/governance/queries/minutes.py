"""What a meeting left behind, written out so that its minutes need not begin with an empty page."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import override

from bitgoeul.apps.governance.models import Item, Meeting
from bitgoeul.apps.governance.queries.committees import actions, decisions, room_of
from bitgoeul.kit.text import LANGUAGES, Localised
from bitgoeul.kit.ui import wording


def starter(meeting: Meeting) -> Localised:
    """A first draft in both languages: who was there, each point with its outcome, what follows."""
    written = {}
    for language in LANGUAGES:
        with override(language):
            written[language] = "\n".join(
                [*_head(meeting), "", *_points(meeting), *_follows(meeting)]
            ).strip()
    return Localised(written)


def _head(meeting: Meeting) -> list[str]:
    room = room_of(meeting)
    names = ", ".join(seat.name for seat in room.voters if room.is_there(seat))
    return [
        f"{meeting.committee.title} · {meeting.title}",
        _("Time: %(time)s") % {"time": wording.when(meeting.opened_at or meeting.starts_at)},
        *([_("Place: %(place)s") % {"place": meeting.place}] if meeting.place else []),
        _("Present: %(present)s of %(office)s in office (quorum %(needed)s)")
        % {"present": room.present, "office": room.office, "needed": room.needed},
        *([names] if names else []),
    ]


def _points(meeting: Meeting) -> list[str]:
    made = {row.item_id: row for row in decisions().filter(item__meeting=meeting)}
    lines = []
    for item in meeting.items.exclude(state=Item.State.WITHDRAWN):
        lines.append(f"{item.position}. [{item.get_kind_display()}] {item.title}")
        if item.kind == Item.Kind.MOTION and item.tally:
            lines.append(
                "   "
                + _("%(result)s: %(yes)s yes, %(no)s no, %(abstain)s abstained, %(recused)s recused")
                % (item.tally | {"result": item.get_state_display()})
            )
        if item.pk in made:
            lines.append(f"   {made[item.pk].reference}")
    return lines


def _follows(meeting: Meeting) -> list[str]:
    rows = [
        f"- {action.title} · {action.owner} · {wording.day(action.due_on)}"
        for action in actions().filter(meeting=meeting)
    ]
    return ["", _("To be done:"), *rows] if rows else []
