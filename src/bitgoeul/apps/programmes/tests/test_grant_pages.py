"""The pages of a grant in both languages, its agreement on paper, and what the desk sees."""

from __future__ import annotations

import datetime as dt
import re
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bitgoeul.apps.people.tests.factories import make_person
from bitgoeul.apps.programmes import paper
from bitgoeul.apps.programmes.commands import ask_change
from bitgoeul.apps.programmes.models import Agreement, Change, Condition, Evidence, Pledge, Reclaim, UseSample
from bitgoeul.apps.programmes.tasks import look_after_grants
from bitgoeul.apps.programmes.tests.granted import START, make_granted, sign_now
from bitgoeul.kit import clock
from bitgoeul.kit.testing import client_for
from bitgoeul.kit.ui.paper import FONTS

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LIST_QUERIES = 7


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(START):
        yield


@pytest.fixture
def granted():
    return make_granted()


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def address(granted, rest=""):
    return f"/programmes/grants/{granted.number}/{rest}"


def test_an_owner_reads_and_signs():
    granted = make_granted(sign=False)
    owner = client_for(granted.owner)

    assert "협약서 읽고 서명하기" in page(owner, address(granted))
    text = page(owner, address(granted, "agreement/"))
    assert "제1조 (지원)" in text
    assert granted.grant.agreement.fingerprint in text
    wrong = owner.post(address(granted, "do/sign/"), {"name": "", "fingerprint": "x"})
    assert wrong.status_code == 422
    owner.post(
        address(granted, "do/sign/"),
        {"name": "예시 대표", "fingerprint": granted.grant.agreement.fingerprint},
    )

    assert Agreement.objects.get(grant=granted.grant).state == "in_force"
    after = page(client_for(granted.owner, "en"), address(granted))
    assert "8 from the pool" in after
    assert "Ask for a change" in after
    assert "do/sign/" not in page(owner, address(granted, "agreement/"))


def test_what_is_not_theirs_does_not_exist(granted):
    stranger = client_for(make_person())
    for rest in ("", "agreement/", "agreement.pdf"):
        assert stranger.get(address(granted, rest)).status_code == 404
    assert stranger.post(address(granted, "do/end/"), {"reason_ko": "x"}).status_code == 404
    assert stranger.get("/programmes/desk/grants/").status_code == 403
    assert client_for(granted.owner).post(address(granted, "do/nothing/")).status_code == 404
    assert "예시 공고" in page(client_for(granted.owner), "/programmes/grants/")
    assert "예시 공고" not in page(stranger, "/programmes/grants/")


def test_a_change_is_asked_and_decided_on_the_page(granted):
    owner, desk = client_for(granted.owner), client_for(make_person(roles=["operator"]))
    unclear = owner.post(address(granted, "do/ask-change/"), {"kind": "extension", "words": "늦어집니다."})
    assert unclear.status_code == 422
    assert "늦어집니다." in unclear.content.decode()
    owner.post(
        address(granted, "do/ask-change/"),
        {"kind": "extension", "words": "늦어집니다.", "ends_on": "2026-06-30"},
    )
    assert "예시" in page(desk, "/programmes/desk/grants/")
    desk.post(address(granted, "do/decide-change/1/"), {"agree": "yes", "reason_ko": "확인했습니다."})

    assert Change.objects.get().state == "agreed"
    assert "변경 협약 제1호" in page(owner, address(granted, "agreement/"))


def test_use_is_drawn_and_contested(granted):
    UseSample.objects.bulk_create(
        [
            UseSample(part=granted.part("capacity"), starts_at=START + day * DAY, seconds=86_400, used=1_200)
            for day in range(8)
        ]
    )
    owner = client_for(granted.owner)
    with clock.frozen(START + 8 * DAY):
        look_after_grants()
        text = page(owner, address(granted))
        assert 'role="img"' in text
        assert "하루 15~15퍼센트" in text
        owner.post(address(granted, "do/contest/1/"), {"words": "장비를 옮깁니다."})
        assert Reclaim.objects.get().is_contested
        desk = client_for(make_person(roles=["operator"]))
        assert "do/decide-contest/1/" in page(desk, address(granted))
        desk.post(address(granted, "do/decide-contest/1/"), {"agree": "yes", "reason_ko": "확인했습니다."})
    assert Reclaim.objects.get().state == "cleared"


def test_a_report_with_a_file_is_handed_in_and_verified(granted):
    owner, desk = client_for(granted.owner), client_for(make_person(roles=["operator"]))
    file = SimpleUploadedFile("증빙.pdf", b"%PDF-1.7 evidence")
    owner.post(address(granted, "do/report/1/"), {"words": "모델을 학습했습니다.", "evidence": [file]})
    evidence = Evidence.objects.get()
    download = owner.get(address(granted, f"files/{evidence.pk}/"))
    assert b"".join(download.streaming_content) == b"%PDF-1.7 evidence"
    assert download["Content-Disposition"].startswith("attachment")
    assert client_for(make_person()).get(address(granted, f"files/{evidence.pk}/")).status_code == 404

    desk.post(address(granted, "do/return-report/1/"), {"reason_ko": "표를 더해 주십시오."})
    assert "표를 더해 주십시오." in page(owner, address(granted))
    owner.post(address(granted, "do/report/1/"), {"words": "표를 더했습니다."})
    desk.post(address(granted, "do/verify-report/1/"))
    assert granted.grant.reports.get(number=1).state == "verified"


def test_a_file_of_the_wrong_kind_is_a_page_of_its_own(granted):
    file = SimpleUploadedFile("a.exe", b"MZ")
    answer = client_for(granted.owner).post(
        address(granted, "do/report/1/"), {"words": "했습니다.", "evidence": [file]}
    )
    assert answer.status_code == 415
    assert granted.grant.reports.get(number=1).state == "due"


def test_the_desk_sets_conditions_suspends_and_verifies_pledges(granted):
    owner, desk = client_for(granted.owner), client_for(make_person(roles=["operator"]))
    desk.post(address(granted, "do/condition/"), {"text_ko": "매월 보고합니다.", "due_on": "2026-05-01"})
    desk.post(address(granted, "do/met/1/"))
    owner.post(address(granted, "do/pledge/"), {"kind": "jobs", "target": 2, "due_on": "2026-05-01"})
    owner.post(address(granted, "do/report-pledge/1/"), {"reported": 2, "words": "채용했습니다."})
    desk.post(address(granted, "do/verify-pledge/1/"), {"verified": 1})
    desk.post(address(granted, "do/suspend/"), {"reason_ko": "점검합니다."})
    assert "지원이 중지되었습니다" in page(owner, address(granted))
    desk.post(address(granted, "do/resume/"))
    owner.post(address(granted, "do/end/"), {"reason_ko": "마쳤습니다."})

    assert Condition.objects.get().state == "met"
    assert (Pledge.objects.get().state, Pledge.objects.get().percent) == ("partly", 50)
    assert granted.now().state == "returned"


def letters_of(pdf):
    """Every letter that the PDF's maps from glyphs to text name."""
    found = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"begincmap" in text:
            codes = re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]{4})>", text)
            arrays = re.findall(rb"\[([^\]]*)\]", text)
            codes += [code for array in arrays for code in re.findall(rb"<([0-9A-Fa-f]{4})>", array)]
            found |= {chr(int(code, 16)) for code in codes}
    return found


@pytest.mark.skipif(not (FONTS / "Pretendard-Regular.ttf").is_file(), reason="the front end is not built")
def test_the_paper_sets_korean_with_its_own_letters(granted):
    agreement = Agreement.objects.select_related("grant__organisation").get(grant=granted.grant)
    written = paper.agreement_pdf(agreement, "ko")
    assert written.startswith(b"%PDF-")
    assert b"/FontFile2" in written
    assert set("협약지원목적예시대표서명") <= letters_of(written)
    assert written == paper.agreement_pdf(agreement, "ko")


def test_the_paper_comes_in_the_language_of_the_reader(granted):
    ask_change(by=granted.by, grant=granted.number, kind="amount", words="더", amount=9)
    answer = client_for(granted.owner, "en").get(address(granted, "agreement.pdf"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert f"agreement-{granted.number}-en.pdf" in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF-")


@pytest.mark.parametrize("grants", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(django_assert_num_queries, grants):
    granted = make_granted(asked=1)
    for _each in range(grants - 1):
        other = make_granted(sign=False, asked=1, call=granted.grant.application.call)
        other.grant.organisation = granted.organisation
        other.grant.save(update_fields=["organisation"])
    client = client_for(granted.owner)
    client.get("/programmes/grants/")
    with django_assert_num_queries(LIST_QUERIES):
        text = client.get("/programmes/grants/").content.decode()
    assert text.count("/programmes/grants/") == grants


def test_signing_by_command_shows_on_the_page():
    granted = make_granted(sign=False)
    sign_now(granted)
    text = page(client_for(granted.owner), address(granted, "agreement/"))
    assert "예시 대표" in text
