"""The public face of the record: what it is, what it holds, and how to check it without trusting the hub."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from bitgoeul.apps.record import queries
from bitgoeul.apps.record.models import Leaf
from bitgoeul.engines import merkle
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.templatetags.ui import badge
from bitgoeul.kit.ui import wording
from bitgoeul.verifier import verify_record

NARROWED_BY = ("subject", "organisation", "name", "actor")


def index(request: HttpRequest) -> HttpResponse:
    """The newest head and the facts, newest first; older ones follow by their number."""
    narrowed = {field: request.GET.get(field, "").strip()[:160] for field in NARROWED_BY}
    narrowed = {field: value for field, value in narrowed.items() if value}
    before = request.GET.get("before", "")
    rows = queries.page(narrowed, int(before) if before.isdecimal() and len(before) < 19 else None)
    facts, more = rows[: queries.PAGE], len(rows) > queries.PAGE
    older = urlencode(narrowed | {"before": facts[-1].pk}) if more else ""
    context = {
        "head": queries.newest_head(),
        "facts": _lines(facts),
        "narrowed": narrowed,
        "older": older,
        "before": before,
    }
    return render(request, "record/index.html", context)


def _lines(facts: list[Fact]) -> SafeString:
    """The rows of the table: written here, for thirty of them are most of the page."""
    titles = {name: queries.title_of(name) for name in {fact.name for fact in facts}}
    sealed, unsealed = badge("ok", _("sealed")), badge("wait", _("not sealed yet"))
    here = reverse("record:index")
    return format_html_join(
        "",
        '<tr><th scope="row"><a href="{}facts/{}/">{}</a><br>'
        '<a class="mono muted" href="?subject={}#facts">{}</a></th>'
        '<td class="opt nowrap"><time datetime="{}">{}</time></td><td>{}</td></tr>',
        (
            (
                here,
                fact.pk,
                titles[fact.name],
                quote(fact.subject, safe=""),
                fact.subject,
                wording.moment_attribute(fact.at),
                wording.when(fact.at),
                sealed if fact.sealed else unsealed,  # type: ignore[attr-defined]
            )
            for fact in facts
        ),
    )


def fact(request: HttpRequest, fact_id: int) -> HttpResponse:
    """One fact, its seal, and the way from it to the signed root."""
    row = find(queries.facts(), pk=fact_id)
    leaf = queries.leaves_of([row]).get(row.pk)
    public = queries.public_fact(row)
    return render(
        request,
        "record/fact.html",
        {
            "fact": row,
            "title": queries.title_of(row.name),
            "leaf": leaf,
            "public": public,
            "lines": [(name, _shown(value)) for name, value in row.data.items()],
            "personal": [(name, hash_, name in row.redacted) for name, hash_ in public["personal"].items()],
            "canonical": merkle.canonical_json(public).decode(),
            "proof": _proved(row, leaf) if leaf else None,
        },
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _proved(row: Fact, leaf: Leaf) -> dict[str, Any]:
    """The inclusion proof, checked here and now by the verifier itself."""
    proof = queries.inclusion(row.pk)
    proof["signed_at"] = dt.datetime.fromisoformat(proof["head"]["at"])
    try:
        verify_record.verify_inclusion(proof)
    except verify_record.Problem:
        proof["holds"] = False
    else:
        proof["holds"] = proof["leaf_hash"] == leaf.hash
    return proof


@cache_control(public=True, max_age=3600)
def verifier(request: HttpRequest) -> FileResponse:
    """The stand-alone verifier, as a file."""
    return FileResponse(
        Path(verify_record.__file__).open("rb"),
        as_attachment=True,
        filename="verify_record.py",
        content_type="text/x-python; charset=utf-8",
    )
