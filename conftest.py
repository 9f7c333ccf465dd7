"""Fixtures that every test may use."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _fresh_store(tmp_path, settings) -> None:
    """Each test has its own folder of files."""
    settings.STORE = str(tmp_path / "store")
