"""The papers of the company file: kept once, with the day until which they are valid."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import date
from typing import BinaryIO

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from bitgoeul.apps.people import policies, queries
from bitgoeul.apps.people.errors import DocumentTooLarge, DocumentTypeRefused
from bitgoeul.apps.people.events import DocumentAdded, DocumentRemoved
from bitgoeul.apps.people.models import Organisation, OrganisationDocument
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, require
from bitgoeul.kit.store import store

MOST_MIB = 10
MOST_BYTES = MOST_MIB * 1024 * 1024
LONGEST_NAME = 120
PICTURES = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HWPX = "application/hwp+zip"


def documents_visible_to(actor: Actor) -> QuerySet[OrganisationDocument]:
    """The papers of the company files that the actor may open."""
    rows = OrganisationDocument.objects.select_related("organisation")
    return rows.filter(organisation__in=queries.organisations_visible_to(actor))


def documents_of(organisation: Organisation) -> QuerySet[OrganisationDocument]:
    """What the company file holds now, also what is no longer valid."""
    return OrganisationDocument.objects.filter(organisation=organisation, removed_at=None)


def usable_documents(organisation: Organisation, kind: str) -> QuerySet[OrganisationDocument]:
    """The papers of a kind that are valid today, the newest first."""
    today = timezone.localdate(clock.now())
    valid = Q(valid_until=None) | Q(valid_until__gte=today)
    return documents_of(organisation).filter(valid, kind=kind).order_by("-added_at", "-id")


def media_type_of(content: bytes) -> str:
    """What the content is, whatever the file is called; empty if it is nothing that is taken."""
    for beginning, media_type in PICTURES.items():
        if content.startswith(beginning):
            return media_type
    if not content.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            names = set(parts.namelist())
            if "mimetype" in names and parts.getinfo("mimetype").file_size < 100:
                return HWPX if parts.read("mimetype").strip() == HWPX.encode() else ""
            return DOCX if {"[Content_Types].xml", "word/document.xml"} <= names else ""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):  # broken, or encrypted
        return ""


@command
def add_document(
    *, by: Actor, slug: str, kind: str, name: str, file: BinaryIO, valid_until: date | None = None
) -> OrganisationDocument:
    """Put a paper into the company file.  The same content of the same kind is kept once."""
    organisation = find(queries.organisations_visible_to(by), slug=slug)
    require(policies.may_keep_documents(by, organisation))
    if kind not in OrganisationDocument.Kind.values:
        raise Invalid({"kind": [_("This kind of document is not known.")]})
    if valid_until is not None and valid_until < timezone.localdate(clock.now()):
        raise Invalid({"valid_until": [_("It is no longer valid. Upload a new one.")]})
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DocumentTooLarge(most=MOST_MIB)
    plain = _plain(name)
    if not (media_type := media_type_of(content)):
        raise DocumentTypeRefused(name=plain)
    digest = hashlib.sha256(content).hexdigest()
    fields = {"organisation": organisation, "kind": kind, "sha256": digest, "removed_at": None}
    stored = f"people/{organisation.public_id}/documents/{digest}"
    row, new = OrganisationDocument.objects.get_or_create(
        **fields,
        defaults={
            "name": plain,
            "media_type": media_type,
            "size": len(content),
            "stored": stored,
            "valid_until": valid_until,
        },
    )
    if not new and row.valid_until == valid_until:
        unchanged()
        return row
    row.valid_until = valid_until
    row.save(update_fields=["valid_until"])
    if new:
        store().put(stored, content)
    record(
        DocumentAdded(
            organisation=organisation.slug,
            document=row.public_id,
            kind=kind,
            sha256=digest,
            size=row.size,
            valid_until=valid_until.isoformat() if valid_until else "",
            file_name=plain,
        ),
        by=by,
        subject=f"organisation:{organisation.slug}",
        organisation=organisation,
    )
    return row


@command
def remove_document(*, by: Actor, document: str) -> OrganisationDocument:
    """Take a paper out of the company file.  Applications that were handed in with it keep it."""
    row = find(documents_visible_to(by), public_id=document)
    require(policies.may_keep_documents(by, row.organisation))
    if not OrganisationDocument.objects.filter(pk=row.pk, removed_at=None).update(removed_at=clock.now()):
        unchanged()
        return row
    record(
        DocumentRemoved(organisation=row.organisation.slug, document=row.public_id, kind=row.kind),
        by=by,
        subject=f"organisation:{row.organisation.slug}",
        organisation=row.organisation,
    )
    return row


def _plain(name: str) -> str:
    """The last part of a file's name, without what cannot be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[-LONGEST_NAME:] or "document"
