from __future__ import annotations

import pytest
from django.utils import translation

from bitgoeul.apps.compute import queries
from bitgoeul.apps.compute.tests.factories import Hub


@pytest.fixture(autouse=True)
def _korean():
    """Whatever the test before spoke."""
    with translation.override("ko"):
        yield


@pytest.fixture
def home(settings, tmp_path):
    """A folder of the hub's own for each test, so that runs of two tests never meet."""
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()
    settings.COMPUTE_CPUS, settings.COMPUTE_MEMORY_MIB, settings.COMPUTE_GPUS = 2, 4096, 0
    return settings.HOME


@pytest.fixture
def hub(db, home):
    """A member with credits, and a machine that can isolate jobs."""
    probe = queries.executor().probe()
    if not probe.ok:
        pytest.skip(f"no sandbox on this machine: {probe.detail}")
    hub = Hub()
    yield hub
    hub.stop_everything()
