"""The journey itself: what the steps share, and running them one after the other."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from bitgoeul.site.demo import account, apply, combine, deploy, join, model, publish, train, use
from bitgoeul.site.demo.client import Api, StepFailed
from bitgoeul.site.demo.display import Display

STEPS: list[ModuleType] = [join, apply, publish, combine, train, model, deploy, use, account]


@dataclass
class Journey:
    """What one step leaves for the next."""

    url: str
    mail: Path  # the folder into which the hub's mail goes
    display: Display
    folder: Path  # where the member keeps what they download
    # Every run has names of its own, so the journey can be walked again on the same hub.
    tag: str = field(default_factory=lambda: secrets.token_hex(3))
    member: Api = field(init=False)
    visitor: Api = field(init=False)
    patience_s: float = 20  # how long a request is repeated while nobody answers
    email: str = ""
    password: str = ""
    organisation: str = ""
    kept: dict[str, Any] = field(default_factory=dict)  # slugs and ids, from step to step
    results: dict[str, Any] = field(default_factory=dict)  # what the report shows

    def __post_init__(self) -> None:
        self.member = Api(self.url, patience_s=self.patience_s)
        self.visitor = Api(self.url, language="ko", patience_s=self.patience_s)

    def progress(self, fraction: float, text: str = "") -> None:
        self.display.progress(fraction, text)

    def say(self, text: str) -> None:
        self.display.say(text)


def name_of(step: ModuleType) -> str:
    return step.__name__.rpartition(".")[2]


def walk(journey: Journey) -> list[dict[str, Any]]:
    """Run the steps until one fails; return name, outcome and time of each."""
    report = []
    failed = False
    for number, step in enumerate(STEPS, start=1):
        if failed:
            report.append({"name": name_of(step), "ok": False, "seconds": 0.0})
            continue
        journey.display.begin(number, step.TITLE)
        started = time.monotonic()
        text = ""
        try:
            step.run(journey)
        except StepFailed as problem:
            failed, text = True, str(problem)
        except (KeyError, IndexError, TypeError) as problem:
            failed, text = True, f"an answer was not as documented: {problem!r}"
        seconds = round(time.monotonic() - started, 2)
        journey.display.end(not failed, seconds, text)
        outcome = {"name": name_of(step), "ok": not failed, "seconds": seconds}
        report.append(outcome | ({"problem": text} if failed else {}))
    return report
