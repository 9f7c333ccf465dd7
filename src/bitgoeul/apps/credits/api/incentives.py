"""Incentives by dated rules.  Estimates only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Field, Schema

from bitgoeul.apps.credits.api.routes import router
from bitgoeul.apps.credits.queries import prices as queries
from bitgoeul.engines import pricing


class AskedOut(Schema):
    name: str
    title: dict[str, str]
    least: int
    most: int
    default: int | None


class RuleOut(Schema):
    name: str
    title: dict[str, str]
    law: dict[str, str]
    note: dict[str, str]
    starts_on: dt.date
    ends_on: dt.date | None
    example: bool
    asks: list[AskedOut]


class EstimateIn(Schema):
    on: dt.date
    amounts: dict[str, int] = Field(default_factory=dict)


class StepOut(Schema):
    base_won: int
    percent: str
    won: int
    is_cap: bool


class EstimateOut(Schema):
    rule: str
    law: dict[str, str]
    on: dt.date
    currency: str = "KRW"
    estimate_only: bool = True
    won: int
    steps: list[StepOut]


def rule_of(rule: pricing.Rule) -> dict[str, Any]:
    return vars(rule) | {"example": rule.is_example, "asks": [vars(asked) for asked in rule.asks]}


def estimate_of(found: pricing.Estimate) -> dict[str, Any]:
    return {
        "rule": found.rule.name,
        "law": dict(found.rule.law),
        "on": found.on,
        "currency": "KRW",
        "estimate_only": True,
        "won": found.won,
        "steps": [vars(step) | {"percent": str(step.percent)} for step in found.steps],
    }


@router.get("/incentives", response=list[RuleOut], summary="Rules of incentives, with their text and days")
def rules(request: HttpRequest) -> list[dict[str, Any]]:
    return [rule_of(rule) for rule in pricing.RULES.values()]


@router.post("/incentives/{rule}", response=EstimateOut, summary="Estimate an incentive; nothing is written")
def estimate(request: HttpRequest, rule: str, payload: EstimateIn) -> dict[str, Any]:
    return estimate_of(queries.incentive(rule, payload.amounts, payload.on))
