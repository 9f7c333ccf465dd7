"""Drone light shows: formations, transitions that are proved safe, lights, and the files other tools read.

What flies is :class:`Curves`: cubics on a grid of whole numbers.
What it keeps to are :class:`Limits` and the :class:`Site`.
That it does is proved by :func:`prove` for every moment; the :class:`Certificate` is a file (:func:`written`,
:func:`read`) that ``check_show.py`` checks without this engine.
Refusing: :class:`ShowInvalid`, with a :class:`Problem` for each reason.
"""

from . import formations
from ._bounds import TOLERANCE, Bound, Violation
from ._bytecode import decoded, encoded
from ._certificate import Certificate, read, written
from ._curves import CANONICAL, Curves
from ._formation import Formation
from ._gltf import to_gltf
from ._lights import Effect, Gradient, Keyframe, Keyframes, Layer, Picture, programs, sampled
from ._limits import Limits, Ring, Site
from ._problems import Problem, ShowInvalid
from ._proof import prove
from ._sampled import from_csv, from_vviz, to_csv, to_vviz
from ._separation import Separation, separation
from ._show import Music, Show, certified
from ._skyb import from_skyb, scale_mm, to_skyb
from ._skyc import from_skyc, to_skyc

__all__ = [
    "CANONICAL",
    "TOLERANCE",
    "Bound",
    "Certificate",
    "Curves",
    "Effect",
    "Formation",
    "Gradient",
    "Keyframe",
    "Keyframes",
    "Layer",
    "Limits",
    "Music",
    "Picture",
    "Problem",
    "Ring",
    "Separation",
    "Show",
    "ShowInvalid",
    "Site",
    "Violation",
    "certified",
    "decoded",
    "encoded",
    "formations",
    "from_csv",
    "from_skyb",
    "from_skyc",
    "from_vviz",
    "programs",
    "prove",
    "read",
    "sampled",
    "scale_mm",
    "separation",
    "to_csv",
    "to_gltf",
    "to_skyb",
    "to_skyc",
    "to_vviz",
    "written",
]
