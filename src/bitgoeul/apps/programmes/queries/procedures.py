"""How a call is decided and what it gives: which procedures and parts are allowed, and their fingerprint.

A procedure is data: who decides, the stages with their working days, the rubric, the cut, quota and lottery,
how long an offer stands, the agreement, the reports, the reclaim rule, the benefit. Whatever a call does not
say has the value in ``DEFAULTS``; ``completed`` writes them all out, so a frozen procedure explains itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any, TypeGuard

from django.utils.translation import gettext as _

from bitgoeul.apps.programmes.errors import PartUnknown, RubricNotHundred
from bitgoeul.apps.programmes.queries import funding
from bitgoeul.engines import eligibility as engine
from bitgoeul.kit.text import LANGUAGES

DECISIONS = ("automatic", "officer", "panel", "panel-lottery")
PANELS = ("panel", "panel-lottery")
DEFAULTS: dict[str, Any] = {
    "decision": "automatic",
    "stages": [],
    "rubric": None,
    "cut": None,
    "quota": None,
    "lottery": None,
    "offer_days": 0,
    "completion_days": 10,
    "appeal_days": 0,
    "agreement": None,
    "reports": [],
    "reclaim": None,
    "benefit": None,
    "double_funding": "show",
}
RUBRIC = {
    "criteria": [],
    "bonus": [],
    "bonus_most": 0,
    "aggregate": "mean",
    "reviews": 1,
    "blind": False,
}
RECLAIM = {
    "below_percent": 20,
    "window_days": 7,
    "shrink_after_days": 14,
    "return_after_days": 21,
    "accept_hours": 24,
}
PARTS: dict[str, frozenset[str]] = {
    "credits": frozenset({"quantity"}),
    "capacity": frozenset({"pool", "quantity", "unit_numbered", "when_full"}),
    "money": frozenset({"won"}),
    "dataset": frozenset({"dataset"}),
    "document": frozenset({"title"}),
}
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DECIMAL = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")
LONGEST_DAYS = 3_650
MOST = 10**15


def completed(procedure: Any) -> Any:
    """The procedure with everything written out that it leaves to the defaults."""
    if not isinstance(procedure, dict):
        return procedure
    whole = DEFAULTS | procedure
    if isinstance(whole["rubric"], dict):
        whole["rubric"] = RUBRIC | whole["rubric"]
    if isinstance(whole["reclaim"], dict):
        whole["reclaim"] = RECLAIM | whole["reclaim"]
    return whole


def fingerprint(procedure: dict[str, Any], gives: list[dict[str, Any]]) -> str:
    """SHA-256 over procedure and parts in one canonical way of writing."""
    text = json.dumps([procedure, gives], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_rubric(procedure: Any) -> None:
    """Refuse a rubric whose weights are whole numbers that do not add up to a hundred."""
    criteria = ((procedure.get("rubric") or {}) if isinstance(procedure, dict) else {}).get("criteria")
    if not isinstance(criteria, list) or not criteria:
        return
    weights = [row.get("weight") for row in criteria if isinstance(row, dict)]
    counts = [weight for weight in weights if _is_count(weight)]
    if len(counts) == len(weights) and sum(counts) != 100:
        raise RubricNotHundred(sum=sum(counts))


def check_parts(gives: Any) -> None:
    """Refuse a list that names a part nobody can give."""
    for row in gives if isinstance(gives, list) else []:
        if isinstance(row, dict) and (name := row.get("part")) not in PARTS:
            raise PartUnknown(part=str(name)[:40], known=", ".join(PARTS))


def procedure_problems(procedure: Any, vocabulary: engine.Vocabulary) -> list[str]:
    """Why this cannot be the procedure of a call; empty if it can."""
    if not isinstance(procedure, dict) or _holds_floats(procedure):
        return [_("The procedure is an object, and its numbers are whole; write others as text.")]
    if extra := procedure.keys() - DEFAULTS.keys():
        return [_("The procedure has a key that is not supported: %(key)s.") % {"key": min(extra)}]
    problems = []
    if procedure["decision"] not in DECISIONS:
        problems.append(_("Who decides is one of: %(known)s.") % {"known": ", ".join(DECISIONS)})
    for name in ("offer_days", "completion_days", "appeal_days"):
        if not _is_count(procedure[name], LONGEST_DAYS):
            problems.append(_("“%(name)s” is a number of days.") % {"name": name})
    for name, found in (
        ("stages", _stages_hold(procedure["stages"])),
        ("cut", procedure["cut"] is None or is_percent(procedure["cut"])),
        ("quota", _quota_holds(procedure["quota"], vocabulary)),
        ("lottery", _lottery_holds(procedure)),
        ("agreement", _agreement_holds(procedure["agreement"])),
        ("reports", _reports_hold(procedure["reports"])),
        ("reclaim", _reclaim_holds(procedure["reclaim"])),
        ("benefit", _benefit_holds(procedure["benefit"])),
        ("double_funding", procedure["double_funding"] in funding.RULES),
    ):
        if not found:
            problems.append(_("“%(name)s” of the procedure cannot be read.") % {"name": name})
    if procedure["decision"] in PANELS and procedure["offer_days"] == 0:
        problems.append(_("Winners of a panel are asked first: give them days to answer an offer."))
    return problems + _rubric_problems(procedure, vocabulary)


def _rubric_problems(procedure: dict[str, Any], vocabulary: engine.Vocabulary) -> list[str]:
    rubric = procedure["rubric"]
    if rubric is None:
        return [_("A panel needs a rubric.")] if procedure["decision"] in PANELS else []
    if not isinstance(rubric, dict) or rubric.keys() - RUBRIC.keys() or not _scoring_holds(rubric):
        return [_("“%(name)s” of the procedure cannot be read.") % {"name": "rubric"}]
    problems = []
    criteria, bonus = rubric["criteria"], rubric["bonus"]
    if not isinstance(criteria, list) or not criteria or not all(map(_criterion_holds, criteria)):
        problems.append(
            _("A criterion has a name, a title in both languages, a weight, the most and a floor.")
        )
    elif len({row["name"] for row in criteria}) != len(criteria):
        problems.append(_("Two criteria have the same name."))
    if not isinstance(bonus, list) or not all(_bonus_holds(row, vocabulary) for row in bonus):
        problems.append(
            _("A bonus has a name, a title in both languages, points and a rule that can be read.")
        )
    return problems


def _scoring_holds(rubric: dict[str, Any]) -> bool:
    return (
        rubric["aggregate"] in ("mean", "trimmed")
        and _is_count(rubric["reviews"], 50)
        and rubric["reviews"] > 0
        and isinstance(rubric["blind"], bool)
        and _is_count(rubric["bonus_most"], 100)
    )


def _criterion_holds(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and row.keys() <= {"name", "title", "weight", "most", "floor"}
        and _is_name(row.get("name"))
        and _is_text(row.get("title"))
        and _is_count(row.get("weight"), 100)
        and row["weight"] > 0
        and _is_count(row.get("most"), 1000)
        and row["most"] > 0
        and _is_count(row.get("floor", 0), 100)
    )


def _bonus_holds(row: Any, vocabulary: engine.Vocabulary) -> bool:
    if (
        not isinstance(row, dict)
        or row.keys() != {"name", "title", "points", "rule"}
        or not _is_name(row["name"])
        or not _is_text(row["title"])
        or not _is_count(row["points"], 100)
    ):
        return False
    words = dict.fromkeys(LANGUAGES, "-")
    clause = {"name": "bonus", "title": words, "rule": row["rule"], "passes": words, "fails": words}
    try:
        engine.read_clauses([clause], vocabulary)
    except engine.RulesInvalid:
        return False
    return True


def _stages_hold(stages: Any) -> bool:
    return isinstance(stages, list) and all(
        isinstance(row, dict)
        and row.keys() == {"name", "title", "days"}
        and _is_name(row["name"])
        and _is_text(row["title"])
        and _is_count(row["days"], LONGEST_DAYS)
        for row in stages
    )


def _quota_holds(quota: Any, vocabulary: engine.Vocabulary) -> bool:
    """``{"by": a fact, "least": {value: percent}}``: so much of what is given goes to each of these."""
    if quota is None:
        return True
    return (
        isinstance(quota, dict)
        and quota.keys() == {"by", "least"}
        and quota["by"] in vocabulary
        and isinstance(quota["least"], dict)
        and all(_is_count(percent, 100) for percent in quota["least"].values())
        and 0 < sum(quota["least"].values()) <= 100
    )


def _lottery_holds(procedure: dict[str, Any]) -> bool:
    lottery = procedure["lottery"]
    if lottery is None:
        return bool(procedure["decision"] != "panel-lottery")
    return (
        procedure["decision"] == "panel-lottery"
        and procedure["cut"] is not None
        and isinstance(lottery, dict)
        and lottery.keys() == {"confidence"}
        and isinstance(lottery["confidence"], str)
        and DECIMAL.fullmatch(lottery["confidence"]) is not None
        and 0 < Decimal(lottery["confidence"]) < 1
    )


def _agreement_holds(agreement: Any) -> bool:
    return agreement is None or (
        isinstance(agreement, dict)
        and {"text"} <= agreement.keys() <= {"text", "sign_days"}
        and _is_text(agreement["text"])
        and _is_count(agreement.get("sign_days", 1), 365)
        and agreement.get("sign_days", 1) > 0
    )


def _reports_hold(reports: Any) -> bool:
    """Each is due so many days after the start of the grant, or so many before its end."""
    return isinstance(reports, list) and all(
        isinstance(row, dict)
        and len(days := row.keys() & {"after_days", "before_end_days"}) == 1
        and row.keys() == {"kind", "title"} | days
        and row["kind"] in ("progress", "final", "outcome")
        and _is_count(row[min(days)], LONGEST_DAYS)
        and _is_text(row["title"])
        for row in reports
    )


def _reclaim_holds(reclaim: Any) -> bool:
    if reclaim is None:
        return True
    return (
        isinstance(reclaim, dict)
        and reclaim.keys() == RECLAIM.keys()
        and all(_is_count(value, LONGEST_DAYS) and value > 0 for value in reclaim.values())
        and reclaim["below_percent"] <= 100
        and reclaim["window_days"] <= reclaim["shrink_after_days"] < reclaim["return_after_days"]
    )


def _benefit_holds(benefit: Any) -> bool:
    """Won for each unit that is granted: its list price and what the organisation pays for it."""
    if benefit is None:
        return True
    return (
        isinstance(benefit, dict)
        and benefit.keys() == {"list_price_won", "pays_won", "legal_basis"}
        and _is_count(benefit["list_price_won"], MOST)
        and _is_count(benefit["pays_won"], MOST)
        and benefit["pays_won"] <= benefit["list_price_won"]
        and _is_text(benefit["legal_basis"])
    )


def parts_problems(gives: Any, form: dict[str, Any], ask: str, unit: str) -> list[str]:
    """Why a grant cannot be made of these parts; empty if it can."""
    if not isinstance(gives, list) or not gives or len(gives) > 10:
        return [_("A grant gives one to ten parts.")]
    if sum(isinstance(row, dict) and row.get("part") == "credits" for row in gives) > 1:
        return [_("A grant has one part of credits.")]
    return [
        _("Part %(number)s cannot be given as it is written.") % {"number": number}
        for number, row in enumerate(gives, 1)
        if not _part_holds(row, form, ask, unit)
    ]


def _part_holds(row: Any, form: dict[str, Any], ask: str, unit: str) -> bool:
    if not isinstance(row, dict) or row.keys() - {"part"} - PARTS.get(row.get("part", ""), frozenset()):
        return False
    match row["part"]:
        case "credits":  # as much as it takes from a budget in credits, else so many milli-credits
            return "quantity" not in row if unit == "credits" else _is_count(row.get("quantity"), MOST)
        case "capacity":
            quantity = row.get("quantity")
            return (
                isinstance(row.get("pool"), str)
                and SLUG.fullmatch(row["pool"]) is not None
                and isinstance(row.get("unit_numbered", False), bool)
                and row.get("when_full", "refuse") in ("refuse", "wait")
                and (bool(ask) if quantity == "ask" else _is_count(quantity, 10**6) and quantity > 0)
            )
        case "money":
            won = row.get("won")
            return unit == "won" if won == "ask" else _is_count(won, MOST) and won > 0
        case "dataset":
            group, _dot, name = str(row.get("dataset", "")).partition(".")
            return group == "answers" and form.get("properties", {}).get(name, {}).get("type") == "string"
        case _:
            return _is_text(row.get("title"))


def ask_problems(form: dict[str, Any], ask: str) -> list[str]:
    """Why this question cannot be the one with which an applicant asks for an amount."""
    if not ask:
        return []
    part = form.get("properties", {}).get(ask)
    if not isinstance(part, dict) or part.get("type") != "integer" or ask not in form.get("required", []):
        return [_("The question for the amount is a required one for a whole number.")]
    return []


def _is_count(value: Any, most: int = MOST) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def is_percent(value: Any) -> bool:
    return isinstance(value, str) and DECIMAL.fullmatch(value) is not None and Decimal(value) <= 100


def _is_text(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(language), str) and value[language].strip() for language in LANGUAGES
    )


def _holds_floats(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_floats, value.values()))
    if isinstance(value, list):
        return any(map(_holds_floats, value))
    return isinstance(value, float)
