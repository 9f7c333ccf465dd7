"""Drone light shows: formations, transitions that are proved safe, lights, and the files other tools read.

What flies is :class:`Curves`: cubics on a grid of whole numbers.
What it keeps to are :class:`Limits` and the :class:`Site`.
That it does is proved by :func:`prove` for every moment; the :class:`Certificate` is a file (:func:`written`,
:func:`read`) that ``check_show.py`` checks without this engine.
How it gets there is planned by :func:`compile_show`, from a :class:`Storyboard`: :func:`take_off`,
:func:`transition` (its :class:`LeastTime` is a bound with its certificate), :func:`landing`, :func:`abort`.
Refusing: :class:`ShowInvalid`, with a :class:`Problem` for each reason.
"""

from . import formations
from ._abort import Abort, abort
from ._assignment import Assignment, assigned
from ._bottleneck import LeastTime, least_makespan, pair_times
from ._bounds import TOLERANCE, Bound, Violation
from ._bytecode import colours_at, decoded, encoded, keyframes
from ._certificate import Certificate, read, written
from ._compile import CompiledShow, Played, Scene, Storyboard, compile_show
from ._curves import CANONICAL, Curves, Floats, Ints
from ._energy import Battery, Energy, energy, in_wind, slowed
from ._formation import Formation
from ._gltf import to_gltf
from ._ground import Ascent, check_pads, grid_pads, landing, take_off
from ._lights import Effect, Gradient, Keyframe, Keyframes, Layer, Own, Paint, Picture, programs, sampled
from ._limits import Limits, Ring, Site
from ._problems import Problem, ShowInvalid
from ._proof import prove
from ._sampled import from_csv, from_vviz, to_csv, to_vviz
from ._separation import Separation, separation
from ._show import Music, Show, certified
from ._skyb import from_skyb, scale_mm, to_skyb
from ._skyc import from_skyc, to_skyc
from ._snapped import grid_for
from ._timelaw import TimeLaw, time_law
from ._transition import Repairs, Transition, transition
from ._warming import are_kept, warm_up

__all__ = [
    "CANONICAL",
    "TOLERANCE",
    "Abort",
    "Ascent",
    "Assignment",
    "Battery",
    "Bound",
    "Certificate",
    "CompiledShow",
    "Curves",
    "Effect",
    "Energy",
    "Floats",
    "Formation",
    "Gradient",
    "Ints",
    "Keyframe",
    "Keyframes",
    "Layer",
    "LeastTime",
    "Limits",
    "Music",
    "Own",
    "Paint",
    "Picture",
    "Played",
    "Problem",
    "Repairs",
    "Ring",
    "Scene",
    "Separation",
    "Show",
    "ShowInvalid",
    "Site",
    "Storyboard",
    "TimeLaw",
    "Transition",
    "Violation",
    "abort",
    "are_kept",
    "assigned",
    "certified",
    "check_pads",
    "colours_at",
    "compile_show",
    "decoded",
    "encoded",
    "energy",
    "formations",
    "from_csv",
    "from_skyb",
    "from_skyc",
    "from_vviz",
    "grid_for",
    "grid_pads",
    "in_wind",
    "keyframes",
    "landing",
    "least_makespan",
    "pair_times",
    "programs",
    "prove",
    "read",
    "sampled",
    "scale_mm",
    "separation",
    "slowed",
    "take_off",
    "time_law",
    "to_csv",
    "to_gltf",
    "to_skyb",
    "to_skyc",
    "to_vviz",
    "transition",
    "warm_up",
    "written",
]
