"""What may be cited, and by which capability: the only way in which calls learn of committees' decisions."""

from __future__ import annotations

from django.urls import reverse

from bitgoeul.apps.governance.models import Decision
from bitgoeul.apps.governance.queries.committees import decision_by_reference
from bitgoeul.kit.citations import Cited


def cited(reference: str) -> Cited | None:
    """The decision that a reference such as ``decision:2026-03`` names, or None."""
    row = decision_by_reference(reference)
    if row is None:
        return None
    return Cited(
        reference=row.reference,
        title=row.title,
        address=reverse("governance:decision", args=[row.name]),
        state=str(row.get_state_display()),
        stands=row.state == Decision.State.IN_FORCE,
    )
