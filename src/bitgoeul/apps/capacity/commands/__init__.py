"""Everything that changes a pool, a claim or a line."""

from bitgoeul.apps.capacity.commands.claims import (
    claim,
    claim_all,
    confirm_hold,
    expire_claim,
    hold,
    release_claim,
)
from bitgoeul.apps.capacity.commands.line import join_waiting_list, leave_waiting_list, offer_next
from bitgoeul.apps.capacity.commands.pools import (
    add_units,
    bring_unit_back,
    change_capacity,
    close_pool,
    open_pool,
    pause_pool,
    resume_pool,
    take_unit_out,
)
from bitgoeul.apps.capacity.commands.terms import prolong_claim

__all__ = [
    "add_units",
    "bring_unit_back",
    "change_capacity",
    "claim",
    "claim_all",
    "close_pool",
    "confirm_hold",
    "expire_claim",
    "hold",
    "join_waiting_list",
    "leave_waiting_list",
    "offer_next",
    "open_pool",
    "pause_pool",
    "prolong_claim",
    "release_claim",
    "resume_pool",
    "take_unit_out",
]
