"""What programs see of capacity: the API and the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from bitgoeul.apps.capacity.cli import app
from bitgoeul.apps.capacity.commands import claim
from bitgoeul.apps.capacity.models import Claim, Shard
from bitgoeul.apps.capacity.queries import Usage, usage
from bitgoeul.apps.capacity.tests.factories import make_pool
from bitgoeul.apps.people.commands import create_token
from bitgoeul.apps.people.tests.factories import actor, make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.testing import api_for

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with clock.frozen(NOON):
        yield


@pytest.fixture
def mina():
    return make_person()


@pytest.fixture
def operator():
    return make_person(roles=["operator"])


def send(person, path, body=None, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    answer = api_for(person).post(
        f"/api/capacity{path}", body or {}, content_type="application/json", headers=headers
    )
    return answer.status_code, answer.json()


def test_everybody_reads_what_is_free():
    pool = make_pool(numbered_units=["A", "B"], slug="rooms", kind="space")
    claim(by=SYSTEM, pool=pool, quantity=1, key="a", holder="application:1")

    [row] = api_for().get("/api/capacity/pools?kind=space").json()
    one = api_for().get("/api/capacity/pools/rooms").json()

    assert {name: row[name] for name in ("capacity", "claimed", "held", "free", "waiting")} == {
        "capacity": 2, "claimed": 1, "held": 0, "free": 1, "waiting": 0,
    }  # fmt: skip
    assert one["units"] == [{"label": "A", "state": "taken"}, {"label": "B", "state": "free"}]
    assert api_for().get("/api/capacity/pools/none").status_code == 404
    assert api_for().get("/api/capacity/pools/rooms/claims").status_code == 401


def test_a_key_makes_a_claim_once_and_is_ones_own(mina, operator):
    make_pool(10, slug="seats", self_service=True)
    other = make_person()

    code, first = send(mina, "/pools/seats/claims", {"quantity": 2}, "k")
    assert (code, first["quantity"], first["holder"]) == (200, 2, actor(mina).id)
    assert send(mina, "/pools/seats/claims", {"quantity": 2}, "k")[1]["id"] == first["id"]
    assert send(mina, "/pools/seats/claims", {"quantity": 3}, "k")[1]["code"] == "kit.KeyReused"
    assert send(other, "/pools/seats/claims", {"quantity": 3}, "k")[1]["id"] != first["id"]
    assert list(send(mina, "/pools/seats/claims", {"quantity": 1})[1]["errors"]) == ["Idempotency-Key"]
    assert send(None, "/pools/seats/claims", {"quantity": 1}, "k")[0] == 401
    code, problem = send(mina, "/pools/seats/claims", {"quantity": 6}, "more")
    assert (code, problem["code"], problem["facts"]["left"]) == (409, "capacity.PoolFull", 5)

    mine = api_for(mina).get("/api/capacity/claims").json()
    assert [row["id"] for row in mine] == [first["id"]]
    assert api_for(other).get(f"/api/capacity/claims/{first['id']}").status_code == 404
    assert len(api_for(operator).get("/api/capacity/pools/seats/claims").json()) == 2
    assert api_for(mina).get("/api/capacity/pools/seats/claims").status_code == 403


def test_holds_are_confirmed_and_claims_shrink_once(mina):
    pool = make_pool(10, slug="seats", self_service=True)

    held = send(mina, "/pools/seats/holds", {"quantity": 4}, "h")[1]
    assert (held["state"], held["expires_at"]) == ("held", "2026-05-01T12:15:00Z")
    assert send(mina, f"/claims/{held['id']}/confirm")[1]["state"] == "claimed"
    for _twice in range(2):
        code, rows = send(mina, f"/claims/{held['id']}/release", {"quantity": 1}, "shrink")
        assert (code, rows[0]["quantity"]) == (200, 3)
    assert usage(pool) == Usage(capacity=10, claimed=3, free=7)
    assert send(make_person(), f"/claims/{held['id']}/release")[0] == 404
    assert send(mina, f"/claims/{held['id']}/release")[1][0]["state"] == "released"


def test_several_pools_at_once_and_a_place_in_the_line(mina):
    team = make_organisation(owner=mina)
    gpus = make_pool(4, slug="gpus", self_service=True)
    rooms = make_pool(1, slug="rooms", self_service=True)
    wish = {
        "parts": [{"pool": "rooms", "quantity": 1}, {"pool": "gpus", "quantity": 2}],
        "organisation": team.slug,
    }

    code, rows = send(mina, "/claims", wish, "p1")
    assert (code, [row["pool"] for row in rows]) == (200, ["gpus", "rooms"])
    assert send(mina, "/claims", wish, "p2")[1]["code"] == "capacity.PoolFull"
    place = send(mina, "/pools/rooms/line", {"quantity": 1}, "w")[1]
    assert (place["position"], place["claim"]) == (1, None)
    send(mina, f"/claims/{rows[0]['id']}/release")
    [offered] = api_for(mina).get("/api/capacity/places").json()

    assert (offered["state"], usage(gpus).free, usage(rooms).held) == ("offered", 4, 1)
    assert send(mina, f"/claims/{offered['claim']}/confirm")[1]["state"] == "claimed"
    assert send(mina, f"/places/{place['id']}/leave")[0] == 409


def test_an_operator_opens_and_runs_a_pool(mina, operator):
    new = {
        "slug": "h100",
        "title": {"ko": "예시", "en": "Example"},
        "unit": {"ko": "GPU", "en": "GPU"},
        "capacity": 8,
    }

    assert send(mina, "/pools", new)[0] == 403
    assert [send(operator, "/pools", new, "open")[1]["free"] for _twice in range(2)] == [8, 8]
    assert list(send(operator, "/pools", new)[1]["errors"]) == ["slug"]
    assert send(operator, "/pools/h100/capacity", {"capacity": 4, "reason": "예산"})[1]["capacity"] == 4
    assert send(operator, "/pools/h100/pause", {"reason": "점검"})[1]["state"] == "paused"
    assert send(operator, "/pools/h100/resume")[1]["state"] == "open"
    assert send(mina, "/pools/h100/close", {"reason": "x"})[0] == 403
    assert send(operator, "/pools/h100/close", {"reason": "끝"})[1]["state"] == "closed"
    make_pool(numbered_units=["A"], slug="rooms")
    assert send(operator, "/pools/rooms/units", {"labels": ["B"]})[1]["capacity"] == 2
    assert send(operator, "/pools/rooms/units/B/out", {"reason": "수리"})[1]["state"] == "out"
    assert send(operator, "/pools/rooms/units/B/back")[1]["state"] == "free"


def test_a_token_needs_the_scope_to_write(mina):
    make_pool(4, slug="seats", self_service=True)
    _row, secret = create_token(by=actor(mina), name="reader", scopes=["capacity:read"])

    answer = api_for().post(
        "/api/capacity/pools/seats/claims", {"quantity": 1}, content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "k"},
    )  # fmt: skip

    assert (answer.status_code, Claim.objects.count()) == (403, 0)


def run(*words):
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, Refusal):
        return 3, result.exception.code
    return result.exit_code, result.stdout


def said(*words):
    code, text = run(*words, "--json")
    assert code == 0
    return json.loads(text)


def test_the_command_line_does_all_of_it():
    make_organisation(slug="team")

    assert said("open", "h100", "--title", "H100", "--unit", "GPU", "--capacity", "4")["free"] == 4
    assert said("claim", "h100", "3", "--key", "a", "--holder", "team")["holder"] == "organisation:team"
    assert said("hold", "h100", "1", "--key", "h", "--holder", "application:2")["state"] == "held"
    assert run("claim", "h100", "1", "--key", "b", "--holder", "x") == (3, "capacity.PoolFull")
    assert said("wait", "h100", "2", "--key", "w", "--holder", "application:3")["position"] == 1
    assert said("confirm", "h")["state"] == "claimed"
    assert said("release", "a", "--quantity", "2")[0]["quantity"] == 1
    shown = said("show", "h100")
    assert (shown["held"], [row["quantity"] for row in shown["claims"]]) == (2, [2, 1, 1])
    with clock.frozen(NOON + dt.timedelta(days=2)):
        assert len(said("sweep")["expired"]) == 1
    assert said("resize", "h100", "9", "--reason", "budget")["capacity"] == 9
    assert run("resize", "h100", "1", "--reason", "budget") == (3, "capacity.CapacityBelowClaims")
    assert said("pause", "h100", "--reason", "repair")["state"] == "paused"
    assert said("resume", "h100")["state"] == "open"
    assert run("claim", "h100", "1", "--key", "c", "--holder", "x") == (0, "c: 1 of h100, claimed\n")
    assert [row["free"] for row in said("list")] == [6]
    assert "h100" in run("list")[1]
    assert run("show", "h100")[0] == 0
    assert said("open", "rooms", "--title", "R", "--unit", "room", "--numbered", "A")["numbered"] is True
    assert said("units", "rooms", "--add", "B", "--out", "A", "--reason", "repair") == [
        {"label": "A", "state": "out"},
        {"label": "B", "state": "free"},
    ]
    assert run("leave", "w") == (3, "kit.StateChanged")
    assert said("close", "rooms", "--reason", "over")["state"] == "closed"
    assert run("show", "nowhere") == (3, "kit.NotFound")


def test_the_check_says_whether_the_counters_are_true():
    pool = make_pool(4)
    assert run("check", "--json") == (0, '{"holds": true, "discrepancies": []}\n')

    Shard.objects.filter(pool=pool).update(taken=1)

    code, text = run("check", "--json")
    assert (code, json.loads(text)["discrepancies"][0]["found"]) == (3, 1)
