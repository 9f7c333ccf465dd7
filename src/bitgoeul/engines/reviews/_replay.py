"""Decide a call again under other rules, and see what would change. Nothing is written anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ._calibration import Fit, indistinguishable
from ._decision import Candidate, Decision, Rule, decide
from ._errors import BadRule
from ._exact import TRIM_FROM, Exact
from ._panel import Applicant, Panel, Scored


@dataclass(frozen=True)
class Settings:
    """Everything that can be turned.

    Attributes:
        rule:       cut, places, quotas, budget.
        weights:    criterion -> weight, for those that change; together still 100.
        trim_from:  see :meth:`Panel.scored`.
        calibrated: whether leniencies are subtracted.
        band:       confidence of the lottery band around the line (0.9); None for no band.
        floors:     whether floors are applied.
        prices:     amount -> price of one unit, in the unit of ``priced``; the sum replaces the amount
                    ``priced`` of every application. None leaves what was asked.
        priced:     the amount that prices give, for example "won".
    """

    rule: Rule = field(default_factory=Rule)
    weights: Mapping[str, Exact] | None = None
    trim_from: int | None = TRIM_FROM
    calibrated: bool = False
    band: float | None = None
    floors: bool = True
    prices: Mapping[str, int] | None = None
    priced: str = "won"


@dataclass(frozen=True)
class Share:
    """One region, or everybody: how many applied and won, and for how much in each amount."""

    applied: int
    won: int
    asked: dict[str, int]
    granted: dict[str, int]


@dataclass(frozen=True)
class Outcome:
    """A call as decided under some settings.

    Attributes:
        decision: winners, waiting order, refusals, who is to be drawn.
        scored:   every application, best first.
        band:     those who cannot be told apart from the line; empty without a band or if nobody waits.
        line:     the line around which the band lies; else that of the decision.
        total:    sums over all applications.
        regions:  region -> its share.
        fit:      the model of leniency, where there are reviews enough.
    """

    decision: Decision
    scored: tuple[Scored, ...]
    band: tuple[str, ...]
    line: Decimal | None
    total: Share
    regions: dict[str, Share]
    fit: Fit | None


@dataclass(frozen=True)
class Difference:
    """What another setting does: who wins more, who does not any more, each sorted by name."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    kept: int


def replay(panel: Panel, settings: Settings, *, lot: Sequence[str] | None = None) -> Outcome:
    """Decide the call of a panel under these settings.

    The band lies around the score of the last winner on an open place; its width counts the error of that
    score too. Where everybody who passes cut and floors wins, there is no line and no band.

    Args:
        lot: applications in the order drawn, for band and ties; best an order over all of them, so that it
             serves every setting. Without it ``decision.to_draw`` says between whom a lot is needed.
    Raises: BadRubric, BadRule, TooFewReviews (calibration or a band without reviews enough), LotMissing.
    """
    scored, fit = panel.scored(
        weights=settings.weights, trim_from=settings.trim_from, calibrated=settings.calibrated
    )
    amounts = [_priced(applicant, settings) for applicant in panel.applicants]
    candidates = [
        Candidate(
            application=line.application,
            score=line.score,
            ties=tuple(line.criteria[key] for key in panel.rubric.ties),
            below_floor=line.below_floor if settings.floors else (),
            groups=applicant.groups,
            amounts=asked,
        )
        for line, applicant, asked in zip(scored, panel.applicants, amounts, strict=True)
    ]
    first = decide(candidates, settings.rule)
    at = first.line
    band: tuple[str, ...] = ()
    if settings.band is not None and at is not None:
        band = _band(scored, first, fit, at, settings.band)
    if band or lot is not None:
        decision = decide(candidates, settings.rule, band=band, line=at if band else None, lot=lot)
    else:
        decision = first
    return Outcome(
        decision=decision,
        scored=tuple(sorted(scored, key=lambda line: (-line.score, line.application))),
        band=band,
        line=at,
        total=_share(zip(panel.applicants, amounts, strict=True), decision),
        regions=_regions(panel.applicants, amounts, decision),
        fit=fit,
    )


def difference(before: Outcome, after: Outcome) -> Difference:
    """Compare the winners of two outcomes."""
    old, new = before.decision.winners, after.decision.winners
    return Difference(tuple(sorted(new - old)), tuple(sorted(old - new)), len(old & new))


def _band(
    scored: Sequence[Scored], first: Decision, fit: Fit | None, line: Decimal, confidence: float
) -> tuple[str, ...]:
    running = {s.application: s for s in scored if s.application not in first.refused}
    errors = {name: s.error for name, s in running.items() if s.error is not None}
    if fit is None or len(errors) != len(running):
        raise BadRule("a band needs reviews enough to know the errors of scores")
    at_line = max(errors[name] for name, s in running.items() if s.score == line)
    return indistinguishable(
        {name: s.score for name, s in running.items()},
        errors,
        line=line,
        confidence=confidence,
        degrees_of_freedom=fit.degrees_of_freedom,
        line_error=at_line,
    )


def _priced(applicant: Applicant, settings: Settings) -> Mapping[str, int]:
    if settings.prices is None:
        return applicant.amounts
    price = sum(applicant.amounts.get(name, 0) * each for name, each in settings.prices.items())
    return {**applicant.amounts, settings.priced: price}


def _regions(
    applicants: Sequence[Applicant], amounts: Sequence[Mapping[str, int]], decision: Decision
) -> dict[str, Share]:
    by_region: dict[str, list[tuple[Applicant, Mapping[str, int]]]] = {}
    for applicant, asked in zip(applicants, amounts, strict=True):
        by_region.setdefault(applicant.region, []).append((applicant, asked))
    return {region: _share(by_region[region], decision) for region in sorted(by_region)}


def _share(lines: Iterable[tuple[Applicant, Mapping[str, int]]], decision: Decision) -> Share:
    asked: Counter[str] = Counter()
    granted: Counter[str] = Counter()
    applied = won = 0
    winners = decision.winners
    for applicant, amounts in lines:
        applied += 1
        asked.update(amounts)
        if applicant.application in winners:
            won += 1
            granted.update(amounts)
    return Share(applied, won, dict(sorted(asked.items())), dict(sorted(granted.items())))
