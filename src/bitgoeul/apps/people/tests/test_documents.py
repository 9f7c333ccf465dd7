"""The papers of the company file."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.people.documents import (
    DOCX,
    HWPX,
    MOST_BYTES,
    add_document,
    documents_of,
    media_type_of,
    remove_document,
    usable_documents,
)
from bitgoeul.apps.people.errors import DocumentTooLarge, DocumentTypeRefused
from bitgoeul.apps.people.models import OrganisationDocument
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.refusals import Forbidden, Invalid, NotFound
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import api_for, client_for, facts_recorded

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 an example"
KIND = "business-registration"


def zipped(**files: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return kept.getvalue()


def add(person, organisation, content=PDF, **fields):
    values = {"kind": KIND, "name": "등록증.pdf"} | fields
    return add_document(by=actor(person), slug=organisation.slug, file=io.BytesIO(content), **values)


@pytest.fixture
def person():
    return make_person()


@pytest.fixture
def organisation(person):
    return make_organisation(person)


def test_the_same_content_of_the_same_kind_is_kept_once(person, organisation):
    first, again, other = (
        add(person, organisation),
        add(person, organisation, name="copy.pdf"),
        add(person, organisation, kind="plan"),
    )

    assert first.pk == again.pk != other.pk
    with store().open(first.stored) as kept:
        assert kept.read() == PDF
    assert facts_recorded().count("people.DocumentAdded") == 2


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"\xff\xd8\xffrest", "image/jpeg"),
        (zipped(**{"[Content_Types]_xml": b"x", "word__document_xml": b"x"}), DOCX),
        (zipped(mimetype=b"application/hwp+zip"), HWPX),
        (zipped(virus=b"x"), ""),
        (zipped(mimetype=b"application/epub+zip"), ""),
        (b"PK\x03\x04 broken", ""),
        (b"MZ a program", ""),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_the_content_counts_and_not_the_name(content, media_type):
    assert media_type_of(content) == media_type


def test_what_is_too_large_or_of_the_wrong_kind_is_refused_and_nothing_is_kept(person, organisation):
    with pytest.raises(DocumentTooLarge):
        add(person, organisation, PDF + b"x" * MOST_BYTES)
    with pytest.raises(DocumentTypeRefused):
        add(person, organisation, b"MZ a program", name="innocent.pdf")
    for wrong in ({"kind": "poem"}, {"valid_until": dt.date(2000, 1, 1)}):
        with pytest.raises(Invalid):
            add(person, organisation, **wrong)

    assert OrganisationDocument.objects.count() == 0


def test_a_document_is_usable_until_its_last_day_in_the_hubs_zone(person, organisation):
    with clock.frozen(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)):
        paper = add(person, organisation, valid_until=dt.date(2026, 3, 2))
    with clock.frozen(dt.datetime(2026, 3, 2, 14, 59, tzinfo=dt.UTC)):
        assert list(usable_documents(organisation, KIND)) == [paper]
    with clock.frozen(dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)):
        assert list(usable_documents(organisation, KIND)) == []
        assert list(documents_of(organisation)) == [paper]


def test_members_keep_documents_operators_read_them_and_others_see_nothing(person, organisation):
    paper = add(person, organisation)
    operator, stranger = make_person(roles=["operator"]), make_person()

    with pytest.raises(Forbidden):
        add(operator, organisation)
    with pytest.raises(Forbidden):
        remove_document(by=actor(operator), document=paper.public_id)
    with pytest.raises(NotFound):
        add(stranger, organisation)
    with pytest.raises(NotFound):
        remove_document(by=actor(stranger), document=paper.public_id)
    assert client_for(operator).get(f"/people/documents/{paper.public_id}/").status_code == 200
    assert client_for(stranger).get(f"/people/documents/{paper.public_id}/").status_code == 404

    remove_document(by=actor(person), document=paper.public_id)
    remove_document(by=actor(person), document=paper.public_id)
    assert list(documents_of(organisation)) == []
    assert add(person, organisation).pk != paper.pk


def test_the_page_adds_and_explains(person, organisation):
    client = client_for(person)
    address = f"/people/organisations/{organisation.slug}/documents/"

    wrong = client.post(address, {"kind": KIND, "file": SimpleUploadedFile("a.pdf", b"MZ")})
    good = client.post(address, {"kind": KIND, "file": SimpleUploadedFile("등록증.pdf", PDF)})
    page = client.get(address)
    number = OrganisationDocument.objects.get().public_id
    got = client.get(f"/people/documents/{number}/")
    client.post(f"/people/documents/{number}/remove/")

    assert (wrong.status_code, good.status_code) == (422, 302)
    assert "등록증.pdf" in page.content.decode()
    assert (b"".join(got.streaming_content), got["Content-Type"]) == (PDF, "application/pdf")
    assert "attachment" in got["Content-Disposition"]
    assert list(documents_of(organisation)) == []


def test_the_api_adds_lists_and_removes(person, organisation):
    api = api_for(person)
    address = f"/api/people/organisations/{organisation.slug}/documents"

    made = api.post(address, {"kind": KIND, "valid_until": "2099-12-31",
                              "file": SimpleUploadedFile("a.pdf", PDF)}).json()  # fmt: skip
    large = api.post(address, {"kind": KIND, "file": SimpleUploadedFile("a.pdf", b"MZ")})

    assert (made["media_type"], made["valid_until"]) == ("application/pdf", "2099-12-31")
    assert large.json()["code"] == "people.DocumentTypeRefused"
    assert [row["id"] for row in api.get(address).json()] == [made["id"]]
    assert api.delete(f"/api/people/documents/{made['id']}").status_code == 204
    assert api.get(address).json() == []
