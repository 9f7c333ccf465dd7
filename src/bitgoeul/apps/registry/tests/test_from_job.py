"""From a job's outputs to a model version, through the runner, the fact and the worker."""

from __future__ import annotations

import base64
import json

import pytest

from bitgoeul.apps.compute.tests.conftest import home, hub  # noqa: F401 - fixtures
from bitgoeul.apps.registry.models import ModelVersion, Registration
from bitgoeul.apps.registry.tests.factories import document, onnx_model
from bitgoeul.kit.models import Delivery
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import deliver_everything, facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def program(model: bytes, declared: dict) -> str:
    """A training program that leaves exactly these two files."""
    words = base64.b64encode(json.dumps(declared).encode()).decode()
    return f"""
        import base64, pathlib
        folder = pathlib.Path("/job/out/model")
        folder.mkdir()
        (folder / "model.onnx").write_bytes(base64.b64decode("{base64.b64encode(model).decode()}"))
        (folder / "model.json").write_bytes(base64.b64decode("{words}"))
    """


def test_given_a_job_that_leaves_a_model_when_it_ends_then_there_is_a_version_with_its_lineage(hub):  # noqa: F811
    model = onnx_model().SerializeToString()

    job = hub.run(program(model, document()))
    deliver_everything()

    version = ModelVersion.objects.get()
    assert version.reference == f"job:{job.pk}"
    assert version.model.organisation == hub.organisation
    assert version.lineage["code_sha256"] == job.code_sha256
    assert store().open(version.artefact).read() == model
    assert facts_recorded().count("registry.ModelRegistered") == 1


def test_given_the_fact_delivered_twice_when_handled_then_there_is_still_one_version(hub):  # noqa: F811
    hub.run(program(onnx_model().SerializeToString(), document()))
    deliver_everything()

    Delivery.objects.filter(handler__contains="register_from_job").update(state=Delivery.State.WAITING)
    deliver_everything()

    assert ModelVersion.objects.count() == 1
    assert facts_recorded().count("registry.ModelRegistered") == 1


def test_given_a_job_that_leaves_rubbish_when_it_ends_then_the_reason_is_written_down(hub):  # noqa: F811
    job = hub.run(program(b"rubbish", document()))
    deliver_everything()

    row = Registration.objects.get()
    assert (row.reference, row.code) == (f"job:{job.pk}", "registry.NotOnnx")
    assert (
        not Delivery.objects.exclude(state=Delivery.State.DONE).filter(handler__contains="registry").exists()
    )


def test_given_a_job_without_a_model_when_it_ends_then_nothing_happens(hub):  # noqa: F811
    hub.run("print('only words')")
    deliver_everything()

    assert not Registration.objects.exists()
