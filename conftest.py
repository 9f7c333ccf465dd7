"""Fixtures that every test may use."""

from __future__ import annotations

import pytest
from hypothesis import settings as properties

from bitgoeul.kit import messages


def pytest_configure(config: pytest.Config) -> None:
    """Tests read both languages, so what is written in the catalogues is compiled first."""
    if not hasattr(config, "workerinput"):
        messages.compile_all()


# A busy machine is no reason to fail: no test asserts a time.
properties.register_profile("bitgoeul", deadline=None)
properties.load_profile("bitgoeul")


@pytest.fixture(autouse=True)
def _fresh_store(tmp_path, settings) -> None:
    """Each test has its own folder of files."""
    settings.STORE = str(tmp_path / "store")
