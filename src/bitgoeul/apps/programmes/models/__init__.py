"""What programmes keep, split by subject."""

from bitgoeul.apps.programmes.models.applications import Application, Case, public_id
from bitgoeul.apps.programmes.models.blueprints import Blueprint
from bitgoeul.apps.programmes.models.calls import Call, Programme
from bitgoeul.apps.programmes.models.outcomes import Decision, Grant, GrantPart
from bitgoeul.apps.programmes.models.panels import Appeal, Draw
from bitgoeul.apps.programmes.models.reviews import Panel, Review, Reviewer, Tie

__all__ = [
    "Appeal",
    "Application",
    "Blueprint",
    "Call",
    "Case",
    "Decision",
    "Draw",
    "Grant",
    "GrantPart",
    "Panel",
    "Programme",
    "Review",
    "Reviewer",
    "Tie",
    "public_id",
]
