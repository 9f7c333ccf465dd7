"""Checks that every command here shares."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from bitgoeul.apps.governance.errors import DecisionUnknown
from bitgoeul.apps.governance.models import Decision
from bitgoeul.apps.governance.queries.committees import decision_by_reference
from bitgoeul.apps.governance.queries.plan import every_title
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.kit.text import LANGUAGES, Localised

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 10_000
RESERVED = frozenset({"new"})


def text_errors(longest: int = LONGEST, /, **texts: Any) -> dict[str, list[str]]:
    """Texts that are not there in both languages."""
    sentence = _("Write it in Korean and in English, with at most %(most)s characters.") % {"most": longest}
    return {name: [sentence] for name, text in texts.items() if not _is_written(text, longest)}


def _is_written(text: Any, longest: int) -> bool:
    return (
        isinstance(text, Mapping)
        and is_storable(dict(text))
        and all(0 < len(str(text.get(code, "")).strip()) <= longest for code in LANGUAGES)
    )


def given(text: Any) -> Localised:
    """An optional text: in one language it serves both."""
    found = Localised.of(text or {})
    only = next((words for words in found.values() if words.strip()), "")
    return Localised({code: found.get(code) or only for code in LANGUAGES}) if only else Localised()


def optional_errors(longest: int = LONGEST, /, **texts: Any) -> dict[str, list[str]]:
    """Optional texts that cannot be kept."""
    return {
        name: found[name]
        for name, text in texts.items()
        if given(text) and (found := text_errors(longest, **{name: given(text)}))
    }


def slug_errors(slug: str) -> dict[str, list[str]]:
    if SLUG.fullmatch(slug) and len(slug) <= 60 and slug not in RESERVED:
        return {}
    return {"slug": [_("Its name has small letters, digits and hyphens.")]}


def task_errors(tasks: list[str]) -> dict[str, list[str]]:
    """Keys that no version of the plan has ever had."""
    known = every_title("task") if tasks else {}
    wrong = [_("The plan has no task “%(key)s”.") % {"key": key} for key in tasks if key not in known]
    return {"tasks": wrong} if wrong else {}


def moment(value: dt.datetime) -> dt.datetime:
    """A moment without a zone is meant where the hub is."""
    return timezone.make_aware(value) if timezone.is_naive(value) else value


def decision_in_force(reference: str) -> Decision:
    decision = decision_by_reference(reference)
    if decision is None or decision.state != Decision.State.IN_FORCE:
        raise DecisionUnknown(reference=reference)
    return decision
