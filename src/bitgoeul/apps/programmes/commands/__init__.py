"""Everything that changes programmes, calls and applications."""

from bitgoeul.apps.programmes.commands.applications import (
    apply,
    save_answers,
    start_application,
    submit_application,
    withdraw_application,
)
from bitgoeul.apps.programmes.commands.blueprints import (
    copy_blueprint,
    draft_from_blueprint,
    save_blueprint,
)
from bitgoeul.apps.programmes.commands.calls import close_call, open_call, save_call, save_programme, seed
from bitgoeul.apps.programmes.commands.cases import answer_case, open_case, submit_case
from bitgoeul.apps.programmes.commands.decisions import (
    accept_application,
    admit_application,
    decide,
    refer_application,
    reject_application,
    reserve_application,
    return_application,
)
from bitgoeul.apps.programmes.commands.offers import decline_offer, lapse_offer, take_offer

__all__ = [
    "accept_application",
    "admit_application",
    "answer_case",
    "apply",
    "close_call",
    "copy_blueprint",
    "decide",
    "decline_offer",
    "draft_from_blueprint",
    "lapse_offer",
    "open_call",
    "open_case",
    "refer_application",
    "reject_application",
    "reserve_application",
    "return_application",
    "save_answers",
    "save_blueprint",
    "save_call",
    "save_programme",
    "seed",
    "start_application",
    "submit_application",
    "submit_case",
    "take_offer",
    "withdraw_application",
]
