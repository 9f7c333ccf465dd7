"""From applications to winners: who may read what, what the marks say, and who is in.

Each step is a pure function, so a call that was decided can be decided again, under the same rules or under
others, and its numbers explained to anybody who asks. Points are exact: floats stand only where a statistic
is estimated, and what is estimated is rounded before it touches a score.

Before:    :func:`find_conflicts` over :class:`Relation`; :func:`assign` finds who reads what, with its bound
Judging:   :class:`Rubric`, :class:`Criterion`, :func:`mean`, :func:`trimmed_mean`, :func:`exact`,
           :func:`rounded`
Panels:    :class:`Panel` of :class:`Applicant` and :class:`Review` gives :class:`Scored`
Trusting:  :func:`calibrate`, :func:`rank_changes`, :func:`indistinguishable`, :func:`student_quantile`
Deciding:  :class:`Rule`, :class:`Quota`, :class:`Candidate`, :func:`decide`, :func:`next_in_order`
Replaying: :class:`Settings`, :func:`replay`, :func:`difference`
Refusing:  :class:`ReviewError` and its children
"""

from ._assignment import BEST_AFFINITY, Assignment, assign
from ._calibration import (
    Calibration,
    Fit,
    Leniency,
    RankChange,
    calibrate,
    indistinguishable,
    rank_changes,
    student_quantile,
)
from ._decision import (
    Award,
    Candidate,
    Decision,
    Ground,
    Overrun,
    Quota,
    Rule,
    decide,
    next_in_order,
)
from ._errors import (
    BadMark,
    BadPanel,
    BadRelation,
    BadRubric,
    BadRule,
    LotMissing,
    NotExact,
    ReviewError,
    Shortage,
    TooFewReviews,
)
from ._exact import TRIM_FROM, Exact, exact, mean, rounded, trimmed_mean
from ._panel import Applicant, Panel, Review, Scored
from ._relations import DEFAULT_POLICY, Conflict, Policy, Relation, Tie, find_conflicts
from ._replay import Difference, Outcome, Settings, Share, difference, replay
from ._rubric import Criterion, Rubric

__all__ = [
    "BEST_AFFINITY",
    "DEFAULT_POLICY",
    "TRIM_FROM",
    "Applicant",
    "Assignment",
    "Award",
    "BadMark",
    "BadPanel",
    "BadRelation",
    "BadRubric",
    "BadRule",
    "Calibration",
    "Candidate",
    "Conflict",
    "Criterion",
    "Decision",
    "Difference",
    "Exact",
    "Fit",
    "Ground",
    "Leniency",
    "LotMissing",
    "NotExact",
    "Outcome",
    "Overrun",
    "Panel",
    "Policy",
    "Quota",
    "RankChange",
    "Relation",
    "Review",
    "ReviewError",
    "Rubric",
    "Rule",
    "Scored",
    "Settings",
    "Share",
    "Shortage",
    "Tie",
    "TooFewReviews",
    "assign",
    "calibrate",
    "decide",
    "difference",
    "exact",
    "find_conflicts",
    "indistinguishable",
    "mean",
    "next_in_order",
    "rank_changes",
    "replay",
    "rounded",
    "student_quantile",
    "trimmed_mean",
]
