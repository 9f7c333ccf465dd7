"""Kernels that are compiled beside the planning that needs them later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bitgoeul.engines import shows as engine

WORDS = "from bitgoeul.engines.shows import warm_up; warm_up()"


@contextmanager
def beside() -> Iterator[subprocess.Popen[bytes] | None]:
    """Compile what is needed last in a process of its own, where it is not compiled yet.

    Whoever needs it waits for the process: both would compile the same.  If it fails, they compile it.
    """
    if engine.are_kept():
        yield None
        return
    with subprocess.Popen(
        [sys.executable, "-c", WORDS],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
