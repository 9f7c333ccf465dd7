"""Compiling kernels before somebody waits for them: those of the proof and of light programs.

They are needed last.  A process beside the one that plans can compile them meanwhile: two processes compile
side by side, and two threads do not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ._bytecode import encoded
from ._compiled import NUMBA
from ._curves import Curves
from ._limits import Limits
from ._separation import _look_through, separation


def are_kept() -> bool:
    """Whether kernels need no compiling: those of the proof are on disk, or there are none without Numba."""
    if not NUMBA:
        return True
    folder = Path(_look_through.stats.cache_path)  # type: ignore[attr-defined]
    return any(folder.glob(f"*.{_look_through.__name__}-*.nbi"))


def warm_up() -> None:
    """Prove that two drones in the air keep apart, and write the lights of one."""
    still = np.array([[[[0, 0, 9]] * 4], [[[9, 0, 9]] * 4]], np.int64)
    separation(Curves.together(1, np.array([1000]), still.transpose(1, 0, 2, 3)), Limits())
    encoded(np.zeros((2, 3), np.uint8))
