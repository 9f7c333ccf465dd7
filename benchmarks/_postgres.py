"""A PostgreSQL server of a benchmark's own, durable as in production, gone when the benchmark ends."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Where the server's programs are, if they are here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    onpath = shutil.which("initdb")
    return Path(onpath).resolve().parent if onpath else None


@contextmanager
def server(connections: int = 80) -> Iterator[str]:
    """The address of a fresh database; every commit is flushed to the disk."""
    bin_ = programs()
    if bin_ is None:
        raise RuntimeError("no PostgreSQL server here; run: sudo apt-get install -y postgresql")
    # initdb refuses root, so for root it runs as the user that Debian's package makes.
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else None
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    folder = Path(tempfile.mkdtemp(prefix="bitgoeul-bench-postgres-", dir="/tmp"))
    password = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = None
    try:
        (folder / "password").write_text(password)
        if owner:
            for path in (folder, folder / "password"):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **as_owner}
        subprocess.run(
            [bin_ / "initdb", "-D", folder / "data", "-U", "bitgoeul", "--pwfile", folder / "password",
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"],
            check=True, **quiet)  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [bin_ / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder,
                 "-c", "listen_addresses=127.0.0.1", "-c", f"max_connections={connections}"],
                **{**quiet, "stdout": log, "stderr": log})  # fmt: skip
        ready = [bin_ / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text())
            time.sleep(0.1)
        subprocess.run(
            [bin_ / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "bitgoeul", "bitgoeul"],
            check=True, env=os.environ | {"PGPASSWORD": password})  # fmt: skip
        yield f"postgresql://bitgoeul:{password}@127.0.0.1:{port}/bitgoeul"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)
