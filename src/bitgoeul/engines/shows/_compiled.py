"""Numba where it is installed: kernels say ``@compiled``, and callers ask :data:`NUMBA` which way to go.

Without Numba the callers go by NumPy and SciPy, which is fast enough for a thousand drones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    import numba

    NUMBA = True
    each: Any = numba.prange
except ImportError:
    NUMBA = False
    each = range


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a kernel, kept on disk between processes; without Numba it stays as it is written."""

    def wrap(kernel: Callable[..., Any]) -> Callable[..., Any]:
        return numba.njit(cache=True, nogil=True, **options)(kernel) if NUMBA else kernel

    return wrap
