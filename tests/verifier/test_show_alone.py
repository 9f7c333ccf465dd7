"""The checker of shows alone: one file, a Python without any package, no hub."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from bitgoeul.engines.shows import Curves, Limits, Show, Site, prove, to_skyc, written
from tests.architecture.tree import PACKAGE


@pytest.fixture
def folder(tmp_path):
    """A show of three drones that rise, with its certificate."""
    controls = np.zeros((2, 3, 4, 3), np.int64)
    controls[:, :, :, 0] = np.arange(3)[None, :, None] * 4000
    controls[0, :, :, 2] = np.array([0, 0, 9000, 9000])
    controls[1, :, :, 2] = 9000
    curves = Curves.together(1000, np.array([9000, 12_000]), controls)
    certificate = prove(curves, Limits(), Site())
    (tmp_path / "certificate.json").write_text(written(certificate))
    (file,) = to_skyc(Show(title="rise", curves=curves), certificate)
    (tmp_path / "show.skyc").write_bytes(file)
    return tmp_path


def checked(folder, *more):
    """Run the checker's one file in a folder; -I -S leaves every installed package out."""
    alone = shutil.copy(PACKAGE / "engines" / "shows" / "check_show.py", folder)
    return subprocess.run(
        [sys.executable, "-I", "-S", alone, "certificate.json", "show.skyc", *more],
        cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_untouched_show_is_confirmed(folder):
    done = checked(folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("The certificate holds: 3 drones; 3 of 3 pairs")


def test_an_altered_certificate_is_named(folder):
    file = folder / "certificate.json"
    data = json.loads(file.read_text())
    data["bounds"][0]["value"] += 0.5
    file.write_text(json.dumps(data))

    done = checked(folder, "--json")

    assert done.returncode == 3
    assert json.loads(done.stdout)["where"].startswith("distance/value")


def test_what_is_not_a_show_is_not_usable(folder):
    (folder / "show.skyc").write_text("no zip")

    done = checked(folder)

    assert (done.returncode, done.stderr.startswith("Cannot check: ")) == (2, True)
