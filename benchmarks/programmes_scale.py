"""The panel's screens over 2,000 applications with five reviews each: ranking, and a replay of other rules.

A hub of its own on a temporary home holds one call with a lottery band, its applications, its forty reviewers
and all reviews, written as rows (assigning and writing them one by one is not what is measured). An operator
then asks for the ranking page and for the answer of the sliders, in this process through the whole stack of
Django: session, middleware, queries, engine, template. At the end the panel decides about all of them, once;
that stands in the detail. The value is the slower of the two medians; processor
time is told beside it, because that does not depend on what else the machine is doing.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SRC = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SRC))

APPLICATIONS, REVIEWS, REVIEWERS, ROUNDS = 2_000, 5, 40, 7
BAR_S = 1.0
REGIONS = ("광주광역시", "전라남도", "전북특별자치도", "서울특별시")
WORDS = {"ko": "예시", "en": "Example"}


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitgoeul-programmes-scale-") as folder:
        os.environ["BITGOEUL_HOME"] = folder
        os.environ["BITGOEUL_LOG"] = "ERROR"
        os.environ.pop("BITGOEUL_DATABASE", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "bitgoeul.site.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        slug, client = prepare()
        page, sliders = f"/programmes/panels/{slug}/", f"/programmes/panels/{slug}/replay/"
        turned = {"weight_impact": "55", "weight_team": "25", "weight_plan": "20", "cut": "60", "band": "0.9"}
        ranking = seconds(lambda: client.get(page))
        replay = seconds(lambda: client.get(sliders, turned, headers={"HX-Request": "true"}))
        decision = decide(slug, client)
    slower = max(statistics.median(ranking[0]), statistics.median(replay[0]))
    return {
        "name": "programmes-scale",
        "value": round(slower, 3),
        "unit": "s, the slower of ranking page and replay",
        "bar": f"<= {BAR_S:g} s",
        "holds": slower <= BAR_S,
        "detail": {
            "applications": APPLICATIONS,
            "reviews": APPLICATIONS * REVIEWS,
            "reviewers": REVIEWERS,
            "ranking_s": round(statistics.median(ranking[0]), 3),
            "ranking_slowest_s": round(max(ranking[0]), 3),
            "ranking_cpu_s": round(statistics.median(ranking[1]), 3),
            "replay_s": round(statistics.median(replay[0]), 3),
            "replay_slowest_s": round(max(replay[0]), 3),
            "replay_cpu_s": round(statistics.median(replay[1]), 3),
            "decision_s": round(decision[0], 3),
            "decision_cpu_s": round(decision[1], 3),
            "rounds": ROUNDS,
        },
    }


def decide(slug: str, client: Any) -> tuple[float, float]:
    """How long the decision about all applications takes, once: it cannot be taken again.

    The draw of the call is voided before, as if its secret had been withheld: then scores decide alone.
    """
    from bitgoeul.apps.programmes.models import Draw

    Draw.objects.filter(call__slug=slug).update(state=Draw.State.VOID)
    begin, cpu = time.perf_counter(), time.process_time()
    answer = client.post(f"/programmes/panels/{slug}/decide/")
    if answer.status_code != 302:
        raise RuntimeError(f"answered {answer.status_code}: {answer.content[:300]!r}")
    return time.perf_counter() - begin, time.process_time() - cpu


def seconds(ask: Any) -> tuple[list[float], list[float]]:
    """How long each round takes, and how much processor time, after one to warm up."""
    taken, spent = [], []
    for _round in range(ROUNDS + 1):
        begin, cpu = time.perf_counter(), time.process_time()
        answer = ask()
        taken.append(time.perf_counter() - begin)
        spent.append(time.process_time() - cpu)
        if answer.status_code != 200:
            raise RuntimeError(f"answered {answer.status_code}")
    return taken[1:], spent[1:]


def prepare() -> tuple[str, Any]:
    """A closed call whose reviews are all in; return its name and an operator's browser."""
    import datetime as dt

    from django.test import Client

    from bitgoeul.apps.people.models import Person
    from bitgoeul.apps.programmes.commands import close_call, open_call, save_call, save_programme
    from bitgoeul.kit import clock
    from bitgoeul.kit.actor import SYSTEM

    save_programme(by=SYSTEM, slug="bench", title=WORDS, summary=WORDS, example=True)
    criteria = [
        {"name": name, "title": WORDS, "weight": weight, "most": 100, "floor": 30}
        for name, weight in (("impact", 50), ("team", 30), ("plan", 20))
    ]
    bonus = [{"name": "local", "title": WORDS, "points": 3, "rule": 'organisation.region == "광주광역시"'}]
    call = save_call(
        by=SYSTEM, programme="bench", slug="bench-large", tier="LARGE",
        title=WORDS, summary=WORDS, terms=WORDS,
        opens_at=clock.now() - dt.timedelta(days=1), closes_at=clock.now() + dt.timedelta(days=9),
        budget=400_000_000, share_most=1_000_000, gives_days=90,
        form={"type": "object", "required": ["purpose"], "properties": {
            "purpose": {"type": "string", "title": WORDS}, "gpu_hours": {"type": "integer", "title": WORDS}}},
        clauses=[{"name": "any", "title": WORDS, "passes": WORDS, "fails": WORDS,
                  "rule": "organisation.members >= 0"}],
        procedure={
            "decision": "panel-lottery", "offer_days": 7, "cut": "55", "lottery": {"confidence": "0.8"},
            "rubric": {"criteria": criteria, "bonus": bonus, "bonus_most": 5, "reviews": REVIEWS,
                       "aggregate": "trimmed", "blind": True},
        },
        example=True,
    )  # fmt: skip
    open_call(by=SYSTEM, slug=call.slug)
    fill(call)
    close_call(by=SYSTEM, slug=call.slug)
    officer = Person.objects.create_user("officer@example.org", "unused-words-9", roles=["operator"])
    client = Client(headers={"accept": "text/html", "accept-language": "ko"}, SERVER_NAME="localhost")
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    return call.slug, client


def fill(call: Any) -> None:
    """Applications in review and their submitted reviews, with marks that look like marks."""
    from random import Random

    from bitgoeul.apps.people.models import Organisation, Person
    from bitgoeul.apps.programmes.models import Application, Panel, Review, Reviewer
    from bitgoeul.kit import clock

    chance = Random(20_291_231)
    people = Person.objects.bulk_create(
        Person(email=f"reviewer{n}@example.org", password="!", name=f"예시 평가위원 {n}")
        for n in range(REVIEWERS)
    )
    pool = Reviewer.objects.bulk_create(Reviewer(person=person, load_most=300) for person in people)
    houses = Organisation.objects.bulk_create(
        Organisation(
            slug=f"bench-{n}", name=f"예시 기관 {n}", region=REGIONS[n % 4], sector="mobility",
            business_number=f"{n:010d}",
        )
        for n in range(APPLICATIONS)
    )  # fmt: skip
    rows = Application.objects.bulk_create(
        Application(
            call=call, organisation=house, state="in_review", submitted_at=clock.now(), ask=1_000_000,
            facts={"organisation": {"region": house.region, "members": 1}},
            answers={"purpose": "예시", "gpu_hours": chance.randrange(10, 2_000)},
        )
        for house in houses
    )  # fmt: skip
    reviews = []
    for number, row in enumerate(rows):
        worth = chance.gauss(65, 12)
        for turn in range(REVIEWS):
            reviewer = pool[(number * 7 + turn * 11) % REVIEWERS]
            lenient = (reviewer.pk % 9) - 4
            marks = {
                name: max(0, min(100, round(worth + lenient + chance.gauss(0, 8))))
                for name in ("impact", "team", "plan")
            }
            reviews.append(
                Review(application=row, reviewer=reviewer, state="submitted", marks=marks,
                       due_at=clock.now(), submitted_at=clock.now(), to_applicant="예시")
            )  # fmt: skip
    Review.objects.bulk_create(reviews, batch_size=500)
    bonuses = {row.public_id: ["local"] for row in rows if row.facts["organisation"]["region"] == REGIONS[0]}
    Panel.objects.create(call=call, bonuses={row.public_id: [] for row in rows} | bonuses)


if __name__ == "__main__":
    import json

    print(json.dumps(run(), ensure_ascii=False))
