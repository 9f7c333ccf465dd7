"""CPU that the web server spends on one warm public page.

A fresh hub in a folder of its own answers under granian with one worker, as ``bitgoeul serve`` starts it.
Each public page is asked for over one kept-open connection, a bounded number of times, after a warm-up; what
the server's processes used of user and system time from the first to the last answer is divided by the number
of pages. The time of the asking side is not in it.

Visitors share a public page for a second (``bitgoeul.kit.kept``), and the value is of pages served so. The
detail also tells what a page costs that is drawn anew for each request (each asks with a query of its own).

``python benchmarks/page_cpu.py HOME`` measures a copy of the hub in HOME, say of a walked demo: then also
the pages of one dataset, model, service and call, wherever a list of the hub leads to one.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

BAR_MS = 5.0
WARM_UP, REQUESTS = 60, 400
PAGES = ("/", "/lake/", "/lake/query/", "/programmes/", "/registry/", "/services/", "/record/", "/api/docs")
# Lists, and what an address looks like to which they lead.
LEADING = {
    "/lake/": r"/lake/(?!query/|new/)[\w-]+/",
    "/registry/": r"/registry/[\w-]+/",
    "/services/": r"/services/[\w-]+/",
    "/programmes/": r"/programmes/(?!desk/|applications/)[\w-]+/",
    "/record/": r"/record/facts/\d+/",
}
SRC = Path(__file__).resolve().parents[1] / "src"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

SERVER = """
import sys
from granian import Granian
from granian.constants import Interfaces
Granian("bitgoeul.site.wsgi:application", address="127.0.0.1", port=int(sys.argv[1]), workers=1,
        interface=Interfaces.WSGI, blocking_threads=2, log_enabled=False).serve()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(root: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_s(root: int) -> float:
    """User and system time of the family, all threads, in seconds."""
    ticks = 0
    for pid in family(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK_S


def answer(connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
    connection.request("GET", path, headers={"Accept": "text/html", "Accept-Language": "ko"})
    response = connection.getresponse()
    return response.status, response.read().decode()


def get(connection: http.client.HTTPConnection, path: str) -> int:
    return answer(connection, path)[0]


def leads_to(connection: http.client.HTTPConnection) -> list[str]:
    """One page of each kind to which the lists of this hub lead."""
    found = []
    for path, pattern in LEADING.items():
        status, page = answer(connection, path)
        match = re.search(f'href="({pattern})"', page) if status == 200 else None
        found += [match[1]] if match else []
    return found


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes], limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            if get(connection, "/healthz"):
                return
        time.sleep(0.2)
    raise RuntimeError("the server did not answer in time")


def per_answer_ms(process: subprocess.Popen[bytes], connection: http.client.HTTPConnection,
                  path: str, *, anew: bool) -> float:  # fmt: skip
    before = cpu_s(process.pid)
    for number in range(REQUESTS):
        if get(connection, f"{path}?drawn={number}" if anew else path) != 200:
            raise RuntimeError(f"{path} stopped answering")
    return (cpu_s(process.pid) - before) * 1000 / REQUESTS


def measured(process: subprocess.Popen[bytes], port: int) -> tuple[dict[str, float], dict[str, float]]:
    """Page -> milliseconds of server CPU per answer as served, and drawn anew, for the pages of this hub."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    served, drawn = {}, {}
    for path in (*PAGES, *leads_to(connection)):
        if get(connection, path) != 200:
            continue
        for number in range(WARM_UP):
            get(connection, f"{path}?warm={number}")
        served[path] = per_answer_ms(process, connection, path, anew=False)
        drawn[path] = per_answer_ms(process, connection, path, anew=True)
    return served, drawn


def run(source: Path | None = None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitgoeul-page-cpu-") as folder:
        home = Path(folder, "home")
        if source:
            shutil.copytree(source, home, ignore=shutil.ignore_patterns("run"))  # without sockets
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BITGOEUL_")}
        environment |= {"BITGOEUL_HOME": str(home), "BITGOEUL_LOG": "ERROR", "PYTHONPATH": str(SRC)}
        for words in (["migrate"], ["messages"]):
            subprocess.run(
                [sys.executable, "-m", "bitgoeul", *words],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        port = free_port()
        process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=environment)
        try:
            wait_until_it_answers(port, process)
            pages, drawn = measured(process, port)
        finally:
            process.terminate()
            process.wait(20)
    slowest = max(pages, key=pages.__getitem__)
    return {
        "name": "page-cpu",
        "value": round(pages[slowest], 2),
        "unit": "ms CPU per page",
        "bar": f"<= {BAR_MS:g} ms",
        "holds": pages[slowest] <= BAR_MS,
        "detail": {"slowest": slowest, "requests": REQUESTS}
        | {f"ms {path}": round(value, 2) for path, value in pages.items()}
        | {f"ms {path} drawn anew": round(value, 2) for path, value in drawn.items()},
    }


if __name__ == "__main__":
    import json

    print(json.dumps(run(Path(sys.argv[1]) if len(sys.argv) > 1 else None)))
