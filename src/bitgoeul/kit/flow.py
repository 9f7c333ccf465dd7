"""State machines are arrows, moved in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from bitgoeul.kit.refusals import StateChanged


class Flow:
    """The allowed arrows between the states of one model."""

    def __init__(self, arrows: Mapping[Any, frozenset[Any]]) -> None:
        self.arrows = {str(start): frozenset(map(str, ends)) for start, ends in arrows.items()}

    def allows(self, row: models.Model, to: str) -> bool:
        return str(to) in self.arrows[row.state]  # type: ignore[attr-defined]

    def move(self, row: Any, to: str, **also: Any) -> None:
        """Move ``row`` to ``to``, setting the fields in ``also``, unless somebody moved it first.

        The WHERE clause is the lock: it works on every database and fails loudly instead of
        overwriting a decision made a moment ago.
        """
        to = str(to)
        if to not in self.arrows[row.state]:
            raise StateChanged(now=str(row.get_state_display()))
        changed = type(row)._default_manager.filter(pk=row.pk, state=row.state).update(state=to, **also)
        if not changed:
            row.refresh_from_db()
            raise StateChanged(now=str(row.get_state_display()))
        row.state = to
        for name, value in also.items():
            setattr(row, name, value)

    def mermaid(self) -> str:
        """The diagram for a README, printed from the same table."""
        lines = ["stateDiagram-v2"]
        for start, ends in self.arrows.items():
            lines += [f"  {start} --> {end}" for end in sorted(ends)] or [f"  {start} --> [*]"]
        return "\n".join(lines)
