"""`bitgoeul compute …`: the same commands as the pages and the API, for somebody named with `--as`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.table import Table

from bitgoeul.apps.compute import api, commands, queries, recipes
from bitgoeul.apps.compute.models import Job
from bitgoeul.apps.people.models import Person
from bitgoeul.apps.people.queries import actor_for
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.doors import find

app = typer.Typer(help="Compute: jobs, recipes, the machine and its prices.", no_args_is_help=True)

Who = Annotated[str, typer.Option("--as", help="The e-mail address of the account.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Number = Annotated[int, typer.Argument(help="The number of the job.")]
POLL_S = 0.5


def _actor(address: str) -> Actor:
    return actor_for(find(Person.objects.filter(is_active=True), email=address.lower()))


def _print(value: Any) -> None:
    typer.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))


def _say(job: Job, as_json: bool) -> None:
    if as_json:
        _print(api.job_as_json(job))
    else:
        typer.echo(f"{job.pk}  {job.state}  {job.title}")


@app.command()
def submit(
    who: Who,
    recipe: Annotated[str, typer.Option(help="The name of a recipe.")] = "",
    code: Annotated[Path | None, typer.Option(help="A .py file or a .zip or .tar archive.")] = None,
    command: Annotated[str, typer.Option(help="What to run; python /job/code/main.py when empty.")] = "",
    organisation: Annotated[str, typer.Option(help="The organisation's short name in addresses.")] = "",
    title: Annotated[str, typer.Option(help="What the job is called.")] = "",
    data: Annotated[
        list[str] | None, typer.Option("--input", help="A dataset: flights or flights@3.")
    ] = None,
    parameters: Annotated[str, typer.Option(help="A JSON object, or @FILE.")] = "{}",
    cpus: Annotated[int | None, typer.Option(help="Processors.")] = None,
    memory_mib: Annotated[int | None, typer.Option(help="Memory in MiB.")] = None,
    gpus: Annotated[int | None, typer.Option(help="GPUs.")] = None,
    wall_s: Annotated[int | None, typer.Option(help="Seconds at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a job into the queue."""
    actor = _actor(who)
    text = Path(parameters[1:]).read_text() if parameters.startswith("@") else parameters
    try:
        values = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--parameters") from error
    asked = {"cpus": cpus, "memory_mib": memory_mib, "gpus": gpus, "wall_s": wall_s}
    job = commands.submit_job(
        by=actor,
        organisation=queries.organisation_for(actor, organisation),
        title=title or (code.name if code else ""),
        recipe=recipe,
        code=(code.name, code.read_bytes()) if code else None,
        command=command,
        inputs=data or [],
        parameters=values,
        resources={name: value for name, value in asked.items() if value is not None},
    )
    _say(job, as_json)


@app.command("list")
def list_jobs(
    who: Who, state: str = typer.Option("", help="Only jobs in this state."), as_json: AsJson = False
) -> None:
    """Show the jobs of your organisations, newest first."""
    rows = queries.visible_to(_actor(who))
    rows = rows.filter(state=state) if state else rows
    if as_json:
        _print({"items": [api.job_row(job) for job in rows[:500]]})
        return
    table = Table("job", "state", "title", "organisation", "submitted")
    for job in rows[:100]:
        table.add_row(
            str(job.pk), job.state, job.title, job.organisation.slug, f"{job.submitted_at:%Y-%m-%d %H:%M}"
        )
    Console().print(table)


@app.command()
def show(job: Number, who: Who, as_json: AsJson = False) -> None:
    """Show one job."""
    found = find(queries.visible_to(_actor(who)), pk=job)
    _say(found, as_json)
    if not as_json and (wait := queries.wait_of(found)):
        typer.echo(wait.why)


@app.command()
def log(
    job: Number,
    who: Who,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the log of a job."""
    actor, offset, text = _actor(who), 0, ""
    while True:
        piece = queries.log_piece(find(queries.visible_to(actor), pk=job), offset)
        offset = piece.next
        if as_json:
            text += piece.text
        else:
            sys.stdout.write(piece.text)
            sys.stdout.flush()
        if not piece.text:
            if piece.ended or not follow:
                break
            time.sleep(POLL_S)
    if as_json:
        _print({"job": job, "text": text, "ended": piece.ended})


@app.command()
def cancel(job: Number, who: Who, as_json: AsJson = False) -> None:
    """Take a job out of the queue, or ask it to end."""
    _say(commands.cancel_job(by=_actor(who), job_id=job), as_json)


@app.command()
def retry(job: Number, who: Who, as_json: AsJson = False) -> None:
    """Submit an ended job again, as a new one."""
    _say(commands.retry_job(by=_actor(who), job_id=job), as_json)


@app.command("recipes")
def list_recipes(as_json: AsJson = False) -> None:
    """Show the programs that come with the hub."""
    if as_json:
        _print({"items": [api.RecipeOut.from_orm(recipe).dict() for recipe in recipes.every().values()]})
        return
    for recipe in recipes.every().values():
        typer.echo(f"{recipe.name}  {recipe.title}")


@app.command()
def machine(as_json: AsJson = False) -> None:
    """Show what the machine has, what is in use, and whether jobs can be isolated."""
    found, probe = queries.machine(), queries.executor().probe()
    if as_json:
        told = {
            "has": vars(found.has),
            "used": vars(found.used),
            "running": found.running,
            "waiting": found.waiting,
        }
        _print(
            told
            | {"can_isolate": probe.ok, "why": probe.why, "remedy": probe.remedy, "features": probe.features}
        )
        return
    typer.echo(f"{queries.amounts(found.used)} / {queries.amounts(found.has)}")
    typer.echo(
        "jobs can be isolated" if probe.ok else f"jobs cannot be isolated: {probe.detail}\n{probe.remedy}"
    )


@app.command()
def prices(
    cpu_hour: Annotated[int | None, typer.Option(help="Milli-credits for a processor and hour.")] = None,
    memory_gib_hour: Annotated[int | None, typer.Option(help="Milli-credits for a GiB and hour.")] = None,
    gpu_hour: Annotated[int | None, typer.Option(help="Milli-credits for a GPU and hour.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what an hour costs, or set it from now on."""
    now = queries.prices()
    asked = {"cpu_hour": cpu_hour, "memory_gib_hour": memory_gib_hour, "gpu_hour": gpu_hour}
    given = {name: value for name, value in asked.items() if value is not None}
    if given:
        now = commands.set_prices(by=SYSTEM, **{name: getattr(now, name) for name in asked} | given)
    told = {name: getattr(now, name) for name in asked} | {"is_example": now.is_example}
    _print(told) if as_json else typer.echo("  ".join(f"{name}={value}" for name, value in told.items()))
