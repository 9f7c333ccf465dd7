"""Everything that writes: credits, price lists, benefits."""

from bitgoeul.apps.credits.commands.benefits import post_benefit, reverse_benefit
from bitgoeul.apps.credits.commands.prices import (
    agree_price,
    drop_tariff,
    edit_tariff,
    publish_tariff,
    start_tariff,
)
from bitgoeul.apps.credits.commands.terms import prolong_tranche
from bitgoeul.apps.credits.commands.transfers import (
    LARGEST,
    announce_level,
    expire_tranche,
    grant_credits,
    hold_credits,
    release_hold,
    reverse_transfer,
    settle_hold,
    spend_credits,
    subject_of,
)

__all__ = [
    "LARGEST",
    "agree_price",
    "announce_level",
    "drop_tariff",
    "edit_tariff",
    "expire_tranche",
    "grant_credits",
    "hold_credits",
    "post_benefit",
    "prolong_tranche",
    "publish_tariff",
    "release_hold",
    "reverse_benefit",
    "reverse_transfer",
    "settle_hold",
    "spend_credits",
    "start_tariff",
    "subject_of",
]
