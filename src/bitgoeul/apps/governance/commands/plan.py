"""Writing the plan, publishing its versions, measuring its indicators."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bitgoeul.apps.governance import policies
from bitgoeul.apps.governance.commands._texts import decision_in_force, text_errors
from bitgoeul.apps.governance.errors import (
    BehindHistory,
    DraftExists,
    NoDraft,
    NothingChanged,
    NotMeasured,
)
from bitgoeul.apps.governance.events import (
    MeasurementRecorded,
    PlanBegun,
    PlanDiscarded,
    PlanNodeDropped,
    PlanNodeWritten,
    PlanPublished,
    PlanWritten,
)
from bitgoeul.apps.governance.models import Measurement, PlanVersion
from bitgoeul.apps.governance.models.plan import empty_tree
from bitgoeul.apps.governance.queries import plan as queries
from bitgoeul.apps.programmes.queries.answers import is_storable
from bitgoeul.engines import plans
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised

SUBJECT = "plan"

# Code of the engine's problem -> sentence with its facts.
PROBLEMS = {
    "shape": gettext_lazy("This is not a plan: an object with phases and strategies."),
    "too-many-nodes": gettext_lazy("A plan has at most %(most)s nodes."),
    "key": gettext_lazy("A key has small letters, digits and hyphens."),
    "key-twice": gettext_lazy("The key “%(key)s” is used twice."),
    "key-of-another-kind": gettext_lazy("The key “%(key)s” belongs to a node of another kind."),
    "no-parent": gettext_lazy("The plan has no node “%(key)s” to put it under."),
    "no-node": gettext_lazy("The plan has no node “%(key)s”."),
    "text": gettext_lazy("“%(name)s” is needed in Korean and English."),
    "phase-dates": gettext_lazy("A phase begins before it ends."),
    "phases-overlap": gettext_lazy("The phases “%(earlier)s” and “%(later)s” overlap."),
    "no-phase": gettext_lazy("The plan has no phase “%(key)s”."),
    "better": gettext_lazy("Say whether more or less is better."),
    "number": gettext_lazy("“%(name)s” is not a number."),
    "denominator": gettext_lazy("“%(name)s” needs a denominator that is not zero."),
    "as-of": gettext_lazy("“%(name)s” needs the day it was measured on."),
    "precision": gettext_lazy("A day is known to the day, the month or the year."),
    "target-twice": gettext_lazy("The phase “%(key)s” has two targets."),
}
LATEST = dt.date(2200, 1, 1)
EARLIEST = dt.date(1900, 1, 1)
LARGEST = Decimal(10) ** 17


@command
def begin_plan(*, by: Actor, carry_until: dt.date | None = None) -> PlanVersion:
    """Begin a new version from the newest one.

    With ``carry_until``, what each indicator was on that day becomes its baseline: the results of one
    phase are where the next begins.
    """
    require(policies.may_run(by))
    if queries.draft() is not None:
        raise DraftExists
    newest = queries.published().first()
    tree, carried = (newest.tree if newest else empty_tree()), 0
    if carry_until is not None:
        baselines = _baselines(tree, carry_until)
        tree, carried = plans.with_baselines(tree, baselines), len(baselines)
    draft, new = PlanVersion.objects.get_or_create(state=PlanVersion.State.DRAFT, defaults={"tree": tree})
    if not new:  # somebody else began a moment ago
        raise DraftExists
    record(PlanBegun(based_on=newest.number or 0 if newest else 0, baselines=carried), by=by, subject=SUBJECT)
    return draft


def _baselines(tree: plans.Tree, until: dt.date) -> dict[str, dict[str, Any]]:
    latest = queries.latest_measurements(until)
    return {
        node.key: _as_baseline(latest[node.key])
        for node in plans.nodes(tree)
        if node.kind == "indicator" and node.key in latest
    }


def _as_baseline(row: Measurement) -> dict[str, Any]:
    below = {"denominator": plain(row.denominator)} if row.denominator is not None else {}
    roughly = {"precision": row.precision} if row.precision != "day" else {}
    return {
        "numerator": plain(row.numerator),
        **below,
        "as_of": row.as_of.isoformat(),
        **roughly,
        "source": dict(row.source),
        "url": row.url,
        "example": row.is_example,
    }


def plain(value: Decimal) -> str:
    """A decimal as people write it: 2207.000000 -> 2207.

    >>> plain(Decimal("2207.000000")), plain(Decimal("0.760000")), plain(Decimal("100"))
    ('2207', '0.76', '100')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@command
def write_node(*, by: Actor, kind: plans.Kind, node: dict[str, Any], parent: str = "") -> PlanVersion:
    """Put a phase, strategy, task or indicator into the draft, or change the one with its key."""
    require(policies.may_run(by))
    draft = _draft()
    if not is_storable(node) or kind not in plans.KINDS:
        raise Invalid({"key": [_("It holds characters or numbers that cannot be kept.")]})
    try:
        tree = plans.put(draft.tree, kind, node, parent=parent)
    except plans.TreeInvalid as invalid:
        raise Invalid({"key": [_sentence(invalid.problem)]}) from None
    if tree == draft.tree:
        unchanged()
        return draft
    _keep(draft, tree)
    record(PlanNodeWritten(kind=kind, key=node["key"], parent=parent), by=by, subject=SUBJECT)
    return draft


@command
def drop_node(*, by: Actor, key: str) -> PlanVersion:
    """Take a node, and whatever is under it, out of the draft."""
    require(policies.may_run(by))
    draft = _draft()
    try:
        tree = plans.drop(draft.tree, key)
    except plans.TreeInvalid as invalid:
        raise Invalid({"key": [_sentence(invalid.problem)]}) from None
    _keep(draft, tree)
    record(PlanNodeDropped(key=key), by=by, subject=SUBJECT)
    return draft


@command
def write_plan(*, by: Actor, tree: dict[str, Any]) -> PlanVersion:
    """Write the whole tree of the draft at once, as it was exported or made elsewhere."""
    require(policies.may_run(by))
    draft = _draft()
    if not is_storable(tree):
        raise Invalid({"tree": [_("It holds characters or numbers that cannot be kept.")]})
    if tree == draft.tree:
        unchanged()
        return draft
    _keep(draft, tree)
    count = sum(1 for _node in plans.nodes(tree))
    record(PlanWritten(fingerprint=plans.fingerprint(tree), nodes=count), by=by, subject=SUBJECT)
    return draft


@command
def discard_plan(*, by: Actor) -> PlanVersion:
    """Throw the draft away."""
    require(policies.may_run(by))
    draft = _draft()
    newest = queries.published().first()
    PlanVersion.FLOW.move(draft, PlanVersion.State.DISCARDED)
    record(PlanDiscarded(based_on=newest.number or 0 if newest else 0), by=by, subject=SUBJECT)
    return draft


@command
def publish_plan(
    *, by: Actor, effective_from: dt.date, reason: dict[str, str], decision: str = ""
) -> PlanVersion:
    """Let the draft stand from a day on.  It never reaches behind the beginning of the version before."""
    require(policies.may_run(by))
    draft = _draft()
    errors = text_errors(2_000, reason=reason)
    if not EARLIEST <= effective_from <= LATEST:
        errors["effective_from"] = [_("This day lies in another century.")]
    if not draft.tree["strategies"]:
        errors["tree"] = [_("A plan needs at least one strategy.")]
    if errors:
        raise Invalid(errors)
    if decision:
        decision_in_force(decision)
    newest = queries.published().select_for_update().first()
    changes = plans.diff(newest.tree if newest else plans.EMPTY, draft.tree)
    if newest is not None and newest.effective_from is not None:
        if effective_from <= newest.effective_from:
            raise BehindHistory(
                asked=effective_from.isoformat(),
                number=newest.number,
                began=newest.effective_from.isoformat(),
            )
        if not changes:
            raise NothingChanged(number=newest.number)
    PlanVersion.FLOW.move(
        draft,
        PlanVersion.State.PUBLISHED,
        number=(newest.number or 0 if newest else 0) + 1,
        effective_from=effective_from,
        reason=Localised.of(reason),
        decision=decision,
        fingerprint=plans.fingerprint(draft.tree),
        previous=newest.fingerprint if newest else "",
        published_at=clock.now(),
    )
    kinds = [change.kind for change in changes]
    record(
        PlanPublished(
            number=draft.number or 0,
            effective_from=effective_from.isoformat(),
            fingerprint=draft.fingerprint,
            previous=draft.previous,
            added=kinds.count("added"),
            removed=kinds.count("removed"),
            changed=kinds.count("changed") + kinds.count("moved"),
            decision=decision,
            reason=dict(Localised.of(reason)),
        ),
        by=by,
        subject=SUBJECT,
    )
    return draft


@command
def record_measurement(
    *,
    by: Actor,
    indicator: str,
    numerator: str,
    as_of: dt.date,
    source: dict[str, str],
    precision: plans.Precision = "day",
    denominator: str = "",
    url: str = "",
    automatic: bool = False,
    example: bool = False,
) -> Measurement:
    """Write down what an indicator was at a time, with its source.  Earlier figures stay.

    A source that names a month or a year only is no source for a day: ``precision`` says what it names.
    """
    require(policies.may_run(by))
    node = _measured_node(indicator)
    errors = text_errors(500, source=source)
    above, below = _read(numerator), _read(denominator) if denominator else None
    if above is None:
        errors["numerator"] = [_("Write a number with at most six decimals.")]
    if bool(node.content.get("denominator")) != (below is not None) or below == 0:
        errors["denominator"] = [_("Needed where the indicator is a share, and only there; it is not zero.")]
    if precision not in plans.PRECISIONS:
        errors["precision"] = [str(PROBLEMS["precision"])]
    elif not EARLIEST <= (as_of := plans.last_day(as_of, precision)) <= queries.today():
        errors["as_of"] = [_("Figures are of days, months and years that are over.")]
    if url and (not url.startswith(("https://", "http://")) or len(url) > 500 or not is_storable(url)):
        errors["url"] = [_("An address begins with https://.")]
    if errors or above is None:
        raise Invalid(errors)
    fields = {
        "numerator": above,
        "denominator": below,
        "as_of": as_of,
        "precision": precision,
        "source": Localised.of(source),
    }
    held = Measurement.objects.filter(indicator=indicator, as_of=as_of).last()
    if held is not None and all(getattr(held, name) == value for name, value in fields.items()):
        unchanged()
        return held
    row = Measurement.objects.create(
        indicator=indicator, url=url, automatic=automatic, is_example=example, **fields
    )
    record(
        MeasurementRecorded(
            indicator=indicator,
            numerator=plain(above),
            denominator=plain(below) if below is not None else "",
            as_of=as_of.isoformat(),
            source=dict(Localised.of(source)),
            url=url,
            automatic=automatic,
            example=example,
            precision=precision,
        ),
        by=by,
        subject=f"indicator:{indicator}",
    )
    return row


def _measured_node(indicator: str) -> plans.Node:
    """The indicator as the newest version that names it has it: results may come in after it was dropped."""
    for version in queries.published():
        if node := queries.node_of(version.tree, "indicator", indicator):
            return node
    raise NotMeasured(indicator=indicator)


def _read(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) >= LARGEST:
        return None
    return value if value == round(value, 6) else None


def _draft() -> PlanVersion:
    draft = PlanVersion.objects.select_for_update().filter(state=PlanVersion.State.DRAFT).first()
    if draft is None:
        raise NoDraft
    return draft


def _keep(draft: PlanVersion, tree: dict[str, Any]) -> None:
    problems = plans.problems(tree)
    if problems:
        raise Invalid({"key": [_sentence(problem) for problem in problems[:10]]})
    draft.tree = tree
    draft.save(update_fields=["tree"])


def _sentence(problem: plans.Problem) -> str:
    text = str(PROBLEMS[problem.code]) % (dict(problem.facts) or {})
    return f"{problem.at}: {text}" if problem.at else text
