"""The command line: the same words as folders and addresses.

Exit status: 0 done, 2 misuse, 3 refused (the problem on stderr), 1 our bug.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import typer


def build(word: str = "") -> typer.Typer:
    """The root command with one group per capability; of these only the one that ``word`` asks for.

    Every process of the hub begins here, and what it does not need it should not load.
    """
    from bitgoeul.site import capabilities

    root = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Bitgoeul (빛고을): the hub of a regional AI cluster.",
    )
    operations = import_module("bitgoeul.site.operations")
    operations.register(root)
    operations_words = {command.name or command.callback.__name__ for command in root.registered_commands}  # type: ignore[union-attr]
    groups = capabilities.having("cli")
    for name in [] if word in operations_words else [word] if word in groups else groups:
        root.add_typer(import_module(f"bitgoeul.apps.{name}.cli").app, name=name)
    return root


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bitgoeul.site.settings")
    import django

    django.setup()
    from bitgoeul.kit.refusals import Refusal

    try:
        build(sys.argv[1] if len(sys.argv) > 1 else "")()
    except Refusal as refusal:
        print(json.dumps(refusal.problem(), ensure_ascii=False), file=sys.stderr)
        sys.exit(3)
