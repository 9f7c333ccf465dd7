"""The text of an agreement: what may stand in it, how it is filled, and how it is divided for a page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import override

from bitgoeul.apps.programmes.models import Addendum, Agreement, Application, Grant
from bitgoeul.apps.programmes.queries.amounts import in_words, part_in_words
from bitgoeul.kit.text import LANGUAGES, Localised
from bitgoeul.kit.ui import wording

PLACE = re.compile(r"\{([a-z_]+(?:\.[a-z0-9_]+)?)\}")
KNOWN = frozenset(
    {"organisation", "business_number", "call", "programme", "application", "amount", "parts", "starts",
     "ends", "reports"}
)  # fmt: skip
BLANK = "–"


def unknown_places(text: Mapping[str, str], questions: Mapping[str, Any]) -> list[str]:
    """The placeholders of a text that nothing could fill."""
    named = {name for part in text.values() for name in PLACE.findall(str(part))}
    answers = {f"answers.{question}" for question in questions}
    return sorted(named - KNOWN - answers)


def filled(text: Mapping[str, str], grant: Grant) -> Localised:
    """The text of the call with what this grant says, in both languages."""
    written = {}
    for language in LANGUAGES:
        with override(language):
            written[language] = _filled_in(text[language], _values(grant, language))
    return Localised(written)


def _filled_in(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: values.get(place[1], BLANK), text)


def _values(grant: Grant, language: str) -> dict[str, str]:
    row: Application = grant.application
    parts = [part_in_words(part).in_language(language) for part in grant.parts.all()]
    reports = [
        Localised.of(report["title"]).in_language(language)
        for report in row.call.procedure.get("reports", [])
    ]
    values = {
        "organisation": row.organisation.name,
        "business_number": row.organisation.business_number or BLANK,
        "call": row.call.title.in_language(language),
        "programme": row.call.programme.title.in_language(language),
        "application": row.public_id,
        "amount": in_words(row.call, grant.amount).in_language(language),
        "parts": ", ".join(parts),
        "starts": str(wording.day(grant.starts_at)),
        "ends": str(wording.day(grant.ends_at)),
        "reports": ", ".join(reports) or BLANK,
    }
    return values | {f"answers.{name}": str(value) for name, value in row.answers.items()}


def fingerprint(text: Mapping[str, str]) -> str:
    """SHA-256 over the text in both languages, in one canonical way of writing."""
    whole = json.dumps(dict(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Headings (lines that begin with ``#``) and paragraphs of a text, as (kind, words)."""
    for part in re.split(r"\n\s*\n", text.strip()):
        first, _line, rest = part.partition("\n")
        is_heading = first.startswith("#")
        if is_heading:
            yield "heading", first.lstrip("# ").strip()
        if words := (rest if is_heading else part).strip():
            yield "paragraph", words


def documents(agreement: Agreement) -> list[Agreement | Addendum]:
    """The agreement and its addenda in their order."""
    return [agreement, *agreement.addenda.all()]
