"""What programmes keep, split by subject."""

from bitgoeul.apps.programmes.models.applications import Application, Case, public_id
from bitgoeul.apps.programmes.models.blueprints import Blueprint
from bitgoeul.apps.programmes.models.calls import Call, Programme
from bitgoeul.apps.programmes.models.grants import (
    Addendum,
    Agreement,
    Change,
    Condition,
    Reclaim,
    UseSample,
)
from bitgoeul.apps.programmes.models.outcomes import Decision, Grant, GrantPart
from bitgoeul.apps.programmes.models.panels import Appeal, Draw
from bitgoeul.apps.programmes.models.reports import Evidence, Pledge, Report
from bitgoeul.apps.programmes.models.reviews import Panel, Review, Reviewer, Tie

__all__ = [
    "Addendum",
    "Agreement",
    "Appeal",
    "Application",
    "Blueprint",
    "Call",
    "Case",
    "Change",
    "Condition",
    "Decision",
    "Draw",
    "Evidence",
    "Grant",
    "GrantPart",
    "Panel",
    "Pledge",
    "Programme",
    "Reclaim",
    "Report",
    "Review",
    "Reviewer",
    "Tie",
    "UseSample",
    "public_id",
]
