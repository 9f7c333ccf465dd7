"""An organisation with credits, prices and benefits, as other capabilities' tests need it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from bitgoeul.apps.credits.commands import (
    edit_tariff,
    grant_credits,
    post_benefit,
    publish_tariff,
    start_tariff,
)
from bitgoeul.apps.credits.models import Benefit, Tariff, Tranche
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


def make_tariff(valid_from: dt.date | None = None, **changes: Any) -> Tariff:
    """The example prices, published from today or another day; ``changes`` replace parts of the content."""
    draft = start_tariff(by=SYSTEM)
    edit_tariff(
        by=SYSTEM,
        number=draft.number,
        title=dict(draft.title),
        valid_from=valid_from or draft.valid_from,
        content=draft.content | changes,
        example=True,
    )
    return publish_tariff(by=SYSTEM, number=draft.number)


def make_benefit(organisation: Organisation, **fields: Any) -> Benefit:
    """8 H100 for three months of 2026, half the price for a firm in Gwangju."""
    defaults = {
        "by": SYSTEM,
        "reference": f"benefit:test-{next(_number)}",
        "programme": "compute-large",
        "item": "compute",
        "list_won": 72_000_000,
        "paid_won": 1_200_000,
        "legal_basis": {"ko": "예시 규정 제3조 (2026-01-01)", "en": "Example rule, article 3 (2026-01-01)"},
        "starts_on": dt.date(2026, 5, 1),
        "ends_on": dt.date(2026, 7, 31),
    }
    return post_benefit(organisation=organisation, **defaults | fields)
