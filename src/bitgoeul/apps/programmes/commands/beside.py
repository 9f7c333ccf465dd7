"""What the rule of a call about double funding asks of a panel's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from bitgoeul.apps.programmes import queries
from bitgoeul.apps.programmes.commands.decisions import WRITE_WHY_BOTH, check_text, reject_application
from bitgoeul.apps.programmes.errors import ApplicantsFundedTwice
from bitgoeul.apps.programmes.models import Application, Call
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid, StateChanged
from bitgoeul.kit.text import translated

NOT_BOTH = gettext_lazy("Another programme supports the same already, and this call does not allow both.")


def checked_beside(
    call: Call, rows: Sequence[Application], despite: Mapping[str, dict[str, str]]
) -> dict[str, dict[str, Any]]:
    """Application -> what its fact says about double funding, for all who win or could still win.

    The rule of the call binds a panel as it binds an officer.  What is missing is named for all at once.
    """
    found = funding.found_among(call, rows)
    rule = funding.rule_of(call)
    if found and rule == "refuse":
        names = [f"{row.organisation.name} ({row.public_id})" for row in rows if row.public_id in found]
        raise ApplicantsFundedTwice(applicants=", ".join(names))
    errors: dict[str, list[str]] = {}
    for name in found:
        if rule == "reason" or despite.get(name):
            try:
                check_text(f"despite.{name}", despite.get(name, {}), WRITE_WHY_BOTH)
            except Invalid as invalid:
                errors |= invalid.errors
    if errors:
        raise Invalid(errors)
    return {
        name: {"double_funding": funding.references_of(findings), "despite": dict(despite.get(name, {}))}
        for name, findings in found.items()
    }


def reject_funded_twice(*, by: Actor, application: str) -> Application:
    """Take an application that the call does not allow out of what the panel decides about."""
    row = find(queries.applications_visible_to(by), public_id=application)
    if row.state != Application.State.IN_REVIEW or not is_not_allowed(row):
        raise StateChanged(now=str(row.get_state_display()))
    return reject_application(by=by, application=row, reason=translated(NOT_BOTH))


def is_not_allowed(row: Application) -> bool:
    """Whether the call of an application refuses it for what another programme gives."""
    return funding.rule_of(row.call) == "refuse" and bool(funding.found_for(row))
