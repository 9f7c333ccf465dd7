"""The only upward wiring: which facts are delivered to whom, and what runs by the clock.

Handlers take the fact, run in the worker, and tolerate repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitgoeul.kit.facts import Event
from bitgoeul.kit.models import Fact

SUBSCRIPTIONS: dict[type[Event], list[Callable[[Fact], Any]]] = {}

PERIODIC: list[tuple[float, Callable[[], Any]]] = []
