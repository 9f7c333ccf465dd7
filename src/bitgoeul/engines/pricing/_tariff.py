"""A price list: read from plain data, checked whole, frozen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

Row = TypeVar("Row")
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
MOST_WON = 10**13  # ten trillion won: room for every sum in 64 bits
MOST_MILLI_CREDITS = 10**9
MOST_ROWS = 200


class BadTariff(ValueError):
    """A price list that contradicts itself or says nothing: where, as a code, and the facts of the code."""

    def __init__(self, where: str, code: str, **facts: int) -> None:
        super().__init__(f"{where}: {code}")
        self.where = where
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Machine:
    """One kind of machine: what an hour of it costs in credits, what a month is worth and is paid in won."""

    name: str
    title: Mapping[str, str]
    hour_milli_credits: int
    list_won: int  # each month, on the market
    user_won: int  # each month, before any discount


@dataclass(frozen=True)
class Equipment:
    """One piece of demonstration equipment, paid by the hour, with a least number of hours."""

    name: str
    title: Mapping[str, str]
    hour_won: int
    min_hours: int


@dataclass(frozen=True)
class Discount:
    """What a group of users does not pay. Without regions and stages a person confirms who belongs to it."""

    name: str
    title: Mapping[str, str]
    percent: int
    regions: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    basis: Mapping[str, str] | None = None
    basis_on: date | None = None

    @property
    def is_confirmed_by_a_person(self) -> bool:
        return not self.regions and not self.stages

    def holds_for(self, *, region: str, stage: str) -> bool:
        """Tell from a company file whether this discount applies."""
        here = region.strip().casefold()
        return stage in self.stages or here in {known.strip().casefold() for known in self.regions}


@dataclass(frozen=True)
class Cancellation:
    """What is kept of a fee by how many days before the start it was cancelled."""

    steps: tuple[tuple[int, int], ...]  # (at least so many days before, percent), most days first, down to 0
    no_show_percent: int
    strikes: int
    stop_days: int

    def percent(self, days_before: int) -> int:
        """Return the percent that is kept; after the start it is what a no-show costs."""
        return next((kept for days, kept in self.steps if days_before >= days), self.no_show_percent)


@dataclass(frozen=True)
class Tariff:
    """One version of every price."""

    machines: Mapping[str, Machine]
    equipment: Mapping[str, Equipment]
    discounts: Mapping[str, Discount]
    operator_percent: int
    cancellation: Cancellation
    ceiling_percent: int
    basis: Mapping[str, str]
    basis_on: date

    @classmethod
    def of(cls, content: Any) -> Tariff:
        """Read a price list from JSON data.

        Raises: BadTariff with the first place that is wrong, such as ``machines.0.user_won``.
        """
        data = _Place("", content)
        tariff = cls(
            machines=data.rows("machines", _machine),
            equipment=data.rows("equipment", _equipment),
            discounts=data.rows("discounts", _discount),
            operator_percent=data.whole("operator_percent", most=1000),
            cancellation=_cancellation(data.part("cancellation")),
            ceiling_percent=data.whole("ceiling_percent", least=1, most=1000),
            basis=data.words("basis"),
            basis_on=data.day("basis_on"),
        )
        if not tariff.machines and not tariff.equipment:
            raise BadTariff("machines", "no-price")
        return tariff


class _Place:
    """A part of the data that knows where it stands."""

    def __init__(self, where: str, data: Any) -> None:
        if not isinstance(data, Mapping):
            raise BadTariff(where or "content", "object")
        self.where = where
        self.data = data

    def at(self, name: str | int) -> str:
        return f"{self.where}.{name}" if self.where else str(name)

    def part(self, name: str) -> _Place:
        return _Place(self.at(name), self.data.get(name))

    def whole(self, name: str, *, least: int = 0, most: int = MOST_WON) -> int:
        value = self.data.get(name)
        if type(value) is not int or not least <= value <= most:
            raise BadTariff(self.at(name), "whole", least=least, most=most)
        return value

    def words(self, name: str) -> dict[str, str]:
        value = self.data.get(name)
        if (
            not isinstance(value, Mapping)
            or set(value) - {"ko", "en"}
            or not all(isinstance(text, str) and len(text) <= 500 for text in value.values())
            or not all(value.get(language, "").strip() for language in ("ko", "en"))
        ):
            raise BadTariff(self.at(name), "words")
        return dict(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            raise BadTariff(self.at(name), "texts")
        return tuple(value)

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.data.get(name))  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise BadTariff(self.at(name), "day") from None

    def name(self) -> str:
        value = self.data.get("name")
        if not isinstance(value, str) or not NAME.fullmatch(value):
            raise BadTariff(self.at("name"), "name")
        return value

    def rows(self, name: str, read: Callable[[_Place], Row]) -> dict[str, Row]:
        value = self.data.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_ROWS:
            raise BadTariff(self.at(name), "list", most=MOST_ROWS)
        found: dict[str, Row] = {}
        for number, row in enumerate(value):
            place = _Place(f"{self.at(name)}.{number}", row)
            key = place.name()
            if key in found:
                raise BadTariff(place.at("name"), "twice")
            found[key] = read(place)
        return found


def _machine(place: _Place) -> Machine:
    machine = Machine(
        name=place.name(),
        title=place.words("title"),
        hour_milli_credits=place.whole("hour_milli_credits", least=1, most=MOST_MILLI_CREDITS),
        list_won=place.whole("list_won", least=1),
        user_won=place.whole("user_won"),
    )
    if machine.user_won > machine.list_won:
        raise BadTariff(place.at("user_won"), "user-above-list")
    return machine


def _equipment(place: _Place) -> Equipment:
    return Equipment(
        name=place.name(),
        title=place.words("title"),
        hour_won=place.whole("hour_won", least=1),
        min_hours=place.whole("min_hours", most=1000),
    )


def _discount(place: _Place) -> Discount:
    return Discount(
        name=place.name(),
        title=place.words("title"),
        percent=place.whole("percent", least=1, most=100),
        regions=place.texts("regions"),
        stages=place.texts("stages"),
        basis=place.words("basis"),
        basis_on=place.day("basis_on"),
    )


def _cancellation(place: _Place) -> Cancellation:
    steps = place.data.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise BadTariff(place.at("steps"), "list", most=MOST_ROWS)
    read = tuple(
        (step.whole("days", most=3650), step.whole("percent", most=100))
        for step in (_Place(f"{place.at('steps')}.{number}", step) for number, step in enumerate(steps))
    )
    days = [step[0] for step in read]
    kept = [step[1] for step in read]
    if not days or days[-1] != 0 or days != sorted(set(days), reverse=True):
        raise BadTariff(place.at("steps"), "days-fall")
    no_show = place.whole("no_show_percent", most=100)
    if kept != sorted(kept) or no_show < kept[-1]:
        raise BadTariff(place.at("steps"), "percents-rise")
    return Cancellation(
        steps=read,
        no_show_percent=no_show,
        strikes=place.whole("strikes", least=1, most=100),
        stop_days=place.whole("stop_days", most=3650),
    )


def hours_counted(equipment: Equipment, hours: Fraction) -> Fraction:
    """Return the hours that are paid for."""
    return max(hours, Fraction(equipment.min_hours))
