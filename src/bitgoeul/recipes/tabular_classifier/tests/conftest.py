"""The recipe's modules import each other by plain name, as they do inside a job."""

from pathlib import Path

import pytest

RECIPE = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _plain_names(monkeypatch):
    monkeypatch.syspath_prepend(str(RECIPE))
