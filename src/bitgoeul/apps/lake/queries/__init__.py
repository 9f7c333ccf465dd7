"""What somebody may read of the lake."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import BigIntegerField, Exists, Max, OuterRef, Prefetch, Q, QuerySet, SlugField

from bitgoeul.apps.lake import errors
from bitgoeul.apps.lake.models import Dataset, DatasetVersion, SearchToken, Upload
from bitgoeul.apps.lake.queries.access import opened_to
from bitgoeul.apps.lake.warehouse import publishing, sandbox
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import lake
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.standing import StandingQuery
from bitgoeul.kit.store import store
from bitgoeul.kit.text import Localised

PUBLISHED = DatasetVersion.State.PUBLISHED
SHOWN_VERSIONS = 100
_REFERENCE = re.compile(r"(?P<slug>[\w-]{1,60})(?:@(?P<number>\d{1,9}))?", re.ASCII)


# ── who sees what ─────────────────────────────────────────────────────────────────────────────────────────


def _reads_as_member(actor: Actor) -> bool:
    return actor.allows("lake:read")


LISTED_TO_ALL = (Dataset.Visibility.PUBLIC, Dataset.Visibility.RESTRICTED)


def visible_to(actor: Actor) -> QuerySet[Dataset]:
    """The datasets whose description exists for ``actor``:

    published ones that are public or on request, and those of the actor's organisations.
    """
    return _in_reach(actor, Q(visibility__in=LISTED_TO_ALL))


def readable_by(actor: Actor) -> QuerySet[Dataset]:
    """The datasets whose rows exist for ``actor``:

    published public ones, those of the actor's organisations, and those to which they have access now.
    """
    open_to = Q(visibility=Dataset.Visibility.PUBLIC)
    return _in_reach(actor, open_to | opened_to(actor) if _reads_as_member(actor) else open_to)


def _in_reach(actor: Actor, seen_by_all: Q) -> QuerySet[Dataset]:
    published = DatasetVersion.objects.filter(dataset=OuterRef("pk"), state=PUBLISHED)
    seen = Q(Exists(published)) & seen_by_all
    rows = Dataset.objects.select_related("organisation")
    if _reads_as_member(actor):
        if actor.is_operator or "steward" in actor.roles:
            return rows
        seen |= Q(organisation__in=list(actor.memberships))
    return rows.filter(seen)


def may_read(actor: Actor, dataset: Dataset) -> bool:
    """Whether the rows of a dataset exist for the actor."""
    if dataset.visibility == Dataset.Visibility.PUBLIC:
        return True
    return readable_by(actor).filter(pk=dataset.pk).exists()


def versions_visible_to(actor: Actor) -> QuerySet[DatasetVersion]:
    """Published versions of visible datasets, without their rows; for members also what is not published."""
    rows = DatasetVersion.objects.filter(dataset__in=visible_to(actor)).select_related(
        "dataset__organisation"
    )
    if not _reads_as_member(actor):
        return rows.filter(state=PUBLISHED)
    if actor.is_operator or "steward" in actor.roles:
        return rows
    return rows.filter(Q(state=PUBLISHED) | Q(dataset__organisation__in=list(actor.memberships)))


def versions_readable_by(actor: Actor) -> QuerySet[DatasetVersion]:
    """The versions that the actor sees of datasets whose rows the actor may read."""
    return versions_visible_to(actor).filter(dataset__in=readable_by(actor))


def uploads_visible_to(actor: Actor) -> QuerySet[Upload]:
    """Uploads of the actor's organisations."""
    if not _reads_as_member(actor):
        return Upload.objects.none()
    return Upload.objects.filter(organisation__in=list(actor.memberships)).select_related("organisation")


def readable_version(actor: Actor, ref: str) -> DatasetVersion:
    """The published version that ``slug`` (the latest) or ``slug@3`` names.

    Raises: NotFound, whether it is not there or not for this actor.
    """
    match = _REFERENCE.fullmatch(ref)
    if match is None:
        raise NotFound
    rows = (
        DatasetVersion.objects.filter(
            dataset__in=readable_by(actor), dataset__slug=match["slug"], state=PUBLISHED
        )
        .select_related("dataset__organisation")
        .order_by("-number")
    )
    return find(rows, number=int(match["number"])) if match["number"] else find(rows)


def table_files(version: DatasetVersion, table: str) -> list[Path]:
    """The Parquet files of exactly this version of the table, as local paths.

    Raises: NotFound if the version has no such table.
    """
    entry = version.table(table)
    if entry is None:
        raise NotFound
    return [store().path(file["name"]) for file in entry["files"]]


# ── the catalogue ─────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=1)
def licences() -> dict[str, dict[str, Any]]:
    """The licences that a dataset may carry, by SPDX id (or a LicenseRef of ours)."""
    rows = json.loads(Path(__file__).parents[1].joinpath("licences.json").read_text("utf-8"))
    return {row["id"]: row | {"title": Localised(row["title"])} for row in rows}


@dataclass(frozen=True)
class Found:
    """What a search found.  ``nearest`` is true when no dataset has every word, so any word was enough."""

    datasets: QuerySet[Dataset]
    nearest: bool


def search(
    actor: Actor, text: str = "", *, sector: str = "", licence: str = "", organisation: str = ""
) -> Found:
    """Datasets for a catalogue page: best match first, or the latest first when no words were given."""
    rows = visible_to(actor)
    sector, licence, organisation = map(lake.storable, (sector, licence, organisation))
    if sector:
        rows = rows.filter(sector=sector)
    if licence:
        rows = rows.filter(licence=licence)
    if organisation:
        rows = rows.filter(organisation__slug=organisation)
    rows = rows.annotate(latest=Max("versions__number", filter=Q(versions__state=PUBLISHED)))
    asked = lake.query_tokens(text)[:24]
    if not asked:
        return Found(rows.order_by("-updated_at", "-id"), False)
    scores = _scores(rows, asked)
    whole = {pk: score for pk, (score, words) in scores.items() if words == len(asked)}
    chosen = whole or {pk: score for pk, (score, _) in scores.items()}
    return Found(_in_order(rows, chosen), not whole)


def _scores(rows: QuerySet[Dataset], asked: list[tuple[str, bool]]) -> dict[int, tuple[float, int]]:
    """Dataset -> (score, how many of the asked words it has).  Rare words weigh more."""
    total = max(Dataset.objects.count(), 1)
    scores: dict[int, tuple[float, int]] = {}
    visible = rows.order_by().values("pk")
    for word, beginning in asked:
        match = {"token__startswith": word} if beginning else {"token": word}
        hits: dict[int, int] = {}
        for pk, weight in SearchToken.objects.filter(dataset__in=visible, **match).values_list(
            "dataset", "weight"
        ):
            hits[pk] = hits.get(pk, 0) + weight
        rarity = math.log(1 + total / (1 + len(hits)))
        for pk, weight in hits.items():
            score, words = scores.get(pk, (0.0, 0))
            scores[pk] = (score + rarity * weight, words + 1)
    return scores


def _in_order(rows: QuerySet[Dataset], scores: dict[int, float]) -> QuerySet[Dataset]:
    from django.db.models import Case, IntegerField, Value, When

    best = sorted(scores, key=lambda pk: (-scores[pk], -pk))[:500]
    place = Case(*[When(pk=pk, then=Value(i)) for i, pk in enumerate(best)], output_field=IntegerField())
    return rows.filter(pk__in=best).annotate(place=place).order_by("place") if best else rows.none()


def with_versions(rows: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """The same datasets, each with its published versions at hand in ``.published``."""
    published = DatasetVersion.objects.filter(state=PUBLISHED).defer("profiles", "plan").order_by("-number")
    return rows.prefetch_related(Prefetch("versions", queryset=published, to_attr="published"))


LISTED = 20
_newer = DatasetVersion.objects.filter(
    dataset=OuterRef("dataset"), state=PUBLISHED, number__gt=OuterRef("number")
)
# A dataset that everybody sees has a published version, so the catalogue is one query over those.
_listed_to_all: StandingQuery[DatasetVersion] = StandingQuery(
    lambda: (
        DatasetVersion.objects.filter(~Exists(_newer), state=PUBLISHED, dataset__visibility__in=LISTED_TO_ALL)
        .select_related("dataset__organisation")
        .defer("profiles", "plan", "lineage")
        .order_by("-dataset__updated_at", "-dataset_id")[: LISTED + 1]
    )
)
_open_to_all: StandingQuery[Dataset] = StandingQuery(
    lambda slug: visible_to(ANONYMOUS).filter(slug=slug), slug=SlugField()
)
_published_of: StandingQuery[DatasetVersion] = StandingQuery(
    lambda dataset: DatasetVersion.objects.filter(dataset=dataset, state=PUBLISHED).defer("profiles", "plan")[
        :SHOWN_VERSIONS
    ],
    dataset=BigIntegerField(),
)
_publishers_to_all: StandingQuery[tuple[str, str]] = StandingQuery(lambda: _publishers(ANONYMOUS))


def first_listed(actor: Actor) -> list[Dataset]:
    """The beginning of the catalogue, each dataset with its latest published version in ``.published``.

    One page, and one row more if there is one.
    """
    if not actor.is_visitor:
        return list(with_versions(search(actor).datasets)[: LISTED + 1])
    for version in (versions := _listed_to_all()):
        version.dataset.published = [version]  # type: ignore[attr-defined]
    return [version.dataset for version in versions]


def dataset_of(actor: Actor, slug: str) -> Dataset:
    """The dataset with this address.  Raises: NotFound."""
    if actor.is_visitor:
        return found(_open_to_all.first(slug=slug))
    return find(visible_to(actor), slug=slug)


def versions_of(actor: Actor, dataset: Dataset) -> list[DatasetVersion]:
    """The latest versions, newest first, of a dataset that the actor sees."""
    if actor.is_visitor:
        versions = _published_of(dataset=dataset.pk)
    else:
        rows = versions_visible_to(actor).filter(dataset=dataset).defer("profiles", "plan")
        versions = list(rows[:SHOWN_VERSIONS])
    for version in versions:
        version.dataset = dataset
    return versions


def _publishers(actor: Actor) -> QuerySet[Organisation, tuple[str, str]]:
    rows = Organisation.objects.filter(pk__in=visible_to(actor).order_by().values("organisation"))
    return rows.values_list("slug", "name")[:200]


def publishers(actor: Actor) -> list[tuple[str, str]]:
    """The organisations whose datasets the actor sees: address and name."""
    return _publishers_to_all() if actor.is_visitor else list(_publishers(actor))


def words_of(dataset: Dataset, columns: Iterator[str] | list[str] = ()) -> dict[str, int]:  # type: ignore[assignment]
    """The tokens under which a dataset is found, with their weights:

    title before keywords before the rest.
    """
    weights: dict[str, int] = {}
    parts = [
        (8, " ".join(dataset.title.values())),
        (4, " ".join(dataset.keywords)),
        (4, dataset.slug.replace("-", " ")),
        (2, dataset.organisation.name),
        (2, " ".join(dataset.description.values())),
        (1, " ".join(columns)),
    ]
    for weight, text in parts:
        for token in set(lake.tokens(text)):
            weights[token] = weights.get(token, 0) + weight
    return weights


# ── queries ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Prepared:
    """A query that passed the gate, with the versions and files it reads."""

    gated: lake.Gated
    versions: dict[lake.Table, DatasetVersion]
    files: dict[lake.Table, list[Path]]

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The lineage of a result: every table with its exact version."""
        return [
            {
                "dataset": version.dataset.slug,
                "version": version.number,
                "table": table.name,
                "as": table.dataset,
            }
            for table, version in self.versions.items()
        ]


def _readable_tables(actor: Actor, names: list[tuple[str, str]]) -> dict[lake.Table, DatasetVersion]:
    """The tables that the names of a query can mean for this actor."""
    found: dict[lake.Table, DatasetVersion] = {}
    bare = {lake.same_name(table) for dataset, table in names if not dataset}
    for dataset in dict.fromkeys(dataset for dataset, _ in names if dataset):
        for version in _versions_named(actor, dataset):
            for entry in version.tables:
                found[_as_table(dataset, entry)] = version
    if bare:
        latest = _latest_versions(actor).only("number", "tables", "dataset", "dataset__slug")
        for version in latest:
            for entry in version.tables:
                if lake.same_name(entry["name"]) in bare:
                    found.setdefault(_as_table(version.dataset.slug, entry), version)
    return found


def _versions_named(actor: Actor, name: str) -> list[DatasetVersion]:
    """``flight_delays`` in SQL is the dataset ``flight-delays``; ``"flight-delays@2"`` its version 2."""
    spellings = dict.fromkeys((name, name.casefold(), name.casefold().replace("_", "-")))
    for spelling in spellings:
        try:
            return [readable_version(actor, spelling)]
        except NotFound:
            continue
    return []


def _latest_versions(actor: Actor) -> QuerySet[DatasetVersion]:
    newer = DatasetVersion.objects.filter(
        dataset=OuterRef("dataset"), state=PUBLISHED, number__gt=OuterRef("number")
    )
    return (
        DatasetVersion.objects.filter(dataset__in=readable_by(actor), state=PUBLISHED)
        .exclude(Exists(newer))
        .select_related("dataset")
    )


def _as_table(dataset: str, entry: dict[str, Any]) -> lake.Table:
    columns = tuple(lake.Column(column["name"], column["type"]) for column in entry["columns"])
    return lake.Table(dataset, entry["name"], columns)


def prepare(actor: Actor, sql: str) -> Prepared:
    """Pass ``sql`` through the gate as ``actor``.

    Raises: a QueryRefusal that says why and where.
    """
    try:
        statement = lake.read(sql)
        tables = _readable_tables(actor, statement.tables)
        gated = statement.rewrite(lake.Catalogue(tables))
    except lake.GateError as error:
        errors.refuse_query(error)
    versions = {table: tables[table] for table in gated.tables}
    return Prepared(gated, versions, {t: table_files(v, t.name) for t, v in versions.items()})


def prepare_again(sql: str, sources: list[dict[str, Any]]) -> Prepared:
    """Pass a saved query through the gate with the versions that were fixed when it was saved.

    Raises: NotFound if one of them is no longer published.
    """
    versions: dict[lake.Table, DatasetVersion] = {}
    for source in sources:
        version = find(
            DatasetVersion.objects.filter(state=PUBLISHED).select_related("dataset"),
            dataset__slug=source["dataset"],
            number=source["version"],
        )
        entry = version.table(source["table"])
        if entry is None:
            raise NotFound
        versions[_as_table(source["as"], entry)] = version
    gated = lake.read(sql).rewrite(lake.Catalogue(versions))
    used = {table: versions[table] for table in gated.tables}
    return Prepared(gated, used, {t: table_files(v, t.name) for t, v in used.items()})


@dataclass(frozen=True)
class Result:
    """Rows in the order of the query.  ``cut`` says which limit ended them: "", "rows" or "bytes"."""

    columns: list[dict[str, str]]
    rows: list[list[Any]]
    cut: str
    seconds: float
    sources: list[dict[str, Any]]


def run(actor: Actor, sql: str, rows: int | None = None) -> Result:
    """Run a query and return its first rows.

    Raises: a QueryRefusal, or LakeBusy.
    """
    from django.conf import settings

    prepared = prepare(actor, sql)
    limits = sandbox.query_limits(min(rows or settings.LAKE_QUERY_ROWS, settings.LAKE_QUERY_ROWS))
    with sandbox.scratch() as folder:
        result = _in_sandbox("query", sql, prepared, limits, folder, {})
    return Result(sources=prepared.sources, **result)


def export(actor: Actor, sql: str, format: str, folder: Path) -> Path:
    """Run a query and return the file, in ``folder`` (from ``sandbox.scratch``), that holds its whole result.

    Raises: a QueryRefusal, or LakeBusy.
    """
    from django.conf import settings

    prepared = prepare(actor, sql)
    limits = sandbox.query_limits(settings.LAKE_EXPORT_ROWS)
    file = f"result.{format}"
    _in_sandbox("export", sql, prepared, limits, folder, {"file": file, "format": format})
    return folder / "out" / file


def _in_sandbox(  # noqa: PLR0917
    work: str, sql: str, prepared: Prepared, limits: sandbox.Limits, folder: Path, more: dict[str, Any]
) -> dict[str, Any]:
    request = {
        "sql": prepared.gated.sql,
        "functions": publishing.FUNCTIONS,
        "views": publishing.views(prepared.gated, prepared.files),
    } | more
    reads = [path for paths in prepared.files.values() for path in paths]
    try:
        with sandbox.slot():
            return sandbox.run(work, request, limits=limits, reads=reads, folder=folder)
    except sandbox.Busy:
        raise errors.LakeBusy from None
    except sandbox.Failed as failed:
        raise _query_refusal(sql, failed, limits) from None


_QUOTED = re.compile(r'"([^"]+)"|\'([^\'(]+)\(')


def _query_refusal(sql: str, failed: sandbox.Failed, limits: sandbox.Limits) -> errors.QueryRefusal:
    if failed.kind == "too_slow":
        return errors.QueryTooSlow(limit=limits.wall_s)
    if failed.kind in {"out_of_memory", "out_of_disk"}:
        return errors.QueryTooLarge()
    if failed.kind == "disagreement":
        return errors.SqlNotSupported(what=failed.message)
    if failed.kind in {"crashed", "other", "io", "permission"}:
        # What the engine says about its own state is no business of whoever wrote the query.
        return errors.QueryFailed(message="—")
    message = failed.message.split("\n\n")[0]
    # Where our files lie is no business of the reader either.
    facts: dict[str, Any] = {"message": "—" if str(store().path("lake")) in message else message}
    if match := _QUOTED.search(failed.message):
        line, column = lake.find_word(sql, match[1] or match[2])
        if line:
            facts |= {"line": line, "column": column}
    return errors.QueryFailed(**facts)
