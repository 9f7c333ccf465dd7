"""Numba where it is installed: kernels say ``@compiled``, and callers ask :data:`NUMBA` which way to go.

Without Numba the callers go by NumPy and SciPy: for a thousand drones that takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

try:
    import numba

    NUMBA = True
except ImportError:
    NUMBA = False

Kernel = Callable[..., Any]


def compiled(kernel: Kernel) -> Kernel:
    """Compile a kernel that Python calls, kept on disk between processes.

    It lets go of the interpreter's lock, so that parts of the work can be done side by side (:func:`shared`).
    """
    return numba.njit(cache=True, nogil=True, error_model="numpy")(kernel) if NUMBA else kernel


def inner(kernel: Kernel) -> Kernel:
    """Compile what only kernels call: Python cannot call it, and it is kept with its callers."""
    if not NUMBA:
        return kernel
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, error_model="numpy", **options)(kernel)


def shared(work: Callable[[int, int], Any], count: int, least: int) -> None:
    """Do ``work(begin, end)`` for shares of ``count``, one for each thread Numba may have, side by side.

    Shares smaller than ``least`` are not worth a thread.  What comes of it must not depend on the cuts.
    """
    parts = max(1, min(numba.config.NUMBA_NUM_THREADS, count // least))  # type: ignore[attr-defined]
    cuts = [count * part // parts for part in range(parts + 1)]
    if parts == 1:
        work(0, count)
        return
    with ThreadPoolExecutor(parts) as threads:
        list(threads.map(work, cuts[:-1], cuts[1:]))
