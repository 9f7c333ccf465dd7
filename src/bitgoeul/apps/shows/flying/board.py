"""The go/no-go board: which gates are open, passed or failed under a set of rules.  Writes nothing."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bitgoeul.apps.shows.models import Flight, Reading
from bitgoeul.kit import clock
from bitgoeul.kit.text import Localised

OPEN, PASSED, FAILED = "open", "passed", "failed"
STATE_KINDS = {OPEN: "wait", PASSED: "ok", FAILED: "stop"}


@cache
def rules() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(__file__).with_name("rules.json").read_text())
    return read


def rule_sets() -> list[tuple[str, Localised]]:
    """Key and title of each set of rules."""
    return [(key, Localised(one["title"])) for key, one in rules()["sets"].items()]


@dataclass(frozen=True)
class Gate:
    """One line of the board."""

    key: str
    kind: str  # computed, measure, confirm
    title: Localised
    state: str
    said: str  # what is known
    limit: str  # what is asked
    unit: str = ""
    reading: Reading | None = None

    @property
    def badge(self) -> str:
        return STATE_KINDS[self.state]

    @property
    def state_name(self) -> str:
        return {
            OPEN: pgettext("gate", "open"),
            PASSED: pgettext("gate", "passed"),
            FAILED: pgettext("gate", "failed"),
        }[self.state]


def seats_needed_m(rule: Mapping[str, Any], flight: Flight) -> float:
    """How far pads must be from seats: what the rules say, more for a large fleet at night."""
    large = rules()["large_at_night"]
    is_large = flight.is_night and flight.version.drones >= large["drones"]
    return float(max(rule["seats_m"], large["seats_m"]) if is_large else rule["seats_m"])


def staff_needed(rule: Mapping[str, Any], drones: int) -> int:
    return math.ceil(drones * rule["staff_per_1500"] / 1500)


def gates(flight: Flight, readings: Mapping[str, Reading], rule_set: str = "") -> list[Gate]:
    """Every gate of a flight under a set of rules, its own unless another is named."""
    rule = rules()["sets"][rule_set or flight.rules]
    lines = []
    for gate in rules()["gates"]:
        if gate["kind"] == "computed":
            lines.append(_computed(gate, flight, rule))
        elif gate["kind"] == "confirm":
            lines.append(_confirmed(gate, readings.get(gate["key"])))
        elif gate["key"] == "staff" or gate["limit"] in rule:
            lines.append(_measured(gate, readings.get(gate["key"]), rule, flight))
    return lines


def newest_readings(flight: Flight) -> dict[str, Reading]:
    """The reading that counts for each gate."""
    newest: dict[str, Reading] = {}
    for reading in flight.readings.all()[:500]:
        newest.setdefault(reading.gate, reading)
    return newest


def is_fresh(gate: Mapping[str, Any], reading: Reading) -> bool:
    return clock.now() - reading.at <= dt.timedelta(minutes=gate["fresh_min"])


def _line(gate: Mapping[str, Any], state: str, said: str, limit: str, reading: Reading | None = None) -> Gate:
    return Gate(
        gate["key"], gate["kind"], Localised(gate["title"]), state, said, limit, gate.get("unit", ""), reading
    )


def _confirmed(gate: Mapping[str, Any], reading: Reading | None) -> Gate:
    asked = _("confirmed within %(minutes)s min") % {"minutes": gate["fresh_min"]}
    if reading is None:
        return _line(gate, OPEN, "", asked)
    if reading.value == "no":
        return _line(gate, FAILED, _("no"), asked, reading)
    return _line(gate, PASSED if is_fresh(gate, reading) else OPEN, _("yes"), asked, reading)


def _measured(
    gate: Mapping[str, Any], reading: Reading | None, rule: Mapping[str, Any], flight: Flight
) -> Gate:
    limit = staff_needed(rule, flight.version.drones) if gate["key"] == "staff" else rule[gate["limit"]]
    at_most = gate["sense"] == "at_most"
    asked = f"{'≤' if at_most else '≥'} {limit:g} {gate['unit']}".strip()
    if reading is None:
        return _line(gate, OPEN, "", asked)
    value = float(reading.value)
    holds = value <= limit if at_most else value >= limit
    state = FAILED if not holds else PASSED if is_fresh(gate, reading) else OPEN
    return _line(gate, state, f"{value:g} {gate['unit']}".strip(), asked, reading)


def _bound(flight: Flight, name: str) -> dict[str, Any] | None:
    bounds = flight.version.certificate.get("bounds", [])
    return next((bound for bound in bounds if bound["name"] == name), None)


def _computed(gate: Mapping[str, Any], flight: Flight, rule: Mapping[str, Any]) -> Gate:
    return {
        "certified": _certified,
        "altitude": _altitude,
        "seats": _seats,
        "overhead": _overhead,
        "battery": _battery,
        "permit": _permit,
        "insurance": _insurance,
    }[gate["key"]](gate, flight, rule)


def _certified(gate: Mapping[str, Any], flight: Flight, _rule: Mapping[str, Any]) -> Gate:
    holds = flight.version.is_certified
    said = flight.version.digest[:12] if holds else str(flight.version.get_state_display())
    return _line(gate, PASSED if holds else FAILED, said, _("certified"))


def _altitude(gate: Mapping[str, Any], flight: Flight, rule: Mapping[str, Any]) -> Gate:
    bound, most = _bound(flight, "altitude"), rule["altitude_m"]
    if bound is None:
        return _line(gate, FAILED, _("unknown"), f"≤ {most} m")
    return _line(gate, PASSED if bound["value"] <= most else FAILED, f"{bound['value']:.1f} m", f"≤ {most} m")


def _seats(gate: Mapping[str, Any], flight: Flight, rule: Mapping[str, Any]) -> Gate:
    needed, found = seats_needed_m(rule, flight), flight.version.report.get("pads_to_audience_m")
    asked = f"≥ {needed:g} m"
    if found is None:
        return _line(gate, FAILED, _("no audience area in the storyboard"), asked)
    return _line(gate, PASSED if found >= needed else FAILED, f"{found:.1f} m", asked)


def _overhead(gate: Mapping[str, Any], flight: Flight, rule: Mapping[str, Any]) -> Gate:
    bound, asked = _bound(flight, "audience"), f"≥ {rule['seats_m']:g} m"
    if bound is None or bound.get("value") is None:
        return _line(gate, FAILED, _("no audience area in the storyboard"), asked)
    holds = bound["value"] >= rule["seats_m"]
    return _line(gate, PASSED if holds else FAILED, f"{bound['value']:.1f} m", asked)


def _battery(gate: Mapping[str, Any], flight: Flight, _rule: Mapping[str, Any]) -> Gate:
    energy = flight.version.report.get("energy")
    if not energy:
        return _line(gate, FAILED, _("unknown"), "")
    asked = f"≥ {energy['reserve']:.0%}"
    holds = energy["left_share"] >= energy["reserve"]
    return _line(gate, PASSED if holds else FAILED, f"{energy['left_share']:.0%}", asked)


def _permit(gate: Mapping[str, Any], flight: Flight, _rule: Mapping[str, Any]) -> Gate:
    approved = flight.permit == Flight.Permit.APPROVED
    said = flight.permit_number if approved else str(flight.get_permit_display())
    refused = flight.permit == Flight.Permit.REFUSED
    return _line(gate, PASSED if approved else FAILED if refused else OPEN, said, _("approved"))


def _insurance(gate: Mapping[str, Any], flight: Flight, _rule: Mapping[str, Any]) -> Gate:
    until = flight.insurance.get("until", "")
    last = (flight.backup_at or flight.starts_at).date().isoformat()
    asked = _("valid until %(day)s or later") % {"day": last}
    if not until:
        return _line(gate, OPEN, "", asked)
    return _line(gate, PASSED if until >= last else FAILED, until, asked)
