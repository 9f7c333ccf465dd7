"""One valid, boring row of each kind; variety is asked for by name."""

from __future__ import annotations

import io
import itertools
from typing import Any

from bitgoeul.apps.lake import commands
from bitgoeul.apps.lake.models import Dataset, DatasetVersion, Upload
from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.testing import deliver_everything

_number = itertools.count(1)

BUSES = "노선,도착지,지연(분),출발\n수완12,광주역,3,2026-05-01 09:00\n첨단30,전남대,,2026-05-01 09:10\n"


def make_member(**organisation: Any) -> tuple[Actor, Organisation]:
    person = make_person()
    home = make_organisation(owner=person, **organisation)
    return actor(person), home


def make_dataset(by: Actor, organisation: Organisation, **fields: Any) -> Dataset:
    serial = next(_number)
    defaults: dict[str, Any] = {
        "title": {"ko": f"시내버스 지연 {serial}", "en": f"City bus delays {serial}"},
        "sector": "mobility",
        "licence": "KOGL-1",
        "slug": f"buses-{serial}",
    }
    return commands.create_dataset(by=by, organisation=organisation, **defaults | fields)


def make_upload(
    by: Actor, organisation: Organisation, content: bytes | str = BUSES, name: str = "buses.csv"
) -> Upload:
    data = content.encode() if isinstance(content, str) else content
    return commands.upload_file(
        by=by, organisation=organisation, file_name=name, stream=io.BytesIO(data), size=len(data)
    )


def publish(by: Actor, dataset: Dataset, *files: tuple[str, bytes | str], **options: Any) -> DatasetVersion:
    """Publish files through the worker and return the version in whatever state it ended."""
    parts = [
        {"upload": make_upload(by, dataset.organisation, content, name).public_id, "table": ""}
        for name, content in files
    ]
    version = commands.publish_version(by=by, dataset=dataset.slug, files=parts, **options)
    deliver_everything()
    version.refresh_from_db()
    return version


def make_published(
    by: Actor, organisation: Organisation, content: bytes | str = BUSES, **fields: Any
) -> DatasetVersion:
    version = publish(by, make_dataset(by, organisation, **fields), ("buses.csv", content))
    assert version.state == "published", version.problem
    return version
