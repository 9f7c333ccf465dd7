"""Kernels that are compiled beforehand, in a process of its own."""

import subprocess
import sys

import pytest

from bitgoeul.apps.shows.studio import warming
from bitgoeul.engines.shows import _warming, are_kept, warm_up
from bitgoeul.engines.shows._compiled import NUMBA


@pytest.mark.slow
@pytest.mark.skipif(not NUMBA, reason="Numba is not installed")
def test_kernels_are_kept_once_they_are_compiled(tmp_path):
    asked = "from bitgoeul.engines.shows import are_kept, warm_up; before = are_kept(); warm_up(); "
    asked += "print(before, are_kept())"

    where = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=where, check=True, capture_output=True, text=True
    )

    assert said.stdout.split() == ["False", "True"]


def test_without_numba_there_is_nothing_to_compile(monkeypatch):
    monkeypatch.setattr(_warming, "NUMBA", False)

    assert are_kept()
    with warming.beside() as process:
        assert process is None


def test_what_is_not_compiled_is_compiled_beside(monkeypatch):
    monkeypatch.setattr(warming.engine, "are_kept", lambda: False)

    with warming.beside() as process:
        assert process.wait() == 0

    warm_up()
    assert process.returncode == 0
