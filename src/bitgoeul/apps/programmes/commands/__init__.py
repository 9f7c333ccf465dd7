"""Everything that changes programmes, calls and applications."""

from bitgoeul.apps.programmes.commands.applications import (
    accept_application,
    apply,
    refer_application,
    reject_application,
    save_answers,
    start_application,
    submit_application,
    withdraw_application,
)
from bitgoeul.apps.programmes.commands.calls import close_call, open_call, save_call, save_programme, seed

__all__ = [
    "accept_application",
    "apply",
    "close_call",
    "open_call",
    "refer_application",
    "reject_application",
    "save_answers",
    "save_call",
    "save_programme",
    "seed",
    "start_application",
    "submit_application",
    "withdraw_application",
]
