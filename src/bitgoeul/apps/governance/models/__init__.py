"""What exists: the plan in its versions, what was measured, and committees with what they decide."""

from bitgoeul.apps.governance.models.committees import Committee, Seat
from bitgoeul.apps.governance.models.decisions import Action, Decision, DecisionYear
from bitgoeul.apps.governance.models.meetings import Attendance, Interest, Item, Meeting, Minutes, Vote
from bitgoeul.apps.governance.models.plan import Measurement, PlanVersion

__all__ = [
    "Action",
    "Attendance",
    "Committee",
    "Decision",
    "DecisionYear",
    "Interest",
    "Item",
    "Measurement",
    "Meeting",
    "Minutes",
    "PlanVersion",
    "Seat",
    "Vote",
]
