"""Writing, opening and closing calls."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.capacity.commands import open_pool
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes import policies, queries
from bitgoeul.apps.programmes.commands.draws import commit_draw
from bitgoeul.apps.programmes.errors import CallFixed, CallNotReady, RoundsOverlap
from bitgoeul.apps.programmes.events.calls import CallClosed, CallOpened, CallSaved, ProgrammeSaved
from bitgoeul.apps.programmes.models import Call, Programme
from bitgoeul.apps.programmes.models.calls import credits_only
from bitgoeul.apps.programmes.queries import procedures
from bitgoeul.apps.programmes.queries.agreements import unknown_places
from bitgoeul.apps.programmes.queries.answers import form_problems, is_storable
from bitgoeul.apps.programmes.queries.blueprints import blueprint, pool_of_examples
from bitgoeul.apps.programmes.queries.deadlines import due_after
from bitgoeul.apps.programmes.queries.eligibility import vocabulary
from bitgoeul.engines import eligibility as engine
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.citations import cited
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.schema_forms import in_order
from bitgoeul.kit.text import LANGUAGES, Localised

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = frozenset(
    {"agreements", "applications", "blueprints", "calls", "cases", "desk", "draws", "find", "grants",
     "new", "panels", "reports", "reviews", "statistics"}
)  # fmt: skip
LARGEST = 10**15  # milli-credits
LONGEST = 1_825  # days
MOST_DECISIONS = 10
LONGEST_TEXT = 5_000  # characters
SOONEST, LATEST = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2000, 2200))

# Code of an engine's problem -> sentence with its facts.
RULE_PROBLEMS = {
    "no-clauses": gettext_lazy("Write at least one clause."),
    "too-many-clauses": gettext_lazy("At most %(most)s clauses."),
    "not-an-object": gettext_lazy("A clause is an object with name, title, rule, passes and fails."),
    "name": gettext_lazy("“%(name)s” is not known here."),
    "name-twice": gettext_lazy("Two clauses have this name."),
    "key": gettext_lazy("“%(key)s” does not belong to a clause."),
    "text": gettext_lazy("“%(key)s” needs its sentence in Korean and English."),
    "gap": gettext_lazy("“%(key)s” speaks of {%(name)s}, which is not known here."),
    "empty": gettext_lazy("The rule is empty."),
    "too-long": gettext_lazy("The rule is longer than %(most)s characters."),
    "too-many-parts": gettext_lazy("The rule has more than %(most)s parts."),
    "too-deep": gettext_lazy("The rule has more than %(most)s brackets inside each other."),
    "sign": gettext_lazy("The rule cannot be read at “%(near)s”."),
    "brackets": gettext_lazy("A bracket is open or closed too often."),
    "syntax": gettext_lazy("The rule is not a complete CEL expression."),
    "index": gettext_lazy("A rule may not pick members by number; use exists, all or in."),
    "function": gettext_lazy("The function “%(name)s” is not available in rules."),
    "member": gettext_lazy("“.%(name)s” is not available in rules."),
    "whole-group": gettext_lazy("Name one fact of “%(name)s”, such as %(name)s.region."),
    "nested-loop": gettext_lazy("A loop inside a loop is not allowed."),
    "loop-name": gettext_lazy("“%(name)s” cannot be the name in a loop."),
    "kind": gettext_lazy("“%(name)s” is of another kind than %(literal)s, so they are never equal."),
    "choice": gettext_lazy("“%(name)s” never has the value %(literal)s."),
    "no-facts": gettext_lazy("The rule asks no fact about the applicant."),
    "operands": gettext_lazy("The rule joins values that do not go together."),
    "not-yes-or-no": gettext_lazy("The rule does not give yes or no."),
    "decides-without-facts": gettext_lazy("The rule gives the same answer whatever the facts are."),
}
NOT_A_NAME = gettext_lazy("Its name has small letters, digits and hyphens.")


@command
def save_programme(
    *, by: Actor, slug: str, title: dict[str, str], summary: dict[str, str], example: bool = False
) -> Programme:
    """Write a programme, or change its words."""
    require(policies.may_run_calls(by))
    errors = text_errors({"title": title, "summary": summary})
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        errors["slug"] = [str(NOT_A_NAME)]
    if errors:
        raise Invalid(errors)
    fields = {"title": Localised.of(title), "summary": Localised.of(summary), "is_example": example}
    programme, new = Programme.objects.get_or_create(slug=slug, defaults=fields)
    if not new:
        if all(getattr(programme, name) == value for name, value in fields.items()):
            unchanged()
            return programme
        for name, value in fields.items():
            setattr(programme, name, value)
        programme.save(update_fields=list(fields))
    record(
        ProgrammeSaved(programme=slug, title=dict(programme.title), example=example),
        by=by,
        subject=f"programme:{slug}",
    )
    return programme


@command
def save_call(
    *, by: Actor, programme: str, slug: str, blueprint: str = "", blueprint_version: int = 0, **content: Any
) -> Call:
    """Write a draft, or change it.  Each change of its clauses is a new version of the rules.

    ``content`` is what ``checked_call`` takes.
    """
    require(policies.may_run_calls(by))
    parent = find(Programme.objects.all(), slug=programme)
    fields = checked_call(slug=slug, **content)
    _check_rounds(parent, fields["tier"], slug, fields["opens_at"], fields["closes_at"])
    fields |= {"programme": parent, "blueprint": blueprint, "blueprint_version": blueprint_version}
    call, new = Call.objects.select_for_update().get_or_create(slug=slug, defaults=fields)
    if not new:
        changed = [name for name, value in fields.items() if getattr(call, name) != value]
        if not changed:
            unchanged()
            return call
        if call.state != Call.State.DRAFT:
            raise CallFixed(call=str(call))
        if "rules_fingerprint" in changed:
            fields["rules_version"] = call.rules_version + 1
        for name, value in fields.items():
            setattr(call, name, value)
        call.save(update_fields=list(fields))
    record(
        CallSaved(
            call=slug,
            programme=parent.slug,
            kind=call.kind,
            budget_unit=call.budget_unit,
            budget=call.budget,
            share_most=call.share_most,
            gives_days=call.gives_days,
            rules_version=call.rules_version,
            rules_fingerprint=call.rules_fingerprint,
            procedure_fingerprint=call.procedure_fingerprint,
            decisions=[row["reference"] for row in call.decisions],
            blueprint=f"{blueprint}@{blueprint_version}" if blueprint else "",
        ),
        by=by,
        subject=call.subject,
    )
    return call


@command
def open_call(*, by: Actor, slug: str) -> Call:
    """Publish a call.  It takes applications from its opening day on."""
    call = find(queries.calls_visible_to(by), slug=slug)
    require(policies.may_run_calls(by))
    if call.state == Call.State.OPEN:
        unchanged()
        return call
    if call.closes_at <= clock.now():
        raise CallNotReady(call=str(call))
    # Whoever opens rounds of this programme stands in one line, so no two of them can meet.
    Programme.objects.select_for_update().get(pk=call.programme_id)
    among = (Call.State.OPEN,)
    _check_rounds(call.programme, call.tier, call.slug, call.opens_at, call.closes_at, among=among)
    Call.FLOW.move(call, Call.State.OPEN)
    record(
        CallOpened(
            call=slug,
            opens_at=call.opens_at.astimezone(dt.UTC).isoformat(),
            closes_at=call.closes_at.astimezone(dt.UTC).isoformat(),
            budget=call.budget,
            budget_unit=call.budget_unit,
            rules_version=call.rules_version,
            rules_fingerprint=call.rules_fingerprint,
            procedure=call.procedure,
            procedure_fingerprint=call.procedure_fingerprint,
            decisions=[row["reference"] for row in call.decisions],
        ),
        by=by,
        subject=call.subject,
    )
    if call.decision == "panel-lottery":
        commit_draw(by=by, call=slug)  # before the first application, or nobody need believe it
    return call


@command
def close_call(*, by: Actor, slug: str) -> Call:
    """Take no more applications.  What is waiting is still decided."""
    call = find(queries.calls_visible_to(by), slug=slug)
    require(policies.may_run_calls(by))
    if call.state == Call.State.CLOSED:
        unchanged()
        return call
    Call.FLOW.move(call, Call.State.CLOSED)
    call.refresh_from_db(fields=["granted"])
    record(CallClosed(call=slug, granted=call.granted, budget=call.budget), by=by, subject=call.subject)
    return call


def checked_call(
    *,
    slug: str,
    tier: str,
    title: dict[str, str],
    summary: dict[str, str],
    terms: dict[str, str],
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    budget: int,
    share_most: int,
    gives_days: int,
    form: dict[str, Any],
    clauses: list[dict[str, Any]],
    kind: str = Call.Kind.COMPUTE,
    budget_unit: str = Call.Unit.CREDITS,
    share_least: int | None = None,
    ask: str = "",
    gives: list[dict[str, Any]] | None = None,
    procedure: dict[str, Any] | None = None,
    stages: list[str] | None = None,
    sectors: list[str] | None = None,
    repeatable: bool = False,
    decisions: list[str] | None = None,
    example: bool = False,
) -> dict[str, Any]:
    """The fields of a call that works.  Raises: Invalid, with a sentence for each thing that does not.

    Without ``share_least`` each grant takes ``share_most``; without ``procedure`` the rules decide at once.
    """
    opens_at, closes_at = _moment(opens_at), _moment(closes_at)
    share_least = share_most if share_least is None else share_least
    if not is_storable([form, clauses, gives, procedure]):
        raise Invalid({"form": [_("It holds characters or numbers that cannot be kept.")]})
    parts = credits_only() if gives is None else gives
    whole = procedures.completed(procedure or {})
    errors = text_errors({"title": title, "summary": summary, "terms": terms})
    errors |= _name_errors(slug, tier)
    errors |= _kind_errors(kind, budget_unit, stages, sectors)
    if not SOONEST <= opens_at < closes_at <= LATEST:
        errors["closes_at"] = [_("The deadline lies before the opening, or in another century.")]
    errors |= _amount_errors(budget, share_least, share_most, gives_days)
    citations = _citations(decisions or [], errors)
    read = _read_clauses(form, clauses, errors)
    if "form" not in errors:
        errors |= _procedure_errors(whole, parts, form, ask, budget_unit)
    if errors:
        raise Invalid(errors)
    return {
        "kind": kind,
        "tier": tier.strip(),
        "stages": stages or [],
        "sectors": sectors or [],
        "title": Localised.of(title),
        "summary": Localised.of(summary),
        "terms": Localised.of(terms),
        "opens_at": opens_at,
        "closes_at": closes_at,
        "budget_unit": budget_unit,
        "budget": budget,
        "share_most": share_most,
        "share_least": share_least,
        "ask": ask,
        "gives_days": gives_days,
        "gives": parts,
        "procedure": whole,
        "procedure_fingerprint": procedures.fingerprint(whole, parts),
        "form": in_order(form),
        "clauses": clauses,
        "rules_fingerprint": engine.fingerprint(read),
        "repeatable": repeatable,
        "decisions": citations,
        "is_example": example,
    }


def _citations(references: list[str], errors: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Reference and title of each cited decision, as it is called now."""
    found = {reference: cited(reference) for reference in dict.fromkeys(references)}
    if unknown := [reference for reference, row in found.items() if row is None]:
        words = _("No committee has taken this decision: %(references)s.")
        errors["decisions"] = [words % {"references": ", ".join(unknown)}]
    if len(found) > MOST_DECISIONS:
        errors["decisions"] = [_("At most %(most)s decisions.") % {"most": MOST_DECISIONS}]
    return [{"reference": row.reference, "title": dict(row.title)} for row in found.values() if row]


def _amount_errors(budget: int, least: int, most: int, days: int) -> dict[str, list[str]]:
    errors = {}
    if not all(isinstance(amount, int) for amount in (budget, least, most)) or not (
        0 < least <= most <= budget <= LARGEST
    ):
        errors["budget"] = [_("The budget is enough for at least one grant of more than zero.")]
    if not isinstance(days, int) or not 0 < days <= LONGEST:
        errors["gives_days"] = [_("Between 1 and %(most)s days.") % {"most": LONGEST}]
    return errors


def seed(*, by: Actor, name: str) -> Call:
    """Write and open the example call of one blueprint and its pools; what is there stays as it is."""
    content = blueprint(name)
    parent = content.pop("programme")
    open_days = content.pop("open_days")
    save_programme(by=by, **parent)
    _open_example_pools(by, content.get("gives", []))
    if (call := Call.objects.filter(slug=content["slug"]).first()) is not None:
        return call
    today = timezone.localtime(clock.now()).replace(minute=0, second=0, microsecond=0)
    save_call(
        by=by,
        programme=parent["slug"],
        opens_at=today,
        closes_at=due_after(open_days),
        blueprint=name,
        blueprint_version=content.pop("version"),
        **content,
    )
    return open_call(by=by, slug=content["slug"])


def _open_example_pools(by: Actor, gives: list[dict[str, Any]]) -> None:
    """Open the pools that grants of an example claim, so that it works on a fresh hub."""
    for slug in [part["pool"] for part in gives if part["part"] == "capacity"]:
        content = pool_of_examples(slug)
        if content is not None and not Pool.objects.filter(slug=slug).exists():
            open_pool(by=by, slug=slug, is_example=True, **content)


def _moment(moment: dt.datetime) -> dt.datetime:
    """A moment without a zone is meant where the hub is."""
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def text_errors(texts: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    return {
        name: [
            _("Write it in Korean and in English, with at most %(most)s characters.") % {"most": LONGEST_TEXT}
        ]
        for name, text in texts.items()
        if not is_storable(text)
        or not all(0 < len(str(text.get(language, "")).strip()) <= LONGEST_TEXT for language in LANGUAGES)
    }


def _name_errors(slug: str, tier: str) -> dict[str, list[str]]:
    errors = {}
    if not SLUG.fullmatch(slug) or len(slug) > 60 or slug in RESERVED:
        errors["slug"] = [str(NOT_A_NAME)]
    if not tier.strip() or len(tier) > 20:
        errors["tier"] = [_("A short word for the size, such as TRY.")]
    return errors


def _kind_errors(
    kind: str, budget_unit: str, stages: list[str] | None, sectors: list[str] | None
) -> dict[str, list[str]]:
    choices = {
        "kind": ([kind], Call.Kind.values),
        "budget_unit": ([budget_unit], Call.Unit.values),
        "stages": (stages or [], Organisation.Stage.values),
        "sectors": (sectors or [], Organisation.Sector.values),
    }
    return {
        name: [_("Choose from: %(known)s.") % {"known": ", ".join(known)}]
        for name, (chosen, known) in choices.items()
        if any(code not in known for code in chosen)
    }


def _procedure_errors(
    procedure: Any, gives: list[dict[str, Any]], form: dict[str, Any], ask: str, unit: str
) -> dict[str, list[str]]:
    procedures.check_rubric(procedure)
    procedures.check_parts(gives)
    found = {
        "ask": procedures.ask_problems(form, ask),
        "gives": procedures.parts_problems(gives, form, ask, unit),
        "procedure": procedures.procedure_problems(procedure, vocabulary(form)),
    }
    agreement = procedure.get("agreement") if not found["procedure"] else None
    if agreement and (unknown := unknown_places(agreement["text"], form["properties"])):
        words = _("The agreement names what cannot be filled in: %(places)s.")
        found["procedure"] = [words % {"places": ", ".join(unknown)}]
    return {name: problems for name, problems in found.items() if problems}


def _check_rounds(
    programme: Programme,
    tier: str,
    slug: str,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    *,
    among: tuple[str, ...] = (Call.State.DRAFT, Call.State.OPEN),
) -> None:
    """Refuse a second round of the same programme and size that is not over when this one runs."""
    rounds = Call.objects.filter(
        programme=programme, tier=tier, opens_at__lt=closes_at, closes_at__gt=opens_at
    )
    other = rounds.filter(state__in=among).exclude(slug=slug).first()
    if other is not None:
        raise RoundsOverlap(call=str(other))


def _read_clauses(
    form: dict[str, Any], clauses: list[dict[str, Any]], errors: dict[str, list[str]]
) -> tuple[engine.Clause, ...]:
    if problems := form_problems(form):
        errors["form"] = problems
        return ()
    try:
        return engine.read_clauses(clauses, vocabulary(form))
    except engine.RulesInvalid as invalid:
        errors["clauses"] = [_sentence(problem) for problem in invalid.problems]
        return ()


def _sentence(problem: engine.Problem) -> str:
    text = RULE_PROBLEMS[problem.code] % ({"name": problem.clause} | dict(problem.facts))
    return f"{problem.clause}: {text}" if problem.clause else text
