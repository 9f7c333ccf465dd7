"""Step 1: sign up, confirm the address, found an organisation."""

from __future__ import annotations

import email
import email.policy
import re
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bitgoeul.engines.identity import check_digit
from bitgoeul.site.demo.client import StepFailed, hold

if TYPE_CHECKING:
    from bitgoeul.site.demo.journey import Journey

TITLE = "Sign up, confirm the address, found an organisation"
_LINK = re.compile(r"/accounts/confirm-email/([^/\s]+)/")


def _key_for(address: str, folder: Path, within_s: float = 30) -> str:
    """The key in the letter that asks ``address`` to confirm itself."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        for path in sorted(folder.glob("*"), key=lambda each: -each.stat().st_mtime):
            # Django's file mail puts several letters into one file, divided by a line of dashes.
            for part in re.split(r"^-{70,}$", path.read_text(errors="replace"), flags=re.MULTILINE):
                letter = email.message_from_string(part.lstrip(), policy=email.policy.default)
                if address in (letter["To"] or ""):
                    body = letter.get_body(("plain",))
                    if body is not None and (link := _LINK.search(body.get_content())):
                        return link[1]
        time.sleep(0.1)
    raise StepFailed(f"no letter that confirms {address} arrived in {folder}")


def example_business_number() -> str:
    """A number whose check digit holds.  It is invented and belongs to an example."""
    first = f"{secrets.randbelow(899_000_000) + 100_000_000}"
    return f"{first}{check_digit(first)}"


def run(journey: Journey) -> None:
    member = journey.member
    # Addresses under .example belong to nobody (RFC 2606), and the hub marks their accounts as examples.
    journey.email = f"member-{journey.tag}@demo.example"
    journey.password = secrets.token_urlsafe(12)
    account = {"email": journey.email, "password": journey.password, "name": "예시 회원 · Example member"}
    answer = member.ask("POST", "/_allauth/app/v1/auth/signup", json=account, expect=(401,)).json()
    member.use_session(answer["meta"]["session_token"])
    journey.progress(0.4, "waiting for the letter")
    key = {"key": _key_for(journey.email, journey.mail)}
    # 401 and 409: the address is confirmed, and it is signing in that remains.
    verified = member.ask("POST", "/_allauth/app/v1/auth/email/verify", json=key, expect=(200, 401, 409))
    if verified.status_code != 200:
        account.pop("name")
        verified = member.ask("POST", "/_allauth/app/v1/auth/login", json=account)
    if token := verified.json().get("meta", {}).get("session_token"):
        member.use_session(token)
    who = member.get("/api/people/me")
    hold(who["email"] == journey.email, "the hub takes the new member for somebody else")
    journey.progress(0.7, "founding the organisation")
    founded = member.post(
        "/api/people/organisations",
        {
            "name": f"예시 모빌리티 {journey.tag} (demo)",
            "business_number": example_business_number(),
            "region": "광주광역시",
            "founded_on": "2024-03-02",
            "stage": "startup",
            "sector": "mobility",
            "is_demo": True,
        },
    )
    journey.organisation = founded["slug"]
    hold(founded["is_demo"], "the organisation is not marked as an example")
    journey.say(f"{journey.email} founded {founded['name']}")
