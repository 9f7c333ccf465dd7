"""The only upward wiring: which facts are delivered to whom, and what runs by the clock.

Handlers take the fact, run in the worker, and tolerate repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bitgoeul.apps.capacity import tasks as capacity_tasks
from bitgoeul.apps.capacity.events import (
    ClaimExpired,
    ClaimReleased,
    HoldConfirmed,
    PlaceOffered,
    SeveralReleased,
)
from bitgoeul.apps.compute import tasks as compute_tasks
from bitgoeul.apps.compute.events import JobFailed, JobSucceeded
from bitgoeul.apps.credits import tasks as credits_tasks
from bitgoeul.apps.credits.events import CreditsExhausted, CreditsRunningLow
from bitgoeul.apps.governance import tasks as governance_tasks
from bitgoeul.apps.governance.events import (
    ActionAssigned,
    ActionMoved,
    MeetingCancelled,
    MeetingConvened,
    MinutesPublished,
)
from bitgoeul.apps.lake import tasks as lake_tasks
from bitgoeul.apps.lake.events import (
    AccessEnded,
    AccessGiven,
    PublicationFailed,
    PublicationRetried,
    QuerySaved,
    VersionPublished,
    VersionSubmitted,
)
from bitgoeul.apps.notices import tasks as notices_tasks
from bitgoeul.apps.notices.events import NoticeSent
from bitgoeul.apps.people import tasks as people_tasks
from bitgoeul.apps.people.events import MemberInvited, PersonErased
from bitgoeul.apps.programmes import tasks as programmes_tasks
from bitgoeul.apps.programmes.events.applications import (
    ApplicationAccepted,
    ApplicationAdmitted,
    ApplicationOffered,
    ApplicationReferred,
    ApplicationRejected,
    ApplicationReserved,
    ApplicationReturned,
    OfferLapsed,
)
from bitgoeul.apps.programmes.events.grants import (
    AgreementExpired,
    AgreementOffered,
    ChangeAsked,
    ChangeDecided,
    ClaimReturned,
    ClaimShrunk,
    ConditionSet,
    ContestDecided,
    GrantActivated,
    GrantEnded,
    GrantResumed,
    GrantSuspended,
    IdleNoticed,
    PartHandedOver,
    ReclaimContested,
    ReclaimLifted,
)
from bitgoeul.apps.programmes.events.panels import AppealAnswered
from bitgoeul.apps.programmes.events.reports import (
    PledgeReported,
    ReportHandedIn,
    ReportReminded,
    ReportReturned,
    ReportVerified,
)
from bitgoeul.apps.programmes.events.reviews import ReviewsAssigned
from bitgoeul.apps.record import tasks as record_tasks
from bitgoeul.apps.registry import tasks as registry_tasks
from bitgoeul.apps.services import allowance
from bitgoeul.apps.services.events import PredictorCrashed, ServiceFailed, ServiceSuspended
from bitgoeul.apps.shows import tasks as shows_tasks
from bitgoeul.apps.shows.events import MakingFailed, ShowCertified, ShowNotCertified
from bitgoeul.kit.facts import Event
from bitgoeul.kit.models import Fact
from bitgoeul.kit.sandbox import end_orphans
from bitgoeul.site import notices

SUBSCRIPTIONS: dict[type[Event], list[Callable[[Fact], Any]]] = {
    NoticeSent: [notices_tasks.send_mail],
    ShowCertified: [shows_tasks.tell_designers, shows_tasks.publish_example],
    ShowNotCertified: [shows_tasks.tell_designers],
    MakingFailed: [shows_tasks.tell_designers],
    MemberInvited: [people_tasks.send_invitation, notices_tasks.tell_invited],
    VersionSubmitted: [lake_tasks.publish],
    QuerySaved: [lake_tasks.publish],
    PublicationRetried: [lake_tasks.publish],
    VersionPublished: [lake_tasks.tell_publisher],
    PublicationFailed: [lake_tasks.tell_publisher],
    AccessGiven: [lake_tasks.tell_of_access],
    AccessEnded: [lake_tasks.tell_of_access],
    PersonErased: [notices_tasks.empty_erased_inbox, governance_tasks.forget_erased_member],
    ApplicationAccepted: [programmes_tasks.tell_applicant],
    ApplicationRejected: [programmes_tasks.tell_applicant],
    ApplicationAdmitted: [programmes_tasks.tell_applicant],
    ApplicationReturned: [programmes_tasks.tell_applicant],
    ApplicationOffered: [programmes_tasks.tell_applicant],
    ApplicationReserved: [programmes_tasks.tell_applicant],
    OfferLapsed: [programmes_tasks.tell_applicant],
    AppealAnswered: [programmes_tasks.tell_applicant],
    ReviewsAssigned: [programmes_tasks.tell_reviewers],
    ApplicationReferred: [programmes_tasks.tell_applicant, programmes_tasks.tell_desk],
    PlaceOffered: [capacity_tasks.tell_offered],
    ClaimExpired: [capacity_tasks.tell_offer_expired, programmes_tasks.follow_claims],
    ClaimReleased: [programmes_tasks.follow_claims],
    SeveralReleased: [programmes_tasks.follow_claims],
    HoldConfirmed: [programmes_tasks.hand_over_waited],
    AgreementOffered: [programmes_tasks.tell_grantee],
    AgreementExpired: [programmes_tasks.tell_grantee],
    GrantActivated: [programmes_tasks.tell_grantee, lake_tasks.open_promised],
    PartHandedOver: [programmes_tasks.tell_grantee],
    ConditionSet: [programmes_tasks.tell_grantee],
    ChangeAsked: [programmes_tasks.tell_desk_of_grant],
    ChangeDecided: [programmes_tasks.tell_grantee, lake_tasks.follow_grant],
    GrantSuspended: [programmes_tasks.tell_grantee],
    GrantResumed: [programmes_tasks.tell_grantee],
    GrantEnded: [programmes_tasks.tell_grantee, lake_tasks.close_ended],
    IdleNoticed: [programmes_tasks.tell_grantee],
    ClaimShrunk: [programmes_tasks.tell_grantee],
    ClaimReturned: [programmes_tasks.tell_grantee],
    ReclaimLifted: [programmes_tasks.tell_grantee],
    ReclaimContested: [programmes_tasks.tell_desk_of_grant],
    ContestDecided: [programmes_tasks.tell_grantee],
    ReportReminded: [programmes_tasks.remind_of_due_report],
    ReportHandedIn: [programmes_tasks.tell_desk_of_grant],
    ReportVerified: [programmes_tasks.tell_grantee],
    ReportReturned: [programmes_tasks.tell_grantee],
    PledgeReported: [programmes_tasks.tell_desk_of_grant],
    CreditsRunningLow: [notices.tell_credits_low],
    CreditsExhausted: [notices.tell_credits_exhausted],
    JobSucceeded: [registry_tasks.register_from_job, notices.tell_job_succeeded],
    JobFailed: [notices.tell_job_failed],
    ServiceSuspended: [notices.tell_service_suspended],
    ServiceFailed: [notices.tell_service_failed],
    PredictorCrashed: [notices.tell_service_crashed],
    MeetingConvened: [governance_tasks.tell_members],
    MeetingCancelled: [governance_tasks.tell_members],
    MinutesPublished: [governance_tasks.tell_members],
    ActionAssigned: [governance_tasks.tell_owner],
    ActionMoved: [governance_tasks.tell_owner],
}

DAY = 24 * 60 * 60.0

PERIODIC: list[tuple[float, Callable[[], Any]]] = [
    (5.0, record_tasks.seal),
    (5.0, capacity_tasks.sweep),
    (15.0, lake_tasks.recover_publications),
    (60.0, programmes_tasks.close_due_calls),
    (60.0, programmes_tasks.end_due_answers),
    (60.0, programmes_tasks.settle_due_draws),
    (300.0, compute_tasks.measure_use),
    (300.0, programmes_tasks.look_after_grants),
    (60.0, end_orphans),
    (300.0, credits_tasks.expire_ended),
    (300.0, lake_tasks.look_after_access),
    (3600.0, lake_tasks.sweep),
    (3600.0, allowance.forget),
    (DAY, capacity_tasks.reconcile),
    (DAY, credits_tasks.reconcile),
    (DAY, people_tasks.remove_leftovers),
    (DAY, governance_tasks.remind_of_actions),
    (DAY, governance_tasks.measure),
    (DAY, shows_tasks.forget_crews),
]
