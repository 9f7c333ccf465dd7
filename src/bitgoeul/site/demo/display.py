"""What the person who watches sees: bars on a terminal, plain lines elsewhere, nothing beside JSON."""

from __future__ import annotations

import sys
import time
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Display(Protocol):
    def begin(self, number: int, title: str) -> None: ...
    def progress(self, fraction: float, text: str = "") -> None: ...
    def say(self, text: str) -> None: ...
    def end(self, ok: bool, seconds: float, text: str = "") -> None: ...
    def close(self) -> None: ...


class Lines:
    """One line per event, for logs and for terminals that cannot move a cursor."""

    def __init__(self, quiet: bool = False) -> None:
        self.out = sys.stderr if quiet else sys.stdout
        self.told = 0.0

    def _line(self, text: str) -> None:
        print(text, file=self.out, flush=True)

    def begin(self, number: int, title: str) -> None:
        self.told = time.monotonic()
        self._line(f"[{number}/9] {title}")

    def progress(self, fraction: float, text: str = "") -> None:
        if time.monotonic() - self.told >= 2:
            self.told = time.monotonic()
            self._line(f"      {fraction:4.0%} {text}")

    def say(self, text: str) -> None:
        self._line(f"      {text}")

    def end(self, ok: bool, seconds: float, text: str = "") -> None:
        self._line(f"      {'done' if ok else 'FAILED'} in {seconds:.1f} s {text}".rstrip())

    def close(self) -> None:
        self.out.flush()


class Bars:
    """A progress bar per step."""

    def __init__(self) -> None:
        self.console = Console()
        self.bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=self.console,
        )
        self.bars.start()

    def begin(self, number: int, title: str) -> None:
        self.task = self.bars.add_task(f"{number} {title}", total=1.0, note="")

    def progress(self, fraction: float, text: str = "") -> None:
        self.bars.update(self.task, completed=min(fraction, 0.99), note=text[:60])

    def say(self, text: str) -> None:
        self.bars.console.print(f"    {text}", highlight=False)

    def end(self, ok: bool, seconds: float, text: str = "") -> None:
        if ok:
            self.bars.update(self.task, completed=1.0, note=text)
        else:
            self.bars.update(self.task, note="[red]failed")
            self.bars.stop_task(self.task)
            self.say(f"[red]{text}")

    def close(self) -> None:
        self.bars.stop()


def choose(as_json: bool) -> Display:
    if as_json or not sys.stdout.isatty():
        return Lines(quiet=as_json)
    return Bars()
