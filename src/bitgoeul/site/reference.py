"""The reference pages, generated from what is declared: settings, errors, commands, the command line,
facts and the API.

A test compares the files with what this module prints, so they cannot rot.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, override, pgettext

from bitgoeul.kit.command import CATALOGUE, Command
from bitgoeul.kit.facts import EVENTS
from bitgoeul.kit.refusals import Refusal
from bitgoeul.kit.settings import DECLARED
from bitgoeul.site import capabilities
from bitgoeul.site.fact_titles import TITLES as FACT_TITLES

TITLES = {
    "settings": {"ko": "설정", "en": "Settings"},
    "errors": {"ko": "거절 코드", "en": "Refusals"},
    "commands": {"ko": "명령", "en": "Commands"},
    "command-line": {"ko": "명령줄", "en": "Command line"},
    "facts": {"ko": "사실", "en": "Facts"},
    "api": {"ko": "API", "en": "API"},
}
NOTE = {
    "ko": "이 문서는 `bitgoeul docs`가 코드에서 만듭니다. 직접 고치지 마십시오.",
    "en": "This page is made from the code by `bitgoeul docs`. Do not edit it.",
}


CONTEXT = "reference"


def _load_everything() -> None:
    for module in ("commands", "errors", "events", "api"):
        for name in capabilities.having(module):
            import_module(f"bitgoeul.apps.{name}.{module}")
    import_module("bitgoeul.site.api")
    import_module("bitgoeul.site.errors")
    import_module("bitgoeul.site.operations.supervisor")


def _table(head: list[str], rows: Iterator[list[str]] | list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _all_refusals(root: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for child in root.__subclasses__():
        if child.__module__.startswith("bitgoeul.") and ".tests." not in child.__module__:
            yield child
        yield from _all_refusals(child)


def _settings(language: str) -> str:
    head = {"ko": ["이름", "기본값", "뜻"], "en": ["Name", "Default", "Meaning"]}[language]
    home = str(DECLARED["BITGOEUL_HOME"].value)
    rows = [
        [
            f"`{s.name}`",
            f"`{s.default.replace(home, '$BITGOEUL_HOME')}`" if s.default else "—",
            gettext(s.help),
        ]
        for s in DECLARED.values()
    ]
    also = {
        "ko": "모든 값은 환경 변수에서 읽습니다. `이름_FILE`에 파일 경로를 주면 그 파일의 내용을 씁니다.",
        "en": "Every value comes from the environment. `NAME_FILE` may point to a file that holds the value.",
    }[language]
    return f"{also}\n\n{_table(head, rows)}"


def _errors(language: str) -> str:
    parts = []
    for refusal in sorted(set(_all_refusals()), key=_code):
        remedy = f"\n\n{refusal.remedy}" if str(refusal.remedy) else ""
        parts.append(f"## {_code(refusal)}\n\n**{int(refusal.status)}** · {refusal.title}.{remedy}")
    return "\n\n".join(parts)


def _code(refusal: type[Refusal]) -> str:
    parts = refusal.__module__.split(".")
    return f"{parts[2] if parts[1] == 'apps' else parts[1]}.{refusal.__name__}"


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n")[0]


def sentences() -> dict[str, set[str]]:
    """Capability, or ``site`` -> what its commands, words and operations say of themselves."""
    _load_everything()
    found: dict[str, set[str]] = {}
    for command in _every_command():
        found.setdefault(command.name.split(".")[0], set()).add(_first_line(command.run))
    for words, word in _every_word():
        group = words.split()[1]
        home = found.setdefault(group if group in capabilities.present() else "site", set())
        home |= {_help(word), *(_help(parameter) for parameter in word.params if parameter.name != "help")}
    for _method, path, operation in _every_operation():
        found.setdefault(path.split("/")[2], set()).add(_purpose(operation))
    return {place: said - {""} for place, said in found.items()}


def _said(sentence: str) -> str:
    # A context of its own: the same English words may be a button, which speaks otherwise.
    return pgettext(CONTEXT, sentence) if sentence else ""


def _every_command() -> list[Command]:
    ours = (c for c in CATALOGUE.values() if c.run.__module__.startswith("bitgoeul.apps."))
    return sorted((c for c in ours if ".tests." not in c.run.__module__), key=lambda c: c.name)


def _commands(language: str) -> str:
    head = {"ko": ["명령", "토큰 범위", "하는 일"], "en": ["Command", "Token scope", "What it does"]}[
        language
    ]
    rows = [[f"`{c.name}`", f"`{c.scope}`", _said(_first_line(c.run))] for c in _every_command()]
    return _table(head, rows)


def _command_line(language: str) -> str:
    """Every word of ``bitgoeul`` with its arguments and options, as the program itself declares them."""
    head = {"ko": ["인자", "기본값", "뜻"], "en": ["Argument", "Default", "Meaning"]}[language]
    parts = []
    for words, command in _every_word():
        rows = [
            [f"`{'`, `'.join(_spelt(p))}`", _default(p), _said(_help(p))]
            for p in command.params
            if p.name != "help"
        ]
        table = f"\n\n{_table(head, rows)}" if rows else ""
        parts.append(f"## {words}\n\n{_said(_help(command))}{table}")
    return "\n\n".join(parts)


def _every_word() -> Iterator[tuple[str, Any]]:
    import typer

    from bitgoeul.site.cli import build

    yield from _words(typer.main.get_command(build()), "bitgoeul")


def _help(thing: Any) -> str:
    return (getattr(thing, "help", None) or "").strip()


def _words(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for word, child in sorted(children.items()):
        yield from _words(child, f"{name} {word}")


def _spelt(parameter: Any) -> list[str]:
    if parameter.param_type_name == "argument":
        return [parameter.name.upper() + ("..." if parameter.nargs == -1 else "")]
    return [*parameter.opts, *parameter.secondary_opts]


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return ""
    return "—" if value in (None, False, "", ()) or callable(value) else f"`{value}`"


def _facts(language: str) -> str:
    head = {
        "ko": ["사실", "공개 항목", "개인 항목", "뜻"],
        "en": ["Fact", "Public fields", "Personal fields", "Meaning"],
    }[language]
    rows = []
    for name, event in sorted(EVENTS.items()):
        if ".tests." in event.__module__ or not event.__module__.startswith("bitgoeul.apps."):
            continue
        fields = dataclasses.fields(event)
        public = ", ".join(f"`{f.name}`" for f in fields if not f.metadata.get("personal")) or "—"
        private = ", ".join(f"`{f.name}`" for f in fields if f.metadata.get("personal")) or "—"
        # A dataclass without words of its own has its signature for a docstring.
        said = not (event.__doc__ or "").startswith(f"{event.__name__}(")
        meaning = _first_line(event) if said and language == "en" else f"{FACT_TITLES[name]}."
        rows.append([f"`{name}`", public, private, meaning])
    return _table(head, rows)


def _api(language: str) -> str:
    head = {"ko": ["방법", "주소", "하는 일"], "en": ["Method", "Address", "What it does"]}[language]
    rows = [
        [method.upper(), f"`{path}`", _said(_purpose(operation))]
        for method, path, operation in _every_operation()
    ]
    return _table(head, rows)


def _every_operation() -> Iterator[tuple[str, str, Any]]:
    from bitgoeul.site.api import api

    for path, operations in sorted(api.get_openapi_schema()["paths"].items()):
        for method, operation in operations.items():
            yield method, path, operation


def _purpose(operation: Any) -> str:
    """Its own summary, or the first line of its description if a function's name made the summary."""
    summary = str(operation["summary"])
    made = operation["operationId"].endswith(summary.lower().replace(" ", "_"))
    return str(operation.get("description", "")).split("\n")[0] if made else summary


PAGES = {
    "settings": _settings,
    "errors": _errors,
    "commands": _commands,
    "command-line": _command_line,
    "facts": _facts,
    "api": _api,
}


def pages() -> Iterator[tuple[str, str]]:
    """(path below ``docs/``, content) of every generated page."""
    _load_everything()
    for language in ("ko", "en"):
        with override(language):
            for name, make in PAGES.items():
                text = f"# {TITLES[name][language]}\n\n{NOTE[language]}\n\n{make(language)}\n"
                yield f"{language}/reference/{name}.md", text


def write(docs: Path) -> list[str]:
    """Write the pages that differ; return their names."""
    changed = []
    for name, text in pages():
        target = docs / name
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            changed.append(name)
    return changed
