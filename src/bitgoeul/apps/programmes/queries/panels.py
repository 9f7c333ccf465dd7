"""The panel of a call: how far the reviews are, the ranking, and what other rules would decide.

Everything here is computed from rows and writes nothing; who would win is worked out by ``engines/reviews``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from bitgoeul.apps.programmes.errors import RubricNotHundred, TooFewForBand
from bitgoeul.apps.programmes.models import Application, Call, Draw, Panel, Review, Reviewer
from bitgoeul.apps.programmes.queries import draws, funding
from bitgoeul.apps.programmes.queries.amounts import in_words
from bitgoeul.apps.programmes.queries.deadlines import due_after
from bitgoeul.apps.programmes.queries.eligibility import vocabulary
from bitgoeul.engines import eligibility
from bitgoeul.engines import reviews as engine
from bitgoeul.engines.pricing import Finding
from bitgoeul.kit import clock
from bitgoeul.kit.refusals import Invalid, NotFound
from bitgoeul.kit.text import LANGUAGES, Localised

State = Application.State
AMOUNT = "amount"


def panel_of(call: Call) -> Panel | None:
    return Panel.objects.filter(call=call).first()


def calls_for_panels(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Calls that a panel decides, newest deadline first, with how many are in review."""
    return (
        with_a_panel(calls)
        .select_related("panel")
        .annotate(in_review=Count("applications", filter=Q(applications__state=State.IN_REVIEW)))
        .order_by("-closes_at")
    )


def with_a_panel(calls: QuerySet[Call]) -> QuerySet[Call]:
    return calls.filter(procedure__decision__in=["panel", "panel-lottery"])


def read_so_far(call: Call) -> QuerySet[Application]:
    """The applications in review, each with how many reviews stand and are submitted."""
    rows = call.applications.filter(state=State.IN_REVIEW).select_related("organisation")
    return rows.annotate(
        assigned=Count("reviews", filter=Q(reviews__state__in=Review.STANDING)),
        submitted=Count("reviews", filter=Q(reviews__state=Review.State.SUBMITTED)),
    ).order_by("submitted_at", "id")


@dataclass(frozen=True)
class Progress:
    """How far the reviews of a call are; ``wanted`` in all, ``missing`` to be submitted yet."""

    applications: int
    wanted: int
    assigned: int
    submitted: int
    missing: int

    @property
    def complete(self) -> bool:
        return self.applications > 0 and not self.missing


def progress(call: Call) -> Progress:
    each = int(call.procedure["rubric"]["reviews"])
    rows = list(read_so_far(call).values_list("assigned", "submitted"))  # type: ignore[misc]
    return Progress(
        applications=len(rows),
        wanted=each * len(rows),
        assigned=sum(assigned for assigned, _submitted in rows),
        submitted=sum(submitted for _assigned, submitted in rows),
        missing=sum(max(0, each - submitted) for _assigned, submitted in rows),
    )


def beside_in_review(call: Call) -> dict[str, list[Finding]]:
    """Application -> what other programmes give for the same, of those that the panel decides about."""
    rows = call.applications.filter(state=State.IN_REVIEW).only("public_id", "organisation", "call", "ask")
    return funding.found_among(call, list(rows))


# From rows to the engine


@dataclass(frozen=True)
class Board:
    """What a panel judges: the applications with their reviews, and in which order they were handed in."""

    call: Call
    rows: dict[str, dict[str, Any]]  # by public id, in the order in which they were handed in
    panel: engine.Panel
    budget: int

    @property
    def by_arrival(self) -> list[str]:
        """Between equal scores the application that was handed in first wins."""
        return list(self.rows)


KEPT = 8  # panels of calls that somebody looks at just now
_kept: OrderedDict[tuple[Any, ...], engine.Panel] = OrderedDict()


def board_to_look_at(call: Call) -> Board | None:
    """The board for a screen: while no review comes or goes, its marks are read once by this process."""
    panel = panel_of(call)
    submitted = Review.objects.filter(application__call=call, state=Review.State.SUBMITTED)
    counted = submitted.aggregate(count=Count("id"), last=Max("submitted_at"), highest=Max("id"))
    in_review = call.applications.filter(state=State.IN_REVIEW).count()
    decided_at = panel.decided_at if panel else None
    key = (call.slug, call.procedure_fingerprint, in_review, decided_at, *counted.values())
    if (judged := _kept.get(key)) is None:
        found = board(call)
        if found is None:
            return None
        _kept[key] = found.panel
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return found
    names = {applicant.application for applicant in judged.applicants}
    light = call.applications.filter(submitted_at__isnull=False).order_by("submitted_at", "id")
    rows = {row["public_id"]: dict(row) for row in light.values("public_id", "organisation__name")}
    return Board(call, {name: rows[name] for name in rows if name in names}, judged, _budget(call, panel))


def board_or_404(call: Call) -> Board:
    """The board for a screen, or a 404 that tells nothing."""
    there = board_to_look_at(call)
    if there is None:
        raise NotFound
    return there


def board(call: Call) -> Board | None:
    """What the panel of a call judges, or judged; None before anybody has submitted a review."""
    panel = panel_of(call)
    judged = _judged(call, set(panel.result.get("ranked", [])) if panel else set())
    names = dict(Reviewer.objects.values_list("pk", "public_id"))
    submitted = Review.objects.filter(application__call=call, state=Review.State.SUBMITTED)
    reviews = [
        engine.Review(judged[application]["public_id"], names[reviewer], marks)
        for application, reviewer, marks in submitted.order_by().values_list(
            "application_id", "reviewer_id", "marks"
        )
        if application in judged
    ]
    read = {review.application for review in reviews}
    if not read:
        return None
    rows = {row["public_id"]: row for row in judged.values() if row["public_id"] in read}
    earned = panel.bonuses if panel else {}
    rules = bonus_rules(call)
    applicants = [_applicant(call, row, earned.get(name), rules) for name, row in rows.items()]
    return Board(call, rows, engine.Panel(rubric_of(call), applicants, reviews), _budget(call, panel))


def _judged(call: Call, ranked: set[str]) -> dict[int, dict[str, Any]]:
    """What was decided stays what it was; before that, whoever is in review. In the order of handing in."""
    handed_in = call.applications.filter(submitted_at__isnull=False).order_by("submitted_at", "id")
    found = handed_in.values(
        "pk", "public_id", "organisation__name", "organisation__region", "ask", "facts", "answers", "state"
    )
    return {
        row["pk"]: dict(row)
        for row in found
        if (row["public_id"] in ranked if ranked else row["state"] == State.IN_REVIEW)
    }


def _budget(call: Call, panel: Panel | None) -> int:
    """What there was to give at the decision; before it, what is left."""
    return int(panel.result.get("budget", call.left)) if panel else call.left


def rubric_of(call: Call) -> engine.Rubric:
    """The rubric of a call as the engine reads it."""
    rubric = call.procedure["rubric"]
    return engine.Rubric(
        criteria=tuple(
            engine.Criterion(
                key=row["name"], weight=row["weight"], top=row["most"], floor=row.get("floor") or None
            )
            for row in rubric["criteria"]
        ),
        bonuses={row["name"]: row["points"] for row in rubric["bonus"]},
        bonus_cap=rubric["bonus_most"],
    )


@dataclass(frozen=True)
class BonusRules:
    """The rules that earn a bonus, as clauses of the eligibility engine."""

    names: list[str]
    clauses: tuple[eligibility.Clause, ...]
    vocabulary: eligibility.Vocabulary

    def earned_by(self, facts: dict[str, Any], answers: dict[str, Any]) -> list[str]:
        """The bonuses that frozen facts earn.  What is unknown earns nothing."""
        known = facts | {"answers": answers}
        outcomes = eligibility.assess(self.clauses, known, self.vocabulary)
        return [name for name, found in zip(self.names, outcomes, strict=True) if found.result == "pass"]


def bonus_rules(call: Call) -> BonusRules | None:
    rows = call.procedure["rubric"]["bonus"]
    if not rows:
        return None
    words, text = vocabulary(call.form), dict.fromkeys(LANGUAGES, "-")
    written = [
        {"name": f"bonus-{number}", "title": text, "rule": row["rule"], "passes": text, "fails": text}
        for number, row in enumerate(rows, 1)
    ]
    clauses = eligibility.read_clauses(written, words)
    return BonusRules([row["name"] for row in rows], clauses, words)


def _applicant(
    call: Call, row: dict[str, Any], earned: list[str] | None, rules: BonusRules | None
) -> engine.Applicant:
    if earned is None:
        earned = rules.earned_by(row["facts"], row["answers"]) if rules else []
    counted = {
        name: value
        for name, value in row["answers"].items()
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0 and name != AMOUNT
    }
    return engine.Applicant(
        application=row["public_id"],
        region=row["facts"].get("organisation", {}).get("region") or row["organisation__region"],
        groups=_groups(call, row),
        amounts=counted | {AMOUNT: row["ask"] or call.share_most},
        bonuses=frozenset(earned),
    )


def _groups(call: Call, row: dict[str, Any]) -> frozenset[str]:
    if (quota := call.procedure["quota"]) is None:
        return frozenset()
    group, _dot, name = quota["by"].partition(".")
    value = row["answers"].get(name) if group == "answers" else row["facts"].get(group, {}).get(name)
    return frozenset({str(value)} & set(quota["least"]))


def settings_of(call: Call, budget: int) -> engine.Settings:
    """The published rules of a call as the engine reads them."""
    procedure = call.procedure
    lottery = procedure["lottery"]
    if lottery and Draw.objects.filter(call=call, state=Draw.State.VOID).exists():
        lottery = None  # as published: without an order, scores decide alone
    return engine.Settings(
        rule=engine.Rule(
            cut=Decimal(procedure["cut"]) if procedure["cut"] else None,
            quotas=_quotas(call, budget, (procedure["quota"] or {}).get("least", {})),
            budget=budget,
            budget_of=AMOUNT,
            # As on the reserve list later: nobody is skipped.
            overrun=engine.Overrun.STOP,
        ),
        trim_from=engine.TRIM_FROM if procedure["rubric"]["aggregate"] == "trimmed" else None,
        band=float(lottery["confidence"]) if lottery else None,
        priced=AMOUNT,
    )


def _quotas(call: Call, budget: int, least: Mapping[str, int]) -> tuple[engine.Quota, ...]:
    """A share of the budget as kept places: so many of the largest grants fit into it."""
    return tuple(
        engine.Quota(value, budget * percent // 100 // call.share_most)
        for value, percent in sorted(least.items())
    )


def outcome(found: Board, settings: engine.Settings, lot: Sequence[str] | None = None) -> engine.Outcome:
    """Who wins under these settings.  Raises: TooFewForBand, Invalid."""
    if lot is None and settings.band is None:
        lot = found.by_arrival
    try:
        return engine.replay(found.panel, settings, lot=lot)
    except engine.TooFewReviews:
        raise TooFewForBand from None
    except engine.BadRule:
        if settings.band is not None:
            raise TooFewForBand from None
        raise Invalid({"set": [_("These settings contradict each other.")]}) from None
    except engine.ReviewError:
        raise Invalid({"set": [_("These settings contradict each other.")]}) from None


# The ranking


@dataclass(frozen=True)
class Line:
    """One application on the panel's screen; ``change``: places up (or down) if leniency were taken out."""

    application: str
    organisation: str
    place: int
    score: Decimal
    raw: Decimal
    trimmed: Decimal
    calibrated: Decimal | None
    change: int | None
    bonus: Decimal
    error: float | None
    amount: int
    standing: str  # "wins", "band", "waits", "floor", "cut"


@dataclass(frozen=True)
class Ranking:
    """Every application, best first, and the outcome of the published rules."""

    lines: list[Line]
    outcome: engine.Outcome
    settings: engine.Settings

    def count(self, standing: str) -> int:
        return sum(line.standing == standing for line in self.lines)


def ranking(found: Board, settings: engine.Settings, lot: Sequence[str] | None = None) -> Ranking:
    """Raw, trimmed and calibrated scores side by side, and where each application stands."""
    decided = outcome(found, settings, lot)
    score = {line.application: line.score for line in decided.scored}
    other = _scores(found, settings, trim_from=None if settings.trim_from else engine.TRIM_FROM)
    raw, trimmed = (other, score) if settings.trim_from else (score, other)
    try:
        calibrated = _scores(found, settings, trim_from=settings.trim_from, calibrated=True)
    except engine.TooFewReviews:
        calibrated = {}
    moved = {row.application: row for row in engine.rank_changes(score, calibrated or score)}
    amounts = {row.application: row.amounts for row in found.panel.applicants}
    standing = _standings(decided)
    lines = [
        Line(
            application=scored.application,
            organisation=found.rows[scored.application]["organisation__name"],
            place=moved[scored.application].before,
            score=scored.score,
            raw=raw[scored.application],
            trimmed=trimmed[scored.application],
            calibrated=calibrated.get(scored.application),
            change=moved[scored.application].before - moved[scored.application].after if calibrated else None,
            bonus=scored.bonus,
            error=scored.error,
            amount=amounts[scored.application][AMOUNT],
            standing=standing.get(scored.application, "waits"),
        )
        for scored in decided.scored
    ]
    return Ranking(lines, decided, settings)


def _scores(found: Board, settings: engine.Settings, **how: Any) -> dict[str, Decimal]:
    scored, _fit = found.panel.scored(weights=settings.weights, **how)
    return {line.application: line.score for line in scored}


def _standings(decided: engine.Outcome) -> dict[str, str]:
    """Application -> where it stands; who is absent waits."""
    decision = decided.decision
    refused = {name: ground.value for name, ground in decision.refused.items()}
    drawn = {name: "band" for names in decision.to_draw for name in names}
    return dict.fromkeys(decision.winners, "wins") | drawn | refused


def lot_of(found: Board) -> list[str] | None:
    """What decides between equals: the draw where the call has one, else who was handed in first.

    None while the draw of a call with a lottery is still to be held. A void draw gives no order.
    """
    if found.call.decision != "panel-lottery":
        return found.by_arrival
    draw = draws.draw_of(found.call)
    if draw is not None and draw.state == Draw.State.DRAWN:
        return draws.order_of(draw)
    return found.by_arrival if draw is not None and draw.state == Draw.State.VOID else None


def draw_digest(call: Call) -> str:
    """The fingerprint of the draw sheet that a decision rests on; empty without a draw."""
    draw = draws.draw_of(call) if call.decision == "panel-lottery" else None
    return draw.sheet_digest if draw is not None else ""


def may_appeal(application: Application) -> bool:
    """Whether an appeal against the panel's decision is in time: rejected by it, and not too long ago."""
    decision = getattr(application, "decision", None)
    call = application.call
    if decision is None or decision.accepted or not call.is_for_a_panel:
        return False
    if application.state != State.REJECTED or not call.procedure["appeal_days"]:
        return False
    judged = application.reviews.filter(state=Review.State.SUBMITTED).exists()
    return judged and clock.now() < appeal_ends_at(application)


def appeal_ends_at(application: Application) -> dt.datetime:
    """The end of the office day until which an appeal is taken."""
    return due_after(int(application.call.procedure["appeal_days"]), application.decision.at)


# Other rules


def overridden(found: Board, settings: engine.Settings, changes: Mapping[str, str]) -> engine.Settings:
    """The settings with some of them turned, as ``weights.impact=40``.  Raises: Invalid, RubricNotHundred.

    Weights that are not named share what is left in their old proportion.
    """
    call, rule = found.call, settings.rule
    weights: dict[str, int] = {}
    least = dict((call.procedure["quota"] or {}).get("least", {}))
    prices: dict[str, int] = {}
    budget = rule.budget or 0
    for name, text in changes.items():
        group, _dot, key = name.partition(".")
        if group == "weights" and key:
            weights[key] = _whole(name, text, most=100)
        elif group == "quota" and key:
            least[key] = _whole(name, text, most=100)
        elif group == "prices" and key:
            prices[key] = _whole(name, text, most=10**9)
        elif name == "cut":
            rule = dataclasses.replace(rule, cut=_cut(text))
        elif name == "places":
            rule = dataclasses.replace(rule, places=_whole(name, text, most=10**6))
        elif name == "budget":
            budget = _whole(name, text, most=10**12) * (1000 if call.budget_unit == Call.Unit.CREDITS else 1)
        elif name == "band":
            settings = dataclasses.replace(settings, band=_confidence(text))
        elif name == "aggregate" and text in ("mean", "trimmed"):
            trim = engine.TRIM_FROM if text == "trimmed" else None
            settings = dataclasses.replace(settings, trim_from=trim)
        elif name in ("calibrated", "floors") and text in ("yes", "no"):
            settings = (
                dataclasses.replace(settings, calibrated=text == "yes")
                if name == "calibrated"
                else dataclasses.replace(settings, floors=text == "yes")
            )
        else:
            raise Invalid({name[:60]: [_("This cannot be set, or not to this value.")]})
    try:
        rule = dataclasses.replace(rule, budget=budget, quotas=_quotas(call, budget, least))
    except engine.BadRule:
        raise Invalid({"quota": [_("These settings contradict each other.")]}) from None
    return dataclasses.replace(
        settings,
        rule=rule,
        weights=_weights(call, weights) if weights else None,
        prices=_prices(found, prices) if prices else None,
    )


def _whole(name: str, text: str, *, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:18]) > most:
        raise Invalid({name: [_("A whole number from 0 to %(most)s.") % {"most": most}]})
    return int(text)


def _cut(text: str) -> Decimal | None:
    return None if text == "none" else _decimal("cut", text, most=Decimal(200))


def _confidence(text: str) -> float | None:
    if text == "none":
        return None
    value = _decimal("band", text, most=Decimal(1))
    if not 0 < value < 1:
        raise Invalid({"band": [_("A confidence between 0 and 1, or none.")]})
    return float(value)


def _decimal(name: str, text: str, *, most: Decimal) -> Decimal:
    whole, _dot, rest = text.partition(".")
    plain = whole.isascii() and whole.isdigit() and (not rest or (rest.isascii() and rest.isdigit()))
    if not plain or len(text) > 8 or Decimal(text) > most:
        raise Invalid({name: [_("A number from 0 to %(most)s, with up to three decimals.") % {"most": most}]})
    return Decimal(text)


def _weights(call: Call, given: dict[str, int]) -> dict[str, Decimal]:
    """All weights, together 100: those that are not named share the rest, in hundredths of a point."""
    known = {row["name"]: row["weight"] for row in call.procedure["rubric"]["criteria"]}
    if unknown := set(given) - set(known):
        raise Invalid({f"weights.{min(unknown)[:40]}": [_("The rubric has no such criterion.")]})
    others = {name: weight for name, weight in known.items() if name not in given and weight}
    rest = 100 - sum(given.values())
    if rest < 0 or (rest and not others) or any(weight == 0 for weight in given.values()):
        raise RubricNotHundred(sum=sum(given.values()))
    if others and not rest:
        raise Invalid({"weights": [_("Leave something for the other criteria, or name all of them.")]})
    hundredths = {name: 100 * rest * weight // sum(others.values()) for name, weight in others.items()}
    if others:
        hundredths[max(others)] += 100 * rest - sum(hundredths.values())
    shared = {name: Decimal(value) / 100 for name, value in hundredths.items()}
    return {name: Decimal(weight) for name, weight in given.items()} | shared


def _prices(found: Board, prices: dict[str, int]) -> dict[str, int]:
    counted = {name for applicant in found.panel.applicants for name in applicant.amounts}
    if unknown := set(prices) - counted:
        raise Invalid({f"prices.{min(unknown)[:40]}": [_("No applicant is asked for this number.")]})
    return prices


@dataclass(frozen=True)
class Replay:
    """A call decided again under other rules.  Nothing was written."""

    board: Board
    before: engine.Outcome
    after: engine.Outcome
    settings: engine.Settings

    @property
    def difference(self) -> engine.Difference:
        return engine.difference(self.before, self.after)

    @property
    def weights(self) -> dict[str, Decimal]:
        """The weights that the replay used."""
        known = {
            row["name"]: Decimal(row["weight"]) for row in self.board.call.procedure["rubric"]["criteria"]
        }
        return known | {name: Decimal(str(value)) for name, value in (self.settings.weights or {}).items()}

    @property
    def named_weights(self) -> list[tuple[str, Decimal]]:
        """The weights with the titles of their criteria."""
        titles = {row["name"]: row["title"] for row in self.board.call.procedure["rubric"]["criteria"]}
        return [(str(Localised.of(titles[name])), weight) for name, weight in self.weights.items()]

    @property
    def drawn(self) -> int:
        """How many would have to be drawn."""
        return sum(map(len, self.after.decision.to_draw))

    @property
    def by_region(self) -> list[tuple[str, int, int, int]]:
        """Region, how many applied, how many win before and after; most applications first."""
        rows = [
            (name, share.applied, share.won, self.after.regions[name].won)
            for name, share in self.before.regions.items()
        ]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    @property
    def by_amount(self) -> list[tuple[str, str, str, str]]:
        """What is asked for and given, in words: the budget, and every number that the form asks."""
        call = self.board.call
        questions = call.form.get("properties", {})
        before, after = self.before.total, self.after.total
        rows = []
        for name, asked in before.asked.items():
            values = (asked, before.granted.get(name, 0), after.granted.get(name, 0))
            if name == AMOUNT:
                title = str(_("Budget"))
                wanted, then, now = (str(in_words(call, value)) for value in values)
            else:
                title = str(Localised.of(questions.get(name, {}).get("title", name)))
                wanted, then, now = (f"{value:,}" for value in values)
            rows.append((title, wanted, then, now))
        return rows

    def as_data(self) -> dict[str, Any]:
        changed = self.difference
        return {
            "call": self.board.call.slug,
            "unit": self.board.call.budget_unit,
            "weights": {name: str(weight) for name, weight in self.weights.items()},
            "before": _told(self.before),
            "after": _told(self.after),
            "gained": list(changed.gained),
            "lost": list(changed.lost),
            "kept": changed.kept,
        }


def _told(found: engine.Outcome) -> dict[str, Any]:
    decision = found.decision
    return {
        "winners": [award.application for award in decision.awards],
        "reserve": len(decision.waiting),
        "refused": len(decision.refused),
        "to_draw": [name for names in decision.to_draw for name in names],
        "line": None if found.line is None else str(found.line),
        "band": list(found.band),
        "left": decision.left,
        "total": dataclasses.asdict(found.total),
        "regions": {region: dataclasses.asdict(share) for region, share in found.regions.items()},
    }


def replayed(
    found: Board, changes: Mapping[str, str], proportions: Mapping[str, int] | None = None
) -> Replay:
    """Decide again with some rules turned; ``proportions`` of the weights may stand for the weights.

    The order that was drawn serves again; a band in a call that drew none stays to be drawn.
    """
    published, lot = settings_of(found.call, found.budget), lot_of(found)
    settings = overridden(found, published, changes)
    if proportions:
        settings = dataclasses.replace(settings, weights=_weights_in(found.call, proportions))
    before = outcome(found, published, lot)
    undrawn = settings.band is not None and found.call.decision != "panel-lottery"
    return Replay(found, before, outcome(found, settings, None if undrawn else lot), settings)


def _weights_in(call: Call, proportions: Mapping[str, int]) -> dict[str, Decimal]:
    """Weights of which only the proportions are given, in hundredths of a point, together 100."""
    known = [row["name"] for row in call.procedure["rubric"]["criteria"]]
    given = {name: max(1, proportions.get(name, 1)) for name in known}
    whole = sum(given.values())
    hundredths = {name: 10_000 * part // whole for name, part in given.items()}
    hundredths[max(known, key=lambda name: given[name])] += 10_000 - sum(hundredths.values())
    return {name: Decimal(value) / 100 for name, value in hundredths.items()}
