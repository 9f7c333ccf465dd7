"""A public figure equals the same figure recomputed from facts, after every step."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.lake.commands import edit_dataset, withdraw_version
from bitgoeul.apps.lake.tests.factories import make_dataset, make_member, publish
from bitgoeul.apps.people.tests.factories import make_organisation
from bitgoeul.apps.programmes.commands import close_call
from bitgoeul.apps.programmes.tests.factories import make_call
from bitgoeul.apps.record.commands import seal
from bitgoeul.apps.registry.tests.factories import make_version
from bitgoeul.apps.services import commands as services
from bitgoeul.apps.services.tests.factories import make_service
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.site import cli, counts
from bitgoeul.site.operations.figures import recounted, shown

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _count_anew():
    counts.forget()
    yield
    counts.forget()


def agreed(**expected: int):
    """Both ways give the same; of that, what is expected now."""
    figures = shown()
    assert figures == recounted()
    assert {name: getattr(figures, name) for name in expected} == expected


def test_datasets_and_their_rows_agree_through_versions_and_visibility():
    by, organisation = make_member()
    dataset = make_dataset(by, organisation, visibility="public")
    agreed(datasets=0, rows=0)

    publish(by, dataset, ("rides.csv", "a\n1\n2\n3\n"))
    agreed(datasets=1, rows=3)
    publish(by, dataset, ("rides.csv", "a\n1\n2\n3\n4\n"))
    agreed(datasets=1, rows=4)
    edit_dataset(by=by, dataset=dataset.slug, visibility="organisation")
    agreed(datasets=0, rows=0)
    edit_dataset(by=by, dataset=dataset.slug, visibility="public", keywords=["버스"])
    agreed(datasets=1, rows=4)
    withdraw_version(by=by, dataset=dataset.slug, number=2, reason="예시")
    agreed(datasets=1, rows=3)


def test_calls_agree_while_they_open_and_end():
    call = make_call()
    agreed(open_calls=1)

    with clock.frozen(call.closes_at):
        agreed(open_calls=0)
    with clock.frozen(call.opens_at - dt.timedelta(seconds=1)):
        agreed(open_calls=0)
    close_call(by=SYSTEM, slug=call.slug)
    agreed(open_calls=0)


def test_services_and_what_they_answered_agree_through_every_state(tmp_path):
    service = make_service(tmp_path)
    hidden = make_service(tmp_path, make_organisation(), public=False)
    agreed(live_services=0)

    for row in (service, hidden):
        services.note_live(by=SYSTEM, service=row, generation=1)
        services.collect_usage(by=SYSTEM, service=row, epoch="e", reading=7)
    agreed(live_services=1, predictions_today=7)
    services.collect_usage(by=SYSTEM, service=service, epoch="e", reading=19)
    agreed(live_services=1, predictions_today=19)
    services.note_crash(by=SYSTEM, service=service, generation=1, exit_status=-9, detail="")
    agreed(live_services=0, predictions_today=0)
    services.note_live(by=SYSTEM, service=service, generation=1)
    agreed(live_services=1, predictions_today=19)
    services.stop_service(by=SYSTEM, service=service.slug)
    agreed(live_services=0)
    services.start_service(by=SYSTEM, service=service.slug)
    services.note_live(by=SYSTEM, service=service, generation=2)
    agreed(live_services=1, predictions_today=19)
    with clock.frozen(clock.now() + dt.timedelta(days=1)):
        agreed(live_services=1, predictions_today=0)
    other = make_version(tmp_path, service.organisation, name=service.version.model.slug)
    services.redeploy_service(by=SYSTEM, service=service.slug, model_version=str(other))
    agreed(live_services=1)
    services.note_live(by=SYSTEM, service=service, generation=3)
    agreed(live_services=1)
    services.note_failed(by=SYSTEM, service=service, generation=3, times=5)
    agreed(live_services=0)


def test_anybody_with_an_export_counts_the_same_and_a_changed_fact_is_noticed(tmp_path):
    by, organisation = make_member()
    publish(by, make_dataset(by, organisation, visibility="public"), ("rides.csv", "a\n1\n2\n"))
    seal()
    export, run = tmp_path / "record.jsonl", CliRunner().invoke

    assert run(cli.build("record"), ["record", "export", str(export)]).exit_code == 0
    offline = json.loads(run(cli.build("figures"), ["figures", str(export), "--json"]).stdout)
    here = run(cli.build("figures"), ["figures", "--json"])

    assert here.exit_code == 0
    assert json.loads(here.stdout)["shown"] == offline["recounted"]
    assert (offline["recounted"]["datasets"], offline["recounted"]["rows"]) == (1, 2)

    published = Fact.objects.get(name="lake.VersionPublished")
    Fact.objects.filter(pk=published.pk).update(data=published.data | {"rows": 2_000_000})
    assert run(cli.build("figures"), ["figures"]).exit_code == 3
