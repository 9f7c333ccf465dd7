"""What a story needs before it begins, done through commands on the home of a served hub.

LiveHub.stage("seed", name="try") runs ``seed(name="try")`` of this file, in one process for all of a story,
and returns what it says.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import sys
import traceback
from typing import Any

SECTOR, GWANGJU = "mobility", "광주광역시"


def people(*, addresses: list[str], language: str = "en", roles: list[str] | None = None) -> None:
    """Accounts with a confirmed address; their password is that of the factories."""
    from bitgoeul.apps.people.tests.factories import make_person

    for address in addresses:
        name = address.partition("@")[0]
        make_person(email=address, name=name, language=language, roles=roles or [])


def houses(*, of: list[dict[str, Any]], stage: str = "startup") -> dict[str, str]:
    """An organisation for each owner, with its company file and its paper; returns owner -> its slug."""
    from bitgoeul.apps.people.commands import found_organisation
    from bitgoeul.apps.people.documents import add_document
    from bitgoeul.apps.people.models import Organisation
    from bitgoeul.apps.people.tests.factories import business_number

    found = {}
    for row in of:
        by = _actor(row["owner"])
        number = None
        if stage != "pre_startup":
            number = business_number(200_000_000 + Organisation.objects.count())
        organisation = found_organisation(
            by=by, name=row["name"], business_number=number, region=row.get("region", GWANGJU), stage=stage,
            sector=SECTOR, founded_on=dt.date(2024, 3, 2),
            contacts=[{"name": row["owner"], "email": row["owner"]}],
        )  # fmt: skip
        if number:
            paper = io.BytesIO(b"%PDF-1.7 an example")
            by = _actor(row["owner"])  # an owner by now
            add_document(
                by=by, slug=organisation.slug, kind="business-registration", name="example.pdf", file=paper
            )
        found[row["owner"]] = organisation.slug
    return found


def apply(*, call: str, by: list[dict[str, Any]]) -> dict[str, str]:
    """Applications handed in; returns owner -> number of the application."""
    from bitgoeul.apps.people.models import Membership
    from bitgoeul.apps.programmes import commands

    found = {}
    for row in by:
        part = Membership.objects.select_related("organisation").get(person__email=row["owner"])
        done = commands.apply(
            by=_actor(row["owner"]), call=call, organisation=part.organisation.slug,
            answers=row["answers"], accept_terms=True,
        )  # fmt: skip
        found[row["owner"]] = done.public_id
    return found


def pool(*, slug: str, title: str, capacity: int = 0, units: list[str] | None = None) -> None:
    from bitgoeul.apps.capacity.commands import open_pool
    from bitgoeul.kit.actor import SYSTEM

    words = {"ko": title, "en": title}
    how: dict[str, Any] = {"numbered_units": units} if units else {"capacity": capacity}
    open_pool(by=SYSTEM, slug=slug, title=words, unit={"ko": "개", "en": "units"}, **how)


def blueprint(*, slug: str, changes: dict[str, Any]) -> None:
    """A new version of a copy: ``changes`` are laid over it, tables within tables."""
    from bitgoeul.apps.programmes.commands import save_blueprint
    from bitgoeul.apps.programmes.queries import blueprints
    from bitgoeul.kit.actor import SYSTEM

    content, _version = blueprints.newest(slug)
    save_blueprint(by=SYSTEM, slug=slug, content=_laid_over(content, changes))


def seed(*, name: str) -> None:
    from bitgoeul.apps.programmes import commands
    from bitgoeul.kit.actor import SYSTEM

    commands.seed(by=SYSTEM, name=name)


def join(*, person: str, owner: str) -> None:
    """Somebody becomes a member of the organisation of ``owner``."""
    from bitgoeul.apps.people.commands import accept_invitation, invite_member
    from bitgoeul.apps.people.models import Membership

    house = Membership.objects.get(person__email=owner).organisation
    invitation = invite_member(by=_actor(owner), slug=house.slug, email=person, role="member")
    accept_invitation(by=_actor(person), invitation_id=invitation.public_id)


def reviewers(*, addresses: list[str], alone: bool = False) -> None:
    """People who read; ``alone``: the others take no new files."""
    from bitgoeul.apps.programmes.commands.reviews import save_reviewer
    from bitgoeul.apps.programmes.models import Reviewer
    from bitgoeul.kit.actor import SYSTEM

    if alone:
        Reviewer.objects.exclude(person__email__in=addresses).update(active=False)

    for address in addresses:
        save_reviewer(by=SYSTEM, person=address, sectors=[SECTOR], kinds=["compute", "academy"], load_most=20)


def files(*, call: str) -> list[dict[str, str]]:
    """Who reads what: reviewer, owner of the application, number and state of the review."""
    from bitgoeul.apps.programmes.models import Review

    rows = Review.objects.filter(application__call__slug=call).order_by("id")
    return [
        {"reviewer": row.reviewer.person.email, "owner": row.application.person.email, "id": row.public_id,
         "state": row.state}
        for row in rows.select_related("reviewer__person", "application__person")
    ]  # fmt: skip


def review(*, call: str, marks: dict[str, list[list[int]]]) -> int:
    """Hand in every review that is still open; ``marks`` holds for each owner the rows of marks in turn."""
    from bitgoeul.apps.programmes.commands.reviews import accept_review, submit_review
    from bitgoeul.apps.programmes.models import Review

    rows = Review.objects.filter(application__call__slug=call, state__in=Review.OPEN).order_by("id")
    turn = {owner: iter(given) for owner, given in marks.items()}
    for row in rows.select_related("reviewer__person", "application__person", "application__call"):
        by = _actor(row.reviewer.person.email)
        names = [one["name"] for one in row.application.call.procedure["rubric"]["criteria"]]
        given = dict(zip(names, next(turn[row.application.person.email]), strict=True))
        accept_review(by=by, review=row.public_id)
        submit_review(by=by, review=row.public_id, marks=given, to_applicant="Well written.", to_panel="")
    return len(rows)


def states(*, call: str) -> dict[str, dict[str, Any]]:
    """Owner -> state, place on the reserve list and number of the application."""
    from bitgoeul.apps.programmes.models import Application

    rows = Application.objects.filter(call__slug=call).select_related("person")
    return {row.person.email: {"state": row.state, "order": row.order, "id": row.public_id} for row in rows}


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _laid_over(below.get(key), value) for key, value in above.items()}
    return above


def _actor(address: str) -> Any:
    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.people.queries import actor_for

    return actor_for(Person.objects.get(email=address))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bitgoeul.site.settings")
    import django

    django.setup()
    from django.db import close_old_connections

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"said": globals()[asked["word"]](**asked["facts"])}
        except Exception:
            answer = {"wrong": traceback.format_exc()}
        close_old_connections()
        print(json.dumps(answer), flush=True)
