"""Everything that changes programmes, calls and applications."""

from bitgoeul.apps.programmes.commands.activation import activate_grant, follow_claim, hand_over_part
from bitgoeul.apps.programmes.commands.agreements import offer_agreement, sign_agreement
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
from bitgoeul.apps.programmes.commands.changes import ask_change, decide_change, withdraw_change
from bitgoeul.apps.programmes.commands.decisions import (
    accept_application,
    admit_application,
    decide,
    refer_application,
    reject_application,
    reserve_application,
    return_application,
)
from bitgoeul.apps.programmes.commands.elsewhere import confirm_part, return_part
from bitgoeul.apps.programmes.commands.endings import (
    close_condition,
    end_grant,
    expire_agreement,
    resume_grant,
    set_condition,
    suspend_grant,
)
from bitgoeul.apps.programmes.commands.offers import decline_offer, lapse_offer, take_offer
from bitgoeul.apps.programmes.commands.reclaim import (
    apply_rule,
    contest_reclaim,
    decide_contest,
    record_use,
    take_back,
)
from bitgoeul.apps.programmes.commands.reports import (
    add_evidence,
    hand_in_report,
    make_pledge,
    remind_of_report,
    report_pledge,
    return_report,
    verify_pledge,
    verify_report,
)

__all__ = [
    "accept_application",
    "activate_grant",
    "add_evidence",
    "admit_application",
    "answer_case",
    "apply",
    "apply_rule",
    "ask_change",
    "close_call",
    "close_condition",
    "confirm_part",
    "contest_reclaim",
    "copy_blueprint",
    "decide",
    "decide_change",
    "decide_contest",
    "decline_offer",
    "draft_from_blueprint",
    "end_grant",
    "expire_agreement",
    "follow_claim",
    "hand_in_report",
    "hand_over_part",
    "lapse_offer",
    "make_pledge",
    "offer_agreement",
    "open_call",
    "open_case",
    "record_use",
    "refer_application",
    "reject_application",
    "remind_of_report",
    "report_pledge",
    "reserve_application",
    "resume_grant",
    "return_application",
    "return_part",
    "return_report",
    "save_answers",
    "save_blueprint",
    "save_call",
    "save_programme",
    "seed",
    "set_condition",
    "sign_agreement",
    "start_application",
    "submit_application",
    "submit_case",
    "suspend_grant",
    "take_back",
    "take_offer",
    "verify_pledge",
    "verify_report",
    "withdraw_application",
    "withdraw_change",
]
