"""Services that could answer, with an organisation that can pay."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from bitgoeul.apps.credits.commands import grant_credits
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.apps.registry.tests.factories import make_version
from bitgoeul.apps.services.commands import deploy_service
from bitgoeul.apps.services.models import Price, Service
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM

_serial = itertools.count(1)


def give_credits(organisation: Organisation, amount: int) -> None:
    now = clock.now()
    grant_credits(
        by=SYSTEM,
        organisation=organisation,
        amount=amount,
        starts_at=now - dt.timedelta(hours=1),
        ends_at=now + dt.timedelta(days=30),
        reference=f"test:{next(_serial)}",
        source="test",
    )


def make_service(
    folder: Any, organisation: Organisation | None = None, *, credits: int = 100_000, **changes: Any
) -> Service:
    """A service that waits for its process; ``folder`` is a temporary folder."""
    organisation = organisation or make_organisation(make_person())
    give_credits(organisation, credits)
    # A test whose transactions are real empties every table at its end, the example price included.
    if not Price.objects.exists():
        Price.objects.create(
            per_thousand=500, starts_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), is_example=True
        )
    version = make_version(folder, organisation)
    given = {
        "slug": f"rides-{next(_serial)}",
        "title": {"ko": "늦는 버스", "en": "Late buses"},
        "description": {"ko": "버스가 늦을지 알려 줍니다.", "en": "Tells whether a bus will be late."},
    }
    return deploy_service(by=SYSTEM, model_version=str(version), **(given | changes))


def question(**changes: Any) -> dict[str, Any]:
    """A good inference request for the small model, two rows."""
    tensors = {
        "rain": {"name": "rain", "datatype": "FP32", "shape": [2, 1], "data": [0.0, 30.5]},
        "stop": {"name": "stop", "datatype": "BYTES", "shape": [2, 1], "data": ["역전", "시청"]},
        "hour": {"name": "hour", "datatype": "INT64", "shape": [2, 1], "data": [3, 8]},
    }
    for name, change in changes.items():
        tensors[name] = tensors[name] | change
    return {"inputs": list(tensors.values())}
