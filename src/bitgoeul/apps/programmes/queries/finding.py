"""What can I get?  Calls by need, stage and sector, and how an organisation stands before each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.models import Call
from bitgoeul.apps.programmes.queries.eligibility import assess, prefill

Kind = Call.Kind
# What people say they need -> the kinds of calls that give it.
NEEDS: dict[str, tuple[Promise, frozenset[str]]] = {
    "compute": (pgettext_lazy("need", "computing power"), frozenset({Kind.COMPUTE})),
    "data": (pgettext_lazy("need", "data"), frozenset({Kind.DATASET_ACCESS})),
    "place": (_("equipment or a room"), frozenset({Kind.EQUIPMENT, Kind.SPACE})),
    "start": (_("help with founding"), frozenset({Kind.INCUBATION, Kind.SPACE, Kind.FUND_IR})),
    "money": (
        _("money for research or investment"),
        frozenset({Kind.RND_VOUCHER, Kind.FUND_IR, Kind.INCENTIVE_PACKAGE, Kind.JOINT_RESEARCH}),
    ),
    "rules": (_("certificates and rules"), frozenset({Kind.CERTIFICATION_SUPPORT, Kind.SANDBOX_CASE})),
    "learn": (_("learning and research"), frozenset({Kind.ACADEMY, Kind.JOINT_RESEARCH})),
    "come": (_("coming to the cluster"), frozenset({Kind.ATTRACTION_MOU, Kind.INCENTIVE_PACKAGE})),
    "show": (_("showing and competing"), frozenset({Kind.EXHIBITOR, Kind.COMPETITION_ENTRY})),
}


def fitting(calls: Iterable[Call], need: str = "", stage: str = "", sector: str = "") -> list[Call]:
    """The calls for this need that are open to this stage and sector; an empty word asks nothing."""
    kinds = NEEDS[need][1] if need in NEEDS else None
    return [
        call
        for call in calls
        if (kinds is None or call.kind in kinds)
        and (not stage or not call.stages or stage in call.stages)
        and (not sector or not call.sectors or sector in call.sectors)
    ]


@dataclass(frozen=True)
class Found:
    """One call, and how the organisation stands before it: pass, fail, unknown, or nothing without one."""

    call: Call
    verdict: str


def standing(calls: Iterable[Call], organisation: Organisation | None) -> list[Found]:
    """Each call with its verdict; those that would pass come first, then those that are not sure yet."""
    found = [
        Found(call, assess(call, organisation, prefill(call, organisation)).verdict if organisation else "")
        for call in calls
    ]
    order = {"pass": 0, "unknown": 1, "fail": 2, "": 3}
    return sorted(found, key=lambda row: order[row.verdict])
