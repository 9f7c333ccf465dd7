"""The corner of every object: which facts tell of it, and whether they are sealed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bitgoeul.apps.record.models import Leaf
from bitgoeul.kit.models import Fact
from bitgoeul.site.shell import places


def proof_of(subject: str) -> dict[str, Any]:
    """How many facts name ``subject``, whether all are in the signed tree, and where to look at them."""
    count = Fact.objects.filter(subject=subject).count()
    sealed = count > 0 and Leaf.objects.filter(fact__subject=subject).count() == count
    here = any(path == "/record/" for path, _key, _word in places())
    return {
        "count": count,
        "sealed": sealed,
        "url": f"/record/?{urlencode({'subject': subject})}" if here else "",
    }
