"""The page of an organisation's papers."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from bitgoeul.apps.people import documents, policies, queries
from bitgoeul.apps.people.errors import DocumentTooLarge, DocumentTypeRefused
from bitgoeul.apps.people.forms import DocumentForm
from bitgoeul.kit import clock
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.store import store


@login_required
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """What the company file holds; a member adds to it."""
    actor = request.actor  # type: ignore[attr-defined]
    row = find(queries.organisations_visible_to(actor), slug=slug)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        require(policies.may_keep_documents(actor, row))
        if form.is_valid() and _added(request, slug, form):
            return redirect("people:documents", slug)
    context = {
        "organisation": row,
        "documents": documents.documents_of(row),
        "today": timezone.localdate(clock.now()),
        "form": form if policies.may_keep_documents(actor, row) else None,
    }
    return render(request, "people/documents.html", context, status=422 if form.is_bound else 200)


def _added(request: HttpRequest, slug: str, form: DocumentForm) -> bool:
    values = form.cleaned_data
    try:
        documents.add_document(
            by=request.actor,  # type: ignore[attr-defined]
            slug=slug,
            kind=values["kind"],
            name=values["file"].name,
            file=values["file"],
            valid_until=values["valid_until"],
        )
    except (DocumentTooLarge, DocumentTypeRefused) as refusal:
        form.add_error("file", f"{refusal}. {refusal.what_to_do()}")
        return False
    except Invalid as refusal:
        for field, sentences in refusal.errors.items():
            form.add_error(field, sentences)
        return False
    messages.success(request, _("The document is in the company file."))
    return True


@login_required
@require_GET
def download(request: HttpRequest, document_id: str) -> FileResponse:
    row = find(documents.documents_visible_to(request.actor), public_id=document_id)  # type: ignore[attr-defined]
    return FileResponse(
        store().open(row.stored), as_attachment=True, filename=row.name, content_type=row.media_type
    )


@login_required
@require_POST
def remove(request: HttpRequest, document_id: str) -> HttpResponse:
    row = documents.remove_document(by=request.actor, document=document_id)  # type: ignore[attr-defined]
    messages.success(request, _("The document is out of the company file."))
    return redirect("people:documents", row.organisation.slug)
