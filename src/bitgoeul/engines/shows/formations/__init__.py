"""Figures for a fleet: exactly one point per drone, and never two nearer than their spacing.

A :class:`Placing` says how many drones there are, how near they may be and where the figure stands; every
function returns a :class:`Placed` formation of exactly so many points, or raises ``ShowInvalid``.  The same
arguments always give the same points.  Flat pictures stand upright in the x-z plane and face the audience.
"""

from ._drawing import Style
from ._mesh import Kind, mesh
from ._moving import Morph, Motion, Moving, Pulse, Rotate, Translate, Waving, moving
from ._placing import Placed, Placing, closest
from ._points import point_file
from ._raster import raster
from ._solids import cone, cube, grid, helix, plane, ring, sphere, wave
from ._spares import Holding, with_spares
from ._svg import svg
from ._text import text

__all__ = [
    "Holding",
    "Kind",
    "Morph",
    "Motion",
    "Moving",
    "Placed",
    "Placing",
    "Pulse",
    "Rotate",
    "Style",
    "Translate",
    "Waving",
    "closest",
    "cone",
    "cube",
    "grid",
    "helix",
    "mesh",
    "moving",
    "plane",
    "point_file",
    "raster",
    "ring",
    "sphere",
    "svg",
    "text",
    "wave",
    "with_spares",
]
