"""A dataset in the words of DCAT 3, as JSON-LD that needs no network to be read."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from bitgoeul.apps.lake import queries
from bitgoeul.apps.lake.models import Dataset, DatasetVersion

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "prov": "http://www.w3.org/ns/prov#",
    "spdx": "http://spdx.org/rdf/terms#",
    "bg": "https://bitgoeul.invalid/ns#",
}
ACCESS_RIGHTS = "http://publications.europa.eu/resource/authority/access-right"
MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


def _texts(text: dict[str, str]) -> list[dict[str, str]]:
    return [{"@value": value, "@language": language} for language, value in text.items() if value]


def _moment(value: Any) -> dict[str, str]:
    return {"@value": value.isoformat(), "@type": "xsd:dateTime"}


def _where(dataset: Dataset, file: str, page: str) -> dict[str, Any]:
    """Where everybody may fetch a file; of a dataset that is not open, the page that says who may."""
    if dataset.visibility == Dataset.Visibility.PUBLIC:
        return {"dcat:downloadURL": {"@id": file}}
    return {"dcat:accessURL": {"@id": page}}


def dataset_ld(dataset: Dataset, version: DatasetVersion | None) -> dict[str, Any]:
    """The description of a dataset with the distributions of its latest version."""
    address = f"{settings.URL}/lake/{dataset.slug}/"
    licence = queries.licences().get(dataset.licence, {})
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.slug,
        "dct:title": _texts(dataset.title),
        "dct:description": _texts(dataset.description),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": dataset.organisation.name},
        "dct:issued": _moment(dataset.created_at),
        "dct:modified": _moment(dataset.updated_at),
        "dct:license": {"@id": licence.get("url") or f"urn:licence:{dataset.licence}"},
        "dct:accessRights": {"@id": f"{ACCESS_RIGHTS}/{dataset.access_rights}"},
        "dcat:keyword": dataset.keywords,
        "dcat:theme": {"@id": f"{settings.URL}/lake/?sector={dataset.sector}"},
        "dcat:landingPage": {"@id": address},
    }
    if dataset.source:
        described["dct:source"] = dataset.source
    if version is None:
        return described
    described["dcat:version"] = str(version.number)
    described["prov:wasDerivedFrom"] = [
        {"@id": f"{settings.URL}/lake/{name}/{number}/"}
        for name, number in sorted({(s["dataset"], s["version"]) for s in version.lineage.get("sources", [])})
    ]
    described["dcat:distribution"] = [
        {
            "@type": "dcat:Distribution",
            "@id": f"{address}{version.number}/{table['name']}.{kind}",
            "dct:title": table["name"],
            **_where(dataset, f"{address}{version.number}/{table['name']}.{kind}", address),
            "dcat:mediaType": media,
            "bg:rows": table["rows"],
            "bg:columns": [column["name"] for column in table["columns"]],
            **({"dcat:byteSize": table["bytes"]} if kind == "parquet" else {}),
        }
        for table in version.tables
        for kind, media in MEDIA.items()
    ]
    return described
