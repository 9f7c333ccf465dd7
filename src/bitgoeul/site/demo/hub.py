"""The hub on which the journey is walked: `bitgoeul serve` in a process of its own, with its examples."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from bitgoeul.kit.actor import SYSTEM
from bitgoeul.site import capabilities
from bitgoeul.site.demo.client import StepFailed


class Hub:
    """A served hub.  ``with Hub(port) as hub: hub.url``"""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.mail: Path = settings.HOME / "mail"
        self.log: Path = settings.HOME / "log" / "demo.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Hub:
        self.log.parent.mkdir(exist_ok=True, mode=0o700)
        environment = os.environ | {"BITGOEUL_URL": self.url, "BITGOEUL_MAIL": f"file://{self.mail}"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bitgoeul", "serve", "--port", str(self.port)],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait(self, within_s: float = 180) -> None:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise StepFailed(f"the hub did not start; its last words in {self.log}: {self.last_words()}")
            try:
                said = httpx.get(f"{self.url}/healthz", timeout=5).json()
            except (httpx.HTTPError, ValueError):
                said = {}
            if said.get("status") == "ok":
                return
            time.sleep(0.2)
        raise StepFailed(f"the hub was not ready after {within_s:.0f} s; see {self.log}")

    def last_words(self) -> str:
        return " ".join(self.log.read_text(errors="replace").splitlines()[-3:])[-600:]

    def wait_until_stopped(self) -> None:
        if self.process is not None:
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def prepare_examples() -> dict[str, Any]:
    """Open the example calls and make the operator's example account; again changes nothing."""
    if "programmes" in capabilities.present():
        from bitgoeul.apps.programmes import commands
        from bitgoeul.apps.programmes.queries import blueprints

        for name in blueprints.names():
            commands.seed(by=SYSTEM, name=name)
    account = _operator()
    if "shows" in capabilities.present():
        _example_show(account["email"])
    return account


def _example_show(owner: str) -> None:
    """Hand the example show to the studio for an example organisation of the example operator."""
    from bitgoeul.apps.people.commands import found_organisation
    from bitgoeul.apps.people.models import Organisation, Person
    from bitgoeul.apps.people.queries import actor_for
    from bitgoeul.apps.shows.example import bring_example

    person = Person.objects.filter(email=owner).first()
    if person is None:  # erased since; the example stays with whoever has it
        return
    organisation = Organisation.objects.filter(memberships__person=person, is_demo=True).first()
    if organisation is None:
        organisation = found_organisation(
            by=actor_for(person),
            name="예시 축제 사무국 · Example festival office",
            business_number=None,
            region="광주광역시",
            founded_on=None,
            stage=Organisation.Stage.PRE_STARTUP,
            sector=Organisation.Sector.CULTURE,
            is_demo=True,
        )
    bring_example(by=actor_for(person), organisation=organisation)


def _operator() -> dict[str, Any]:
    """The e-mail address and password of the example operator, made once and kept in the home."""
    from allauth.account.models import EmailAddress

    from bitgoeul.apps.people.commands import appoint_person, sign_up
    from bitgoeul.apps.people.models import Person
    from bitgoeul.kit.actor import ANONYMOUS

    path = settings.HOME / "demo.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept
    account = {"email": "operator@demo.example", "password": secrets.token_urlsafe(12)}
    person = Person(email=account["email"], name="예시 운영자 · Example operator")
    person.set_password(account["password"])
    sign_up(by=ANONYMOUS, person=person)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    appoint_person(by=SYSTEM, email=person.email, role="operator")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(account, file)
    return account
