"""The pages of shows as people and programs meet them."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.shows import commands, story
from bitgoeul.apps.shows.models import Film, Show
from bitgoeul.apps.shows.tests.factories import make_designer, make_flight, make_show, make_version
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import api_for, client_for

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def text(answer):
    return answer.content.decode()


@pytest.fixture
def designer():
    return make_designer()


def test_somebody_begins_a_show_and_draws_without_any_script(designer):
    person, home, _ = designer
    browser = client_for(person)
    assert "빛고을" in text(browser.get("/shows/new/"))
    form = {
        "organisation": home.pk,
        "title_ko": "전야제",
        "title_en": "Eve show",
        "drones": 300,
        "text": "빛고을",
    }

    begun = browser.post("/shows/new/", form | {"once": "k1"})
    again = browser.post("/shows/new/", form | {"once": "k1"})

    assert begun["location"] == again["location"] == "/shows/eve-show/edit/"
    scene = {
        "after": 1, "at": 1, "formation-kind": "text", "formations-text": "광주", "formations-style": "fill",
        "formations-x": 0, "formations-y": 60, "formations-lowest_z": 30, "formations-turn_deg": 0,
        "formations-colour": "#ff0000", "motion-kind": "none", "light-kind": "own", "scene-hold_s": 15,
        "scene-name_ko": "도시",
    }  # fmt: skip
    saved = browser.post("/shows/eve-show/edit/scene/1/", scene)
    assert saved["location"] == "/shows/eve-show/edit/?scene=1&tab=scene"
    page = text(browser.get("/shows/eve-show/edit/"))
    assert "광주" in page
    assert 'value="#ff0000"' in page
    browser.post("/shows/eve-show/edit/scenes/", {"after": 2, "at": 1, "action": "add"})
    assert len(Show.objects.get().drafts.get(number=3).story["scenes"]) == 2
    browser.post("/shows/eve-show/edit/step/", {"after": 3, "action": "undo"})
    assert Show.objects.get().draft == 2


def test_changing_the_kind_keeps_what_both_kinds_have(designer):
    person, home, by = designer
    show = make_show(home, by)
    browser = client_for(person)

    scene = {"formation-kind": "sphere", "motion-kind": "turn", "light-kind": "wave", "scene-hold_s": 9}
    sent = browser.post(
        f"/shows/{show.slug}/edit/scene/1/", scene | {"after": 1}, headers={"HX-Request": "true"}
    )

    drawn = Show.objects.get().drafts.get(number=2).story["scenes"][0]
    assert drawn["formation"] == {"kind": "sphere"}
    assert drawn["motion"] == {"kind": "turn"}
    assert 'id="studio"' in text(sent)
    assert "<html" not in text(sent)


def test_a_number_that_does_not_fit_is_said_at_its_field(designer):
    person, home, by = designer
    show = make_show(home, by)
    browser = client_for(person)

    sent = browser.post(f"/shows/{show.slug}/edit/section/limits/", {"after": 1, "limits-velocity_xy": "900"})

    assert "aria-invalid" in text(sent)
    assert Show.objects.get().draft == 1


def test_a_fence_is_written_as_lines(designer):
    person, home, by = designer
    show = make_show(home, by)
    browser = client_for(person)
    form = {"after": 1, "site-audience_distance_m": 50, "site-orientation_deg": 90}

    bad = browser.post(f"/shows/{show.slug}/edit/section/site/", form | {"site-fence": "0,0\n1 x"})
    good = browser.post(
        f"/shows/{show.slug}/edit/section/site/", form | {"site-fence": "-60, 0\n60, 0\n60, 140\n-60, 140"}
    )

    assert "1 x" in text(bad)
    assert good.status_code == 302
    assert Show.objects.get().drafts.get(number=2).story["site"]["fence"][2] == [60, 140]


@pytest.mark.parametrize(
    ("name", "formation"),
    [
        ("비둘기.SVG", {"kind": "svg", "asset": "비둘기.svg"}),
        ("city.png", {"kind": "raster", "asset": "city.png"}),
        ("car.glb", {"kind": "mesh", "asset": "car.glb"}),
    ],
)
def test_a_file_becomes_the_picture_of_a_scene_at_once_where_that_is_asked_for(designer, name, formation):
    person, home, by = designer
    show = make_show(home, by)
    browser, address = client_for(person), f"/shows/{show.slug}/edit/files/"

    def added(name, **more):
        files = [SimpleUploadedFile("a.mp3", b"sound"), SimpleUploadedFile(name, b"drawing")]
        return browser.post(address, {"files": files, "at": 1, "after": 1} | more)

    kept = added("other.svg")
    before = Show.objects.get().draft
    used = added(name, use="yes")

    assert kept["location"].endswith("tab=files")
    assert used["location"].endswith("tab=scene")
    assert before == 1
    drawn = Show.objects.get().drafts.get(number=2).story["scenes"][0]["formation"]
    assert drawn == formation | ({"style": "outline"} if formation["kind"] != "mesh" else {})


def test_music_is_chosen_and_taken_away(designer):
    person, home, by = designer
    show = make_show(home, by)
    browser, address = client_for(person), f"/shows/{show.slug}/edit/section/music/"
    browser.post(f"/shows/{show.slug}/edit/files/", {"files": SimpleUploadedFile("밤.mp3", b"sound")})

    browser.post(address, {"after": 1, "music-asset": "밤.mp3", "music-start_s": "2.5"})
    chosen = Show.objects.get().drafts.get(number=2).story["music"]
    strange = browser.post(address, {"after": 2, "music-asset": "other.mp3", "music-start_s": "0"})
    browser.post(address, {"after": 2, "music-asset": "", "music-start_s": "0"})

    assert chosen == {"asset": "밤.mp3", "start_s": 2.5}
    assert "aria-invalid" in text(strange)
    assert "music" not in Show.objects.get().drafts.get(number=3).story


def test_a_designer_asks_for_a_film_and_sees_how_far_it_is(designer):
    person, home, by = designer
    version = make_version(make_show(home, by))
    browser, visitor = client_for(person, language="en"), client_for()
    commands.publish_show(by=by, show=version.show.slug, number=1)
    address = f"/shows/{version.show.slug}/1/"

    before = text(browser.get(address))
    asked = browser.post(address + "film/")
    page, part = text(browser.get(address)), browser.get(address + "filming/")
    film = Film.objects.get()
    commands.fail_film(
        by=SYSTEM, film_id=film.pk, problems=[{"code": "film-without-browser", "where": "", "facts": {}}]
    )

    assert "Record a film" in before
    assert asked["location"] == address
    assert f'hx-get="{address}filming/"' in page
    assert "HX-Redirect" not in part
    assert browser.get(address + "filming/")["HX-Redirect"] == address
    assert "install it with: sudo apt-get install -y chromium" in text(browser.get(address))
    assert "film/" not in text(visitor.get(address))
    assert visitor.get(address + "filming/").status_code == 403


def test_a_film_is_handed_out_in_parts_so_that_players_can_jump(designer):
    person, home, by = designer
    version = make_version(make_show(home, by))
    stored = store().put("shows/made/film/show.webm", b"0123456789")
    commands.keep_film(by=by, version_id=version.pk, stored=stored)
    browser, address = client_for(person), f"/shows/{version.show.slug}/1/files/show.webm"

    whole = browser.get(address)
    part = browser.get(address, headers={"Range": "bytes=2-4"})
    beyond = browser.get(address, headers={"Range": "bytes=90-"})
    other = browser.get(address, headers={"Range": "bytes=2-4", "If-Range": '"other"'})

    assert (whole.status_code, whole["Accept-Ranges"], whole["Content-Type"]) == (200, "bytes", "video/webm")
    assert (part.status_code, part["Content-Range"]) == (206, "bytes 2-4/10")
    assert b"".join(part.streaming_content) == b"234"
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */10")
    assert b"".join(other.streaming_content) == b"0123456789"
    assert client_for().get(address).status_code == 404


def test_a_storyboard_can_be_kept_and_put_back(designer):
    person, home, by = designer
    show = make_show(home, by)
    browser = client_for(person)
    kept = browser.get(f"/shows/{show.slug}/edit/story.json")
    other = story.blank(100, "광주")

    browser.post(
        f"/shows/{show.slug}/edit/story.json",
        {"story": SimpleUploadedFile("s.json", json.dumps(other).encode())},
    )
    refused = browser.post(
        f"/shows/{show.slug}/edit/story.json", {"story": SimpleUploadedFile("s.json", b"no json")}
    )

    assert json.loads(kept.content)["fleet"]["drones"] == 300
    assert Show.objects.get().drafts.get(number=2).story == other
    assert refused.status_code == 422


def test_what_is_published_is_watched_by_everybody_and_the_rest_by_nobody_else(designer):
    _person, home, by = designer
    show = make_show(home, by)
    make_version(show)
    visitor = client_for(language="en")
    before = [visitor.get(path).status_code for path in (f"/shows/{show.slug}/", f"/shows/{show.slug}/1/")]

    commands.publish_show(by=by, show=show.slug, number=1)
    page = visitor.get(f"/shows/{show.slug}/")
    pack = visitor.get(f"/shows/{show.slug}/1/files/show.pack")

    assert before == [404, 404]
    assert 'data-show="/shows/' in text(page)
    assert "3.020 m" in text(page)
    assert b"".join(pack.streaming_content) == b"show.pack"
    assert visitor.get(f"/shows/{show.slug}/edit/").status_code in {302, 401}
    assert client_for(make_person()).get(f"/shows/{show.slug}/edit/").status_code == 404
    kept = visitor.get(f"/shows/{show.slug}/1/files/show.pack", headers={"If-None-Match": pack["ETag"]})
    assert kept.status_code == 304


def test_a_version_that_is_not_certified_says_what_is_broken(designer):
    person, home, by = designer
    make_version(make_show(home, by), holds=False, distance=2.41)
    show = Show.objects.get()

    page = text(client_for(person).get(f"/shows/{show.slug}/1/"))

    assert "2.410 m" in page
    assert "broken" not in page  # in Korean
    assert client_for(person).post(f"/shows/{show.slug}/1/publish/").status_code == 409


def test_an_evening_is_planned_pressed_and_called_off(designer):
    person, home, by = designer
    version = make_version(make_show(home, by))
    browser = client_for(person)
    form = {
        "place_ko": "예시 비행장", "starts_at": "2027-11-19T18:30", "backup_at": "2027-11-19T20:00",
        "is_night": "on", "rules": "kiast", "once": "k",
    }  # fmt: skip

    planned = browser.post(f"/shows/{version.show.slug}/1/fly/", form)
    address = planned["location"]
    pressed = browser.post(f"{address}gate/", {"gate": "wind", "value": "9"}, follow=True)
    strange = browser.post(f"{address}gate/", {"gate": "wind", "value": "stormy"}, follow=True)
    browser.post(f"{address}decide/", {"action": "no_go", "reason": "바람"})

    assert "9 m/s" in text(pressed)
    assert "0 이상" in text(strange)
    assert "바람" in text(browser.get(address))
    assert "100 m" in text(browser.get(f"{address}?rules=wide"))
    assert browser.get("/shows/flights/").status_code == 200
    assert client_for(make_person()).get(address).status_code == 404


def test_the_permit_file_comes_as_pdf_and_with_attachments(designer):
    person, home, by = designer
    flight = make_flight(make_version(make_show(home, by)), by)
    browser = client_for(person)
    address = f"/shows/flights/{flight.public_id}/permit/"

    attached = browser.post(address, {
        "action": "attach", "document": "pilots", "file": SimpleUploadedFile("license.pdf", b"%PDF-1.4 x"),
    })  # fmt: skip
    browser.post(
        address, {"action": "crew", "role": ["조종자", ""], "name": ["예시", ""], "licence": ["", ""]}
    )

    assert attached.status_code == 302
    assert "license.pdf" in text(browser.get(address))
    assert browser.get(f"{address}ko.pdf").content.startswith(b"%PDF-")
    assert browser.get(f"{address}en.zip").content.startswith(b"PK")
    assert browser.get(f"{address}fr.pdf").status_code == 404


def test_programs_draw_and_hand_in(designer):
    person, home, _by = designer
    program = api_for(person)
    begun = program.post(
        "/api/shows",
        {"organisation": home.slug, "title": {"en": "By a program"}, "story": story.blank(50, "AI")},
        content_type="application/json",
    )
    slug = begun.json()["slug"]
    drawn = program.get(f"/api/shows/{slug}/story").json()
    drawn["story"]["fleet"]["drones"] = 60

    saved = program.put(
        f"/api/shows/{slug}/story",
        {"after": drawn["draft"], "story": drawn["story"]},
        content_type="application/json",
    )
    handed_in = program.post(f"/api/shows/{slug}/versions", headers={"Idempotency-Key": "a"})
    again = program.post(f"/api/shows/{slug}/versions", headers={"Idempotency-Key": "a"})

    assert (begun.status_code, saved.json()["draft"]) == (201, 2)
    assert handed_in.json() == again.json()
    assert handed_in.json()["drones"] == 60
    assert api_for().get(f"/api/shows/{slug}").status_code == 404
