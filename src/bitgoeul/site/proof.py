"""The corner of every object: which facts tell of it, and whether they are sealed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, Exists, OuterRef

from bitgoeul.apps.record.models import Leaf
from bitgoeul.kit.models import Fact
from bitgoeul.kit.standing import StandingQuery
from bitgoeul.site.shell import places

# How many facts name a subject, and how many of them are sealed.
_told: StandingQuery[tuple[int, int]] = StandingQuery(
    lambda subject: (
        Fact.objects.filter(subject=subject)
        .order_by()
        .values("subject")
        .annotate(
            count=Count("pk"), sealed=Count("pk", filter=Exists(Leaf.objects.filter(fact=OuterRef("pk"))))
        )
        .values_list("count", "sealed")
    ),
    subject=CharField(),
)


def proof_of(subject: str) -> dict[str, Any]:
    """How many facts name ``subject``, whether all are in the signed tree, and where to look at them."""
    count, sealed = _told.first(subject=subject) or (0, 0)
    here = any(path == "/record/" for path, _key, _word in places())
    return {
        "count": count,
        "sealed": 0 < count == sealed,
        "url": f"/record/?{urlencode({'subject': subject})}" if here else "",
    }
