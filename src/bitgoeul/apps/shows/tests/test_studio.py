"""The studio at work: real processes, confined where this machine can confine them."""

import base64
import io
import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
import zipfile

import numpy as np
import pytest
from django.db import connections
from django.utils.translation import override
from PIL import Image

from bitgoeul.apps.shows import commands, errors, example, intake, reading, story
from bitgoeul.apps.shows.models import Film, FlightLog, Show, Version
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.apps.shows.studio import asking, box, loop, rendering, telling, work
from bitgoeul.apps.shows.studio.loop import Studio
from bitgoeul.apps.shows.tests.factories import make_designer, make_flight, make_show
from bitgoeul.engines import shows as engine
from bitgoeul.engines.shows import check_show
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import facts_recorded
from bitgoeul.site.tests import prepared

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DRONES = 24
SILENCE = (b"\xff\xfb\x90\x00" + bytes(413)) * 40  # a second of MP3
PATIENCE_S = 300


@pytest.fixture
def designer():
    return make_designer()


@pytest.fixture
def studio():
    # Of all who test one compiles, the others take what it kept.
    with prepared.alone(prepared.KEPT / "warming"):
        prepared.lend_kernels(box.home().parent)
        opened = Studio()
        opened.is_wanted = True  # a studio without shows compiles nothing
        turned(opened, lambda: opened.is_warm and opened.work is None)
        prepared.keep_kernels(box.home().parent)
    yield opened
    opened.end_all()


def turned(studio, until):
    """Let the studio take steps until something is true."""
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "the studio does not get there"
        studio.turn()
        time.sleep(0.05)


def two_scenes(drones=DRONES):
    """A show as small as one can be and still fly, turn and shine."""
    drawn = story.blank(drones, "빛")
    drawn["scenes"][0]["hold_s"] = 2
    drawn["scenes"].append(
        {
            "key": "second",
            "hold_s": 5,
            "formation": {"kind": "ring"},
            "motion": {"kind": "turn", "degrees": 20},
            "light": {"kind": "wave"},
        }
    )
    return drawn


def test_a_hub_without_shows_compiles_and_keeps_nothing():
    idle = Studio()

    assert [idle.turn() for _turn in range(3)] == [False] * 3
    assert (idle.work, idle.previews) == (None, None)


def one_scene(**formation):
    drawn = story.blank(DRONES, "빛")
    drawn["scenes"][0] |= {"hold_s": 2, "formation": formation}
    return drawn


def handed_in(by, home, drawn, files=None):
    """A storyboard and its files, in the hands of the studio."""
    show = make_show(home, by)
    for name, content in (files or {}).items():
        commands.add_asset(
            by=by, show=show.slug, file_name=name, size=len(content), content=io.BytesIO(content)
        )
    commands.save_draft(by=by, show=show.slug, story_data=drawn, after=1)
    return commands.submit_version(by=by, show=show.slug)


def made(studio, version):
    turned(studio, lambda: fresh(version).state not in {"waiting", "making"})
    return fresh(version)


def fresh(version):
    return Version.objects.select_related("show").get(pk=version.pk)


def content_of(version, kind):
    with store().open(version.file(kind)["stored"]) as file:
        return file.read()


def said(version):
    with override("en"):
        return [sentence(problem) for problem in version.problem["problems"]]


# ── from a storyboard to files ────────────────────────────────────────────────────────────────────────────


def test_a_storyboard_becomes_a_certified_show_that_others_can_read_and_check(designer, studio):
    _, home, by = designer

    version = made(studio, handed_in(by, home, two_scenes()))

    assert version.state == Version.State.CERTIFIED
    assert (version.drones, version.claim, version.problem) == (DRONES, "", {})
    assert {file["kind"] for file in version.files} == {
        "certificate", "csv", "glb", "pack", "poster", "skyb", "skyc", "vviz",
    }  # fmt: skip
    skyc, certificate = content_of(version, "skyc"), content_of(version, "certificate")
    show = engine.from_skyc([skyc])
    assert show.curves.digest() == version.digest == engine.read(certificate).digest
    assert (show.curves.drones, len(show.cues)) == (DRONES, 2)
    assert check_show.check(certificate, [skyc]).holds
    with zipfile.ZipFile(io.BytesIO(content_of(version, "skyb"))) as archive:
        flown = engine.from_skyb([archive.read(name) for name in sorted(archive.namelist())])
    assert flown.curves.drones == DRONES
    assert engine.from_csv(content_of(version, "csv")).curves.drones == DRONES
    assert content_of(version, "pack").startswith(b"BGSHOW1\n")
    assert content_of(version, "poster").startswith(b"<svg")
    assert [scene["key"] for scene in reading.of(version)["scenes"]] == ["first", "second"]
    assert facts_recorded()[-1] == "shows.ShowCertified"
    assert not work.folder_of(version).exists()


def test_the_music_of_a_show_is_kept_with_its_version(designer, studio):
    _, home, by = designer
    drawn = two_scenes() | {"music": {"asset": "night.mp3", "start_s": 4.5}}

    version = made(studio, handed_in(by, home, drawn, {"night.mp3": SILENCE}))

    assert content_of(version, "music") == SILENCE
    assert version.file("music")["media"] == "audio/mpeg"
    assert reading.of(version)["music_starts_s"] == 4.5
    assert engine.from_skyc([content_of(version, "skyc")]).music.sound == SILENCE


def test_layers_of_light_are_in_the_files_and_change_no_path(designer, studio):
    _, home, by = designer
    drawn, lit = two_scenes(), two_scenes()
    red = {"kind": "keyframes", "frames": [{"at_s": 0, "colour": "#ff0000"}]}
    lit["scenes"][1]["layers"] = [{"light": red, "group": {"kind": "all"}, "begin_s": 1, "fade_s": 0}]

    plain, layered = made(studio, handed_in(by, home, drawn)), made(studio, handed_in(by, home, lit))

    assert layered.state == Version.State.CERTIFIED
    assert layered.digest == plain.digest
    show = engine.from_skyc([content_of(layered, "skyc")])
    begins = round(layered.report["scenes"][1]["begin_s"] * 1000)
    assert {tuple(colour) for colour in engine.colours_at(show.lights, begins + 2000).tolist()} == {
        (255, 0, 0)
    }


def test_a_layer_for_nobody_is_said_with_its_scene_and_number(designer, studio):
    _, home, by = designer
    drawn = two_scenes()
    nobody = {"kind": "colour", "colour": "#00ff00"}
    drawn["scenes"][1]["layers"] = [{"light": {"kind": "pulse"}, "group": nobody, "begin_s": 0}]

    version = made(studio, handed_in(by, home, drawn))

    assert said(version) == [
        "Scene 2, Light layer 1: no drone of the picture belongs to the layer; choose others"
    ]


GLYPH = "the font has no “𓀀”; write something else or add a font that has it"
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script><path d="M0 0L9 9"/></svg>'


def wide_picture():
    """Few bytes, forty-two million pixels."""
    packed = io.BytesIO()
    Image.new("1", (7000, 6000)).save(packed, "PNG")
    return packed.getvalue()


def with_site(**site):
    return story.blank(DRONES, "빛") | {"site": site}


@pytest.mark.parametrize(
    ("drawn", "files", "sentences"),
    [
        (one_scene(kind="text", text="빛𓀀"), {}, [f"Scene 1, Text: {GLYPH}"]),
        (
            one_scene(kind="svg", asset="a.svg"),
            {"a.svg": SCRIPT},
            ["Scene 1: the drawing holds “script”, which is refused; save it as plain SVG with shapes only"],
        ),
        (
            one_scene(kind="raster", asset="a.png"),
            {"a.png": wide_picture},
            ["Scene 1: the picture has more than 40,000,000 pixels; make it smaller"],
        ),
        (
            one_scene(kind="mesh", asset="a.glb"),
            {"a.glb": b"no mesh"},
            ["Scene 1: the mesh cannot be read; save it anew as OBJ, STL or GLB"],
        ),
        (
            with_site(fence=[[0, 0], [200, 200], [200, 0], [0, 200]]),
            {},
            ["Fence: sides 1, 3 cross; list the corners in the order in which one walks around"],
        ),
        (
            one_scene(kind="text", text="빛", size_m=4),
            {},
            None,
        ),
    ],
    ids=["glyph", "script", "picture", "mesh", "fence", "too small"],
)
def test_what_cannot_be_made_fails_and_says_why(designer, studio, drawn, files, sentences):
    _, home, by = designer
    contents = {name: content() if callable(content) else content for name, content in files.items()}

    version = made(studio, handed_in(by, home, drawn, contents))

    assert version.state == Version.State.FAILED
    if sentences is None:
        [told] = said(version)
        assert told.startswith("Scene 1, Size (m): ")
        assert told.endswith(" m holds them all")
    else:
        assert said(version) == sentences
    assert facts_recorded()[-1] == "shows.MakingFailed"


# ── killed in the middle ──────────────────────────────────────────────────────────────────────────────────


def test_a_version_whose_process_is_killed_begins_anew(designer, studio):
    _, home, by = designer
    version = handed_in(by, home, two_scenes())
    turned(studio, lambda: studio.work is not None)

    os.kill(studio.work.process.pid, signal.SIGKILL)

    assert made(studio, version).state == Version.State.CERTIFIED
    assert facts_recorded()[-5:] == [
        "shows.VersionSubmitted", "shows.MakingBegun", "shows.MakingInterrupted", "shows.MakingBegun",
        "shows.ShowCertified",
    ]  # fmt: skip


def test_a_version_whose_process_is_killed_again_and_again_fails(designer, studio):
    _, home, by = designer
    version = handed_in(by, home, two_scenes())

    for _again in range(2):
        turned(studio, lambda: studio.work is not None)
        at_work = studio.work
        os.kill(at_work.process.pid, signal.SIGKILL)
        turned(studio, lambda at_work=at_work: studio.work is not at_work)

    version = fresh(version)
    assert version.state == Version.State.FAILED
    assert said(version) == ["making the show took too long or too much memory"]
    commands.retry_making(by=by, show=version.show.slug, number=1)
    assert made(studio, version).state == Version.State.CERTIFIED


def a_studio_of_its_own():
    connections.close_all()
    loop.run(threading.Event())


@pytest.mark.django_db(transaction=True)
def test_a_version_waits_again_when_the_studio_is_killed(studio):
    studio.end_all()
    _, home, by = make_designer()
    version = handed_in(by, home, two_scenes())
    connections.close_all()
    started = multiprocessing.get_context("fork")
    killed, next_one = (started.Process(target=a_studio_of_its_own) for _ in range(2))

    killed.start()
    wait_for(lambda: fresh(version).state == "making")
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()
    left = fresh(version)
    connections.close_all()  # a process that begins now has its own
    next_one.start()
    try:
        wait_for(lambda: fresh(version).state not in {"waiting", "making"})
    finally:
        os.kill(next_one.pid, signal.SIGKILL)
        next_one.join()

    assert (left.state, bool(left.claim)) == ("making", True)
    assert fresh(version).state == Version.State.CERTIFIED
    assert "shows.MakingInterrupted" in facts_recorded()


def wait_for(happened):
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


# ── shows of other tools ──────────────────────────────────────────────────────────────────────────────────


def taken_in(by, show, name, content):
    return intake.take_in(by=by, show=show, file_name=name, size=len(content), content=io.BytesIO(content))


def test_a_show_that_was_made_here_comes_back_with_the_same_digest(designer, studio):
    _, home, by = designer
    first = made(studio, handed_in(by, home, two_scenes()))

    again = made(studio, taken_in(by, first.show, "again.skyc", content_of(first, "skyc")))

    assert (again.number, again.state) == (2, Version.State.CERTIFIED)
    assert (again.digest, again.drones) == (first.digest, DRONES)


def bomb():
    """A megabyte that becomes more than a gigabyte."""
    packed = io.BytesIO()
    nothing = bytes(1 << 22)
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("show.json", "w") as entry,
    ):
        for _ in range(260):
            entry.write(nothing)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.skyc", b"PK\3\4 and nothing more", "the file cannot be unpacked; it is damaged or no archive"),
        ("a.zip", b"no archive", "the file cannot be unpacked; it is damaged or no archive"),
        ("a.vviz", b"[]", "the file is no VVIZ show that can be read"),
        (
            "a.skyc",
            bomb,
            "show.json: unpacked, the archive is larger than 1024 MiB, too large for a show",
        ),
    ],
    ids=["broken skyc", "broken zip", "broken vviz", "bomb"],
)
def test_a_file_that_is_no_show_is_refused(designer, studio, name, content, told):
    _, home, by = designer

    version = made(
        studio, taken_in(by, make_show(home, by), name, content() if callable(content) else content)
    )

    assert version.state == Version.State.FAILED
    assert said(version) == [told]


# ── films ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(
    not any(map(shutil.which, rendering.BROWSERS)), reason="no Chromium on this machine, so no film"
)
def test_a_film_is_recorded_by_a_confined_browser(designer, studio, monkeypatch):
    _, home, by = designer
    version = made(studio, handed_in(by, home, two_scenes()))
    monkeypatch.setattr(work, "FILM", {"width": 320, "seconds": 3})

    film = commands.ask_for_film(by=by, show=version.show.slug, number=1)
    turned(studio, lambda: Film.objects.get(pk=film.pk).state != "waiting")

    assert Film.objects.get(pk=film.pk).state == "kept"
    assert content_of(fresh(version), "video").startswith(b"\x1aE\xdf\xa3")  # EBML, as WebM begins
    assert reading.of(fresh(version))["film"]["media"] == "video/webm"


def test_a_machine_without_a_browser_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(rendering.shutil, "which", lambda _name: None)

    with pytest.raises(engine.ShowInvalid) as refused:
        rendering.record(b"", tmp_path / "a.webm", width=64, seconds=1, speed=1, begin_s=0)

    with override("en"):
        assert [sentence(told) for told in telling.told(refused.value.problems)] == [
            "a film needs Chromium on the machine of the studio; "
            "install it with: sudo apt-get install -y chromium"
        ]


# ── flight logs ───────────────────────────────────────────────────────────────────────────────────────────


def log_of(curves, offset, seconds):
    """What drones would have written that flew ``offset`` metres beside their paths."""
    lines = ["drone,time_s,x,y,z"]
    for at in seconds:
        for number, spot in enumerate(curves.at(at * 1000) + np.array(offset), 1):
            lines.append(f"{number},{at},{spot[0]:.6f},{spot[1]:.6f},{spot[2]:.6f}")
    return "\n".join(lines).encode()


def test_a_log_is_compared_with_the_paths_that_were_proved(designer, studio):
    _, home, by = designer
    version = made(studio, handed_in(by, home, two_scenes()))
    flight = make_flight(version, by).public_id
    curves = engine.from_skyc([content_of(version, "skyc")]).curves

    def compared(content):
        entry = commands.add_log(
            by=by, flight=flight, file_name="log.csv", size=len(content), content=io.BytesIO(content)
        )
        turned(studio, lambda: FlightLog.objects.get(pk=entry.pk).state != "waiting")
        return FlightLog.objects.get(pk=entry.pk)

    beside = compared(log_of(curves, (0.3, 0.0, 0.4), range(0, 30, 5)))
    strange = compared(b"drone,time_s,x,y,z\n99,0,0,0,0\n")
    short = compared(b"drone,x,y\n1,0,0\n")

    assert beside.state == FlightLog.State.COMPARED
    assert {name: beside.result[name] for name in ("drones", "moments", "largest_m", "mean_m")} == {
        "drones": DRONES, "moments": 6, "largest_m": 0.5, "mean_m": 0.5,
    }  # fmt: skip
    with override("en"):
        assert [sentence(problem) for problem in strange.result["problems"]] == [
            "there is no drone 99 in the show"
        ]
        assert [sentence(problem) for problem in short.result["problems"]] == [
            "the log has no column time_s, z"
        ]


# ── previews ──────────────────────────────────────────────────────────────────────────────────────────────


def answering(studio):
    """The studio, once its previews answer."""
    turned(studio, lambda: studio.previews is not None and box.socket_path().exists())


def test_a_preview_shows_a_scene_and_the_flight_into_it(designer, studio):
    _, home, by = designer
    answering(studio)

    found = asking.preview(make_show(home, by), two_scenes(), 2)

    assert base64.b64decode(found["pack"]).startswith(b"BGSHOW1\n")
    assert found["flight"]["seconds"] >= found["flight"]["bound"] > 0
    assert found["flight"]["closest"] >= 3
    assert found["problems"] == []


def test_a_preview_that_is_too_large_or_cannot_be_drawn_says_so(designer, studio):
    _, home, by = designer
    show = make_show(home, by)
    answering(studio)

    large = asking.preview(show, two_scenes(5000), 1)
    strange = asking.preview(show, one_scene(kind="text", text="𓀀"), 1)

    with override("en"):
        assert [sentence(problem) for problem in large["problems"]] == [
            "Drones: a preview shows at most 3000 drones, and these are 5000; "
            "have the whole show made instead"
        ]
        assert [sentence(problem) for problem in strange["problems"]] == [f"Scene 1, Text: {GLYPH}"]


def test_a_preview_that_hangs_is_ended_and_the_next_one_answered(designer, studio, monkeypatch):
    _, home, by = designer
    show = make_show(home, by)
    monkeypatch.setattr(loop, "LONGEST_ANSWER_S", 2)
    answering(studio)
    hanging = studio.previews
    monkeypatch.setattr(asking, "PATIENCE_S", 1.0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(str(box.socket_path()))

        with pytest.raises(errors.StudioAway):
            asking.preview(show, two_scenes(), 1)
        monkeypatch.setattr(loop, "LONGEST_ANSWER_S", 60)
        turned(studio, lambda: studio.previews not in {hanging, None})

    monkeypatch.setattr(asking, "PATIENCE_S", 60.0)
    answering(studio)
    assert hanging.returncode
    assert asking.preview(show, two_scenes(), 1)["problems"] == []


# ── the example ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_brought_twice_is_one_show(designer):
    _, home, by = designer

    first = example.bring_example(by=by, organisation=home)
    second = example.bring_example(by=by, organisation=home)

    assert first.pk == second.pk
    assert Show.objects.get().versions.count() == 1
