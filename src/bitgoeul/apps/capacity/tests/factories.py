"""A pool, as other capabilities' tests need it."""

from __future__ import annotations

import itertools
from typing import Any

from bitgoeul.apps.capacity.commands import open_pool
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.kit.actor import SYSTEM

_number = itertools.count(1)


def make_pool(capacity: int | None = 10, **fields: Any) -> Pool:
    """Ten GPUs that anybody may see and operators give out."""
    serial = next(_number)
    defaults: dict[str, Any] = {
        "by": SYSTEM,
        "slug": f"pool-{serial}",
        "title": {"ko": f"예시 GPU {serial}", "en": f"Example GPUs {serial}"},
        "unit": {"ko": "GPU", "en": "GPU"},
        "kind": Pool.Kind.COMPUTE,
    }
    if "numbered_units" not in fields:
        defaults["capacity"] = capacity
    return open_pool(**defaults | fields)
