"""A member's program: speaks to the hub over HTTP and understands its refusals."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx


class StepFailed(Exception):
    """What the hub was expected to do and did not.  The message is for the person who watches."""


def hold(true: object, otherwise: str) -> None:
    """Go on only if ``true``.

    Raises: StepFailed saying ``otherwise``.
    """
    if not true:
        raise StepFailed(otherwise)


class Api:
    """One caller of the hub: a visitor until ``session`` or ``token`` is set."""

    def __init__(self, url: str, *, language: str = "en", patience_s: float = 20) -> None:
        self.patience_s = patience_s
        self.http = httpx.Client(
            base_url=url,
            timeout=120,
            headers={
                "Accept": "application/json",
                "Accept-Language": language,
                "User-Agent": "bitgoeul-demo",
            },
        )

    def close(self) -> None:
        self.http.close()

    def use_session(self, token: str) -> None:
        self.http.headers["X-Session-Token"] = token

    def use_token(self, token: str) -> None:
        self.http.headers.pop("X-Session-Token", None)
        self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(
        self, method: str, path: str, *, expect: tuple[int, ...] = (200, 201, 202, 204), **more: Any
    ) -> httpx.Response:
        """One request, sent again for a while if nobody answers: a hub may be starting anew.

        Raises: StepFailed with the hub's own sentence if the answer has another status.
        """
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                answer = self.http.request(method, path, **more)
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise StepFailed(f"{method} {path}: {error!r}") from error
            else:
                if answer.status_code != 503 or 503 in expect or time.monotonic() > deadline:
                    break
            time.sleep(0.3)
        if answer.status_code not in expect:
            raise StepFailed(f"{method} {path}: {answer.status_code} {_sentence(answer)}")
        return answer

    def get(self, path: str, **parameters: Any) -> Any:
        return self.ask("GET", path, params=parameters or None).json()

    def post(self, path: str, body: Any = None, *, expect: tuple[int, ...] = (200, 201, 202)) -> Any:
        """A write, under a key of its own, so that repeating it would change nothing."""
        answer = self.ask(
            "POST", path, json=body or {}, expect=expect, headers={"Idempotency-Key": uuid4().hex}
        )
        return answer.json()

    def wait_for(self, path: str, done: Callable[[Any], object], *, within_s: float, pause_s: float = 0.4,
                 seen: Callable[[Any], object] = lambda _answer: None) -> Any:  # fmt: skip
        """Ask again and again until ``done(answer)``; tell ``seen`` about every answer.

        Raises: StepFailed when it takes too long.
        """
        deadline = time.monotonic() + within_s
        while True:
            answer = self.get(path)
            seen(answer)
            if done(answer):
                return answer
            if time.monotonic() > deadline:
                raise StepFailed(f"{path}: not done within {within_s:.0f} s: {str(answer)[:300]}")
            time.sleep(pause_s)


def _sentence(answer: httpx.Response) -> str:
    """What a refusal says, in one line."""
    try:
        problem = answer.json()
    except ValueError:
        kind = answer.headers.get("content-type", "")
        return "(a page)" if kind.startswith("text/html") else answer.text[:200]
    if not isinstance(problem, dict):
        return str(problem)[:200]
    parts = [problem.get("title", ""), problem.get("detail", ""), str(problem.get("errors") or "")]
    return " ".join(part for part in parts if part)[:500] or str(problem)[:300]
