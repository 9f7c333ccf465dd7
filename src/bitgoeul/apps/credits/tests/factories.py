"""An organisation with credits, as other capabilities' tests need it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from bitgoeul.apps.credits.commands import grant_credits
from bitgoeul.apps.credits.models import Tranche
from bitgoeul.apps.people.models import Organisation
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

_number = itertools.count(1)


def make_tranche(organisation: Organisation, amount: int = 1_000_000, **fields: Any) -> Tranche:
    """A grant of 1,000 credits for a year from yesterday."""
    defaults = {
        "by": SYSTEM,
        "starts_at": clock.now() - dt.timedelta(days=1),
        "ends_at": clock.now() + dt.timedelta(days=365),
        "reference": f"grant:test-{next(_number)}",
        "source": "예시 공고",
    }
    return grant_credits(organisation=organisation, amount=amount, **defaults | fields)
