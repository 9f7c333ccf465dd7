from __future__ import annotations

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bitgoeul.apps.lake import policies, queries
from bitgoeul.apps.lake.commands.access import (
    refuse_more_open_than,
    refuse_while_somebody_reads,
    sources_of,
)
from bitgoeul.apps.lake.events import DatasetCreated, DatasetDownloaded, DatasetEdited
from bitgoeul.apps.lake.models import Dataset, SearchToken
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.text import Localised

LONGEST_TITLE = 150
LONGEST_DESCRIPTION = 4_000
MOST_KEYWORDS = 20
RESERVED = {"new", "query", "save"}  # they are addresses of their own


def _checked(values: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0912 - one line per rule
    """The fields of a dataset, or every reason why they do not hold."""
    problems: dict[str, list[str]] = {}
    clean: dict[str, Any] = {}
    for name, limit in (("title", LONGEST_TITLE), ("description", LONGEST_DESCRIPTION)):
        if name in values:
            text = Localised(
                {k: lake.storable(v).strip() for k, v in Localised.of(values[name] or {}).items()}
            )
            clean[name] = text
            if any(len(part) > limit for part in text.values()):
                problems[name] = [_("At most %(limit)s characters.") % {"limit": limit}]
    if "title" in clean and not any(clean["title"].values()):
        problems["title"] = [_("Write it in Korean or in English.")]
    if "licence" in values:
        clean["licence"] = values["licence"]
        if values["licence"] not in queries.licences():
            problems["licence"] = [_("Choose a licence from the list.")]
    for name, choices in (("sector", Organisation.Sector), ("visibility", Dataset.Visibility)):
        if name in values:
            clean[name] = values[name]
            if values[name] not in choices.values:
                problems[name] = [_("Choose one from the list.")]
    if "keywords" in values:
        clean["keywords"] = list(
            dict.fromkeys(filter(None, (lake.storable(w).strip()[:40] for w in values["keywords"])))
        )
        if len(clean["keywords"]) > MOST_KEYWORDS:
            problems["keywords"] = [_("At most %(limit)s keywords.") % {"limit": MOST_KEYWORDS}]
    if "source" in values:
        clean["source"] = lake.storable(values["source"] or "").strip()[:300]
    if problems:
        raise Invalid(problems)
    return clean


def _free_slug(wanted: str, title: Localised) -> str:
    """An address nobody has: the one asked for, or one made from the title."""
    if wanted:
        if wanted in RESERVED or wanted != lake.dataset_name(wanted):
            raise Invalid({"slug": [_("Use small letters, digits and hyphens.")]})
        if Dataset.objects.filter(slug=wanted).exists():
            raise Invalid({"slug": [_("This address is taken. Choose another.")]})
        return wanted
    base = lake.dataset_name(title.get("en", "")) or "dataset"
    if base not in {"dataset", *RESERVED} and not Dataset.objects.filter(slug=base).exists():
        return base
    return f"{base[:50].rstrip('-')}-{secrets.token_hex(3)}"


def index(dataset: Dataset) -> None:
    """Write anew under which words the dataset is found."""
    latest = dataset.versions.filter(state="published").order_by("-number").first()
    columns = [c["name"] for table in (latest.tables if latest else []) for c in table["columns"]][:400]
    names = [table["name"].replace("_", " ") for table in (latest.tables if latest else [])]
    words = queries.words_of(dataset, [*names, *columns])
    dataset.tokens.all().delete()
    SearchToken.objects.bulk_create(
        SearchToken(dataset=dataset, token=token, weight=min(weight, 100)) for token, weight in words.items()
    )


@command
def create_dataset(
    *,
    by: Actor,
    organisation: Organisation,
    title: Any,
    sector: str,
    licence: str,
    description: Any = None,
    keywords: list[str] | None = None,
    visibility: str = Dataset.Visibility.PUBLIC,
    source: str = "",
    slug: str = "",
) -> Dataset:
    """Describe a dataset.  It is seen by others when its first version is published."""
    require(policies.may_publish_for(by, organisation))
    values = _checked(
        {
            "title": title,
            "description": description,
            "sector": sector,
            "licence": licence,
            "keywords": keywords or [],
            "visibility": visibility,
            "source": source,
        }
    )
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(
                organisation=organisation, slug=_free_slug(slug, values["title"]), **values
            )
    except IntegrityError:
        raise Invalid({"slug": [_("This address is taken. Choose another.")]}) from None
    index(dataset)
    record(
        DatasetCreated(dataset=dataset.slug, sector=sector, licence=licence, visibility=visibility),
        by=by,
        subject=f"dataset:{dataset.slug}",
        organisation=organisation,
    )
    return dataset


@command
def edit_dataset(*, by: Actor, dataset: str, **values: Any) -> Dataset:
    """Change how a dataset is described; what was published stays as it is."""
    row = find(queries.visible_to(by), slug=dataset)
    require(policies.may_edit(by, row))
    unknown = set(values) - {"title", "description", "sector", "licence", "keywords", "visibility", "source"}
    if unknown:
        raise Invalid({name: [_("This cannot be changed.")] for name in unknown})
    clean = _checked(values)
    changed = sorted(name for name, value in clean.items() if getattr(row, name) != value)
    if not changed:
        unchanged()
        return row
    if "visibility" in changed:
        refuse_while_somebody_reads(row, clean["visibility"])
        refuse_more_open_than(row, clean["visibility"], sources_of(row))
    for name in changed:
        setattr(row, name, clean[name])
    row.updated_at = clock.now()
    row.save(update_fields=[*changed, "updated_at"])
    index(row)
    record(
        DatasetEdited(dataset=row.slug, changed=changed, visibility=row.visibility),
        by=by,
        subject=f"dataset:{row.slug}",
        organisation=row.organisation,
    )
    return row


@command(scope="lake:read")
def count_download(*, by: Actor, version: Any, table: str, format: str, size: int) -> None:
    """Note that a file of the lake was handed out."""
    Dataset.objects.filter(pk=version.dataset_id).update(downloads=F("downloads") + 1)
    record(
        DatasetDownloaded(
            dataset=version.dataset.slug, version=version.number, table=table, format=format, bytes=size
        ),
        by=by,
        subject=f"dataset:{version.dataset.slug}",
        organisation=version.dataset.organisation,
    )
