"""What is left, where it went, what it was worth, and whether the books are true."""

from bitgoeul.apps.credits.queries import benefits as benefits
from bitgoeul.apps.credits.queries import prices as prices
from bitgoeul.apps.credits.queries.books import discrepancies
from bitgoeul.apps.credits.queries.transfers import (
    Balance,
    Discrepancy,
    Line,
    Standing,
    Statement,
    TrancheSeen,
    balance,
    expiry_reference,
    has_open_holds,
    holds_seen_by,
    line_of,
    organisations_seen_by,
    standing,
    statement,
    tranches,
    tranches_to_expire,
    tranches_with_state,
    transfers,
    transfers_seen_by,
)

__all__ = [
    "Balance",
    "Discrepancy",
    "Line",
    "Standing",
    "Statement",
    "TrancheSeen",
    "balance",
    "benefits",
    "discrepancies",
    "expiry_reference",
    "has_open_holds",
    "holds_seen_by",
    "line_of",
    "organisations_seen_by",
    "prices",
    "standing",
    "statement",
    "tranches",
    "tranches_to_expire",
    "tranches_with_state",
    "transfers",
    "transfers_seen_by",
]
