"""Grants over HTTP: for members' programs, the desk, and the machine room that meters use."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import File, Query, Schema
from ninja.files import UploadedFile

from bitgoeul.apps.programmes import commands
from bitgoeul.apps.programmes.api.routes import Text, router
from bitgoeul.apps.programmes.models import Agreement
from bitgoeul.apps.programmes.queries import grants as queries
from bitgoeul.apps.programmes.queries.agreements import documents
from bitgoeul.kit.api import signed_in, write_once
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.paging import page_of


class GrantSummaryOut(Schema):
    id: str
    call: str
    organisation: str
    state: str
    agreement: str | None
    amount: int
    unit: str
    starts_at: dt.datetime
    ends_at: dt.datetime


class GrantsOut(Schema):
    page: int
    pages: int
    items: list[GrantSummaryOut]


class DocumentOut(Schema):
    """The agreement (number 0) or one of its addenda."""

    number: int
    text: Text
    fingerprint: str


class AgreementOut(Schema):
    state: str
    expires_at: dt.datetime
    signed_at: dt.datetime | None
    signed_name: str
    documents: list[DocumentOut]


class GivenOut(Schema):
    """One part; ``use_percent`` is the mean of the last week, null where too little was measured."""

    number: int
    part: str
    quantity: int
    unit: str
    about: str
    state: str
    use_percent: int | None
    reclaim: str | None
    contested: bool


class ChangeOut(Schema):
    number: int
    kind: str
    state: str
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    amount: int | None
    words: str
    reason: Text


class ConditionOut(Schema):
    number: int
    text: Text
    due_at: dt.datetime | None
    state: str


class ReportOut(Schema):
    number: int
    kind: str
    title: Text
    due_at: dt.datetime
    state: str
    overdue: bool
    words: str
    remark: Text


class PledgeOut(Schema):
    number: int
    kind: str
    target: int
    due_at: dt.datetime
    state: str
    reported: int | None
    verified: int | None


class DeadlineOut(Schema):
    title: str
    at: dt.datetime
    days_left: int


class WholeGrantOut(GrantSummaryOut):
    activated_at: dt.datetime | None
    parts: list[GivenOut]
    conditions: list[ConditionOut]
    changes: list[ChangeOut]
    reports: list[ReportOut]
    pledges: list[PledgeOut]
    deadlines: list[DeadlineOut]
    record_subject: str


class SignIn(Schema):
    """``fingerprint`` is that of the agreement's text, so that nobody signs another one."""

    name: str
    fingerprint: str


class ChangeIn(Schema):
    kind: str
    words: str
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    amount: int | None = None


class AnswerIn(Schema):
    agree: bool
    reason: Text


class ReasonIn(Schema):
    reason: Text


class WordsIn(Schema):
    words: str


class UseIn(Schema):
    """``used`` thousandths of a unit were in use for ``seconds``, from ``starts_at`` on."""

    starts_at: dt.datetime
    seconds: int
    used: int


class ConditionIn(Schema):
    text: Text
    due_at: dt.datetime | None = None


class CloseIn(Schema):
    met: bool


class PledgeIn(Schema):
    kind: str
    target: int
    due_at: dt.datetime


class ReportedIn(Schema):
    reported: int
    words: str


class VerifiedIn(Schema):
    verified: int
    remark: Text = {}


class EvidenceOut(Schema):
    name: str
    kind: str
    size: int
    sha256: str


def _now(request: HttpRequest, grant_id: str) -> dict[str, Any]:
    visible = queries.grants_visible_to(signed_in(request))
    return queries.as_data(find(visible, application__public_id=grant_id))


def _done(request: HttpRequest, grant_id: str, run: Any, **more: Any) -> Any:
    """Run one command once, and answer with the grant as it is then."""
    actor = signed_in(request)

    def do() -> dict[str, Any]:
        run(by=actor, grant=grant_id, **more)
        return _now(request, grant_id)

    return write_once(request, do)


@router.get("/grants", response=GrantsOut)
def grants(request: HttpRequest, page: int = Query(1, ge=1)) -> dict[str, Any]:
    """The grants you may see, newest first."""
    rows = page_of(queries.grants_visible_to(signed_in(request)), request)
    return {
        "page": rows.number,
        "pages": rows.paginator.num_pages,
        "items": [queries.summary(row) for row in rows],
    }


@router.get("/grants/{grant_id}", response=WholeGrantOut)
def grant(request: HttpRequest, grant_id: str) -> Any:
    """One grant: its parts and their use, conditions, changes, reports and pledges."""
    return _now(request, grant_id)


@router.get("/grants/{grant_id}/agreement", response=AgreementOut)
def agreement(request: HttpRequest, grant_id: str) -> Any:
    """The agreement with its addenda, word for word."""
    row = find(queries.grants_visible_to(signed_in(request)), application__public_id=grant_id)
    kept = found(Agreement.objects.filter(grant=row).first())
    return {
        "state": kept.state,
        "expires_at": kept.expires_at,
        "signed_at": kept.signed_at,
        "signed_name": kept.signed_name,
        "documents": [
            {"number": number, "text": document.text, "fingerprint": document.fingerprint}
            for number, document in enumerate(documents(kept))
        ],
    }


@router.get("/grants/{grant_id}/agreement.pdf")
def agreement_pdf(request: HttpRequest, grant_id: str, language: Literal["ko", "en"] = "ko") -> Any:
    """The agreement on paper, in one language."""
    from bitgoeul.apps.programmes.paper import agreement_pdf as written

    row = find(queries.grants_visible_to(signed_in(request)), application__public_id=grant_id)
    kept = found(Agreement.objects.filter(grant=row).select_related("grant__organisation").first())
    return HttpResponse(written(kept, language), content_type="application/pdf")


@router.post("/grants/{grant_id}/sign", response=WholeGrantOut)
def sign(request: HttpRequest, grant_id: str, body: SignIn) -> Any:
    """Sign the agreement as an owner; the parts are handed over at once."""
    return _done(request, grant_id, commands.sign_agreement, **body.dict())


@router.post("/grants/{grant_id}/changes", response=WholeGrantOut)
def ask_change(request: HttpRequest, grant_id: str, body: ChangeIn) -> Any:
    """Ask for a later end, other dates or another amount."""
    return _done(request, grant_id, commands.ask_change, **body.dict())


@router.post("/grants/{grant_id}/changes/{number}/withdraw", response=WholeGrantOut)
def withdraw_change(request: HttpRequest, grant_id: str, number: int) -> Any:
    """Take a change back that nobody has decided."""
    return _done(request, grant_id, commands.withdraw_change, number=number)


@router.post("/grants/{grant_id}/changes/{number}/decide", response=WholeGrantOut)
def decide_change(request: HttpRequest, grant_id: str, number: int, body: AnswerIn) -> Any:
    """Agree with a change or refuse it (operators)."""
    return _done(request, grant_id, commands.decide_change, number=number, **body.dict())


@router.post("/grants/{grant_id}/suspend", response=WholeGrantOut)
def suspend(request: HttpRequest, grant_id: str, body: ReasonIn) -> Any:
    """Stop a grant for a time (operators)."""
    return _done(request, grant_id, commands.suspend_grant, reason=body.reason)


@router.post("/grants/{grant_id}/resume", response=WholeGrantOut)
def resume(request: HttpRequest, grant_id: str) -> Any:
    """Let a grant go on (operators)."""
    return _done(request, grant_id, commands.resume_grant)


@router.post("/grants/{grant_id}/end", response=WholeGrantOut)
def end(request: HttpRequest, grant_id: str, body: ReasonIn) -> Any:
    """Give a grant back, or end it early."""
    return _done(request, grant_id, commands.end_grant, reason=body.reason)


@router.post("/grants/{grant_id}/conditions", response=WholeGrantOut)
def set_condition(request: HttpRequest, grant_id: str, body: ConditionIn) -> Any:
    """Add a condition (operators)."""
    return _done(request, grant_id, commands.set_condition, **body.dict())


@router.post("/grants/{grant_id}/conditions/{number}/close", response=WholeGrantOut)
def close_condition(request: HttpRequest, grant_id: str, number: int, body: CloseIn) -> Any:
    """Say that a condition is met, or waive it (operators)."""
    return _done(request, grant_id, commands.close_condition, number=number, met=body.met)


@router.post("/grants/{grant_id}/parts/{number}/use")
def record_use(request: HttpRequest, grant_id: str, number: int, body: UseIn) -> dict[str, bool]:
    """Keep one sample of a meter (the machine room).  The same sample again changes nothing."""
    commands.record_use(by=signed_in(request), grant=grant_id, part=number, **body.dict())
    return {"kept": True}


@router.post("/grants/{grant_id}/parts/{number}/hand-over", response=WholeGrantOut)
def hand_over(request: HttpRequest, grant_id: str, number: int) -> Any:
    """Hand over a part that could not be given with the others (operators)."""
    return _done(request, grant_id, commands.hand_over_part, number=number)


@router.post("/grants/{grant_id}/parts/{number}/contest", response=WholeGrantOut)
def contest(request: HttpRequest, grant_id: str, number: int, body: WordsIn) -> Any:
    """Contest that idle capacity is taken back; nothing is taken until an officer decided."""
    return _done(request, grant_id, commands.contest_reclaim, part=number, words=body.words)


@router.post("/grants/{grant_id}/parts/{number}/contest/decide", response=WholeGrantOut)
def decide_contest(request: HttpRequest, grant_id: str, number: int, body: AnswerIn) -> Any:
    """Decide a contest (operators)."""
    return _done(request, grant_id, commands.decide_contest, part=number, **body.dict())


@router.post("/grants/{grant_id}/parts/{number}/take-back", response=WholeGrantOut)
def take_back(request: HttpRequest, grant_id: str, number: int) -> Any:
    """Return an idle claim to its pool now (operators)."""
    return _done(request, grant_id, commands.take_back, part=number)


@router.post("/grants/{grant_id}/reports/{number}/files", response=EvidenceOut)
def add_report_file(request: HttpRequest, grant_id: str, number: int, file: File[UploadedFile]) -> Any:
    """Add a file to a report that is open."""
    return commands.add_evidence(
        by=signed_in(request), grant=grant_id, report=number, name=file.name or "", content=file.read()
    )


@router.post("/grants/{grant_id}/reports/{number}/hand-in", response=WholeGrantOut)
def hand_in_report(request: HttpRequest, grant_id: str, number: int, body: WordsIn) -> Any:
    """Hand in a report with the files that were added to it."""
    return _done(request, grant_id, commands.hand_in_report, report=number, words=body.words)


@router.post("/grants/{grant_id}/reports/{number}/verify", response=WholeGrantOut)
def verify_report(request: HttpRequest, grant_id: str, number: int) -> Any:
    """Say that a report holds (operators)."""
    return _done(request, grant_id, commands.verify_report, report=number)


@router.post("/grants/{grant_id}/reports/{number}/return", response=WholeGrantOut)
def return_report(request: HttpRequest, grant_id: str, number: int, body: ReasonIn) -> Any:
    """Send a report back (operators)."""
    return _done(request, grant_id, commands.return_report, report=number, remark=body.reason)


@router.post("/grants/{grant_id}/pledges", response=WholeGrantOut)
def make_pledge(request: HttpRequest, grant_id: str, body: PledgeIn) -> Any:
    """Promise jobs, an investment or an office until a day."""
    return _done(request, grant_id, commands.make_pledge, **body.dict())


@router.post("/grants/{grant_id}/pledges/{number}/files", response=EvidenceOut)
def add_pledge_file(request: HttpRequest, grant_id: str, number: int, file: File[UploadedFile]) -> Any:
    """Add a file that proves a pledge."""
    return commands.add_evidence(
        by=signed_in(request), grant=grant_id, pledge=number, name=file.name or "", content=file.read()
    )


@router.post("/grants/{grant_id}/pledges/{number}/report", response=WholeGrantOut)
def report_pledge(request: HttpRequest, grant_id: str, number: int, body: ReportedIn) -> Any:
    """Say how much of a pledge came true."""
    return _done(request, grant_id, commands.report_pledge, pledge=number, **body.dict())


@router.post("/grants/{grant_id}/pledges/{number}/verify", response=WholeGrantOut)
def verify_pledge(request: HttpRequest, grant_id: str, number: int, body: VerifiedIn) -> Any:
    """Say how much of a pledge is proven (operators)."""
    return _done(request, grant_id, commands.verify_pledge, pledge=number, **body.dict())
