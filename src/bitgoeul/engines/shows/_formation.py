"""A formation: where every drone of a fleet is at one moment, and how it shines there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._curves import Floats


@dataclass(frozen=True, eq=False)
class Formation:
    """Exactly one point per drone.

    ``points``: shape (N, 3), metres.  ``colours``: shape (N, 3), red, green, blue from 0 to 255.
    ``lit``: shape (N,); spares that wait in the dark are not lit.
    """

    points: Floats
    colours: NDArray[np.uint8]
    lit: NDArray[np.bool_]

    def __post_init__(self) -> None:
        drones = len(self.points)
        if (
            self.points.shape != (drones, 3)
            or self.colours.shape != (drones, 3)
            or self.lit.shape != (drones,)
        ):
            raise ValueError("points and colours have shape (N, 3), lit has shape (N,)")
        if not np.isfinite(self.points).all():
            raise ValueError("points are finite")
