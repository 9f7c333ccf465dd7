"""`bitgoeul demo`."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bitgoeul.site.demo.client import StepFailed


def demo(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on which the hub listens.")] = 8000,
    leave: Annotated[
        bool, typer.Option("--exit", help="Stop after the journey; 0 only if all held.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Walk the journey of a new member, from sign-up to a live, metered AI service; then keep the hub up."""
    from bitgoeul.site.demo import display, hub, journey
    from bitgoeul.site.operations import serving, supervisor

    # Asked to end, it takes its hub with it, as it does with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    supervisor.hold_lock().close()  # a hub that runs here already keeps its mail elsewhere
    screen = display.choose(as_json)
    serving.prepare()
    operator = hub.prepare_examples()
    try:
        with hub.Hub(port) as served, tempfile.TemporaryDirectory(prefix="bitgoeul-demo-") as folder:
            walk = journey.Journey(served.url, served.mail, screen, Path(folder))
            steps = journey.walk(walk)
            screen.close()
            report = {"steps": steps, **_results(walk.results)}
            ok = all(step["ok"] for step in steps)
            if as_json:
                typer.echo(json.dumps(report, ensure_ascii=False))
            else:
                _tell(report, ok)
            if leave:
                raise typer.Exit(0 if ok else 1)
            _sign_ins(served.url, walk, operator, err=as_json)
            try:
                served.wait_until_stopped()
            except KeyboardInterrupt:
                typer.echo("stopping", err=True)
    except StepFailed as problem:
        screen.close()
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from problem


def _results(found: dict[str, Any]) -> dict[str, Any]:
    return {key: found.get(key) for key in ("rows", "metrics", "service_url", "credits", "record")}


def _tell(report: dict[str, Any], ok: bool) -> None:
    total = sum(step["seconds"] for step in report["steps"])
    typer.echo(f"\n{'Every step held' if ok else 'The journey broke off'}, in {total:.0f} s.")
    for key in ("rows", "metrics", "service_url", "credits", "record"):
        if report[key] is not None:
            typer.echo(f"  {key}: {json.dumps(report[key], ensure_ascii=False)}")


def _sign_ins(url: str, walk: Any, operator: dict[str, Any], err: bool) -> None:
    typer.echo(
        f"\nThe hub is up at {url}  (Ctrl-C stops it)\n"
        f"  member    {walk.email}  {walk.password}\n"
        f"  operator  {operator['email']}  {operator['password']}",
        err=err,
    )
