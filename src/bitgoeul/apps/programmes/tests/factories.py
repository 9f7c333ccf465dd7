"""An open call and an applicant, as tests need them."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from bitgoeul.apps.programmes.commands import open_call, save_call, save_programme
from bitgoeul.apps.programmes.models import Call
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

_number = itertools.count(1)

AGREED = {"ko": "가", "en": "a"}
FORM = {
    "type": "object",
    "required": ["purpose"],
    "properties": {
        "purpose": {
            "type": "string",
            "minLength": 3,
            "maxLength": 400,
            "title": {"ko": "목적", "en": "Purpose"},
        },
        "sector": {
            "type": "string",
            "enum": ["mobility", "health"],
            "x-from": "organisation.sector",
            "title": {"ko": "분야", "en": "Sector"},
        },
        "students": {"type": "integer", "minimum": 1, "title": {"ko": "인원", "en": "Students"}},
    },
}


def clause(name: str, rule: str, **texts: Any) -> dict[str, Any]:
    defaults = {
        "title": {"ko": f"조건 {name}", "en": f"Clause {name}"},
        "passes": {"ko": "맞습니다.", "en": "It holds."},
        "fails": {"ko": "맞지 않습니다.", "en": "It does not hold."},
    }
    return {"name": name, "rule": rule} | defaults | texts


YOUNG = clause(
    "young",
    "organisation.age_months <= 120",
    fails={
        "ko": "창업한 지 {organisation.age_months}개월입니다.",
        "en": "Founded {organisation.age_months} months ago.",
    },
)


def criterion(name: str, weight: int) -> dict[str, Any]:
    return {"name": name, "title": AGREED, "weight": weight, "most": 10, "floor": 40}


PANEL = {
    "decision": "panel",
    "rubric": {
        "criteria": [criterion("impact", 60), criterion("readiness", 40)],
        "bonus": [
            {"name": "local", "title": AGREED, "points": 3, "rule": 'organisation.region == "광주광역시"'}
        ],
        "bonus_most": 5,
        "reviews": 2,
    },
    "cut": "70",
    "offer_days": 7,
}


def make_draft(**fields: Any) -> Call:
    """A draft that gives 100 credits for 30 days to young companies, ten times."""
    save_programme(by=SYSTEM, slug="compute", title=AGREED, summary=AGREED)
    slug = fields.get("slug") or f"call-{next(_number)}"
    defaults: dict[str, Any] = {
        "programme": "compute",
        "slug": slug,
        "tier": slug[:20],  # rounds of the same size may not meet
        "title": {"ko": "예시 공고", "en": "Example call"},
        "summary": {"ko": "예시입니다.", "en": "An example."},
        "terms": {"ko": "약속", "en": "Terms"},
        "opens_at": clock.now() - dt.timedelta(days=1),
        "closes_at": clock.now() + dt.timedelta(days=30),
        "budget": 1_000_000,
        "share_most": 100_000,
        "gives_days": 30,
        "form": FORM,
        "clauses": [YOUNG],
    }
    return save_call(by=SYSTEM, **defaults | fields)


def make_call(**fields: Any) -> Call:
    return open_call(by=SYSTEM, slug=make_draft(**fields).slug)
