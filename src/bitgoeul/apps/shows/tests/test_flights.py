"""An evening: gates, go and no-go, the permit file."""

import datetime as dt
import io

import pytest

from bitgoeul.apps.people.tests.factories import actor, make_person
from bitgoeul.apps.shows import commands, errors
from bitgoeul.apps.shows.flying import board, permit
from bitgoeul.apps.shows.models import Flight
from bitgoeul.apps.shows.tests.factories import make_designer, make_flight, make_show, make_version
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid, NotFound, StateChanged
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 example"


@pytest.fixture
def evening():
    _, home, by = make_designer()
    flight = make_flight(make_version(make_show(home, by)), by)
    return by, flight


def press(by, flight, **values):
    for gate, value in values.items():
        commands.read_gate(by=by, flight=flight.public_id, gate=gate, value=value)


def ready(by, flight):
    """Everything but the weather."""
    commands.move_permit(by=by, flight=flight.public_id, state="approved", number="예시-1")
    until = (flight.starts_at + dt.timedelta(days=30)).date().isoformat()
    commands.change_flight(by=by, flight=flight.public_id, changes={"insurance": {"until": until}})
    confirmed = [gate["key"] for gate in board.rules()["gates"] if gate["kind"] == "confirm"]
    press(by, flight, **dict.fromkeys(confirmed, "yes"), staff="20", rain_now="0")


def states(flight, rules=""):
    flight.refresh_from_db()
    return {gate.key: gate.state for gate in board.gates(flight, board.newest_readings(flight), rules)}


def test_only_a_certified_version_can_be_planned():
    _, home, by = make_designer()
    unsafe = make_version(make_show(home, by), holds=False)

    with pytest.raises(errors.NotCertified):
        make_flight(unsafe, by)


def test_go_needs_every_gate(evening):
    by, flight = evening
    ready(by, flight)

    with pytest.raises(errors.GatesNotPassed, match=r"바람|Wind"):
        commands.clear_flight(by=by, flight=flight.public_id)
    press(by, flight, wind="5.5")
    assert set(states(flight).values()) == {board.PASSED}
    assert commands.clear_flight(by=by, flight=flight.public_id).state == Flight.State.GO


def test_a_gust_takes_a_go_back(evening):
    by, flight = evening
    ready(by, flight)
    press(by, flight, wind="3")
    commands.clear_flight(by=by, flight=flight.public_id)

    press(by, flight, wind="5.6")

    assert states(flight)["wind"] == board.FAILED
    assert Flight.objects.get(pk=flight.pk).state == Flight.State.PLANNED


def test_a_reading_grows_old(evening, monkeypatch):
    by, flight = evening
    press(by, flight, wind="3")
    later = clock.now() + dt.timedelta(minutes=31)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert states(flight)["wind"] == board.OPEN


def test_other_rules_look_at_every_gate_at_once(evening):
    by, flight = evening  # pads are 80 m from the seats
    press(by, flight, wind="7")

    assert (states(flight)["seats"], states(flight, "wide")["seats"]) == (board.PASSED, board.FAILED)
    assert (states(flight)["wind"], states(flight, "busan")["wind"]) == (board.FAILED, board.PASSED)
    assert "rain_chance" not in states(flight)
    assert states(flight, "busan")["rain_chance"] == board.OPEN


def test_choosing_other_rules_takes_a_go_back_and_is_a_fact(evening):
    by, flight = evening
    ready(by, flight)
    press(by, flight, wind="2")
    commands.clear_flight(by=by, flight=flight.public_id)

    changed = commands.choose_rules(by=by, flight=flight.public_id, rules="wide")

    assert (changed.state, changed.rules) == (Flight.State.PLANNED, "wide")
    assert facts_recorded()[-1] == "shows.RulesChosen"


@pytest.mark.parametrize(("drones", "night", "needed"), [(499, True, 50), (500, True, 100), (500, False, 50)])
def test_a_large_fleet_at_night_keeps_a_hundred_metres(drones, night, needed):
    _, home, by = make_designer()
    flight = make_flight(make_version(make_show(home, by, drones=drones)), by, is_night=night)

    assert board.seats_needed_m(board.rules()["sets"]["kiast"], flight) == needed


@pytest.mark.parametrize(("drones", "staff"), [(300, 20), (1500, 100), (1, 1)])
def test_staff_grows_with_the_fleet(drones, staff):
    assert board.staff_needed(board.rules()["sets"]["busan"], drones) == staff


@pytest.mark.parametrize("value", ["", "much", "nan", "inf", "-1", "1e9"])
def test_what_is_no_measure_is_refused(evening, value):
    by, flight = evening

    with pytest.raises(Invalid):
        press(by, flight, wind=value)
    assert flight.readings.count() == 0


def test_what_is_computed_cannot_be_pressed(evening):
    by, flight = evening

    with pytest.raises(StateChanged):
        press(by, flight, certified="yes")
    with pytest.raises(NotFound):
        press(by, flight, mood="yes")


def test_called_off_then_flown_on_the_other_date(evening):
    by, flight = evening
    press(by, flight, wind="12")
    with pytest.raises(Invalid):
        commands.call_off_flight(by=by, flight=flight.public_id, reason=" ")

    commands.call_off_flight(by=by, flight=flight.public_id, reason="바람이 셉니다")
    again = commands.replan_flight(by=by, flight=flight.public_id, starts_at=flight.backup_at)

    assert (again.state, again.backup_at, again.readings.count()) == (Flight.State.PLANNED, None, 0)
    ready(by, again)
    press(by, again, wind="1")
    commands.clear_flight(by=by, flight=flight.public_id)
    assert commands.mark_flown(by=by, flight=flight.public_id).state == Flight.State.FLOWN
    with pytest.raises(StateChanged):
        press(by, again, wind="1")


def test_strangers_see_no_evening(evening):
    _, flight = evening

    with pytest.raises(NotFound):
        press(actor(make_person()), flight, wind="1")


def test_the_permit_file_fills_up(evening):
    by, flight = evening
    before = {line["key"]: line["ready"] for line in permit.checklist(flight)}
    answers = {key: "예시" for key, _title in permit.questions()}
    commands.change_flight(by=by, flight=flight.public_id, changes={"answers": answers})
    for document in ("pilots", "insurance", "form"):
        commands.attach_document(
            by=by, flight=flight.public_id, document=document, file_name=f"{document}.pdf", size=len(PDF),
            content=io.BytesIO(PDF),
        )  # fmt: skip
    flight.refresh_from_db()
    after = {line["key"]: line["ready"] for line in permit.checklist(flight)}

    assert before == {
        "aircraft": False, "performance": True, "manual": False, "plan": True, "certificate": False,
        "pilots": False, "insurance": False, "form": False,
    }  # fmt: skip
    assert [key for key, is_ready in after.items() if not is_ready] == ["certificate"]
    assert permit.deadline(flight) == (flight.starts_at - dt.timedelta(days=30)).date()


@pytest.mark.parametrize(("name", "content"), [("a.pdf", b"MZ"), ("a.exe", PDF), ("a.png", PDF)])
def test_a_document_is_what_its_name_says(evening, name, content):
    by, flight = evening

    with pytest.raises(Invalid):
        commands.attach_document(
            by=by,
            flight=flight.public_id,
            document="pilots",
            file_name=name,
            size=9,
            content=io.BytesIO(content),
        )
    assert flight.attachments.count() == 0


def test_an_approval_has_a_number(evening):
    by, flight = evening

    with pytest.raises(Invalid):
        commands.move_permit(by=by, flight=flight.public_id, state="approved", number=" ")


def test_the_names_of_a_crew_are_forgotten_after_three_years(evening, monkeypatch):
    by, flight = evening
    crew = [{"role": "조종자", "name": "예시 사람", "licence": "예시-7"}]
    commands.name_crew(by=by, flight=flight.public_id, crew=crew)
    later = flight.starts_at + dt.timedelta(days=3 * 365 + 1)
    assert commands.crews_to_forget() == []
    monkeypatch.setattr(clock, "now", lambda: later)

    for pk in commands.crews_to_forget():
        commands.forget_crew(by=SYSTEM, flight_id=pk)

    flight.refresh_from_db()
    assert flight.crew == [{"role": "조종자", "name": "", "licence": ""}]
    assert Fact.objects.get(name="shows.CrewNamed").personal == {}
    assert commands.crews_to_forget() == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_permit_file_is_a_pdf_in_each_language(evening, language):
    from bitgoeul.apps.shows.flying.paper import permit_pdf

    by, flight = evening
    commands.name_crew(by=by, flight=flight.public_id, crew=[{"role": "조종자", "name": "예시 <사람>"}])
    flight.refresh_from_db()

    assert permit_pdf(flight, language).startswith(b"%PDF-")


def test_a_log_is_kept_until_it_is_compared(evening):
    by, flight = evening
    content = b"drone,time_s,x,y,z\n1,0,0,60,0\n"
    entry = commands.add_log(
        by=by, flight=flight.public_id, file_name="log.csv", size=len(content), content=io.BytesIO(content)
    )

    found = {"drones": 1, "moments": 1, "largest_m": 0.1234, "mean_m": 0.05, "worst": []}
    commands.complete_log(by=SYSTEM, log_id=entry.pk, result=found)

    assert Fact.objects.get(name="shows.LogCompared").data["largest_mm"] == 123
    with pytest.raises(StateChanged):
        commands.refuse_log(by=SYSTEM, log_id=entry.pk, problems=[])
