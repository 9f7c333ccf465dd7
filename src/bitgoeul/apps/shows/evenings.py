"""The pages of an evening: the go/no-go board, the permit file, the log."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bitgoeul.apps.shows import commands, policies, queries
from bitgoeul.apps.shows.flying import board
from bitgoeul.apps.shows.flying import permit as permit_file
from bitgoeul.apps.shows.forms import FlightForm, InsuranceForm
from bitgoeul.apps.shows.models import Flight
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit import clock
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import once
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import NotFound, Refusal
from bitgoeul.kit.store import store
from bitgoeul.kit.text import LANGUAGES, Localised

MOST_CREW = 20


@require_safe
def flights(request: HttpRequest) -> HttpResponse:
    """My evenings, the next first."""
    rows = queries.flights_visible_to(signed_in(request))
    return render(request, "shows/flights.html", {
        "page": page_of(rows.order_by("-starts_at", "-id"), request),
        "now": clock.now(),
    })  # fmt: skip


def plan(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    actor = signed_in(request)
    version = find(queries.versions_visible_to(actor), show__slug=slug, number=number)
    form = FlightForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        flight = once(
            by=actor,
            key=request.POST.get("once"),
            request=["shows.plan", slug, number, request.POST.dict()],
            do=lambda: commands.plan_flight(by=actor, show=slug, number=number, **form.values()).public_id,
        )
        return redirect("shows:flight", flight)
    return render(request, "shows/plan.html", {"version": version, "show": version.show, "form": form})


def _flight(request: HttpRequest, flight: str) -> Flight:
    return find(queries.flights_visible_to(signed_in(request)), public_id=flight)


@require_safe
def flight(request: HttpRequest, flight: str) -> HttpResponse:
    """The board.  It polls, because several people press it."""
    row = _flight(request, flight)
    tried = request.GET.get("rules", "")
    tried = tried if tried in board.rules()["sets"] and tried != row.rules else ""
    lines = board.gates(row, board.newest_readings(row), tried)
    logs = list(row.logs.all()[:10])
    shown = {
        "flight": row,
        "version": row.version,
        "show": row.version.show,
        "gates": lines,
        "not_passed": sum(line.state != board.PASSED for line in lines),
        "rule_sets": board.rule_sets(),
        "rule": Localised(board.rules()["sets"][tried or row.rules]["source"]),
        "tried": tried,
        "may_press": policies.may_design(signed_in(request), row.version.show.organisation_id),
        "is_open": row.state != Flight.State.FLOWN,
        "checklist": permit_file.checklist(row),
        "deadline": permit_file.deadline(row),
        "is_late": permit_file.is_late(row),
        "readings": list(row.readings.select_related("by")[:12]),
        "logs": logs,
        "log_problems": [
            sentence(problem) for entry in logs[:1] for problem in entry.result.get("problems", [])
        ],
        "subject": f"flight:{row.public_id}",
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "shows/board.html" if part else "shows/flight.html", shown)


@require_POST
def gate(request: HttpRequest, flight: str) -> HttpResponse:
    """One press."""
    try:
        commands.read_gate(
            by=signed_in(request),
            flight=flight,
            gate=request.POST.get("gate", ""),
            value=request.POST.get("value", ""),
            note=request.POST.get("note", ""),
        )
    except Refusal as refusal:
        _say(request, refusal)
    return redirect("shows:flight", flight)


def _say(request: HttpRequest, refusal: Refusal) -> None:
    """Tell why on the page itself; what is not there or not allowed is answered as everywhere."""
    if refusal.status in {401, 403, 404}:
        raise refusal
    errors: dict[str, list[str]] = getattr(refusal, "errors", {})
    details = " ".join(text for texts in errors.values() for text in texts)
    messages.error(request, " ".join(filter(None, [f"{refusal}.", details or refusal.what_to_do()])))


@require_POST
def rules(request: HttpRequest, flight: str) -> HttpResponse:
    commands.choose_rules(by=signed_in(request), flight=flight, rules=request.POST.get("rules", ""))
    messages.success(request, _("These rules hold now. Every gate was looked at anew."))
    return redirect("shows:flight", flight)


@require_POST
def decide(request: HttpRequest, flight: str) -> HttpResponse:
    """Go, no go, another date, flown."""
    actor = signed_in(request)
    row = _flight(request, flight)
    action = request.POST.get("action", "")
    try:
        if action == "go":
            commands.clear_flight(by=actor, flight=flight)
        elif action == "no_go":
            commands.call_off_flight(by=actor, flight=flight, reason=request.POST.get("reason", ""))
        elif action == "backup" and row.backup_at:
            commands.replan_flight(by=actor, flight=flight, starts_at=row.backup_at)
        elif action == "flown":
            commands.mark_flown(by=actor, flight=flight)
        else:
            raise NotFound
    except Refusal as refusal:
        _say(request, refusal)
    return redirect("shows:flight", flight)


def permit(request: HttpRequest, flight: str) -> HttpResponse:
    """The permit file: what is there, what is missing, until when."""
    actor = signed_in(request)
    row = _flight(request, flight)
    insurance = InsuranceForm.of(row)
    if request.method == "POST":
        action = request.POST.get("action", "")
        try:
            if action == "answers":
                answers = {
                    key: request.POST.get(f"answer-{key}", "").strip()[:500]
                    for key, _title in permit_file.questions()
                }
                commands.change_flight(by=actor, flight=flight, changes={"answers": answers})
            elif action == "crew":
                commands.name_crew(by=actor, flight=flight, crew=_crew(request))
            elif action == "insurance":
                insurance = InsuranceForm.of(row, request.POST)
                if not insurance.is_valid():
                    return _permit_page(request, row, insurance)
                commands.change_flight(by=actor, flight=flight, changes={"insurance": insurance.values()})
            elif action == "state":
                commands.move_permit(
                    by=actor,
                    flight=flight,
                    state=request.POST.get("state", ""),
                    number=request.POST.get("number", ""),
                )
            elif action == "remove":
                number = request.POST.get("attachment", "")
                commands.take_away_document(
                    by=actor, flight=flight, attachment=int(number) if number.isdigit() else 0
                )
            elif action == "attach" and (upload := request.FILES.get("file")):
                commands.attach_document(
                    by=actor,
                    flight=flight,
                    document=request.POST.get("document", ""),
                    file_name=upload.name or "",
                    size=upload.size or 0,
                    content=upload,
                )
        except Refusal as refusal:
            _say(request, refusal)
        else:
            messages.success(request, _("Saved."))
        return redirect("shows:permit", flight)
    return _permit_page(request, row, insurance)


def _crew(request: HttpRequest) -> list[dict[str, str]]:
    columns = [request.POST.getlist(name)[:MOST_CREW] for name in ("role", "name", "licence")]
    return [
        {"role": role, "name": name, "licence": licence}
        for role, name, licence in zip(*columns, strict=False)
    ]


def _permit_page(request: HttpRequest, row: Flight, insurance: InsuranceForm) -> HttpResponse:
    return render(request, "shows/permit.html", {
        "flight": row,
        "show": row.version.show,
        "checklist": permit_file.checklist(row),
        "deadline": permit_file.deadline(row),
        "deadline_if_special": permit_file.deadline_if_special(row),
        "is_late": permit_file.is_late(row),
        "insurance": insurance,
        "crew": [*row.crew, *({"role": "", "name": "", "licence": ""} for _n in range(3))],
        "permit_states": Flight.Permit.choices,
        "subject": f"flight:{row.public_id}",
    })  # fmt: skip


def _pdf(row: Flight, language: str) -> bytes:
    from bitgoeul.apps.shows.flying.paper import permit_pdf as draw

    if language not in LANGUAGES:
        raise NotFound
    return draw(row, language)


@require_safe
def permit_pdf(request: HttpRequest, flight: str, language: str) -> HttpResponse:
    row = _flight(request, flight)
    answer = HttpResponse(_pdf(row, language), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="permit-{row.version.show.slug}-{language}.pdf"'
    return answer


@require_safe
def permit_zip(request: HttpRequest, flight: str, language: str) -> HttpResponse:
    """The PDF with everything that belongs to it."""
    row = _flight(request, flight)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"permit-{language}.pdf", _pdf(row, language))
        if certificate := row.version.file("certificate"):
            with store().open(certificate["stored"]) as source:
                file.writestr("certificate.json", source.read())
        for number, one in enumerate(row.attachments.all(), 1):
            with store().open(one.stored) as source:
                file.writestr(f"{number:02d}-{one.document}-{one.name}", source.read())
    answer = HttpResponse(packed.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="permit-{row.version.show.slug}-{language}.zip"'
    return answer


@require_safe
def attachment(request: HttpRequest, flight: str, attachment: int) -> HttpResponseBase:
    document = find(_flight(request, flight).attachments.all(), pk=attachment)
    return FileResponse(
        store().open(document.stored),
        as_attachment=True,
        filename=document.name,
        content_type="application/octet-stream",
    )


@require_POST
def log(request: HttpRequest, flight: str) -> HttpResponse:
    """Bring the log of the flight: it is compared with the plan in the background."""
    upload: Any = request.FILES.get("file")
    if upload is None:
        messages.error(request, _("Choose a file first."))
    else:
        commands.add_log(
            by=signed_in(request),
            flight=flight,
            file_name=upload.name or "",
            size=upload.size or 0,
            content=upload,
        )
        messages.success(request, _("The log is here. It is being compared with the plan."))
    return redirect("shows:flight", flight)
