"""Words of the command line that belong to the whole hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bitgoeul.site.demo.word import demo
from bitgoeul.site.operations import backup, bench, doctor, figures, serving


def migrate() -> None:
    """Bring the database to the present version and make the shared cache table."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)


def messages(
    collect: Annotated[bool, typer.Option(help="Collect new messages first (needs gettext).")] = False,
) -> None:
    """Compile the translations."""
    from bitgoeul.kit import messages as translations

    if collect:
        from bitgoeul.site import reference

        translations.collect(reference.sentences(), reference.CONTEXT)
    for path in translations.compile_all():
        typer.echo(str(path))


def docs(
    check: Annotated[bool, typer.Option(help="Write nothing; fail if a page is out of date.")] = False,
    folder: Annotated[Path, typer.Option(help="The folder of the documents.")] = Path("docs"),
) -> None:
    """Make the reference pages from the code."""
    from bitgoeul.site import reference

    if check:
        stale = [
            n
            for n, text in reference.pages()
            if not (folder / n).exists() or (folder / n).read_text() != text
        ]
        for name in stale:
            typer.echo(f"out of date: {name}", err=True)
        raise typer.Exit(1 if stale else 0)
    for name in reference.write(folder):
        typer.echo(name)


def manage(
    words: Annotated[list[str], typer.Argument(help="A Django management command with its arguments.")],
) -> None:
    """Run a Django management command."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["bitgoeul manage", *words])


def register(root: typer.Typer) -> None:
    everyday = (demo, serving.serve, serving.web, serving.worker, serving.runner)
    checking = (doctor.doctor, figures.figures, bench.bench)
    keeping = (backup.backup, backup.restore, migrate, messages, docs)
    for word in (*everyday, *checking, *keeping):
        root.command()(word)
    root.command(context_settings={"ignore_unknown_options": True})(manage)
