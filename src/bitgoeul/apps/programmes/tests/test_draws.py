"""Draws inside the band: promised, entries published, held or void, decided by, checked by a stranger."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import pytest

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes.commands.draws import hold_draw, publish_entries
from bitgoeul.apps.programmes.commands.panels import decide_panel
from bitgoeul.apps.programmes.commands.reviews import assign_reviews
from bitgoeul.apps.programmes.errors import DrawPending, DrawTooEarly, NoDraw, ReviewsMissing
from bitgoeul.apps.programmes.models import Application, Draw
from bitgoeul.apps.programmes.queries import panels as judging
from bitgoeul.apps.programmes.queries.draws import digest
from bitgoeul.apps.programmes.tasks import settle_due_draws
from bitgoeul.apps.programmes.tests.panels import (
    applicant,
    make_reviewer,
    panel_call,
    rubric,
    write,
)
from bitgoeul.apps.record.commands import seal
from bitgoeul.engines.draws import verify, verify_draw
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.testing import api_for, client_for

pytestmark = pytest.mark.django_db
MARKS = [(910, 930), (800, 820), (790, 830), (805, 805), (560, 540)]
LOTTERY = {"decision": "panel-lottery", "lottery": {"confidence": "0.8"}, "rubric": rubric(reviews=2)}


def lottery(budget=200_000, marks=MARKS):
    """A call with a lottery: its applications are in, and its deadline lies a day behind."""
    call = panel_call(procedure=LOTTERY, budget=budget)
    rows = [applicant(call) for _marks in marks]
    for _number in range(2):
        make_reviewer(load_most=50)
    return call, rows


def after_closing(call, days=1.0):
    return clock.frozen(call.closes_at + dt.timedelta(days=days))


def read(call, rows, marks=MARKS):
    assign_reviews(by=SYSTEM, call=call.slug)
    for row, given in zip(rows, marks, strict=True):
        for review, mark in zip(row.reviews.order_by("reviewer"), given, strict=True):
            write(review, impact=mark)


def drawn(**fields):
    """A call whose draw is held."""
    call, rows = lottery(**fields)
    with after_closing(call):
        read(call, rows)
        publish_entries(by=SYSTEM, call=call.slug)
        seal()
        hold_draw(by=SYSTEM, call=call.slug)
    return call, rows


def states(rows):
    return [Application.objects.get(pk=row.pk).state for row in rows]


def test_the_promise_is_public_when_the_call_opens_and_keeps_the_secret():
    call = panel_call(procedure=LOTTERY)
    draw = Draw.objects.get(call=call)

    fact = Fact.objects.get(name="programmes.DrawCommitted")
    told = api_for().get(f"/api/programmes/calls/{call.slug}/draw")

    assert fact.pk > Fact.objects.get(name="programmes.CallOpened").pk
    assert fact.data["commitment"] == draw.commitment == told.json()["commitment"]
    assert fact.data["rules_digest"] == told.json()["rules_digest"]
    assert draw.secret not in told.content.decode() + json.dumps(fact.data)
    assert client_for().get(f"/programmes/{call.slug}/draw.json").status_code == 404


def test_who_cannot_be_told_apart_from_the_line_is_drawn_and_a_stranger_repeats_it(tmp_path):
    call, rows = drawn()
    draw = Draw.objects.get(call=call)
    sheet = client_for().get(f"/programmes/{call.slug}/draw.json")
    (tmp_path / "sheet.json").write_bytes(sheet.content)

    alone = subprocess.run(
        [sys.executable, "-I", verify_draw.__file__, "sheet.json", "--rules", draw.rules_digest,
         "--pool", draw.pool, "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    with after_closing(call):
        decide_panel(by=SYSTEM, call=call.slug)

    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert (
        digest(sheet.json())
        == draw.sheet_digest
        == Fact.objects.get(name="programmes.DrawHeld").data["sheet_digest"]
    )
    order = [name["id"] for name in sheet.json()["order"]]
    band = sorted((row.public_id for row in rows[1:4]), key=order.index)
    assert states([rows[0]]) == ["offered"]
    assert states([rows[4]]) == ["rejected"]
    assert [Application.objects.get(public_id=name).state for name in band] == [
        "offered",
        "reserve",
        "reserve",
    ]
    assert Fact.objects.get(name="programmes.PanelDecided").data["draw"] == draw.sheet_digest


def test_an_altered_sheet_is_named_by_the_verifier():
    call, _rows = drawn()
    sheet = client_for().get(f"/programmes/{call.slug}/draw.json").json()
    sheet["order"][0], sheet["order"][1] = sheet["order"][1], sheet["order"][0]

    found = verify(sheet)

    assert (found.holds, found.where.startswith("order/0")) == (False, True)


def test_the_draw_waits_for_the_deadline_the_entries_their_seal_and_the_last_review():
    call, rows = lottery()
    with pytest.raises(DrawTooEarly):
        publish_entries(by=SYSTEM, call=call.slug)
    with after_closing(call):
        with pytest.raises(DrawTooEarly):
            hold_draw(by=SYSTEM, call=call.slug)
        publish_entries(by=SYSTEM, call=call.slug)
        with pytest.raises(DrawTooEarly):
            hold_draw(by=SYSTEM, call=call.slug)
        seal()
        assign_reviews(by=SYSTEM, call=call.slug)
        with pytest.raises(ReviewsMissing):
            hold_draw(by=SYSTEM, call=call.slug)
    assert Draw.objects.get(call=call).state == "closed"
    assert Draw.objects.get(call=call).entries == sorted(row.public_id for row in rows)


def test_without_the_draw_the_panel_cannot_decide_between_equals():
    call, rows = lottery()
    with after_closing(call):
        read(call, rows)

        with pytest.raises(DrawPending) as refused:
            decide_panel(by=SYSTEM, call=call.slug)

    assert refused.value.facts["count"] == 3
    assert states(rows) == ["in_review"] * 5


def test_a_draw_is_held_once():
    call, _rows = drawn()

    with after_closing(call), pytest.raises(NoDraw):
        hold_draw(by=SYSTEM, call=call.slug)


@pytest.mark.parametrize("reason", ["late", "wrong", "withheld"])
def test_a_secret_that_is_late_wrong_or_withheld_voids_the_draw_as_published(reason):
    call, rows = lottery()
    with after_closing(call):
        read(call, rows)
        publish_entries(by=SYSTEM, call=call.slug)
        seal()
    if reason == "wrong":
        Draw.objects.filter(call=call).update(secret="00" * 32)
    with after_closing(call, days=1 if reason == "wrong" else 91):
        if reason == "withheld":
            settle_due_draws()
        else:
            hold_draw(by=SYSTEM, call=call.slug)
        decide_panel(by=SYSTEM, call=call.slug)

    draw = Draw.objects.get(call=call)
    assert (draw.state, draw.sheet["reason"]) == ("void", reason)
    assert verify(draw.sheet, rules_digest=draw.rules_digest, pool=draw.pool).holds
    assert Fact.objects.get(name="programmes.DrawVoided").data["reason"] == reason
    # Then scores decide alone: 81.00 was handed in first among three equal ones.
    assert states(rows) == ["offered", "offered", "reserve", "reserve", "rejected"]


def test_the_worker_publishes_the_entries_once_the_deadline_has_passed():
    call, _rows = lottery()
    settle_due_draws()
    assert Draw.objects.get(call=call).state == "committed"

    with after_closing(call):
        settle_due_draws()
        settle_due_draws()

    assert Draw.objects.get(call=call).state == "closed"
    assert Fact.objects.filter(name="programmes.DrawEntriesPublished").count() == 1


def test_the_desk_publishes_and_holds_it_on_the_panel_screen():
    call, rows = lottery()
    desk = client_for(make_person(roles=["operator"]), "en")
    page = f"/programmes/panels/{call.slug}/"
    with after_closing(call):
        read(call, rows)
        before = desk.get(page).content.decode()
        desk.post(f"{page}entries/")
        seal()
        held = desk.post(f"{page}draw/", follow=True).content.decode()

    assert before.count("by lot") >= 3
    assert "The draw is held." in held
    assert f"/programmes/{call.slug}/draw.json" in held
    found = judging.board(call)
    assert set(judging.lot_of(found)) == {row.public_id for row in rows}
