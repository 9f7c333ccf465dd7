"""Whether both books are true: credits and benefits."""

from __future__ import annotations

from bitgoeul.apps.credits.queries import benefits, transfers
from bitgoeul.apps.credits.queries.transfers import Discrepancy


def discrepancies() -> list[Discrepancy]:
    """Whatever the books say twice and not alike; an empty list when all is true."""
    return transfers.discrepancies() + benefits.discrepancies()
