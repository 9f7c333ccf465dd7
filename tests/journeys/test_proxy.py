"""The hub behind a real nginx, with the configuration that is shipped but for addresses and one limit."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.policy import default
from pathlib import Path

import httpx
import pytest

from bitgoeul.apps.services.tests.factories import question
from tests.journeys.conftest import ROOT, LiveHub, free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
HOST = "localhost"
PASSWORD = "bright-village-9"
VISITOR_RATE = 60
A_SERVICE = """
import pathlib, tempfile
from bitgoeul.apps.services.tests.factories import make_service
make_service(pathlib.Path(tempfile.mkdtemp()), slug="late-buses")
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed"),
]


@dataclass
class Front:
    """What people reach: nginx, and how it is asked over a certificate that only this test knows."""

    hub: LiveHub
    secure: int
    plain: int
    certificate: Path
    service: str = "late-buses"

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.secure}"

    def visitor(self, accept: str = "text/html") -> httpx.Client:
        return httpx.Client(
            base_url=self.url, verify=str(self.certificate), timeout=60, headers={"Accept": accept}
        )


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("proxy")
    hub = LiveHub(tmp_path_factory.mktemp("behind"), migrated=True)
    assert hub.words("migrate").returncode == 0
    made_service = hub.words("manage", "shell", "-c", A_SERVICE)
    assert made_service.returncode == 0, made_service.stderr[-3000:]
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    made = Front(hub, free_port(), free_port(), certificate)
    hub.environment |= {
        "BITGOEUL_URL": made.url,
        "BITGOEUL_HOSTS": f"{HOST},127.0.0.1",
        "BITGOEUL_BEHIND_PROXY": "yes",
    }
    hub.environment["BITGOEUL_VISITOR_RATE"] = str(VISITOR_RATE)
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    for before, after in (
        ("127.0.0.1:8000", f"127.0.0.1:{hub.port}"),
        ("listen 80;", f"listen 127.0.0.1:{made.plain};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{made.secure} ssl http2;"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/ssl/hub.example.org/fullchain.pem", str(certificate)),
        ("/etc/ssl/hub.example.org/privkey.pem", str(key)),
        ("client_max_body_size 2049m;", "client_max_body_size 12m;"),
    ):
        assert shipped.count(before) == 1, before
        shipped = shipped.replace(before, after)
    shipped = shipped.replace("server_name hub.example.org;", f"server_name {HOST};")
    config = folder / "nginx.conf"
    config.write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\nuser root;\nevents {{}}\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f;\nuwsgi_temp_path {folder}/u;\nscgi_temp_path {folder}/s;\n"
        f"{shipped}\n}}\n"
    )
    hub.start()
    nginx = subprocess.Popen([NGINX, "-c", str(config), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        _wait_for(made.secure, nginx)
        yield made
    finally:
        nginx.terminate()
        nginx.wait(20)
        hub.stop()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("nginx was not ready in time")


def link_in(letter: str) -> str:
    body = message_from_string(letter.strip(), policy=default).get_content()
    return re.search(r"https\S+/accounts/confirm-email/\S+", body)[0]


def send_form(member: httpx.Client, path: str, **values: str) -> httpx.Response:
    page = member.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    return member.post(
        path, data={"csrfmiddlewaretoken": token, **values}, headers={"Referer": str(page.url)}
    )


@pytest.fixture(scope="module")
def member(front: Front) -> Iterator[httpx.Client]:
    """Somebody who signed up, confirmed the address and signed in, all through the proxy."""
    with front.visitor() as client:
        answer = send_form(client, "/accounts/signup/", email="proxy@example.org", password1=PASSWORD)
        assert answer.status_code == 302, answer.text[-2000:]
        confirm = link_in(front.hub.letter_to("proxy@example.org"))
        assert confirm.startswith(front.url)
        assert send_form(client, confirm).status_code == 302
        client.cookies.delete("sessionid")
        assert (
            send_form(client, "/accounts/login/", login="proxy@example.org", password=PASSWORD).headers[
                "location"
            ]
            == "/my/"
        )
        yield client


def api(member: httpx.Client, method: str, path: str, **more: object) -> httpx.Response:
    """A call by cookie, as a page of the hub makes it: it proves where it began."""
    headers = {"X-CSRFToken": member.cookies["csrftoken"], "Referer": f"{member.base_url}/my/"}
    headers |= {"Accept": "application/json"} | dict(more.pop("headers", {}))  # type: ignore[call-overload]
    return member.request(method, path, headers=headers, **more)  # type: ignore[arg-type]


def test_http_is_sent_to_https_and_the_session_cookie_never_leaves_it(front, member):
    answer = httpx.get(f"http://127.0.0.1:{front.plain}/services/", headers={"Host": HOST})
    assert (answer.status_code, answer.headers["location"]) == (308, f"https://{HOST}/services/")

    with front.visitor() as visitor:
        page = visitor.get("/accounts/login/")
    assert page.headers["strict-transport-security"].startswith("max-age=")
    assert "Secure" in page.headers["set-cookie"]


def test_a_form_from_elsewhere_is_refused(front, member):
    answer = member.post("/accounts/logout/", headers={"Referer": "https://elsewhere.example.org/"})

    assert answer.status_code == 403
    assert member.get("/my/").status_code == 200


def test_an_upload_goes_on_where_its_connection_broke(front, member):
    assert api(
        member, "POST", "/api/people/organisations",
        json={"name": "예시 프록시", "business_number": "123-45-67891", "region": "광주광역시",
              "founded_on": "2024-03-02", "stage": "startup", "sector": "mobility",
              "contact_name": "김예시", "contact_email": "proxy@example.org"},
    ).status_code in {200, 201}  # fmt: skip
    slug = api(member, "GET", "/api/people/organisations").json()[0]["slug"]
    content = b"a,b\n" + b"1,2\n" * 1_500_000
    begun = api(
        member, "POST", "/api/lake/uploads",
        json={"organisation": slug, "file_name": "rows.csv", "size": len(content)},
        headers={"Idempotency-Key": "proxy-1"},
    ).json()  # fmt: skip
    address = f"/api/lake/uploads/{begun['id']}"

    def breaks():
        yield content[:3_000_000]
        raise ConnectionError("the train went into a tunnel")

    with pytest.raises(ConnectionError):
        api(
            member, "PATCH", f"{address}?offset=0", content=breaks(),
            headers={"Content-Length": str(len(content))},
        )  # fmt: skip
    deadline = time.monotonic() + 30
    received = 0
    while time.monotonic() < deadline and not received:
        received = api(member, "GET", address).json()["received"]
        time.sleep(0.2)
    assert 0 < received <= 3_000_000
    sent = api(member, "PATCH", f"{address}?offset={received}", content=content[received:])

    assert (sent.status_code, sent.json()["received"]) == (200, len(content))
    assert api(member, "POST", f"{address}/finish").status_code == 200


@pytest.mark.parametrize(("mebibytes", "who"), [(11, "the hub"), (13, "nginx")])
def test_a_body_over_a_limit_is_refused_in_the_words_of_the_hub(front, member, mebibytes, who):
    answer = api(
        member, "POST", "/api/people/organisations", content=b" " * (mebibytes << 20),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip

    assert answer.status_code == 413, who
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "site.TooLarge"


def test_a_service_answers_and_weighs_its_requests_through_the_proxy(front):
    path = f"/v2/models/{front.service}/infer"
    with front.visitor("application/json") as program:
        answer = program.post(path, json=question())
        large = program.post(path, content=b" " * (2 << 20), headers={"Content-Type": "application/json"})

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["outputs"][0]["data"]) == 2
    assert (large.status_code, large.json()["code"]) == (413, "services.TooLarge")


def test_nobody_can_name_another_address_to_escape_the_limit(front):
    """nginx hands on the address that it sees, not the one that the caller claims."""
    statuses = set()
    with front.visitor("application/json") as program:
        for number in range(4 * VISITOR_RATE):
            answer = program.post(
                f"/v2/models/{front.service}/infer",
                json={"inputs": []},
                headers={"X-Forwarded-For": f"203.0.113.{number % 250}"},
            )
            statuses.add(answer.status_code)

    assert 429 in statuses


def test_the_hub_rests_in_both_languages_while_it_does_not_answer(front):
    front.hub.stop()
    try:
        with front.visitor() as visitor:
            answer = visitor.get("/")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert "허브가 잠시 쉬고 있습니다" in answer.text
    finally:
        front.hub.start()
