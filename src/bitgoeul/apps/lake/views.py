"""The pages of the lake."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from bitgoeul.apps.lake import charts, commands, dcat, downloads, errors, policies, queries
from bitgoeul.apps.lake.downloads import actor_of
from bitgoeul.apps.lake.forms import (
    AccessForm,
    DatasetForm,
    FilesForm,
    NewDatasetForm,
    SaveForm,
    own_organisations,
)
from bitgoeul.apps.lake.models import Dataset, DatasetVersion
from bitgoeul.apps.lake.queries.access import accesses_visible_to, own_access
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.programmes.queries import calls_that_open
from bitgoeul.engines import lake
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.api import signed_in
from bitgoeul.kit.doors import find
from bitgoeul.kit.once import once
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.refusals import Invalid, NotFound, Refusal, require

PAGE_ROWS = 200
FORM_ROOM = 1 << 20
FUNCTIONS = ", ".join(sorted(lake.ALLOWED_FUNCTIONS))


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """The catalogue."""
    asked = {
        name: request.GET.get(name, "").strip()[:200] for name in ("q", "sector", "licence", "organisation")
    }
    actor, nearest = actor_of(request), False
    if any(asked.values()):
        result = queries.search(
            actor,
            asked["q"],
            sector=asked["sector"],
            licence=asked["licence"],
            organisation=asked["organisation"],
        )
        nearest = result.nearest
        page = page_of(queries.with_versions(result.datasets), request, queries.LISTED)
    else:
        page = page_of(
            lambda: queries.with_versions(queries.search(actor).datasets),
            request,
            queries.LISTED,
            begin=lambda: queries.first_listed(actor),
        )
    return render(request, "lake/index.html", {
        "asked": asked,
        "nearest": nearest,
        "page": page,
        "sectors": Organisation.Sector.choices,
        "licences": [(row["id"], row["title"]) for row in queries.licences().values()],
        "publishers": queries.publishers(actor),
        "may_publish": actor.is_signed_in,
    })  # fmt: skip


# ── one dataset ───────────────────────────────────────────────────────────────────────────────────────────


@require_safe
def dataset(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponseBase:
    """A dataset in one of its versions: the latest that is published, or the one asked for."""
    row = queries.dataset_of(actor_of(request), slug)
    versions = queries.versions_of(actor_of(request), row)
    version = _chosen(versions, number)
    actor = actor_of(request)
    may_edit, may_read = policies.may_edit(actor, row), queries.may_read(actor, row)
    return render(request, "lake/dataset.html", {
        "dataset": row,
        "licence": queries.licences().get(row.licence),
        "version": version,
        "versions": versions,
        "at_work": [v for v in versions if v.is_at_work] if may_edit else [],
        "may_read": may_read,
        "access": _access_shown(actor, row, may_read=may_read),
        "tables_html": _tables_html(version, may_read=may_read) if version else "",
        "first_sql": _first_query(version, version.tables[0]["name"])
        if may_read and version and version.tables and version.state == queries.PUBLISHED else "",
        "problem": errors.explain(version.problem) if version and version.problem else "",
        "chips": _chips(version) if version else [],
        "may_edit": may_edit,
        "may_withdraw": policies.may_withdraw(actor, row),
        "may_give_access": policies.may_give_access(actor, row),
        "subject": row.subject,
    })  # fmt: skip


def _access_shown(actor: Actor, row: Dataset, *, may_read: bool) -> dict[str, Any] | None:
    """How the rows of a dataset on request are read: through what one has, or whom one asks."""
    if row.visibility != Dataset.Visibility.RESTRICTED:
        return None
    own = own_access(actor, row) if actor.is_signed_in else None
    return {"own": own, "calls": [] if may_read else calls_that_open(row.slug)}


@csrf_protect
def access(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Who has access to a dataset, for whoever gives it."""
    actor = signed_in(request)
    row = find(queries.visible_to(actor), slug=slug)
    require(policies.may_give_access(actor, row))
    form = AccessForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def do() -> str:
            return commands.give_access(by=actor, dataset=slug, **form.values()).public_id

        try:
            _form_once(request, do)
        except Invalid as refusal:
            for name, sentences in refusal.errors.items():
                form.add_error(
                    {"ends_at": "ends_on"}.get(name, name if name in form.fields else None), sentences
                )
        else:
            messages.success(request, _("Access is given. The organisation is told."))
            return redirect("lake:access", slug)
    held = accesses_visible_to(actor).filter(dataset=row)
    shown = {"dataset": row, "form": form, "page": page_of(held, request)}
    return render(request, "lake/access.html", shown, status=422 if form.errors else 200)


@require_POST
def end_access(request: HttpRequest, slug: str, access: str) -> HttpResponseBase:
    actor = signed_in(request)
    row = find(accesses_visible_to(actor), public_id=access, dataset__slug=slug)
    commands.end_access(by=actor, access=row.public_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("The access has ended."))
    may_give = policies.may_give_access(actor, row.dataset)
    return redirect("lake:access" if may_give else "lake:dataset", slug)


def _chosen(versions: list[DatasetVersion], number: int | None) -> DatasetVersion | None:
    if number is not None:
        chosen = next((v for v in versions if v.number == number), None)
        if chosen is None:
            raise NotFound
        return chosen
    published = (v for v in versions if v.state == queries.PUBLISHED)
    return next(published, versions[0] if versions else None)


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_rendered: dict[tuple[str, int, str, bool], str] = {}
MOST_RENDERED = 200


def _tables_html(version: DatasetVersion, *, may_read: bool) -> str:
    """The tables, with their profiles for whoever may read the rows; drawn once for a published version."""
    if version.state == DatasetVersion.State.WITHDRAWN:
        return ""
    key = (version.dataset.public_id, version.number, get_language() or "", may_read)
    if key not in _rendered:
        shown = {
            "tables": _tables(version, may_read=may_read),
            "slug": version.dataset.slug,
            "number": version.number,
            "may_read": may_read,
        }
        html = render_to_string("lake/tables.html", shown)
        if version.state != queries.PUBLISHED:
            return html
        if len(_rendered) >= MOST_RENDERED:
            _rendered.clear()
        _rendered[key] = html
    return _rendered[key]


def _tables(version: DatasetVersion, *, may_read: bool) -> list[dict[str, Any]]:
    """The tables of a version as the page shows them; least and greatest values and first rows are rows."""
    shown = []
    for table in version.tables:
        profile = (version.profiles.get(table["name"]) or {}) if may_read else {}
        shown.append(
            table
            | {
                "columns": [_column(column, table["rows"]) for column in profile.get("columns", [])],
                "names": [column["name"] for column in table["columns"]],
                "named": [{"name": c["name"], "kind": _kind(c["type"])} for c in table["columns"]],
                "preview": profile.get("preview", []),
                "told": [errors.tell(note) for note in table.get("notes", [])],
            }
        )
    return shown


def _column(column: dict[str, Any], rows: int) -> dict[str, Any]:
    chart = charts.histogram(column.get("histogram", []), column.get("min"), column.get("max"))
    filled = rows - column["missing"]
    return column | {
        "least": _brief(column.get("min")),
        "middle": _brief(column.get("quantiles", [None] * 5)[2]) if column.get("quantiles") else "",
        "most": _brief(column.get("max")),
        "chart": chart or charts.shares(column.get("top", []), filled),
        "missing_share": column["missing"] / rows if rows else 0,
        "kind": _kind(column["type"]),
    }


def _kind(type_name: str) -> str:
    return type_name.lower().replace("timestamp with time zone", "timestamp")


def _brief(value: Any) -> str:
    """A value as a table of columns shows it: few digits, few letters."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    # A moment is shown to the minute, without the letters that machines write.
    return text[:16].replace("T", " ") if MOMENT.match(text) else Truncator(text).chars(18)


def _first_query(version: DatasetVersion, table: str) -> str:
    name = version.dataset.slug.replace("-", "_")
    shown = table if table.isascii() and table.isidentifier() else f'"{table}"'
    name = name if name[0].isalpha() else f'"{version.dataset.slug}"'
    return f"SELECT *\nFROM {name}.{shown}\nLIMIT 20"


def _chips(version: DatasetVersion) -> list[dict[str, Any]]:
    """From where this version came to where the reader is."""
    sources = sorted({(s["dataset"], s["version"]) for s in version.lineage.get("sources", [])})
    chips: list[dict[str, Any]] = [
        {"label": f"{name}@{number}", "url": f"/lake/{name}/{number}/"} for name, number in sources
    ]
    files = version.lineage.get("files", [])
    if len(files) == 1:
        chips.append({"label": files[0]["file"], "url": ""})
    elif files:
        chips.append({"label": _("%(count)s files") % {"count": len(files)}, "url": ""})
    if version.lineage.get("sql"):
        chips.append({"label": "SQL", "url": "#lineage-sql"})
    return [*chips, {"label": str(version), "url": "", "on": True}]


@require_safe
def dataset_dcat(request: HttpRequest, slug: str) -> HttpResponseBase:
    row = find(queries.visible_to(actor_of(request)), slug=slug)
    version = row.versions.filter(state=queries.PUBLISHED).order_by("-number").first()
    return JsonResponse(
        dcat.dataset_ld(row, version),
        content_type="application/ld+json",
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


@require_safe
def download(request: HttpRequest, slug: str, number: int, table: str, kind: str) -> HttpResponseBase:
    published = queries.versions_readable_by(actor_of(request)).filter(state=queries.PUBLISHED)
    version = find(published, dataset__slug=slug, number=number)
    return downloads.table_answer(request, version, table, kind)


# ── publishing ────────────────────────────────────────────────────────────────────────────────────────────


def _refuse_large(request: HttpRequest) -> None:
    """Refuse by the declared length, before a byte of the body is read."""
    declared = int(request.META.get("CONTENT_LENGTH") or 0)
    if declared > settings.UPLOAD_LIMIT + FORM_ROOM:
        raise errors.UploadTooLarge(limit_mib=settings.UPLOAD_LIMIT >> 20)


def _bring_in(request: HttpRequest, organisation: Organisation, files: list[Any]) -> list[dict[str, str]]:
    """The files of a form as finished uploads."""
    names = [lake.table_name(file.name) for file in files]
    for name in names:
        if names.count(name) > 1:
            raise errors.SameTableTwice(name=name)
    return [
        {
            "upload": commands.upload_file(
                by=actor_of(request),
                organisation=organisation,
                file_name=file.name,
                stream=file,
                size=file.size,
            ).public_id,
            "table": name,
        }
        for file, name in zip(files, names, strict=True)
    ]


def _add_refusal(form: Any, refusal: Refusal, field: str) -> None:
    """Show a refusal beside the field that caused it."""
    if isinstance(refusal, Invalid):
        for name, sentences in refusal.errors.items():
            place = {"title": "title_ko", "description": "description_ko", "size": field}.get(name, name)
            for sentence in sentences:
                form.add_error(place if place in form.fields else None, sentence)
        return
    form.add_error(field if field in form.fields else None, f"{refusal}. {refusal.what_to_do()}")


# The length is looked at before the token, because looking for the token reads the whole body.
@csrf_exempt
def new(request: HttpRequest) -> HttpResponseBase:
    """Describe a dataset and hand in its first files."""
    _refuse_large(request)
    return _new(request)


@csrf_protect
def _new(request: HttpRequest) -> HttpResponseBase:
    actor = signed_in(request)
    if not own_organisations(actor).exists():
        return render(request, "lake/no_organisation.html", status=403)
    form = NewDatasetForm(request.POST or None, request.FILES or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        organisation = form.cleaned_data["organisation"]

        def do() -> str:
            with transaction.atomic():
                row = commands.create_dataset(
                    by=actor, organisation=organisation, slug=form.cleaned_data["slug"], **form.values()
                )
                commands.publish_version(
                    by=actor, dataset=row.slug, files=files, note=form.cleaned_data["note"]
                )
            return row.slug

        try:
            files = _bring_in(request, organisation, form.cleaned_data["files"])
            slug = _form_once(request, do)
        except Refusal as refusal:
            _add_refusal(form, refusal, "files")
        else:
            messages.success(request, _("The files have arrived. They are being published now."))
            return redirect("lake:dataset", slug)
    status = 422 if form.errors else 200
    return render(request, "lake/publish.html", {"form": form}, status=status)


def _form_once(request: HttpRequest, do: Any) -> Any:
    """A second submit of the same form gives the first answer."""
    if not request.POST.get("once"):
        return do()
    key = f"form:{request.POST['once']}"
    return once(by=actor_of(request), key=key, request=[request.path], do=do)


@csrf_exempt
def publish(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Hand in files as the next version."""
    _refuse_large(request)
    return _publish(request, slug)


@csrf_protect
def _publish(request: HttpRequest, slug: str) -> HttpResponseBase:
    actor = signed_in(request)
    row = find(queries.visible_to(actor), slug=slug)
    require(policies.may_edit(actor, row))
    form = FilesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():

        def do() -> str:
            version = commands.publish_version(
                by=actor,
                dataset=slug,
                files=files,
                note=form.cleaned_data["note"],
                keep=form.cleaned_data["keep"],
            )
            return str(version.number)

        try:
            files = _bring_in(request, row.organisation, form.cleaned_data["files"])
            _form_once(request, do)
        except Refusal as refusal:
            _add_refusal(form, refusal, "files")
        else:
            messages.success(request, _("The files have arrived. They are being published now."))
            return redirect("lake:dataset", slug)
    status = 422 if form.errors else 200
    return render(request, "lake/publish.html", {"form": form, "dataset": row}, status=status)


def edit(request: HttpRequest, slug: str) -> HttpResponseBase:
    actor = signed_in(request)
    row = find(queries.visible_to(actor), slug=slug)
    require(policies.may_edit(actor, row))
    form = DatasetForm(request.POST or None, initial=DatasetForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            commands.edit_dataset(by=actor, dataset=slug, **form.values())
        except Invalid as refusal:
            _add_refusal(form, refusal, "title_ko")
        else:
            messages.success(request, _("Saved."))
            return redirect("lake:dataset", slug)
    status = 422 if form.errors else 200
    return render(request, "lake/edit.html", {"form": form, "dataset": row}, status=status)


@require_POST
def retry(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    commands.retry_publication(by=signed_in(request), dataset=slug, number=number)
    messages.success(request, _("It is tried again now."))
    return redirect("lake:version", slug, number)


@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    reason = request.POST.get("reason", "")
    commands.withdraw_version(by=signed_in(request), dataset=slug, number=number, reason=reason)
    messages.success(request, _("The version is withdrawn."))
    return redirect("lake:dataset", slug)


# ── queries ───────────────────────────────────────────────────────────────────────────────────────────────


def query(request: HttpRequest) -> HttpResponseBase:
    """Write a query, run it, look at the rows, keep them."""
    sql = (request.POST if request.method == "POST" else request.GET).get("sql", "")[: 2 * lake.LONGEST]
    shown: dict[str, Any] = {"sql": sql, "limit": PAGE_ROWS, "functions": FUNCTIONS}
    status = 200
    if request.method == "POST":
        try:
            result = queries.run(actor_of(request), sql, PAGE_ROWS)
        except (errors.QueryRefusal, errors.LakeBusy) as refusal:
            shown |= {"refusal": refusal, "marked": _marked(sql, refusal)}
            status = int(refusal.status)
        else:
            shown |= {"result": result, "ran": True}
            if actor_of(request).is_signed_in and own_organisations(actor_of(request)).exists():
                shown["save_form"] = SaveForm(actor=actor_of(request))
    else:
        shown["tables"] = _readable(request)
    return render(request, "lake/query.html", shown, status=status)


def _readable(request: HttpRequest) -> list[dict[str, str]]:
    """Some tables to begin with."""
    listed = queries.first_listed(actor_of(request))
    rows = [row for row in listed if queries.may_read(actor_of(request), row)][:12]
    return [
        {
            "name": f"{row.slug.replace('-', '_')}.{table['name']}",
            "sql": _first_query(version, table["name"]),
        }
        for row in rows
        for version in row.published[:1]  # type: ignore[attr-defined]
        for table in version.tables
    ][:12]


def _marked(sql: str, refusal: Refusal) -> dict[str, str] | None:
    """The line of the query with the place where it went wrong."""
    line, column = int(refusal.facts.get("line", 0)), int(refusal.facts.get("column", 0))
    lines = sql.split("\n")
    if not 0 < line <= len(lines):
        return None
    text = lines[line - 1]
    return {
        "before": text[: column - 1],
        "after": text[column - 1 :],
        "line": str(line),
        "column": str(column),
    }


@require_POST
def query_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    return downloads.query_answer(request, request.POST.get("sql", ""), kind)


@require_POST
def save(request: HttpRequest) -> HttpResponseBase:
    """Save the result of a query into a dataset that is there, or into a new one."""
    actor = signed_in(request)
    sql = request.POST.get("sql", "")
    form = SaveForm(request.POST, actor=actor)
    if form.is_valid():
        data = form.cleaned_data

        def do() -> str:
            with transaction.atomic():
                slug = data["dataset"]
                if slug.startswith(SaveForm.NEW):
                    slug = _new_for_result(request, sql, slug.removeprefix(SaveForm.NEW), data["title"]).slug
                commands.save_query(by=actor, dataset=slug, sql=sql, table=data["table"])
            return slug

        try:
            slug = _form_once(request, do)
        except Invalid as refusal:
            _add_refusal(form, refusal, "title")
        else:
            messages.success(
                request, _("The query runs again in the background and its result is published.")
            )
            return redirect("lake:dataset", slug)
    return render(
        request,
        "lake/query.html",
        {"sql": sql, "limit": PAGE_ROWS, "save_form": form, "functions": FUNCTIONS},
        status=422,
    )


def _new_for_result(request: HttpRequest, sql: str, organisation: str, title: str) -> Dataset:
    """A dataset for a result: sector and licence of what it reads; at first only the organisation sees it."""
    prepared = queries.prepare(actor_of(request), sql)
    first = next(iter(prepared.versions.values()), None)
    return commands.create_dataset(
        by=actor_of(request),
        organisation=find(own_organisations(actor_of(request)), slug=organisation),
        title=title,
        sector=first.dataset.sector if first else "public",
        licence=first.dataset.licence if first else "LicenseRef-Organisation",
        visibility=Dataset.Visibility.ORGANISATION,
    )
