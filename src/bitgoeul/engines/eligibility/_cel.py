"""The one place that touches the CEL library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import cel


class Unparsable(ValueError):
    """The text is not CEL."""


class FactMissing(LookupError):
    """The outcome depends on a fact that is not there."""


class Unanswerable(ValueError):
    """The rule has no answer for these facts, such as a division by zero."""


class OperandsDiffer(Unanswerable):
    """The rule applies an operator to values it does not exist for."""


@lru_cache(maxsize=1024)
def program(rule: str) -> cel.Program:
    try:
        return cel.compile(rule)
    except (ValueError, RuntimeError) as error:
        raise Unparsable(str(error)) from error


def execute(rule: str, known: Mapping[str, Any], groups: Iterable[str]) -> Any:
    """Evaluate a rule over facts by path.

    Every group exists in the context, so a fact that is absent is a missing key and not an unknown
    name; and CEL's ``||`` and ``&&`` pass over a missing side only when the other side decides.
    """
    context: dict[str, dict[str, Any]] = {group: {} for group in groups}
    for path, value in known.items():
        group, _, name = path.partition(".")
        context[group][name] = value
    try:
        return program(rule).execute(context)
    except KeyError as error:
        raise FactMissing(str(error)) from error
    except ArithmeticError as error:
        raise Unanswerable(str(error)) from error
    except (ValueError, TypeError, RuntimeError) as error:
        raise OperandsDiffer(str(error)) from error
